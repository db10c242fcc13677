"""The FHIR interactions that read, written once for every type (https://hl7.org/fhir/R4/http.html)."""

from app.fhir_mapping import bundle, links
from app.fhir_mapping import search as grammar
from app.fhir_mapping.compartment import PATIENT, compartment
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.recorded import RECORDED
from app.fhir_mapping.served import SERVED
from app.fhir_mapping.served import account as served_account
from app.fhir_mapping.served import page as served_page
from app.routers import answers, recorded, rendering
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.routers.scopes import require_search
from app.routers.told import refuse_told_in
from app.store import documents
from app.store.explain import explain
from app.store.search import find


async def read(request: FhirRequest) -> FhirResponse:
    """The current version; 404 where it never was, 410 where it was deleted."""
    shape = rendering.asked(request)
    rendering.refuse_unknown(request)
    service = request.service
    version = await documents.read(service.store, request.visibility, request.resource.name, request.id)
    request.showed(version)
    return answers.stored(request, version, shape=shape)


async def vread(request: FhirRequest) -> FhirResponse:
    """One version; 410 where that version is the deletion."""
    shape = rendering.asked(request)
    rendering.refuse_unknown(request)
    number = _version_number(request)
    service = request.service
    version = await documents.vread(
        service.store, request.visibility, request.resource.name, request.id, number
    )
    request.showed(version)
    return answers.stored(request, version, shape=shape)


async def search(request: FhirRequest) -> FhirResponse:
    """The resources that match every parameter, one page at a time; GET, or POST _search with a form."""
    parameters = list(request.parameters)
    if request.method == "POST":
        parameters += await request.form_body()
        refuse_told_in(request, request.form)
        request.negotiate(parameters)
    asked = _understood(request, parameters)
    service = request.service
    served = SERVED.get(request.resource.name)
    shape = rendering.shape(asked.summary, asked.elements)
    account = None
    page: bundle.SearchPage
    if request.resource.name in RECORDED:
        page = await recorded.find(request, asked.query)
    elif served is not None:
        page = served_page(served, asked.query, at=service.started)
        account = served_account(served, asked.query, asked.expected) if asked.explain else None
    else:
        require_search(request, asked.query)
        page = await find(service.store, request.visibility, asked.query)
        if asked.explain:
            account = await explain(service.store, request.visibility, asked.query, asked.expected)
    if request.resource.name not in RECORDED:
        request.showed(*page.versions, *page.included)
    found = bundle.searchset(
        page, asked, base=request.base, key=service.store.link_key, shape=shape, account=account
    )
    answer = answers.resource(found)
    if request.prefer.strict:
        answer.headers.append(answers.HANDLED_STRICTLY)
    return answer


async def search_of_patient(request: FhirRequest) -> FhirResponse:
    """A search within the data of one patient (`Patient/{id}/Observation`)."""
    return await search(request)


def searched(request: FhirRequest) -> grammar.Search:
    """The search a GET asks for; Refusal 400 where it cannot be read."""
    return _understood(request, request.parameters)


def _understood(request: FhirRequest, parameters: list[tuple[str, str]]) -> grammar.Search:
    within, address = None, f"{request.base}/{request.resource.name}"
    if request.compartment:
        within = compartment(request.resource, request.compartment)
        address = f"{request.base}/Patient/{request.compartment}/{request.resource.name}"
        if within is None:
            text = f"{request.resource.name} is not about a patient; these are: {', '.join(PATIENT)}"
            raise refusal(404, "not-supported", text, "http.url")
    return grammar.parse(
        request.resource,
        parameters,
        base=request.base,
        strict=request.prefer.strict,
        key=request.service.store.link_key,
        within=within,
        address=address,
    )


def _version_number(request: FhirRequest) -> int:
    """The version of the address; ours are numbers, so anything else is not known."""
    if not links.is_version(request.version):
        text = f"this version of {request.resource.name}/{request.id} is not known here: versions are numbers"
        raise refusal(404, "not-found", text, request.resource.name)
    return int(request.version)
