"""$status-history over HTTP: the versions of a ResearchSubject as the states it has been in."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from app.clinical.records import Enrolment, Source
from app.clinical.subjects.state_history import Recorded, answer
from app.fhir_mapping import codec, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.question import Question, parse
from app.fhir_mapping.research_subject import to_records
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.routers.trial_answers import answered, moment_of, narrowed, protocol_of
from app.store import documents, records

_PAGE = 500


async def status_history(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Every state the subject has been in, as it was known at the moment asked about."""
    question = parse(asked, request.parameters)
    as_of = moment_of(question)
    service = request.service
    found = await records.recorded(service.store, request.visibility, request.id, question.as_of)
    versions = await _versions(request, as_of)
    request.saw(*dict.fromkeys((*found.shown, *(one.name for one in versions))))
    return await asyncio.to_thread(_told, question, found, versions, as_of)


def _told(
    question: Question, found: records.Recorded, versions: Sequence[Version], as_of: datetime
) -> FhirResponse:
    """The versions read and the answer written."""
    history = found.history
    protocol = protocol_of(history.study, history.enrolment.study)
    states = [_recorded(one) for one in versions]
    return answered(question, answer(protocol, history, states, narrowed(question, as_of)), as_of)


async def _versions(request: FhirRequest, as_of: datetime) -> list[Version]:
    """All versions up to the moment, the oldest first."""
    service, found, after = request.service, list[Version](), None
    while True:
        page = await documents.history(
            service.store,
            request.visibility,
            "ResearchSubject",
            request.id,
            count=_PAGE,
            after=after,
            ascending=True,
        )
        found += [one for one in page.versions if one.last_updated <= as_of and not one.erased]
        if page.after is None:
            return found
        after = page.after


def _recorded(version: Version) -> Recorded:
    return Recorded(links.instant(version.last_updated), _enrolment(version))


def _enrolment(version: Version) -> Enrolment | None:
    if version.document is None:
        return None
    source = Source(version.type, version.id, version.version)
    return to_records(codec.read(version.document), source)[0]
