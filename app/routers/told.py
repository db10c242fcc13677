"""National numbers beside a resource: in an address, a form, a header that is kept or a parameter.

They are refused (422) wherever they would be looked for, kept or said again; nothing stored here could match
them, and an address is what proxies and browsers remember. For the same reason an access token in an address
is refused (400).
"""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_plus

from app.fhir_mapping.national_numbers import is_told, is_told_in_address
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.search_problems import where
from app.routers.requests import FhirRequest

TOKEN_PARAMETER: Final = "access_token"  # noqa: S105 - the name of one
_KEPT = (b"if-none-exist", b"x-change-reason", b"x-correlation-id")
"""The headers that are looked for, kept with what is written or said again."""


def refuse_token_in(query: bytes) -> None:
    """400 where the address bears an access token (RFC 6750 allows it, and advises against it)."""
    names = (unquote_plus(one.partition(b"=")[0].decode("latin-1")) for one in query.split(b"&"))
    if query and TOKEN_PARAMETER in names:
        text = (
            "send the access token in the Authorization header, not in the address: a token in an address is"
            " kept by browsers and proxies. Revoke this one (POST /auth/revoke)"
        )
        raise refusal(400, "security", text, "http.url")


def refuse_told(request: FhirRequest) -> None:
    """422 where the address or a header that is kept tells a national number."""
    issues = list(_told(request))
    if issues and request.service.settings.identifying_data != "accept":
        raise Refusal(422, tuple(issues))


def refuse_told_in(request: FhirRequest, parameters: Iterable[tuple[str, str]]) -> None:
    """422 where a parameter that came in the body tells one."""
    issues = list(_of_parameters(parameters))
    if issues and request.service.settings.identifying_data != "accept":
        raise Refusal(422, tuple(issues))


def _told(request: FhirRequest) -> Iterator[Issue]:
    said = is_told_in_address(request.path.encode())
    if said is not None:
        yield _issue(said, "http.url")
    if request.query:
        said = is_told_in_address(request.query)
        if said is not None:
            yield from list(_of_parameters(request.parameters)) or [_issue(said, "http.url")]
    for header in _KEPT:
        sent = request.headers.get(header)
        said = None if sent is None else is_told_in_address(sent)
        if said is not None:
            yield _issue(said, f"http.{header.decode()}")


def _of_parameters(parameters: Iterable[tuple[str, str]]) -> Iterator[Issue]:
    for name, value in parameters:
        said = is_told(f"{name}={value}")
        if said is not None:
            yield _issue(said, "http.url" if is_told(name) else where(name))


def _issue(text: str, place: str) -> Issue:
    return Issue("business-rule", f"{text}: this trial takes no identifying data", place)
