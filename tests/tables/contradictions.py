"""docs/clinical/contradictions.md: where the sources contradict each other, and what is done about it."""

import copy
import tomllib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from app.protocol.definition import Protocol
from app.protocol.loader import LIBRARY
from app.protocol.words import Frozen
from tests.tables.named import shown

ROWS = Path(__file__).with_name("contradictions.toml")
NAMED_BY = ("name", "label", "id")

HEAD = """# Contradictions of the sources

The sources of the two trials contradict each other, or say nothing, in sixty places. Each has a reading in
force and, where another is thinkable, a place in the protocol's file where it is chosen: no code changes. A
test holds that the value in force is the one shown, that the others can be read from the file, and that the
tests named are there; those show what the other value does. `python -m tests.tables.page` draws this page.

S0 is the French synopsis of MSC-SLE, S1 its registry record, S2 its published results; S3 the protocol page
of MSC-SSc, S4 its published results.

| | What | What the sources say | In force | Instead | Shown by |
|---|---|---|---|---|---|
"""


class Place(Frozen):
    """A place in the protocol's file: the value in force, and the others that may stand there."""

    path: str
    value: Any
    others: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """The name of the parameter or choice, else the place."""
        return self.path.removeprefix("parameters.").removeprefix("choices.")


class Row(Frozen):
    """One contradiction."""

    number: int
    study: str = "MSC-SLE"
    topic: str
    sources: str
    at: tuple[Place, ...] = ()
    reading: str | None = None
    tests: tuple[str, ...]


@cache
def rows() -> tuple[Row, ...]:
    """All of them, as the file has them."""
    raw = tomllib.loads(ROWS.read_text("utf-8"), parse_float=Decimal)
    return tuple(Row.model_validate(one) for one in raw["row"])


def in_force(protocol: Protocol, path: str) -> Any:
    """The value a protocol has at a place."""
    here: Any = protocol
    for name in _names(path):
        if isinstance(here, tuple):
            here = _member([one.model_dump() for one in here], here, name)
        else:
            here = getattr(here, name)
    return _plain(here)


def file_of(study: str) -> dict[str, Any]:
    """The protocol's file, as TOML reads it."""
    return tomllib.loads((LIBRARY / f"{study.lower()}.toml").read_text("utf-8"), parse_float=Decimal)


def with_value(raw: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The file with another value at a place."""
    made = copy.deepcopy(raw)
    *way, last = _names(path)
    here: Any = made
    for name in way:
        here = _member(here, here, name) if isinstance(here, list) else here.setdefault(name, {})
    here[last] = value
    return made


def _names(path: str) -> list[str]:
    """The steps to a place; the name of a choice has dots of its own."""
    if path.startswith("choices."):
        return ["choices", path.removeprefix("choices."), "value"]
    return path.split(".")


def _member(said: Sequence[dict[str, Any]], of: Sequence[Any], name: str) -> Any:
    if name.isdigit():
        return of[int(name)]
    at = next(n for n, one in enumerate(said) if name in {one.get(key) for key in NAMED_BY})
    return of[at]


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump()
    return list(value) if isinstance(value, tuple) else value


def page() -> str:
    """The whole page."""
    return HEAD + "".join(f"| {' | '.join(_cells(row))} |\n" for row in rows())


def _cells(row: Row) -> Iterator[str]:
    of = "" if row.study == "MSC-SLE" else f" ({row.study})"
    yield str(row.number)
    yield row.topic + of
    yield row.sources
    places = [f"`{place.name}` = {_said(place.value)}" for place in row.at]
    yield "; ".join([*places, *([row.reading] if row.reading else [])])
    yield "; ".join(", ".join(map(_said, place.others)) for place in row.at if place.others) or "–"
    yield "; ".join(map(shown, row.tests))


def _said(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(_said, value)) or "none"
        case dict():
            return ", ".join(f"{name} {number}" for name, number in value.items())
        case _:
            return str(value)
