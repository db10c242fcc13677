"""Operations: R4's own, the questions of the trial, and what those who run the server ask of the inbox."""

from collections.abc import Awaitable, Callable, Mapping

from app.fhir_mapping import check
from app.fhir_mapping.check_operation import CHECK_ELIGIBILITY
from app.fhir_mapping.export_operation import EXPORT
from app.fhir_mapping.operation import Level, Operation
from app.fhir_mapping.operations import OPERATIONS, named, served
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.question import from_parameters, parse
from app.fhir_mapping.standard_operations import DIFF, EVERYTHING, LASTN, META, STATS, VALIDATE
from app.fhir_mapping.subject_operations import IMPACT, STATUS_HISTORY
from app.fhir_mapping.wording import did_you_mean
from app.routers import (
    erasing,
    inbox_operations,
    locking,
    observation_operations,
    signing,
    standard_operations,
)
from app.routers.all_sites import decide_of_all_sites, is_of_all_sites
from app.routers.answers import FhirResponse, unless_held
from app.routers.check_eligibility import check_eligibility
from app.routers.difference import diff
from app.routers.everything import everything
from app.routers.export import export
from app.routers.gone import unless_gone
from app.routers.impact import of_change
from app.routers.requests import FhirRequest
from app.routers.status_history import status_history
from app.routers.study_decisions import decide_study
from app.routers.subject_answers import of_subject
from app.routers.told import refuse_told_in
from app.routers.trial_answers import answered, moment_of, narrowed, protocol_of
from app.store.of_study import subjects_of


async def operation(request: FhirRequest) -> FhirResponse:
    """Ask an operation on one resource, on a type or on the server; GET, or POST with Parameters."""
    asked = _operation(request)
    method = "GET" if request.method == "HEAD" else request.method
    if method not in asked.methods:
        allow = ", ".join(sorted({*asked.methods, *(["HEAD"] if "GET" in asked.methods else [])}))
        issue = Issue("not-supported", f"{asked.name} is asked by {allow}", "http.url")
        raise Refusal(405, (issue,), {"Allow": allow})
    if request.method == "POST" and asked.name not in OF_A_RESOURCE:
        await _take_in(request)
    computed = _of_study if asked.resources == ("ResearchStudy",) else of_subject
    return unless_held(request, await STANDARD.get(asked.name, computed)(request, asked))


async def _take_in(request: FhirRequest) -> None:
    """Put the parameters that were posted beside those of the address."""
    if not request.has_no_body:
        request.form = from_parameters(check.checked("Parameters", await request.resource_body()))
        refuse_told_in(request, request.form)
        request.parameters = [*request.parameters, *request.form]


async def _of_study(request: FhirRequest, asked: Operation) -> FhirResponse:
    """Answer a question of the trial about all subjects of a study."""
    question = parse(asked, request.parameters)
    as_of = moment_of(question)
    if is_of_all_sites(request, question):
        return answered(question, await decide_of_all_sites(request, asked, question, as_of), as_of)
    service = request.service
    subjects = await subjects_of(service.store, request.visibility, request.id, as_of)
    request.saw(*subjects.shown)
    protocol = protocol_of(subjects.study, request.id)
    wanted = narrowed(question, as_of)
    deciding = decide_study(asked, protocol, subjects, wanted, turn=request.service.turn)
    answer = await unless_gone(request, deciding)
    return answered(question, answer, as_of)


STANDARD: Mapping[str, Callable[[FhirRequest, Operation], Awaitable[FhirResponse]]] = {
    VALIDATE.name: standard_operations.validate,
    META.name: standard_operations.meta,
    DIFF.name: diff,
    EVERYTHING.name: everything,
    EXPORT.name: export,
    LASTN.name: observation_operations.lastn,
    STATS.name: observation_operations.stats,
    IMPACT.name: of_change,
    CHECK_ELIGIBILITY.name: check_eligibility,
    STATUS_HISTORY.name: status_history,
    **inbox_operations.HANDLERS,
    **signing.HANDLERS,
    **locking.HANDLERS,
    **erasing.HANDLERS,
}
"""By operation, what answers it, where it is not a question of the trial like the others."""

OF_A_RESOURCE = frozenset({VALIDATE.name, IMPACT.name, CHECK_ELIGIBILITY.name})
"""What is asked about a resource in the body, which they open themselves."""


def _operation(request: FhirRequest) -> Operation:
    """The operation of the address; 404 names those this type has."""
    if request.type is None:
        return _of_server(request.operation)
    level: Level = "instance" if request.id else "type"
    found = named(request.type.name, request.operation, level)
    if found is None:
        raise _nothing_asked(request.type.name, request.operation, level)
    return found


def _of_server(operation: str) -> Operation:
    """The operation of the server as a whole; 404 names those there are, and the types that have this one."""
    found = named(None, operation, "system")
    if found is None:
        names = [one.name for one in served(None)]
        types = [kind for one in OPERATIONS if one.name == operation for kind in one.resources]
        also = f"; {operation} is asked of {', '.join(types)}" if types else did_you_mean(operation, names)
        text = f"there is nothing at this address{also}; the server is asked by {', '.join(names)}"
        raise refusal(404, "not-supported", text, "http.url")
    return found


def _nothing_asked(kind: str, operation: str, level: Level) -> Refusal:
    """404 that names what can be asked there, and where else this can."""
    addresses: Mapping[Level, str] = {"type": kind, "instance": f"{kind}/{{id}}"}
    names = [one.name for one in served(kind, level)]
    meant = did_you_mean(operation, names)
    for other, address in addresses.items():
        if named(kind, operation, other) is not None:
            meant = f"; {operation} is asked at {address}/{operation}"
    text = f"there is nothing at this address{meant}; {addresses[level]} is asked by {', '.join(names)}"
    return refusal(404, "not-supported", text, "http.url")
