"""The GETs of a Bundle: answered after its changes are stored, and in a transaction foreseen before.

A transaction is all or nothing: a GET that would be refused refuses the whole of it, and nothing is
written. What a GET reads is looked at before the changes and answered after them, so another client
that deletes it between the two can still make that one answer a 404 or 410 beside changes that are kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from app.fhir_mapping import bundle
from app.fhir_mapping.change import Conditional, Delete, Patch, Put, Write
from app.fhir_mapping.entries import Asked
from app.fhir_mapping.outcome import Issue, Refusal, gone
from app.fhir_mapping.transaction import Plan
from app.routers import interactions
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.store import documents

_READ, _HISTORY, _VREAD = 2, 3, 4  # segments of Type/id, Type/id/_history and Type/id/_history/n

Changes = Mapping[tuple[str, str], Put | Patch | Delete]


async def said(request: FhirRequest, asked: Asked) -> bytes:
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
        return bundle.failed(Refusal(refused.status, tuple(_placed(refused.issues, asked))))


async def foresee(request: FhirRequest, plan: Plan) -> None:
    """Refuse a transaction one of whose GETs would be refused: the status they share, else 400."""
    changes = {
        (change.resource.name, change.id): change for change in (_change(write) for _, write in plan.writes)
    }
    refused: list[Refusal] = []
    for asked in plan.asks:
        try:
            await _foreseen(request, asked, changes)
        except Refusal as refusal:
            refusal.issues = tuple(_placed(refusal.issues, asked))
            refused.append(refusal)
    if refused:
        statuses = {refusal.status for refusal in refused}
        issues = tuple(issue for refusal in refused for issue in refusal.issues)
        raise Refusal(statuses.pop() if len(statuses) == 1 else 400, issues)


def _change(write: Write) -> Put | Patch | Delete:
    """What a write changes, should a search find nothing else."""
    return write.change if isinstance(write, Conditional) else write


def _placed(issues: Iterable[Issue], asked: Asked) -> Iterable[Issue]:
    """The problems of a GET, all of which lie in its address."""
    return [replace(issue, expression=f"Bundle.entry[{asked.index}].request.url") for issue in issues]


async def _foreseen(request: FhirRequest, asked: Asked, changes: Changes) -> None:
    """Refuse what would be refused once the changes are made."""
    store, visibility = request.service.store, request.service.visibility
    kind, own = asked.resource.name, asked.id
    if own is None:
        interactions.searched(_alone(request, asked))
        return
    change = changes.get((kind, own))
    if len(asked.path) == _HISTORY:
        interactions.paged(_alone(request, asked))
        if not isinstance(change, Put):
            await documents.history(store, visibility, kind, own, count=1)
    elif len(asked.path) == _READ:
        if isinstance(change, Delete):
            raise gone(f"{kind}/{own}")
        if not isinstance(change, Put):
            await documents.read(store, visibility, kind, own)
    elif not (isinstance(change, Put) and await _comes_next(request, asked)):
        await documents.vread(store, visibility, kind, own, asked.version or 0)


async def _comes_next(request: FhirRequest, asked: Asked) -> bool:
    """Whether the version asked for is the one that a change of this transaction makes."""
    service, kind, own = request.service, asked.resource.name, asked.id or ""
    try:
        page = await documents.history(service.store, service.visibility, kind, own, count=1)
    except Refusal:
        return asked.version == 1
    return asked.version == page.versions[0].version + 1


async def _asked_alone(request: FhirRequest, asked: Asked) -> FhirResponse:
    """A search or a history, as if it had been asked by itself."""
    alone = _alone(request, asked)
    return await (interactions.search(alone) if asked.id is None else interactions.history(alone))


def _alone(request: FhirRequest, asked: Asked) -> FhirRequest:
    return replace(
        request,
        method="GET",
        query=urlencode(asked.parameters).encode(),
        type=asked.resource,
        id=asked.id or "",
        path="/".join(asked.path),
    )
