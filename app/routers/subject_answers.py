"""A question about one subject: what there is now is asked of the database, and decided once."""

import asyncio
from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime

from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.timeline import NotInfused, infusion
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.question import Question, parse
from app.protocol.definition import Protocol
from app.routers.answers import FhirResponse
from app.routers.decisions import decide
from app.routers.remembered import Known
from app.routers.requests import FhirRequest
from app.routers.trial_answers import Written, moment_of, narrowed, now, protocol_of, today, written
from app.store.records import Versions, recorded, versions


async def of_subject(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Answer a question of the trial about the subject of the address.

    The same question about the same versions has the same answer, so it is decided again only where the
    answer was forgotten.
    """
    question = parse(asked, request.parameters)
    as_of = moment_of(question)
    there, known = await _known(request, question.as_of)
    request.saw(*there.shown)
    history, wanted = known.history, narrowed(question, as_of)
    protocol = protocol_of(history.study, history.enrolment.study)
    key = _key(question, wanted, protocol, history)
    answer = known.answers.get(key)
    if answer is None:
        answer = await asyncio.to_thread(_decided, question, wanted, protocol, history)
        request.service.memory.answered(there, key, answer)
    return answer.given(as_of)


async def _known(request: FhirRequest, as_of: datetime | None) -> tuple[Versions, Known]:
    """What there is, and what it says: documents are read where it is not remembered."""
    store, memory, day = request.service.store, request.service.memory, today(now())
    there = await versions(store, request.visibility, request.id, as_of)
    known = memory.of(there, day)
    if known is None:
        since = memory.times_forgotten
        found = await recorded(store, request.visibility, request.id, as_of)
        history = await asyncio.to_thread(lambda: found.history)
        there, known = found.versions, memory.keep(found.versions, history, found.size, since=since)
    return there, known


def _key(question: Question, wanted: Asked, protocol: Protocol, history: History) -> Hashable:
    """All that an answer follows from beside the versions and the protocol they name."""
    hours = None if wanted.at is None else _hours_since_infusion(wanted.at, protocol, history)
    return question.operation.name, question.plain, question.language, replace(wanted, at=None), hours


def _hours_since_infusion(at: datetime, protocol: Protocol, history: History) -> int | None:
    """All that an answer by the hour says of the instant it is given at."""
    t0 = infusion(protocol, history)
    return None if isinstance(t0, NotInfused) else t0.hours_until(at)


def _decided(question: Question, wanted: Asked, protocol: Protocol, history: History) -> Written:
    """The question decided and the answer written: that may take long."""
    return written(question, decide(question.operation, protocol, history, wanted))
