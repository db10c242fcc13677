"""$impact over HTTP: what a correction, a new fact or the lack of one would change in the answers.

A proposed resource is looked at as $validate does; nothing is stored.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from app.clinical.impact import Proposed, impact
from app.clinical.records import Source
from app.fhir_mapping import codec, question, validation
from app.fhir_mapping.change import Put, Version
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.intake import updating
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import Refusal, not_found, refusal
from app.fhir_mapping.question import Question
from app.fhir_mapping.registry import MAPPED
from app.fhir_mapping.validation import ToValidate
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.routers.told import refuse_told_in
from app.routers.trial_answers import answered, moment_of, narrowed, protocol_of
from app.store import documents
from app.store.ids import new_id
from app.store.records import Recorded, recorded
from app.store.transact import rehearse

Propose = Callable[[Recorded], Proposed]
"""Makes of what is recorded the record before and after the change."""

NOT_STORED = 0
"""The version of a resource that is proposed: evidence names it without one."""

_NAMED = re.compile(r"([A-Za-z]+)/([A-Za-z0-9.\-]{1,64})(?:/_history/(\d{1,9}))?")


async def of_change(request: FhirRequest, asked: Operation) -> FhirResponse:
    """What a change of one fact of the subject would change in the answers."""
    body = ToValidate(None, [])
    if request.method == "POST" and not request.has_no_body:
        body = validation.opened(await request.resource_body())
    refuse_told_in(request, body.parameters)
    pairs = [*request.parameters, *body.parameters]
    named = question.given(asked, pairs).get("observation")
    wanted = question.parse(asked, pairs)
    if (named is None) == (body.raw is None):
        text = "name one fact (observation=Observation/x), or post the resource as it would be"
        raise refusal(400, "required", text, "http.observation")
    service, as_of = request.service, moment_of(wanted)
    found = await recorded(service.store, request.visibility, request.id, wanted.as_of)
    request.saw(*found.shown)
    if body.raw is not None:
        propose: Propose = partial(_corrected, put=await _accepted(request, body.raw), base=request.base)
    else:
        propose = await _named(request, (named or [""])[0], wanted.as_of)
    return await asyncio.to_thread(_told, wanted, found, propose, as_of)


def _told(wanted: Question, found: Recorded, propose: Propose, as_of: datetime) -> FhirResponse:
    """The documents read as they are and as proposed, every question decided of both, the answer written."""
    protocol = protocol_of(found.history.study, found.history.enrolment.study)
    return answered(wanted, impact(protocol, propose(found), narrowed(wanted, as_of)), as_of)


def _corrected(found: Recorded, *, put: Put, base: str) -> Proposed:
    """The record as it is, and with the resource that was posted in its place."""
    current = found.source(put.resource.name, put.id)
    source = Source(put.resource.name, put.id, NOT_STORED)
    what = "the new" if current is None else "the corrected"
    after = found.having(source, put.document, base=base)
    if current is None and after.source(source.type, source.id) is None:
        text = f"{_whose(put, base)}, not about the patient of ResearchSubject/{found.name}"
        raise refusal(422, "business-rule", text, put.resource.name)
    notes = ("before: as it is recorded", f"after: with {what} {source.type}/{source.id} that was sent")
    return Proposed(before=found.history, after=after.history, record=source, notes=notes)


def _whose(put: Put, base: str) -> str:
    """Whom a posted resource is about."""
    patient = index_rows(put.resource, put.document, base=base, own_id=put.id).patient
    return f"the {put.resource.name} is about {'nobody' if patient is None else f'Patient/{patient}'}"


async def _accepted(request: FhirRequest, raw: bytes) -> Put:
    """The resource as it would be stored; Refusal with everything that stands against it."""
    sent = codec.read(raw)
    kind = sent.get("resourceType") if isinstance(sent, dict) else None
    resource = MAPPED.get(kind) if isinstance(kind, str) else None
    if resource is None:
        text = f"send one of {', '.join(MAPPED)}: answers rest on these"
        raise refusal(400, "not-supported", text, "resourceType")
    try:
        put = request.intake.put(resource, raw, id="")
        own = put.document.get("id")
        put = updating(replace(put, id=own)) if own else replace(put, id=new_id(), fresh=True)
        await rehearse(request.service.store, request.writing, [put], by=request.actor)
    except Refusal as refused:
        raise refused.at(resource.name) from None
    return put


async def _named(request: FhirRequest, reference: str, as_of: datetime | None) -> Propose:
    """With and without a fact; or with an earlier version of it, and as it is."""
    match = _NAMED.fullmatch(reference.removeprefix(f"{request.base}/"))
    if match is None or match[1] not in MAPPED:
        text = "name a resource about the subject, such as Observation/x, or a version of it"
        raise refusal(400, "value", text, "http.observation")
    kind, name, version = match.groups()
    request.saw((kind, name, int(version or NOT_STORED)))
    if version is None:
        return partial(_without, kind=kind, name=name)
    earlier = await _version(request, Source(kind, name, int(version)), as_of)
    return partial(since, version=earlier, base=request.base)


def _without(found: Recorded, *, kind: str, name: str) -> Proposed:
    """The record as it is, and without a fact."""
    source = found.source(kind, name)
    if source is None:
        raise not_found(f"{kind}/{name} of ResearchSubject/{found.name}")
    notes = ("before: as it is recorded", f"after: without {kind}/{name}")
    after = found.without(kind, name).history
    return Proposed(before=found.history, after=after, record=source, notes=notes)


async def _version(request: FhirRequest, source: Source, as_of: datetime | None) -> Version:
    """An earlier version of a fact; of a moment, none that came later."""
    service = request.service
    version = await documents.vread(service.store, request.visibility, source.type, source.id, source.version)
    if as_of is not None and version.last_updated > as_of:
        stored = f"{source.type}/{source.id}/_history/{source.version} was stored after {as_of.isoformat()}"
        raise refusal(404, "not-found", f"{stored}: name a version that was there then", "http.observation")
    return version


def since(found: Recorded, *, version: Version, base: str) -> Proposed:
    """The record with an earlier version of a fact, and as it is."""
    source = Source(version.type, version.id, version.version)
    earlier = found.having(source, codec.read(version.document or b"{}"), base=base)
    if earlier.source(source.type, source.id) is None:
        raise not_found(f"{source} of ResearchSubject/{found.name}")
    notes = (f"before: with {source}", "after: as it is recorded")
    return Proposed(before=earlier.history, after=found.history, record=source, notes=notes)
