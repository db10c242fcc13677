"""What one element is found by: the rows of its kind, whatever datatype it comes in.

Whatever is there leaves a row, be it one that nothing asked for finds: a parameter without a row has no
value (`:missing`).
Source: https://hl7.org/fhir/R4/search.html#token and the sections on the other kinds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.fhir_mapping.change import Date, Quantity, Reference, Text, Token
from app.fhir_mapping.datatypes import date_bounds, decimal, fold
from app.fhir_mapping.resource import Column, Document, SearchKind, SearchParameter

LONGEST: Final = 500
"""The longest code or beginning of a text that is searched by: a database key has an end."""

Bounds = tuple[datetime, datetime]


@dataclass(slots=True)
class Found:
    """The rows of one document in the making."""

    document: Document
    base: str
    columns: dict[Column, str]
    main: Bounds | None
    tokens: list[Token]
    references: list[Reference]
    dates: list[Date]
    strings: list[Text]
    quantities: list[Quantity]


Holder = Mapping[str, Any]
Take = Callable[[Found, Any, int, Holder], None]
"""Puts the rows of one element among what is found: the element, its part, and what holds it."""

HUMAN_NAME: Final = ("family", "given", "prefix", "suffix", "text")
ADDRESS: Final = ("line", "city", "district", "state", "postalCode", "country", "text")


def taking(parameter: SearchParameter, datatype: str | None) -> Take | None:
    """How elements of a datatype are found by a parameter; None where its column knows it already."""
    if parameter.column is not None:
        return _COLUMNS.get(parameter.column)
    if parameter.kind in {SearchKind.TOKEN, SearchKind.URI}:
        return _TOKENS.get(datatype or "", _plain)(parameter)
    if parameter.kind is SearchKind.STRING:
        return _string(parameter, _TEXTS.get(datatype or ""))
    return _date(parameter) if parameter.kind is SearchKind.DATE else _number(parameter)


def key(text: Any) -> str:
    """A text as a code or an address to search by; empty where there is none, or none that can be kept."""
    return text if text.__class__ is str and len(text) <= LONGEST else ""


def identifier_row(name: str, value: Holder, part: int) -> Token:
    """The row of an Identifier."""
    return (name, value.get("system", ""), key(value.get("value")), part)


def _plain(parameter: SearchParameter) -> Take:
    """A code, in the system R4 requires; a string, a uri or a boolean, in none."""
    name, system = parameter.name, parameter.system or ""

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        if value.__class__ is bool:
            found.tokens.append((name, system, "true" if value else "false", part))
        elif value.__class__ is str:
            found.tokens.append((name, system, key(value), part))

    return take


def _coding(parameter: SearchParameter) -> Take:
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        if value.__class__ is dict:
            found.tokens.append((name, value.get("system", ""), key(value.get("code")), part))

    return take


def _concept(parameter: SearchParameter) -> Take:
    """Each coding of a CodeableConcept; a row without a code where it has a text only."""
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        if value.__class__ is dict:
            for coding in value.get("coding", _NO_CODING):
                found.tokens.append((name, coding.get("system", ""), key(coding.get("code")), part))

    return take


_NO_CODING: Final[tuple[Holder, ...]] = ({},)


def _identifier(parameter: SearchParameter) -> Take:
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        if value.__class__ is dict:
            found.tokens.append(identifier_row(name, value, part))

    return take


def _contact(parameter: SearchParameter) -> Take:
    """A ContactPoint by its value: its `system` says phone or email, and names no system of codes."""
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        if value.__class__ is dict:
            found.tokens.append((name, "", key(value.get("value")), part))

    return take


def _date(parameter: SearchParameter) -> Take:
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        bounds = date_bounds(value)
        if bounds is not None:
            found.dates.append((name, *bounds, part))

    return take


def _main_date(found: Found, value: Any, _part: int, _holder: Holder) -> None:
    found.main = found.main or date_bounds(value)


def _status(found: Found, value: Any, _part: int, _holder: Holder) -> None:
    if value.__class__ is str:
        found.columns[Column.STATUS] = value


def _string(parameter: SearchParameter, members: tuple[str, ...] | None) -> Take:
    """A text, or each of the texts that make a name or an address."""
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        for text in _texts(value, members) if members else (value,):
            if text.__class__ is str:
                found.strings.append((name, fold(text)[:LONGEST], text, part))

    return take


def _texts(value: Any, members: tuple[str, ...]) -> list[str]:
    """The texts of a name or an address; an empty one where it says none."""
    if value.__class__ is not dict:
        return []
    found: list[str] = []
    for member in members:
        said = value.get(member, ())
        found += [said] if said.__class__ is str else said
    return found or [""]


def _number(parameter: SearchParameter) -> Take:
    name = parameter.name

    def take(found: Found, value: Any, part: int, _holder: Holder) -> None:
        number = decimal(value)
        if number is not None:
            found.quantities.append((name, part, number, "", "", "", "", True))

    return take


_COLUMNS: Final[Mapping[Column, Take]] = {Column.STATUS: _status, Column.DATE: _main_date}
_TOKENS: Final[Mapping[str, Callable[[SearchParameter], Take]]] = {
    "Coding": _coding,
    "CodeableConcept": _concept,
    "Identifier": _identifier,
    "ContactPoint": _contact,
}
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {"HumanName": HUMAN_NAME, "Address": ADDRESS}
