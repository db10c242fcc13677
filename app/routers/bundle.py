"""POST of a Bundle: a transaction, all or nothing, or a batch, each entry for itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlencode

from app.fhir_mapping import bundle, transaction
from app.fhir_mapping.change import Change, Delete, Version
from app.fhir_mapping.entries import Asked
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.transaction import Plan
from app.routers import answers, errors, intake, interactions
from app.routers.answers import FhirResponse
from app.routers.ids import new_id
from app.routers.requests import FhirRequest
from app.store import documents
from app.store.transact import transact

_READ, _VREAD = 2, 4  # segments of Type/id and Type/id/_history/n


async def take(request: FhirRequest) -> FhirResponse:
    """Carry out a transaction or batch; 200 with one answer for each entry, in the order of the entries."""
    raw = await request.resource_body()
    put = partial(intake.put, identifying_data=request.service.settings.identifying_data)
    plan = transaction.plan(raw, resources=RESOURCES, new_id=new_id, base=request.base, put=put)
    answered = {index: bundle.failed(refused) for index, refused in plan.refused.items()}
    if plan.kind == "transaction":
        answered |= await _together(request, plan)
    else:
        answered |= await _each(request, plan.changes)
    for asked in plan.asks:
        answered[asked.index] = await _said(request, asked)
    return answers.resource(bundle.response(plan.kind, (answered[index] for index in range(plan.size))))


async def _together(request: FhirRequest, plan: Plan) -> Mapping[int, bytes]:
    """All changes or none; the first Refusal is that of the whole transaction."""
    versions = await transact(request.service.store, [change for _, change in plan.changes])
    return {
        index: _done(request, change, version)
        for (index, change), version in zip(plan.changes, versions, strict=True)
    }


async def _each(request: FhirRequest, changes: Sequence[tuple[int, Change]]) -> Mapping[int, bytes]:
    """Every change for itself; they are committed together all the same."""
    entries = await asyncio.gather(*(_alone(request, change) for _, change in changes))
    return {index: entry for (index, _), entry in zip(changes, entries, strict=True)}


async def _alone(request: FhirRequest, change: Change) -> bytes:
    try:
        [version] = await transact(request.service.store, [change])
    except Refusal as refused:
        return bundle.failed(refused)
    except Exception as error:  # noqa: BLE001 one entry's failure is that entry's answer
        return bundle.failed(errors.failure(error, request.request_id))
    return _done(request, change, version)


def _done(request: FhirRequest, change: Change, version: Version) -> bytes:
    if isinstance(change, Delete):
        return bundle.deleted(version)
    wanted = request.prefer.body == "representation"
    return bundle.written(version, base=request.base, representation=wanted)


async def _said(request: FhirRequest, asked: Asked) -> bytes:
    """The answer to one GET."""
    store, visibility = request.service.store, request.service.visibility
    kind, steps = asked.resource.name, len(asked.path)
    try:
        if steps == _READ:
            return bundle.found(await documents.read(store, visibility, kind, asked.id or ""))
        if steps == _VREAD:
            version = asked.version or 0
            return bundle.found(await documents.vread(store, visibility, kind, asked.id or "", version))
        return bundle.answered((await _asked_alone(request, asked)).body)
    except Refusal as refused:
        return bundle.failed(refused)


async def _asked_alone(request: FhirRequest, asked: Asked) -> FhirResponse:
    """A search or a history, as if it had been asked by itself."""
    query = urlencode(asked.parameters).encode()
    alone = replace(
        request, method="GET", query=query, type=asked.resource, id=asked.id or "", path="/".join(asked.path)
    )
    if asked.id is None:
        return await interactions.search(alone)
    return await interactions.history(alone)
