"""$check-eligibility over HTTP: people in a Bundle judged by the protocol of a study; nothing is stored."""

import asyncio

from app.clinical.criteria import eligibility
from app.clinical.questions import QUESTIONS
from app.fhir_mapping import candidate_bundle, question, validation
from app.fhir_mapping.change import Put
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Question
from app.fhir_mapping.resource import Resource
from app.routers.answers import FhirResponse
from app.routers.decisions import cannot_answer
from app.routers.requests import FhirRequest
from app.routers.told import refuse_told_in
from app.routers.trial_answers import answered, narrowed, now, protocol_of
from app.store.candidates import candidates, study_row
from app.store.database import Row
from app.store.records import read_study


async def check_eligibility(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Whether each person in the Bundle may enter the study of the address."""
    body = validation.opened(await request.resource_body())
    if body.raw is None:
        raise refusal(400, "required", "send a Bundle of the candidates' resources", "Bundle")
    refuse_told_in(request, body.parameters)
    pairs = [*request.parameters, *body.parameters]
    wanted = question.parse(asked, pairs)
    population = question.given(asked, pairs).get("population", [None])[0]
    row = await study_row(request.service.store, request.visibility, request.id)
    request.saw((row[0], row[1], row[2]))
    return await asyncio.to_thread(_judged, request, body.raw, row, wanted=wanted, population=population)


def _judged(
    request: FhirRequest, raw: bytes, row: Row, *, wanted: Question, population: str | None
) -> FhirResponse:
    """The Bundle read, everybody in it judged and the answer written."""
    study = read_study(row)
    protocol = protocol_of(study, request.id)
    with cannot_answer():
        eligibility.refuse_unknown(protocol, population)

    def take(resource: Resource, raw: bytes, name: str, where: str) -> Put:
        return request.intake.put(resource, raw, id=name, where=where)

    most = request.service.settings.max_bundle_entries
    puts = candidate_bundle.read(raw, most=most, take=take, around=request.intake.around)
    found = list(candidates(row, puts, base=request.base, population=population))
    if not found:
        text = "the Bundle names nobody: send a Patient, or a ResearchSubject of the study, with the results"
        raise refusal(422, "business-rule", text, "Bundle.entry")
    as_of = now()
    asked, decide = narrowed(wanted, as_of), QUESTIONS["eligibility"]
    judged = [(name, decide(protocol, history, asked)) for name, history in found]
    return answered(wanted, eligibility.of_candidates(study.source, protocol, judged), as_of)
