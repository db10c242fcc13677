"""What this server can do, as FHIR says it: the CapabilityStatement and the OperationDefinitions."""

from app import __version__
from app.fhir_mapping import capability, links
from app.fhir_mapping.operation import OPERATIONS, definition
from app.fhir_mapping.outcome import not_found, refusal
from app.fhir_mapping.registry import RESOURCES
from app.routers import answers
from app.routers.answers import FhirResponse
from app.routers.requests import RESULT_PARAMETERS, FhirRequest

DEFINED = {operation.id: operation for operation in OPERATIONS}
"""The operations by the id of their OperationDefinition."""

_SERVED = {
    "type": "OperationDefinition",
    "documentation": "The operations of this server; read only.",
    "interaction": [{"code": "read"}, {"code": "search-type"}],
    "versioning": "no-version",
}


async def capabilities(request: FhirRequest) -> FhirResponse:
    """The CapabilityStatement; the base address answers with it too."""
    if not request.path.startswith("/metadata"):
        _refuse_parameters(request, "a search across types")
    if dict(request.parameters).get("mode", "full") not in {"full", "normative", ""}:
        raise refusal(400, "not-supported", "mode is full or normative", "http.mode")
    statement = capability.statement(
        RESOURCES.values(),
        OPERATIONS,
        base=request.base,
        software_version=__version__,
        date=request.service.started,
        open_sandbox=request.service.settings.auth is not None,
    )
    statement["rest"][0]["resource"].append(_SERVED)
    return answers.document(statement)


async def operation_definitions(request: FhirRequest) -> FhirResponse:
    """All OperationDefinitions, in a searchset."""
    _refuse_parameters(request, "choosing among so few OperationDefinitions")
    entries = [
        {
            "fullUrl": links.address(request.base, "OperationDefinition", operation.id),
            "resource": definition(operation, base=request.base),
            "search": {"mode": "match"},
        }
        for operation in DEFINED.values()
    ]
    here = [{"relation": "self", "url": f"{request.base}/OperationDefinition"}]
    found = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "link": here,
        "entry": entries,
    }
    return answers.document(found)


async def operation_definition(request: FhirRequest) -> FhirResponse:
    """One OperationDefinition."""
    operation = DEFINED.get(request.id)
    if operation is None:
        raise not_found(f"OperationDefinition/{request.id}")
    return answers.document(definition(operation, base=request.base))


def _refuse_parameters(request: FhirRequest, what: str) -> None:
    """Say that a search is not offered, rather than answer another question."""
    if {name for name, _ in request.parameters} - RESULT_PARAMETERS:
        raise refusal(400, "not-supported", f"{what} is not offered", "http.url")
