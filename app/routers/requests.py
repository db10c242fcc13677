"""What a FHIR request asks for, read from its path, query, headers and body; what cannot be read is refused.

Rules: https://hl7.org/fhir/R4/http.html#general (content negotiation, If-Match, Prefer).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from urllib.parse import parse_qsl

from starlette.types import Receive

from app.fhir_mapping import links
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.change import Version
from app.fhir_mapping.export_operation import EXPORT
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal, refusal
from app.fhir_mapping.push import LONGEST_NUMBER, Message
from app.fhir_mapping.resource import Resource
from app.routers import bodies
from app.routers.load import Share
from app.routers.negotiation import (
    DEFAULTS,
    Preferences,
    acceptable,
    is_fhir_json,
    media_type,
    preferences,
    readable,
)
from app.routers.service import Service
from app.settings import Settings
from app.store.asker import NOBODY, Asker
from app.store.visibility import Visibility

FORM = "application/x-www-form-urlencoded"
LONGEST_FORM = 256 * 1024
"""So many bytes may the parameters of a search have."""
WANTED = "application/fhir+json, with fhirVersion=4.0 if you name one (XML is not offered)"
_LONGEST_REASON = 500
RESULT_PARAMETERS = {"_format", "_pretty"}
"""Parameters about how the answer is written, which never narrow what it holds."""


def intake_of(settings: Settings) -> Intake:
    """The way in under these settings."""
    return Intake(settings.identifying_data, years=settings.birth_date == "year", base=settings.fhir_base)


Seen = tuple[str, str, int]
"""The type, id and version of a resource that somebody saw."""


@dataclass(kw_only=True)
class FhirRequest:
    """One request to the FHIR API.

    `base` is the absolute address of the API as the client knows it. `type`, `id`, `version` and
    `operation` are what the path names, `compartment` the patient within whose data it asks; they are None or
    empty where it names none. `form` are the parameters of a form that was read. `asker` is who asks, nobody
    until they are let in; `seen` gathers what they are answered with, `whose` the patient and study of it
    where they are known already.
    """

    service: Service
    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    base: str
    request_id: str
    receive: Receive
    share: Share
    type: Resource | None = None
    id: str = ""
    version: str = ""
    operation: str = ""
    compartment: str = ""
    form: Sequence[tuple[str, str]] = ()
    asker: Asker = NOBODY
    seen: list[Seen] = field(default_factory=list)
    whose: dict[Seen, tuple[str, str]] = field(default_factory=dict)

    @property
    def visibility(self) -> Visibility:
        """What of the store the asker may see."""
        return self.asker.visibility

    @property
    def writing(self) -> Visibility:
        """What of the store is there for the writes of the asker."""
        return self.asker.writing

    @property
    def actor(self) -> Actor:
        """Who asks, with the reason they give for a change."""
        reason = self.change_reason
        return self.asker.actor if reason is None else replace(self.asker.actor, reason=reason)

    @property
    def change_reason(self) -> str | None:
        """Why something is changed, as the client says it (`X-Change-Reason`)."""
        return (self.header(b"x-change-reason") or "")[:_LONGEST_REASON] or None

    def saw(self, *versions: Seen) -> None:
        """Remember what is answered with, for the trail of who saw what."""
        self.seen += versions

    def showed(self, *versions: Version) -> None:
        """Remember the versions that are answered with, and whose they are."""
        for version in versions:
            self.seen.append(version.name)
            if version.whose is not None:
                self.whose[version.name] = version.whose

    @property
    def resource(self) -> Resource:
        """The type the path names."""
        if self.type is None:
            raise LookupError(f"{self.path} names no resource type")
        return self.type

    def header(self, name: bytes) -> str | None:
        """A header as text; several of the same name are joined by commas."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's parameters in order, percent-decoded once."""
        return _form(self.query)

    @property
    def prefer(self) -> Preferences:
        """What the client would rather have."""
        value = self.headers.get(b"prefer")
        return DEFAULTS if value is None else preferences(value)

    @property
    def if_match(self) -> tuple[str, ...] | None:
        """The version ids of If-Match, one of which must be current; None where there is no such header."""
        value = self.header(b"if-match")
        if value is None:
            return None
        listed = ("*",) if value.strip() == "*" else links.version_ids(value)
        if listed is None:
            text = 'If-Match must be the ETag of a version, such as W/"3", a list of them, or *'
            raise refusal(400, "value", text, "http.if-match")
        return listed

    @property
    def pretty(self) -> bool:
        """Whether the answer is to be set out on lines for people to read."""
        if not self.query and not self.form:
            return False
        try:
            return ("_pretty", "true") in (*self.parameters, *self.form)
        except Refusal:
            return False

    @property
    def intake(self) -> Intake:
        """The way in for what is only looked at."""
        return intake_of(self.service.settings)

    async def pushing(self, number: str | None = None) -> Intake:
        """The way in for what is to be stored; `number` is what its sender calls the message it comes in."""
        number = number or self.header(b"x-correlation-id") or self.request_id
        message = Message(number=number[:LONGEST_NUMBER], change_reason=self.change_reason)
        return replace(self.intake, desk=await self.service.store.desk.now(), message=message, base=self.base)

    @property
    def query_without_controls(self) -> str:
        """The query as it was sent, without what only says how to write the answer."""
        sent = self.query.decode("latin-1").split("&")
        return "&".join(one for one in sent if one.partition("=")[0] not in {"", *RESULT_PARAMETERS})

    def negotiate(self, parameters: Sequence[tuple[str, str]] | None = None) -> None:
        """Refuse (406) a client that cannot read FHIR JSON; `_format` wins over Accept."""
        if self.operation == EXPORT.name:
            return  # its parameters say what it answers
        asked = self.parameters if parameters is None and self.query else parameters or ()
        format_ = dict(asked).get("_format") or None
        accept = self.headers.get(b"accept")
        if not (acceptable(accept or b"*/*") if format_ is None else readable(format_)):
            raise refusal(
                406,
                "not-supported",
                f"only JSON of FHIR R4 is served: ask for {WANTED}",
                "http.accept" if format_ is None else "http._format",
            )

    async def resource_body(self) -> bytes:
        """The body of a request that sends a FHIR resource as JSON (415 otherwise)."""
        if not is_fhir_json(self.headers.get(b"content-type", b"")):
            raise refusal(
                415,
                "not-supported",
                f"send JSON of FHIR R4 in UTF-8 with Content-Type: {WANTED}",
                "http.content-type",
            )
        return await self.body()

    @property
    def has_no_body(self) -> bool:
        """Whether the client said that it sends no body."""
        return self.headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in self.headers

    async def form_body(self) -> list[tuple[str, str]]:
        """The parameters of a form (POST _search); 415 where the body is something else."""
        raw = await self.body()
        if len(raw) > LONGEST_FORM:
            text = f"a form may have {LONGEST_FORM} bytes: ask in parts"
            raise refusal(413, "too-long", text, "http.content-length")
        kind, _ = media_type(self.headers.get(b"content-type", b"").decode("latin-1"))
        if raw and kind != FORM:
            text = f"send the parameters as Content-Type: {FORM}"
            raise refusal(415, "not-supported", text, "http.content-type")
        self.form = _form(raw)
        return list(self.form)

    async def body(self) -> bytes:
        """The whole body, within the bounds of this server."""
        return await bodies.body(self.receive, self.headers, self.share, self.service.settings)


def _form(encoded: bytes) -> list[tuple[str, str]]:
    if not encoded:
        return []
    try:
        return parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        text = "the parameters are not percent-encoded UTF-8, or there are over 200"
        raise refusal(400, "value", text, "http.url") from None
