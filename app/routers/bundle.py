"""POST of a Bundle: a transaction, all or nothing, or a batch, each entry for itself."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.fhir_mapping import bundle, links, transaction
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.bundle_shell import opened
from app.fhir_mapping.change import Delete, Patch, Put, Version, Write, changed
from app.fhir_mapping.companions import accompanied
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Document
from app.fhir_mapping.transaction import Plan
from app.routers import answers, asks, consequences, errors, refused_pushes, trail
from app.routers.answers import FhirResponse
from app.routers.load import FREE, beside
from app.routers.requests import FhirRequest
from app.routers.service import Service
from app.store.ids import new_id
from app.store.transact import transact

_METHODS: Mapping[type, str] = {Put: "PUT", Patch: "PATCH", Delete: "DELETE"}
_AT_ONCE = 512
"""So many changes of one batch wait to be committed at once; the others wait for these."""


async def take(request: FhirRequest) -> FhirResponse:
    """Carry out a transaction or batch; 200 with one answer for each entry, in the order of the entries.

    The GETs of a transaction are looked at before anything is written, and answered after (see `asks`).
    """
    raw = await request.resource_body()
    if len(raw) > FREE:
        request.service.store.committer.refuse_more()
    intake = await request.pushing()
    plan = await planned(request.service, intake, raw, by=request.actor)
    asks.refuse_many(request, plan)
    await _note_refused(request, raw, plan)
    answered = {
        index: bundle.failed(refused.at(f"Bundle.entry[{index}]")) for index, refused in plan.refused.items()
    }
    if plan.kind == "transaction":
        await asks.foresee(request, plan)
        answered |= await _together(request, plan, intake.kept(raw))
    else:
        answered |= await _each(request, plan.writes)
    answered |= await asks.all_said(request, plan, beside=sum(map(len, answered.values())))
    return answers.resource(bundle.response(plan.kind, (answered[index] for index in range(plan.size))))


async def planned(service: Service, intake: Intake, raw: bytes, *, by: Actor) -> Plan:
    """What the Bundle asks for; what a sender pushes and cannot be taken is noted."""
    store, most = service.store, service.settings.max_bundle_entries
    try:
        plan = await beside(
            transaction.plan,
            raw,
            resources=RESOURCES,
            new_id=new_id,
            base=intake.base,
            intake=intake,
            most=most,
        )
    except Refusal as refused:
        await refused_pushes.note(store, intake.message, refused_pushes.whole(raw, refused, most=most), by=by)
        raise
    if plan.refused:
        await refused_pushes.note(store, intake.message, refused_pushes.each(raw, plan.refused), by=by)
    return accompanied(plan) if plan.kind == "transaction" else plan


async def _together(request: FhirRequest, plan: Plan, raw: bytes) -> Mapping[int, bytes]:
    """All writes or none; the first Refusal is that of the whole transaction."""
    service, writes = request.service, [write for _, write in plan.writes]
    versions = await transact(service.store, request.writing, writes, whole=raw, by=request.actor)
    versions = await consequences.told(request, versions)
    return {index: _done(request, version) for (index, _), version in zip(plan.writes, versions, strict=True)}


async def _each(request: FhirRequest, writes: Sequence[tuple[int, Write]]) -> Mapping[int, bytes]:
    """Every write for itself; they are committed together all the same."""
    slots = asyncio.Semaphore(_AT_ONCE)
    carried_out = await asyncio.gather(*(_alone(request, write, index, slots) for index, write in writes))
    found = dict(zip((index for index, _ in writes), carried_out, strict=True))
    done = {index: answer for index, answer in found.items() if isinstance(answer, Version)}
    versions = await consequences.told(request, list(done.values()))
    told = {index: _done(request, version) for index, version in zip(done, versions, strict=True)}
    return {index: told[index] if isinstance(answer, Version) else answer for index, answer in found.items()}


async def _alone(request: FhirRequest, write: Write, index: int, slots: asyncio.Semaphore) -> Version | bytes:
    """The version a write became, or the entry that says why it did not."""
    try:
        async with slots:
            [version] = await transact(request.service.store, request.writing, [write], by=request.actor)
    except Refusal as refused:
        await trail.note(_single(request, write), FhirResponse(refused.status))
        return bundle.failed(refused.at(f"Bundle.entry[{index}]"))
    except Exception as error:  # noqa: BLE001 one entry's failure is that entry's answer
        return bundle.failed(errors.failure(error, request.request_id))
    return version


async def _note_refused(request: FhirRequest, raw: bytes, plan: Plan) -> None:
    """Note the entries of a batch that are refused before anything is looked up, each as by itself."""
    if plan.refused:
        entries = (await beside(opened, raw)).entries
        asked = ((_named(request, entries[index].request or {}), one) for index, one in plan.refused.items())
        await trail.note_all((single, FhirResponse(one.status)) for single, one in asked)


def _named(request: FhirRequest, said: Document) -> FhirRequest:
    """An entry that names at least what it would read or change, as if it had been asked by itself."""
    path = str(said.get("url")).partition("?")[0]
    kind, _, name = path.partition("/")
    name = name.partition("/")[0]
    return replace(
        request,
        method=str(said.get("method")),
        path=path,
        type=RESOURCES.get(kind),
        id=name if kind in RESOURCES and links.is_id(name) else "",
        seen=[],
    )


def _single(request: FhirRequest, write: Write) -> FhirRequest:
    """The write as if it had been asked by itself."""
    change = changed(write)
    creates = isinstance(change, Put) and change.fresh
    method = "POST" if creates else _METHODS[type(change)]
    return replace(request, method=method, type=change.resource, id="" if creates else change.id)


def _done(request: FhirRequest, version: Version) -> bytes:
    if version.deleted:
        return bundle.deleted(version)
    wanted = request.prefer.body
    return bundle.written(
        version,
        base=request.base,
        representation=wanted == "representation",
        informed=wanted == "OperationOutcome",
    )
