"""What goes back to a FHIR client: stored bytes with the headers of the version they are."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any

from app.fhir_mapping import codec, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Issue, Refusal, operation_outcome
from app.routers.requests import FhirRequest

FHIR_JSON = (b"content-type", b"application/fhir+json; charset=utf-8")
PLAIN_JSON = (b"content-type", b"application/json")

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class FhirResponse:
    """A status, headers and bytes; nothing is parsed or serialised on its way out."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)


def resource(body: bytes, *, status: int = 200) -> FhirResponse:
    """A resource that is not a stored version: a Bundle, Parameters, a CapabilityStatement."""
    return FhirResponse(status, body, [FHIR_JSON])


def refused(refusal: Refusal) -> FhirResponse:
    """An OperationOutcome with every reason."""
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in refusal.headers.items()]
    return document(operation_outcome(refusal.issues), status=refusal.status, headers=headers)


def document(content: dict[str, Any], *, status: int = 200, headers: Headers | None = None) -> FhirResponse:
    """A resource made here."""
    return FhirResponse(status, codec.write(content), [FHIR_JSON, *(headers or [])])


def stored(request: FhirRequest, version: Version) -> FhirResponse:
    """A version as it was stored; 304 without a body where the client has it already."""
    headers = _of(version)
    if _already_known(request, version):
        return FhirResponse(304, b"", headers)
    headers.append(FHIR_JSON)
    return FhirResponse(200, version.document or b"", headers)


def written(request: FhirRequest, version: Version) -> FhirResponse:
    """The answer to a create, an update or a patch: 201 where it came to be, 200 otherwise.

    Location is the version that stands there now: the one written, or the one a conditional create found.
    """
    headers = _of(version)
    location = links.address(request.base, version.type, version.id, version.version)
    headers.append((b"location", location.encode("latin-1")))
    status = 201 if version.created else 200
    preferred = request.prefer.body
    if preferred is not None:
        headers.append(_applied(preferred))
    match preferred:
        case "minimal":
            return FhirResponse(status, b"", headers)
        case "OperationOutcome":
            said = "was there already" if version.matched else "is stored"
            return _informed(f"{version.type}/{version.id} {said}", status, headers)
        case _:
            headers.append(FHIR_JSON)
            return FhirResponse(status, version.document or b"", headers)


def deleted(request: FhirRequest, version: Version) -> FhirResponse:
    """204: it is gone now, or was already; the ETag is that of the deletion."""
    headers = _of(version) if version.version else []
    if request.prefer.body == "OperationOutcome":
        headers.append(_applied("OperationOutcome"))
        return _informed("it is deleted; its versions can still be read", 200, headers)
    return FhirResponse(204, b"", headers)


def _informed(text: str, status: int, headers: Headers) -> FhirResponse:
    """An OperationOutcome that says what was done."""
    said = Issue("informational", text, severity="information")
    return document(operation_outcome([said]), status=status, headers=headers)


def _applied(preferred: str) -> tuple[bytes, bytes]:
    """That a preference was honoured (RFC 7240 §3)."""
    return b"preference-applied", f"return={preferred}".encode()


def _of(version: Version) -> Headers:
    return [
        (b"etag", b'W/"%d"' % version.version),
        (b"last-modified", _http_date(int(version.last_updated.timestamp()))),
    ]


@lru_cache(maxsize=64)
def _http_date(second: int) -> bytes:
    return format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True).encode()


def _already_known(request: FhirRequest, version: Version) -> bool:
    """Whether If-None-Match names this version, or it is not newer than If-Modified-Since."""
    known = request.header(b"if-none-match")
    if known is not None:
        tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
        return "*" in tags or f'"{version.version}"' in tags
    since = request.header(b"if-modified-since")
    if since is None:
        return False
    try:
        return int(version.last_updated.timestamp()) <= parsedate_to_datetime(since).timestamp()
    except ValueError:
        return False
