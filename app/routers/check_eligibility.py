"""$check-eligibility over HTTP: people in a Bundle judged by the protocol of a study; nothing is stored."""

import asyncio
from collections.abc import Iterable

from app.clinical import eligibility
from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.fhir_mapping import candidate_bundle, question, validation
from app.fhir_mapping.change import Put
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.resource import Resource
from app.protocol.definition import Protocol
from app.routers.answers import FhirResponse
from app.routers.decisions import cannot_answer
from app.routers.requests import FhirRequest
from app.routers.trial_answers import answered, narrowed, now, protocol_of
from app.store.candidates import candidates, study_row
from app.store.records import read_study


async def check_eligibility(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Whether each person in the Bundle may enter the study of the address."""
    body = validation.opened(await request.resource_body())
    if body.raw is None:
        raise refusal(400, "required", "send a Bundle of the candidates' resources", "Bundle")
    pairs = [*request.parameters, *body.parameters]
    wanted = question.parse(asked, pairs)
    population = question.given(asked, pairs).get("population", [None])[0]
    service = request.service
    row = await study_row(service.store, service.visibility, request.id)
    study = read_study(row)
    protocol = protocol_of(study, request.id)
    with cannot_answer():
        eligibility.refuse_unknown(protocol, population)

    def take(resource: Resource, raw: bytes, name: str, where: str) -> Put:
        return request.intake.put(resource, raw, id=name, where=where)

    puts = candidate_bundle.read(body.raw, most=service.settings.max_bundle_entries, take=take)
    found = list(candidates(row, puts, base=request.base, population=population))
    if not found:
        text = "the Bundle names nobody: send a Patient, or a ResearchSubject of the study, with the results"
        raise refusal(422, "business-rule", text, "Bundle.entry")
    as_of = now()
    answer = await asyncio.to_thread(_judged, protocol, found, narrowed(wanted, as_of))
    return answered(wanted, eligibility.of_candidates(study.source, protocol, answer), as_of)


def _judged(
    protocol: Protocol, found: Iterable[tuple[str, History]], asked: Asked
) -> list[tuple[str, Answer]]:
    decide = QUESTIONS["eligibility"]
    return [(name, decide(protocol, history, asked)) for name, history in found]
