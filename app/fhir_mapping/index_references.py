"""What a reference is found by: the resource it leads to, an address elsewhere, an identifier."""

import re
from typing import Any, Final

from app.fhir_mapping.datatypes import reference
from app.fhir_mapping.index_values import Found, Holder, Take, identifier_row, key
from app.fhir_mapping.paths import element
from app.fhir_mapping.resource import Column, SearchParameter

OWNERS: Final = {Column.PATIENT: "Patient", Column.STUDY: "ResearchStudy"}
"""The type whose id a column holds."""

_ELSEWHERE: Final = re.compile(r".*/([A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/.*)?", re.ASCII)


def taking(parameter: SearchParameter, kind: str, path: str) -> Take:
    """How a Reference or a canonical is found at this path of a type."""
    found = element(kind, path)
    if found is not None and found.type != "Reference":
        return _canonical(parameter)
    wider = found is not None and not set(found.targets) <= set(parameter.targets)
    return _reference(parameter, only=frozenset(parameter.targets) if wider else None)


def _reference(parameter: SearchParameter, *, only: frozenset[str] | None) -> Take:
    """`only` are the types of what the parameter is about, where the element allows others as well."""
    name, column = parameter.name, parameter.column

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        if value.__class__ is not dict:
            return
        text = value.get("reference")
        literal = reference(text, found.base)
        if only is not None and (literal[0] if literal else _type_of(found, value)) not in only:
            return
        if "identifier" in value:
            found.tokens.append(identifier_row(f"{name}:identifier", value["identifier"], part))
        if not _in_column(found, column, literal):
            found.references.append((name, *(literal or ("", key(text)))))

    return take


def _in_column(found: Found, column: Column | None, literal: tuple[str, str] | None) -> bool:
    """Whether the parameter's column says it: it holds the first id of its type that is named."""
    if column is None or literal is None or literal[0] != OWNERS.get(column):
        return False
    return found.columns.setdefault(column, literal[1]) == literal[1]


def _type_of(found: Found, value: Holder) -> str | None:
    """The type of what lies elsewhere or within, as far as the reference shows it."""
    text = value.get("reference")
    if text.__class__ is str and text.startswith("#"):
        within = (one for one in found.document.get("contained", ()) if one.get("id") == text[1:])
        return next((one.get("resourceType") for one in within), None)
    address = _ELSEWHERE.fullmatch(text) if text.__class__ is str else None
    return address[1] if address else value.get("type")


def _canonical(parameter: SearchParameter) -> Take:
    """A canonical address, its version left aside."""
    name = parameter.name

    def take(found: Found, value: Any, _part: int, _holder: Holder) -> None:
        if value.__class__ is str:
            found.references.append((name, "", key(value.partition("|")[0])))

    return take
