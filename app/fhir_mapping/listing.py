"""An answer of plain rows, as FHIR Parameters or as compact JSON; both say the same."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from app.fhir_mapping import codec, links


class Code(str):
    """A word of a fixed vocabulary."""

    __slots__ = ()


class Reference(str):
    """A resource, or one of its versions, by its relative address."""

    __slots__ = ()


class Address(str):
    """A URI."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Numbered:
    """A business identifier."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A code of a public system."""

    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True)
class Each:
    """Rows of one name; `plural` is what the list of them is called in plain JSON."""

    plural: str
    rows: Sequence["Row"]


@dataclass(frozen=True, slots=True)
class Every:
    """Several simple values of one name; `plural` as of Each."""

    plural: str
    values: Sequence[str]


Value = str | int | date | Numbered | Coded | Each | Every | None
"""An int may be a bool, a date a datetime; what is empty is not said."""

Row = Sequence[tuple[str, Value]]
"""Names and values, in the order they are shown."""

Part = dict[str, Any]


def parameters(row: Row) -> bytes:
    """As Parameters."""
    parts = list(_parts(row))
    return codec.write({"resourceType": "Parameters"} | ({"parameter": parts} if parts else {}))


def plain(row: Row) -> bytes:
    """As compact JSON; a list stays where it is empty."""
    return codec.write(_plain(row))


def _parts(row: Row) -> Iterator[Part]:
    for name, value in row:
        if isinstance(value, Each):
            inner = (list(_parts(one)) for one in value.rows)
            yield from ({"name": name, "part": parts} for parts in inner if parts)
        elif isinstance(value, Every):
            yield from ({"name": name} | _valued(one) for one in value.values)
        elif value is not None and value != "":
            yield {"name": name} | _valued(value)


def _valued(value: str | int | date | Numbered | Coded) -> Part:
    name, written = next((name, write) for kind, name, write in _ELEMENTS if isinstance(value, kind))
    return {name: written(value)}


_ELEMENTS: Final[tuple[tuple[type, str, Callable[[Any], Any]], ...]] = (
    (bool, "valueBoolean", bool),
    (int, "valueInteger", int),
    (datetime, "valueInstant", links.instant),
    (date, "valueDate", date.isoformat),
    (Numbered, "valueIdentifier", asdict),
    (Coded, "valueCoding", asdict),
    (Code, "valueCode", str),
    (Reference, "valueReference", lambda value: {"reference": str(value)}),
    (Address, "valueUri", str),
    (str, "valueString", str),
)
"""The kinds of values, the special ones first; as which element each is written, and how."""


def _plain(row: Row) -> Part:
    return {
        (value.plural if isinstance(value, Each | Every) else name): _plainly(value)
        for name, value in row
        if value is not None and value != ""
    }


def _plainly(value: str | int | date | Numbered | Coded | Each | Every) -> Any:
    match value:
        case Each(rows=rows):
            return [_plain(row) for row in rows]
        case Every(values=values):
            return [*map(str, values)]
        case str():
            return str(value)
        case _:
            [written] = _valued(value).values()
            return written
