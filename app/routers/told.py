"""National numbers beside a resource: in an address, a form, a header that is kept or a parameter.

They are refused (422) wherever they would be looked for, kept or said again; nothing stored here could match
them, and an address is what proxies and browsers remember.
"""

from collections.abc import Iterable, Iterator

from app.fhir_mapping.national_numbers import is_told, is_told_in_address
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.search_problems import where
from app.routers.requests import FhirRequest

_KEPT = (b"if-none-exist", b"x-change-reason", b"x-correlation-id")
"""The headers that are looked for, kept with what is written or said again."""


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
        said = is_told_in_address(request.headers.get(header, b""))
        if said is not None:
            yield _issue(said, f"http.{header.decode()}")


def _of_parameters(parameters: Iterable[tuple[str, str]]) -> Iterator[Issue]:
    for name, value in parameters:
        said = is_told(f"{name}={value}")
        if said is not None:
            yield _issue(said, "http.url" if is_told(name) else where(name))


def _issue(text: str, place: str) -> Issue:
    return Issue("business-rule", f"{text}: this trial takes no identifying data", place)
