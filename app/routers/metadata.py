"""What this server says of itself: the CapabilityStatement, and the types it only serves."""

import hashlib
from typing import Any

from app import __version__
from app.fhir_mapping import capability, codec
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.outcome import not_found, refusal
from app.fhir_mapping.recorded import RECORDED
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.served import SERVED
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
        served=[*(served.resource for served in SERVED.values()), *RECORDED.values()],
        base=request.base,
        software_version=__version__,
        date=request.service.started,
        open_sandbox=request.service.settings.is_open,
    )
    return answers.described(request, statement, tag=_tag(statement))


def _tag(statement: dict[str, Any]) -> str:
    """What changes when the statement does: not the date, which differs between the processes of a server."""
    said = codec.write({name: value for name, value in statement.items() if name != "date"})
    return hashlib.sha256(said).hexdigest()[:16]


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
