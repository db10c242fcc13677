"""What one entry of a Bundle asks for, read from its request before its resource is looked at.

Source: https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args
from urllib.parse import parse_qsl

from app.fhir_mapping import links
from app.fhir_mapping.codec import ShellEntry
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.wording import shown

Method = Literal["DELETE", "POST", "PUT", "GET"]
ORDER: tuple[Method, ...] = get_args(Method)
"""The order a transaction is carried out in, whatever the order of its entries."""

_NOT_YET = ("ifNoneExist", "ifNoneMatch", "ifModifiedSince")
_PATHS: dict[Method, tuple[int, ...]] = {"DELETE": (2,), "POST": (1,), "PUT": (2,), "GET": (1, 2, 3, 4)}
_FORMS: dict[Method, str] = {
    "DELETE": "Type/id",
    "POST": "Type",
    "PUT": "Type/id",
    "GET": "Type?…, Type/id, Type/id/_history or Type/id/_history/n",
}
_VERSION_DIGITS = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An entry's request: `path` are the segments of its address, `parameters` what stood behind the `?`."""

    index: int
    method: Method
    resource: Resource
    path: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    if_match: tuple[str, ...] | None = None
    raw: bytes | None = None
    full_url: str | None = None

    @property
    def where(self) -> str:
        """The FHIRPath of this entry's resource."""
        return f"Bundle.entry[{self.index}].resource"

    @property
    def id(self) -> str | None:
        """The id the address names."""
        return self.path[1] if len(self.path) > 1 else None

    @property
    def version(self) -> int | None:
        """The version the address names, in a GET of one."""
        return int(self.path[3]) if len(self.path) > 3 else None  # noqa: PLR2004 Type/id/_history/n


def asked(index: int, entry: ShellEntry, *, resources: Mapping[str, Resource], base: str) -> Asked:
    """What the entry asks for; a Refusal where it cannot be asked."""
    where = f"Bundle.entry[{index}].request"
    request = entry.request or {}
    method = _method(request.get("method"), where)
    for name in _NOT_YET:
        if name in request:
            raise refusal(400, "not-supported", f"{name} is not offered in a Bundle yet", f"{where}.{name}")
    address, _, query = str(request.get("url", "")).removeprefix(f"{base}/").removeprefix("/").partition("?")
    path = tuple(address.split("/"))
    _check_path(method, path, query, where)
    return Asked(
        index=index,
        method=method,
        resource=_resource(path[0], resources, where),
        path=path,
        parameters=tuple(parse_qsl(query, keep_blank_values=True)) if query else (),
        if_match=_if_match(request.get("ifMatch"), method, where),
        raw=_raw(entry, method, index),
        full_url=entry.full_url,
    )


def _method(text: Any, where: str) -> Method:
    """A method R4 knows and this server offers; the Bundle itself has been checked for others."""
    if text not in ORDER:
        raise refusal(400, "not-supported", f"{text} is not offered in a Bundle", f"{where}.method")
    return cast("Method", text)


def _check_path(method: Method, path: tuple[str, ...], query: str, where: str) -> None:
    """Refuse an address this method is not asked with."""
    if query and method != "GET":
        text = f"a conditional {method} is not offered yet: name the id"
        raise refusal(400, "not-supported", text, f"{where}.url")
    if len(path) not in _PATHS[method] or not _is_history(path):
        text = f"the address of a {method} in a Bundle is {_FORMS[method]}"
        raise refusal(400, "value", text, f"{where}.url")
    if len(path) > 1 and not links.is_id(path[1]):
        raise refusal(400, "value", "an id is 1 to 64 letters, digits, '-' and '.'", f"{where}.url")


def _is_history(path: tuple[str, ...]) -> bool:
    """Whether what follows the id, if anything, asks for its history."""
    if path[2:3] not in {(), ("_history",)}:
        return False
    return all(part.isascii() and part.isdigit() and len(part) <= _VERSION_DIGITS for part in path[3:])


def _resource(name: str, resources: Mapping[str, Resource], where: str) -> Resource:
    resource = resources.get(name)
    if resource is None:
        text = f"{shown(name, 'this')} is not a type served here; there are {', '.join(resources)}"
        raise refusal(404, "not-supported", text, f"{where}.url")
    return resource


def _if_match(text: Any, method: Method, where: str) -> tuple[str, ...] | None:
    if text is None:
        return None
    listed = links.version_ids(text) if isinstance(text, str) and method in {"PUT", "DELETE"} else None
    if listed is None:
        said = 'ifMatch is the ETag of a version, such as W/"3", on a PUT or DELETE'
        raise refusal(400, "value", said, f"{where}.ifMatch")
    return listed


def _raw(entry: ShellEntry, method: Method, index: int) -> bytes | None:
    """The resource of an entry that stores one."""
    if method not in {"POST", "PUT"}:
        return None
    if entry.resource is None:
        raise refusal(400, "required", f"a {method} needs a resource", f"Bundle.entry[{index}].resource")
    return entry.resource
