"""A question about one subject: what there is now is asked of the database, and decided once."""

import asyncio
from collections.abc import Hashable
from datetime import datetime

from app.clinical.asked import Asked
from app.clinical.history import History
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.question import Question, parse
from app.routers.answers import FhirResponse
from app.routers.decisions import decide
from app.routers.remembered import NAME
from app.routers.requests import FhirRequest
from app.routers.trial_answers import Written, moment_of, narrowed, now, protocol_of, today, written
from app.store.records import Versions, recorded, versions


async def of_subject(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Answer a question of the trial about the subject of the address.

    The same question about the same versions has the same answer, so it is decided again only where the
    answer was forgotten, or looks at more of the instant than its day.
    """
    question = parse(asked, request.parameters)
    as_of = moment_of(question)
    wanted, memory = narrowed(question, as_of), request.service.memory
    memory.on(today(now()))
    there = await versions(request.service.store, request.visibility, request.id, question.as_of)
    answer = memory.answers.get(_key(question, wanted, there))
    if answer is None:
        there, history = await _history(request, there, question.as_of)
        request.saw(*there.shown)
        answer = await asyncio.to_thread(_decided, question, wanted, history)
        if wanted.at is None:
            memory.answers.keep(_key(question, wanted, there), answer, answer.size + NAME * len(there.rows))
    else:
        request.saw(*there.shown)
    return answer.given(as_of)


async def _history(request: FhirRequest, there: Versions, as_of: datetime | None) -> tuple[Versions, History]:
    """What these versions say; where it was forgotten it is read anew, as it stands by then."""
    memory = request.service.memory
    history = memory.histories.get(there)
    if history is None:
        found = await recorded(request.service.store, request.visibility, request.id, as_of)
        there, history = found.versions, await asyncio.to_thread(lambda: found.history)
        memory.histories.keep(there, history, found.size + NAME * len(there.rows))
    return there, history


def _key(question: Question, wanted: Asked, there: Versions) -> Hashable:
    """All that an answer follows from, but for the protocols, which a process reads once."""
    return question.operation.name, question.plain, question.language, wanted, there


def _decided(question: Question, wanted: Asked, history: History) -> Written:
    """The question decided and the answer written: that may take long."""
    protocol = protocol_of(history.study, history.enrolment.study)
    return written(question, decide(question.operation, protocol, history, wanted))
