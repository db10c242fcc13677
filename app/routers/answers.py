"""What goes back to a FHIR client: stored bytes with the headers of the version they are."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any

from app.fhir_mapping import codec, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Issue, Refusal, operation_outcome
from app.fhir_mapping.push import LATE, Delivered
from app.routers.requests import FhirRequest

FHIR_JSON = (b"content-type", b"application/fhir+json; charset=utf-8")
PLAIN_JSON = (b"content-type", b"application/json")
HANDLED_STRICTLY = (b"preference-applied", b"handling=strict")

Headers = list[tuple[bytes, bytes]]


@dataclass(slots=True)
class FhirResponse:
    """A status, headers and bytes; nothing is parsed or serialised on its way out.

    `stream` gives the bytes of an answer that is made while it is sent, instead of a body.
    """

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    stream: AsyncGenerator[bytes, None] | None = None


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


def stored(
    request: FhirRequest, version: Version, *, shape: Callable[[bytes], bytes] | None = None
) -> FhirResponse:
    """A version as it was stored, or a part of it; 304 without a body where the client has it already."""
    headers = _of(version)
    tags = request.header(b"if-none-match")
    since = request.header(b"if-modified-since")
    if is_known(version, tags=tags, since=None if since is None else _http_instant(since)):
        return FhirResponse(304, b"", headers)
    headers.append(FHIR_JSON)
    body = version.document or b""
    return FhirResponse(200, body if shape is None else shape(body), headers)


def described(request: FhirRequest, content: dict[str, Any], *, tag: str) -> FhirResponse:
    """A description that changes with the server alone; 304 where the client has it already."""
    etag = f'W/"{tag}"'
    return unless_held(request, document(content, headers=[(b"etag", etag.encode())]))


def unless_held(request: FhirRequest, response: FhirResponse) -> FhirResponse:
    """The answer; 304 where the client names its ETag as one it has already."""
    held = (request.header(b"if-none-match") or "").split(",")
    tags = [(name, value) for name, value in response.headers if name == b"etag"]
    asked = request.method in {"GET", "HEAD"}
    known = {one.strip().removeprefix("W/").encode() for one in held}
    if asked and any(value.removeprefix(b"W/") in known for _, value in tags):
        return FhirResponse(304, b"", tags)
    return response


def written(request: FhirRequest, version: Version) -> FhirResponse:
    """The answer to a create, an update or a patch: 201 where it came to be, 200 otherwise.

    Location is the version that stands there now: the one written, or the one a conditional create found.
    """
    headers = _of(version)
    location = links.address(request.base, version.type, version.id, version.version)
    headers.append((b"location", location.encode("latin-1")))
    headers += _fate(version.delivered)
    status = 201 if version.created else 200
    preferred = request.prefer.body
    if preferred is not None:
        headers.append(_applied(preferred))
    match preferred:
        case "minimal":
            return FhirResponse(status, b"", headers)
        case "OperationOutcome":
            said = "was there already" if version.matched else "is stored"
            return _informed(f"{version.type}/{version.id} {said}", status, headers, beside=version.remarks)
        case _:
            headers.append(FHIR_JSON)
            return FhirResponse(status, version.document or b"", headers)


def deleted(request: FhirRequest, version: Version) -> FhirResponse:
    """204: it is gone now, or was already, or never was; the ETag is that of the deletion."""
    headers = _of(version) if version.version else []
    if request.prefer.body == "OperationOutcome":
        headers.append(_applied("OperationOutcome"))
        was_there = "it is deleted; its versions can still be read"
        said = was_there if version.version else "there was nothing to delete"
        return _informed(said, 200, headers)
    return FhirResponse(204, b"", headers)


def _informed(text: str, status: int, headers: Headers, *, beside: Sequence[Issue] = ()) -> FhirResponse:
    """An OperationOutcome that says what was done."""
    said = Issue("informational", text, severity="information")
    return document(operation_outcome([said, *beside]), status=status, headers=headers)


def _fate(delivered: Delivered | None) -> Headers:
    """What became of what a registered sender pushed, and its letter in the inbox."""
    if delivered is None:
        return []
    fate = delivered.reason if delivered.reason == LATE else delivered.fate
    headers = [(b"x-fate", fate.encode()), (b"x-inbox-id", delivered.letter.encode())]
    if delivered.fate == "replayed":
        headers.append((b"x-idempotent-replay", b"true"))
    return headers


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


def is_known(version: Version, *, tags: str | None, since: datetime | None) -> bool:
    """Whether a list of ETags (If-None-Match) names this version; without one, whether it is not newer."""
    if tags is not None:
        listed = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return "*" in listed or f'"{version.version}"' in listed
    return since is not None and int(version.last_updated.timestamp()) <= since.timestamp()


def _http_instant(text: str) -> datetime | None:
    """The instant of an HTTP date, None where it is none: such a header is passed over (RFC 9110 §13.1.3)."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None
