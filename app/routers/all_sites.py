"""A question about a study counted over all its sites, for who sees only some of them."""

import asyncio
from dataclasses import replace
from datetime import datetime

from app.clinical.answers import Answer
from app.clinical.studies.across_sites import across_sites
from app.clinical.study_questions import STUDY_QUESTIONS
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Question
from app.routers.decisions import cannot_answer
from app.routers.gone import unless_gone
from app.routers.requests import FhirRequest
from app.routers.study_decisions import every_row
from app.routers.trial_answers import narrowed, protocol_of
from app.store.of_study import subjects_of


def is_of_all_sites(request: FhirRequest, question: Question) -> bool:
    """Whether subjects are to be counted whom the asker does not see; who sees every site needs no such."""
    return question.all_sites and request.visibility.sites is not None


async def decide_of_all_sites(
    request: FhirRequest, asked: Operation, question: Question, as_of: datetime
) -> Answer:
    """The answer about every site with small counts suppressed; no donor is counted, whoever asks.

    Refusal 400 where a moment is named, and 422 of a part of a study: what two moments, or a study and its
    part, differ by would tell of few.
    """
    if question.as_of is not None:
        text = (
            "asOf cannot be named with sites=all: what changed between two moments would tell of few subjects"
        )
        raise refusal(400, "not-supported", text, "http.asOf")
    store, turn, seen = request.service.store, request.service.turn, request.visibility
    summary, wanted = STUDY_QUESTIONS[asked.code], narrowed(question, as_of)
    scopes = (replace(seen, sites=None, donors=False), replace(seen, donors=False))
    wide, own = [await subjects_of(store, one, request.id, as_of) for one in scopes]
    request.saw(*own.shown)
    if wide.is_of_a_part:
        text = "this is a part of a study: ask the whole with sites=all; beside it a part would tell of few"
        raise refusal(422, "business-rule", text, "http.sites")
    protocol = protocol_of(wide.study, request.id)

    async def decide() -> Answer:
        rows = [await every_row(summary, protocol, one, wanted, turn=turn) for one in (wide, own)]
        return await asyncio.to_thread(
            across_sites, summary, protocol, wide.study, (rows[0], rows[1]), wanted
        )

    with cannot_answer():
        return await unless_gone(request, decide())
