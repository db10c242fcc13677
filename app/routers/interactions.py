"""The FHIR interactions that read, written once for every type (https://hl7.org/fhir/R4/http.html)."""

from app.fhir_mapping import bundle
from app.fhir_mapping import search as grammar
from app.fhir_mapping.outcome import not_found, refusal
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.requests import FhirRequest
from app.store import documents
from app.store.search import find

MOST_VERSIONS = 1000


async def read(request: FhirRequest) -> FhirResponse:
    """The current version; 404 where it never was, 410 where it was deleted."""
    service = request.service
    version = await documents.read(service.store, service.visibility, request.resource.name, request.id)
    return answers.stored(request, version)


async def vread(request: FhirRequest) -> FhirResponse:
    """One version; 410 where that version is the deletion."""
    number = _version_number(request)
    service = request.service
    version = await documents.vread(
        service.store, service.visibility, request.resource.name, request.id, number
    )
    return answers.stored(request, version)


async def history(request: FhirRequest) -> FhirResponse:
    """All versions, newest first, deletions among them."""
    service = request.service
    count, before = paged(request)
    page = await documents.history(
        service.store, service.visibility, request.resource.name, request.id, count=count, before=before
    )
    address = f"{request.base}/{request.resource.name}/{request.id}/_history"
    return answers.resource(
        bundle.history(page, address=address, base=request.base, count=count, before=before)
    )


async def search(request: FhirRequest) -> FhirResponse:
    """The resources that match every parameter, one page at a time; GET, or POST _search with a form."""
    parameters = list(request.parameters)
    if request.method == "POST":
        parameters += await request.form_body()
        request.negotiate(parameters)
    asked = _understood(request, parameters)
    page = await find(request.service.store, request.service.visibility, asked.query)
    return answers.resource(bundle.searchset(page, asked, base=request.base))


def searched(request: FhirRequest) -> grammar.Search:
    """The search a GET asks for; Refusal 400 where it cannot be read."""
    return _understood(request, request.parameters)


def _understood(request: FhirRequest, parameters: list[tuple[str, str]]) -> grammar.Search:
    return grammar.parse(request.resource, parameters, base=request.base, strict=request.prefer.strict)


def paged(request: FhirRequest) -> tuple[int, int | None]:
    """How many versions a history is to show, and before which; Refusal 400 where it cannot be read."""
    asked = dict(request.parameters)
    for name in ("_since", "_at", "_list"):
        if asked.get(name):
            raise refusal(400, "not-supported", f"{name} is not offered on a history yet", f"http.{name}")
    count = _natural(asked, "_count", default=50, most=MOST_VERSIONS)
    return count, _natural(asked, "_before", default=0) or None


def _version_number(request: FhirRequest) -> int:
    """The version of the address; ours are numbers, so anything else is not known."""
    if not (request.version.isascii() and request.version.isdigit() and len(request.version) < 10):  # noqa: PLR2004
        raise not_found(f"{request.resource.name}/{request.id}/_history/{request.version}")
    return int(request.version)


def _natural(asked: dict[str, str], name: str, *, default: int, most: int | None = None) -> int:
    """A parameter that counts; 400 where it is not a number."""
    text = asked.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 far beyond any count
        raise refusal(400, "value", f"{name} must be a whole number, not negative", f"http.{name}")
    return int(text) if most is None else min(int(text), most)
