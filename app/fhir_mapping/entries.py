"""What one entry of a Bundle asks for, read from its request before its resource is looked at.

Source: https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast, get_args
from urllib.parse import parse_qsl

from app.fhir_mapping import links
from app.fhir_mapping.bundle_shell import ShellEntry
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.resource import Document, Resource
from app.fhir_mapping.wording import did_you_mean, shown

Method = Literal["DELETE", "POST", "PUT", "PATCH", "GET", "HEAD"]
ORDER: tuple[Method, ...] = get_args(Method)
"""The order a transaction is carried out in, whatever the order of its entries."""

_CONDITIONAL = frozenset({"DELETE", "PUT", "PATCH"})
"""The methods whose target may be named by a search."""
_FORMS: Mapping[Method, str] = {
    "DELETE": "Type/id or Type?criteria",
    "POST": "Type",
    "PUT": "Type/id or Type?criteria",
    "PATCH": "Type/id or Type?criteria",
    "GET": "Type?…, Type/id, Patient/id/Type, Type/_history, Type/id/_history or Type/id/_history/n",
    "HEAD": "that of a GET",
}
_OF_THE_SYSTEM = frozenset({"", "metadata", "_history", "_search"})
"""Where an address begins that names no type."""
_GUARDS: Mapping[str, tuple[str, ...]] = {
    "ifMatch": ("PUT", "PATCH", "DELETE"),
    "ifNoneExist": ("POST",),
    "ifNoneMatch": ("PUT", "GET", "HEAD"),
    "ifModifiedSince": ("GET", "HEAD"),
}
"""The members of a request that set a condition, with the methods each belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An entry's request: `path` are the segments of its address, `parameters` what stood behind the `?`.

    `criteria` is the search a conditional write names its target by, `criteria_at` the member it stood in.
    """

    index: int
    method: Method
    resource: Resource
    path: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    criteria: str | None = None
    if_match: tuple[str, ...] | None = None
    if_none_match: str | None = None
    if_modified_since: datetime | None = None
    raw: bytes | None = None
    full_url: str | None = None

    @property
    def where(self) -> str:
        """The FHIRPath of this entry's resource."""
        return f"Bundle.entry[{self.index}].resource"

    @property
    def criteria_at(self) -> str:
        """The FHIRPath of the criteria."""
        return f"Bundle.entry[{self.index}].request.{'ifNoneExist' if self.method == 'POST' else 'url'}"

    @property
    def id(self) -> str | None:
        """The id the address names."""
        return self.path[1] if len(self.path) > 1 and self.path[1] != "_history" else None

    @property
    def version(self) -> int | None:
        """The version the address names, in a GET of one."""
        return int(self.path[3]) if len(self.path) > 3 else None  # noqa: PLR2004 Type/id/_history/n

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.method not in {"GET", "HEAD"}


def asked(index: int, entry: ShellEntry, *, resources: Mapping[str, Resource], base: str) -> Asked:
    """What the entry asks for; a Refusal where it cannot be asked."""
    where = f"Bundle.entry[{index}].request"
    request = entry.request or {}
    method = cast("Method", request.get("method"))  # the Bundle itself has been checked for others
    address, searched, query = (
        str(request.get("url", "")).removeprefix(f"{base}/").removeprefix("/").partition("?")
    )
    path = tuple(address.split("/"))
    _check_path(method, path, searched=bool(searched), where=where, types=resources)
    _check_guards(method, request, where)
    by_search = method in _CONDITIONAL and len(path) == 1
    return Asked(
        index=index,
        method=method,
        resource=_resource(path[0], resources, where),
        path=path,
        parameters=tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
        criteria=query if by_search else request.get("ifNoneExist"),
        if_match=_if_match(request.get("ifMatch"), where),
        if_none_match=_if_none_match(request.get("ifNoneMatch"), method, where),
        if_modified_since=_instant(request.get("ifModifiedSince"), where),
        raw=_raw(entry, method, index),
        full_url=entry.full_url,
    )


def _check_path(
    method: Method, path: tuple[str, ...], *, searched: bool, where: str, types: Mapping[str, Resource]
) -> None:
    """Refuse an address this method is not asked with."""
    if path[0] in _OF_THE_SYSTEM or any(segment.startswith("$") for segment in path):
        text = "operations, and what is asked of the whole system, cannot be asked in a Bundle: ask by itself"
        raise refusal(400, "not-supported", text, f"{where}.url")
    if not _is_form(method, path, searched=searched, types=types):
        text = f"the address of a {method} in a Bundle is {_FORMS[method]}"
        raise refusal(400, "value", text, f"{where}.url")
    if len(path) > 1 and path[1] != "_history" and not links.is_id(path[1]):
        raise refusal(400, "value", "an id is 1 to 64 letters, digits, '-' and '.'", f"{where}.url")


def _is_form(method: Method, path: tuple[str, ...], *, searched: bool, types: Mapping[str, Resource]) -> bool:
    """Whether the address has a form this method takes."""
    match method, path[1:]:
        case (("GET" | "HEAD"), (() | (_,) | (_, "_history"))):
            return path[0] != "_history"
        case (("GET" | "HEAD"), (_, last)):
            return path[0] == "Patient" and last in types
        case (("GET" | "HEAD"), (_, "_history", number)):
            return links.is_version(number)
        case "POST", ():
            return not searched
        case (("PUT" | "PATCH" | "DELETE"), (() | (_,))):
            return searched == (len(path) == 1) and path[-1] != "_history"
        case _:
            return False


def _check_guards(method: Method, request: Document, where: str) -> None:
    """Refuse a condition that has no meaning for this method, rather than leave it out."""
    for name, methods in _GUARDS.items():
        if name in request and method not in methods:
            text = f"{name} belongs to {' and '.join(methods)}, not to {method}: take it out"
            raise refusal(400, "value", text, f"{where}.{name}")


def _resource(name: str, resources: Mapping[str, Resource], where: str) -> Resource:
    resource = resources.get(name)
    if resource is None:
        text = f"{shown(name, 'this')} is not a type served here{did_you_mean(name, resources)}"
        text += f"; there are {', '.join(resources)}"
        raise refusal(404, "not-supported", text, f"{where}.url")
    return resource


def _if_match(text: Any, where: str) -> tuple[str, ...] | None:
    if text is None:
        return None
    listed = links.version_ids(text) if text != "*" else ("*",)
    if listed is None:
        said = 'ifMatch is the ETag of a version, such as W/"3", a list of them, or *'
        raise refusal(400, "value", said, f"{where}.ifMatch")
    return listed


def _if_none_match(text: Any, method: Method, where: str) -> str | None:
    if text is None or method != "PUT" or text == "*":
        return cast("str | None", text)
    said = "ifNoneMatch on a PUT is * (store it only where nothing stands); for a version there is ifMatch"
    raise refusal(400, "value", said, f"{where}.ifNoneMatch")


def _instant(text: Any, where: str) -> datetime | None:
    """The instant of ifModifiedSince; the Bundle itself has been checked, so nearly all can be read."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        said = "ifModifiedSince is an instant, such as 2024-05-03T10:20:30Z"
        raise refusal(400, "value", said, f"{where}.ifModifiedSince") from None


def _raw(entry: ShellEntry, method: Method, index: int) -> bytes | None:
    """The resource of an entry that sends one."""
    if method not in {"POST", "PUT", "PATCH"}:
        return None
    if entry.resource is None:
        what = "a Binary with a JSON Patch, or Parameters" if method == "PATCH" else "a resource"
        raise refusal(400, "required", f"a {method} needs {what}", f"Bundle.entry[{index}].resource")
    return entry.resource
