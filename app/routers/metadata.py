"""What this server says of itself: the CapabilityStatement, and the types it only serves."""

from dataclasses import dataclass

from app import __version__
from app.fhir_mapping import bundle, capability, codec
from app.fhir_mapping import search as grammar
from app.fhir_mapping.change import Version
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.outcome import not_found, refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Document
from app.fhir_mapping.served import SERVED, account, matches
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.requests import RESULT_PARAMETERS, FhirRequest


async def capabilities(request: FhirRequest) -> FhirResponse:
    """The CapabilityStatement; the base address answers with it too."""
    if not request.path.startswith("/metadata"):
        _refuse_parameters(request, "a search across types")
    if dict(request.parameters).get("mode", "full") not in {"full", "normative", ""}:
        raise refusal(400, "not-supported", "mode is full or normative", "http.mode")
    statement = capability.statement(
        RESOURCES.values(),
        OPERATIONS,
        served=[served.resource for served in SERVED.values()],
        base=request.base,
        software_version=__version__,
        date=request.service.started,
        open_sandbox=request.service.settings.auth is not None,
    )
    return answers.document(statement)


@dataclass(frozen=True, slots=True)
class _Page:
    """All matches at once: they are few."""

    versions: list[Version]
    total: int
    after: None = None
    included: tuple[Version, ...] = ()
    truncated: bool = False


async def search(request: FhirRequest) -> FhirResponse:
    """The resources of a type that is only served, by its search parameters."""
    asked = grammar.parse(
        request.resource, request.parameters, base=request.base, strict=request.prefer.strict
    )
    served = SERVED[request.resource.name]
    found = matches(served, asked.query)
    versions = [_version(document, request) for document in found[: asked.query.count]]
    why = account(served, asked.query, asked.expected) if asked.explain else None
    page = _Page(versions, len(found))
    return answers.resource(bundle.searchset(page, asked, base=request.base, account=why))


def _version(document: Document, request: FhirRequest) -> Version:
    return Version(
        type=request.resource.name,
        id=document["id"],
        version=1,
        last_updated=request.service.started,
        document=codec.write(document),
    )


async def read(request: FhirRequest) -> FhirResponse:
    """One resource of a type that is only served."""
    kind = request.resource.name
    document = SERVED[kind].documents().get(request.id)
    if document is None:
        raise not_found(f"{kind}/{request.id}")
    return answers.document(document)


def _refuse_parameters(request: FhirRequest, what: str) -> None:
    """Say that a search is not offered, rather than answer another question."""
    if {name for name, _ in request.parameters} - RESULT_PARAMETERS:
        raise refusal(400, "not-supported", f"{what} is not offered", "http.url")
