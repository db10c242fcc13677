"""The GETs of a Bundle: answered after its changes are stored, and in a transaction foreseen before.

A transaction is all or nothing: a GET that would be refused refuses the whole of it, and nothing is
written. What a GET reads is looked at before the changes and answered after them, so another client
that deletes it between the two can still make that one answer a 404 or 410 beside changes that are kept.
So can a failure: the changes are stored by then, and their answers must not be lost with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlencode

from app.fhir_mapping import bundle
from app.fhir_mapping.change import Delete, Patch, Put, Version, changed
from app.fhir_mapping.entries import Asked
from app.fhir_mapping.outcome import Issue, Refusal, gone, refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.transaction import Plan
from app.routers import errors, histories, interactions, rendering, trail
from app.routers.answers import FhirResponse, is_known
from app.routers.requests import FhirRequest
from app.routers.scopes import require
from app.store import documents

Changes = Mapping[tuple[str, str], Put | Patch | Delete]
_Handler = Callable[[FhirRequest], Awaitable[FhirResponse]]


def refuse_many(request: FhirRequest, plan: Plan) -> None:
    """413 for a Bundle that asks for more than one answer should hold."""
    most = request.service.settings.max_bundle_reads
    if len(plan.asks) > most:
        text = f"a Bundle may have {most} GETs here, not {len(plan.asks)}: search for several at once (_id)"
        raise refusal(413, "too-costly", text, "Bundle.entry")


async def all_said(request: FhirRequest, plan: Plan, *, beside: int) -> Mapping[int, bytes]:
    """The answers to the GETs, by entry; what no longer fits in one answer is refused (413), entry by entry.

    `beside` are the bytes of the answers to the changes. Other requests have their turn between two GETs.
    """
    largest = request.service.settings.max_bundle_answer_bytes
    found: dict[int, bytes] = {}
    answered: list[tuple[FhirRequest, FhirResponse]] = []
    held = beside
    for asked in plan.asks:
        await asyncio.sleep(0)
        entry = b""
        if held <= largest:
            alone = _alone(request, asked)
            status, entry = await _said(alone, asked)
            answered.append((alone, FhirResponse(status)))
        if not entry or held + len(entry) > largest:
            held, entry = largest + 1, _too_much(asked, largest)
        else:
            held += len(entry)
        found[asked.index] = entry
    await trail.note_all(answered)
    return found


def _too_much(asked: Asked, largest: int) -> bytes:
    text = f"the answers of a Bundle may have {largest} bytes together: ask for this by itself"
    return bundle.failed(Refusal(413, tuple(_placed([Issue("too-costly", text)], asked))))


async def _said(alone: FhirRequest, asked: Asked) -> tuple[int, bytes]:
    """The status of one GET and its answer, be it a failure: the changes beside it are stored."""
    try:
        _permit(alone, asked)
        return 200, await _answer(alone, asked)
    except Refusal as refused:
        failed = refused
    except Exception as error:  # noqa: BLE001 one entry's failure is that entry's answer
        failed = errors.failure(error, alone.request_id)
    return failed.status, bundle.failed(Refusal(failed.status, tuple(_placed(failed.issues, asked))))


async def _answer(alone: FhirRequest, asked: Asked) -> bytes:
    """What is found; the answer to a HEAD is the same without its resource."""
    bare, handler = asked.method == "HEAD", _handler(asked)
    if handler is not None:
        answer = await handler(alone)
        return bundle.answered(None if bare else answer.body)
    shape = rendering.asked(alone)
    version = await _version(alone, asked)
    alone.showed(version)
    if is_known(version, tags=asked.if_none_match, since=asked.if_modified_since):
        return bundle.unchanged(version)
    return bundle.found(version, shape=shape, bare=bare)


async def foresee(request: FhirRequest, plan: Plan) -> None:
    """Refuse a transaction one of whose GETs would be refused: the status they share, else 400."""
    changes = {
        (change.resource.name, change.id): change for change in (changed(write) for _, write in plan.writes)
    }
    refused: list[Refusal] = []
    kept_out: list[tuple[FhirRequest, FhirResponse]] = []
    for asked in plan.asks:
        alone = _alone(request, asked)
        try:
            _permit(alone, asked)
            await _foreseen(alone, asked, changes)
        except Refusal as refusal:
            refusal.issues = tuple(_placed(refusal.issues, asked))
            refused.append(refusal)
            kept_out.append((alone, FhirResponse(refusal.status)))
    await trail.note_all(kept_out)
    if refused:
        statuses = {refusal.status for refusal in refused}
        issues = tuple(issue for refusal in refused for issue in refusal.issues)
        raise Refusal(statuses.pop() if len(statuses) == 1 else 400, issues)


def _handler(asked: Asked) -> _Handler | None:
    """What answers a question that is about more than one version."""
    match asked.path[1:]:
        case (_, "_history"):
            return histories.of_resource
        case ("_history",):
            return histories.of_type
        case (_,) | (_, _, _):
            return None
        case _:
            return interactions.search


def _placed(issues: Iterable[Issue], asked: Asked) -> Iterable[Issue]:
    """The problems of a GET, all of which lie in its address."""
    return [replace(issue, expression=f"Bundle.entry[{asked.index}].request.url") for issue in issues]


async def _foreseen(alone: FhirRequest, asked: Asked, changes: Changes) -> None:
    """Refuse what would be refused once the changes are made."""
    handler, kind, own = _handler(asked), asked.resource.name, asked.id or ""
    store, visibility = alone.service.store, alone.visibility
    change = changes.get((kind, own))
    if handler is interactions.search:
        interactions.searched(alone)
    elif handler is not None:
        histories.asked(alone)
        if handler is histories.of_resource and not isinstance(change, Put):
            await documents.history(store, visibility, kind, own, count=1)
    elif asked.version is not None:
        rendering.asked(alone)
        if not (isinstance(change, Put) and await _comes_next(alone, asked)):
            await documents.vread(store, visibility, kind, own, asked.version)
    else:
        rendering.asked(alone)
        if isinstance(change, Delete):
            raise gone(f"{kind}/{own}")
        if not isinstance(change, Put):
            await documents.read(store, visibility, kind, own)


async def _comes_next(alone: FhirRequest, asked: Asked) -> bool:
    """Whether the version asked for is the one that a change of this transaction makes."""
    service, kind, own = alone.service, asked.resource.name, asked.id or ""
    try:
        page = await documents.history(service.store, alone.visibility, kind, own, count=1)
    except Refusal:
        return asked.version == 1
    return asked.version == page.versions[0].version + 1


async def _version(alone: FhirRequest, asked: Asked) -> Version:
    """The version a GET reads."""
    store, visibility = alone.service.store, alone.visibility
    kind, own = asked.resource.name, asked.id or ""
    if asked.version is None:
        return await documents.read(store, visibility, kind, own)
    return await documents.vread(store, visibility, kind, own, asked.version)


def _alone(request: FhirRequest, asked: Asked) -> FhirRequest:
    """The question as if it had been asked by itself, of the type it is about."""
    within = len(asked.path) == 3 and asked.path[2] in RESOURCES  # noqa: PLR2004 Patient/id/Type
    return replace(
        request,
        method="GET",
        query=urlencode(asked.parameters).encode(),
        type=RESOURCES[asked.path[2]] if within else asked.resource,
        id="" if within else asked.id or "",
        version="" if asked.version is None else str(asked.version),
        compartment=(asked.id or "") if within else "",
        path="/".join(asked.path),
        seen=[],
    )


def _permit(alone: FhirRequest, asked: Asked) -> None:
    """Refuse (403) what the scopes of the asker do not allow, as the same GET by itself is refused."""
    reads = _handler(asked) in (None, histories.of_resource) and not alone.compartment
    require(alone, alone.resource.name, "r" if reads else "s")
