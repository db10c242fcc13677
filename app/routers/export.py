"""ResearchStudy $export: a list of the files of a study, or one of them, streamed as it is made."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final

from app.clinical.studies.answer_tables import TABLES
from app.fhir_mapping import codec, links, question
from app.fhir_mapping.export_operation import DICTIONARY, EXPORTED
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.question import Given
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.export_files import Export, dictionary, file_name
from app.routers.gone import until_gone
from app.routers.requests import FhirRequest
from app.routers.trial_answers import moment_of, narrowed, protocol_of
from app.store.of_study import Subjects, subjects_of

NDJSON: Final = (b"content-type", b"application/fhir+ndjson")
CSV: Final = (b"content-type", b"text/csv; charset=utf-8")


async def export(request: FhirRequest, asked: Operation) -> FhirResponse:
    """The list of files, or with `type` or `table` one of them."""
    given = question.given(asked, request.parameters)
    wanted = question.parse(asked, request.parameters)
    as_of = moment_of(wanted)
    service = request.service
    subjects = await subjects_of(service.store, request.visibility, request.id, as_of)
    name = _file(given)
    if name == DICTIONARY:
        return FhirResponse(200, dictionary(), [CSV, _named(request, name)])
    request.saw(*subjects.shown)
    if name is None:
        return await _listed(request, subjects, as_of)
    is_table = name in TABLES
    made = Export(
        subjects=subjects,
        types=() if is_table else (name,),
        tables=(name,) if is_table else (),
        protocol=protocol_of(subjects.study, request.id) if is_table else None,
        asked=narrowed(wanted, as_of),
    )
    headers = [CSV if is_table else NDJSON, _named(request, name)]
    return FhirResponse(200, headers=headers, stream=until_gone(request, _bytes(made, name)))


def _file(given: Given) -> str | None:
    """The one file asked for; None where the list is."""
    named = [*given.get("type", ()), *given.get("table", ())]
    if len(named) > 1:
        raise refusal(400, "value", "ask for one type or one table at a time", "http.type")
    return named[0] if named else None


async def _bytes(made: Export, name: str) -> AsyncIterator[bytes]:
    async for piece in made.pieces():
        if piece[name]:
            yield piece[name]


def _named(request: FhirRequest, name: str) -> tuple[bytes, bytes]:
    """What a browser calls the file."""
    file = f"{request.id}-{file_name(name)}"
    return b"content-disposition", f'attachment; filename="{file}"'.encode()


async def _listed(request: FhirRequest, subjects: Subjects, as_of: datetime) -> FhirResponse:
    """Every file with its address, all as of the same instant; resources are counted."""
    counts = await subjects.counts()
    address = f"{request.base}/ResearchStudy/{request.id}/$export"
    at = ("asOf", links.instant(as_of))

    def output(kind: str, name: str, count: int | None) -> dict[str, object]:
        url = links.with_parameters(address, [(kind, name), at])
        counted = [] if count is None else [{"name": "count", "valueInteger": count}]
        return {
            "name": "output",
            "part": [{"name": kind, "valueCode": name}, {"name": "url", "valueUri": url}, *counted],
        }

    resources = [output("type", kind, counts[kind]) for kind in EXPORTED if counts.get(kind)]
    known = {"subjects": len(subjects.members)}
    tables = [output("table", name, known.get(name)) for name in (*TABLES, DICTIONARY)]
    scope = subjects.visibility.scope
    said = [] if scope is None else [{"name": "note", "valueString": scope}]
    instant = {"name": "asOf", "valueInstant": at[1]}
    return answers.resource(
        codec.write({"resourceType": "Parameters", "parameter": [instant, *said, *resources, *tables]})
    )
