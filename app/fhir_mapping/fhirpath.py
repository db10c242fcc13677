"""The FHIRPath that leads to elements of a resource: what a patch needs of it, and no more.

Names, indexes, `where(a = 'b' and c.d = 1)`, `extension('url')`, `first()`, `last()`, `ofType(Quantity)`.
Reading is linear, and so is following a path, so a stranger's expression can cost no more than its length
times the elements it passes, which are counted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NoReturn

from app.fhir_mapping.outcome import refusal

LONGEST = 1000
"""Characters of one expression."""

Literal = str | bool | Decimal


@dataclass(frozen=True, slots=True)
class Name:
    """The elements of that name within each element."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """One of the elements: the first is 0, the last -1."""

    number: int


@dataclass(frozen=True, slots=True)
class OfType:
    """The elements of a type."""

    name: str


@dataclass(frozen=True, slots=True)
class Where:
    """The elements for which each of the paths leads to that one value; an empty path is the element."""

    criteria: tuple[tuple[tuple[str, ...], Literal], ...]


Step = Name | Index | OfType | Where
Path = tuple[Step, ...]

_TOKEN = re.compile(
    r"\s*(?:(?P<name>\$this|[A-Za-z_][A-Za-z0-9_]*|`[A-Za-z_][A-Za-z0-9_]*`)"
    r"|(?P<number>-?[0-9]{1,18}(?:\.[0-9]{1,18})?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<mark>[.()\[\]=]))"
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}


@lru_cache(maxsize=1024)
def path(text: str) -> Path:
    """The steps an expression is made of; Refusal 400 where it is none, or one not understood here."""
    if len(text) > LONGEST:
        raise refusal(400, "too-long", f"a path may have {LONGEST} characters: begin nearer to the element")
    return tuple(_Reader(text).steps())


class _Reader:
    """An expression read from left to right."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text.strip()))
        self.position = 0

    def steps(self) -> Iterator[Step]:
        """A name or a function, then any number of indexes and further steps."""
        yield from self._named()
        while self.position < len(self.tokens):
            if self._passed("."):
                yield from self._named()
            else:
                self._expect("[")
                yield Index(self._number())
                self._expect("]")

    def _named(self) -> Iterator[Step]:
        name = self._take("name")
        if self._passed("("):
            yield from self._function(name)
            self._expect(")")
        else:
            yield Name(name.strip("`"))

    def _function(self, name: str) -> Iterator[Step]:
        match name:
            case "first":
                yield Index(0)
            case "last":
                yield Index(-1)
            case "where":
                yield Where(tuple(self._criteria()))
            case "ofType":
                yield OfType(self._names()[-1])
            case "extension":
                yield Name("extension")
                yield Where(((("url",), self._literal()),))
            case _:
                _refuse("of functions, only where, first, last, ofType and extension are understood")

    def _criteria(self) -> Iterator[tuple[tuple[str, ...], Literal]]:
        while True:
            names = self._names()
            self._expect("=")
            yield tuple(name for name in names if name != "$this"), self._literal()
            if not self._passed("and"):
                return

    def _names(self) -> list[str]:
        names = [self._take("name").strip("`")]
        while self._passed("."):
            names.append(self._take("name").strip("`"))
        return names

    def _literal(self) -> Literal:
        kind, said = self._next()
        if kind == "text":
            return _ESCAPE.sub(_meant, said[1:-1])
        if kind == "number":
            return Decimal(said)
        if said not in {"true", "false"}:
            _refuse("a value is 'a text', a number, true or false")
        return said == "true"

    def _number(self) -> int:
        said = self._take("number")
        if not said.isdigit():
            _refuse("an index is a whole number from 0")
        return int(said)

    def _passed(self, said: str) -> bool:
        found = self.position < len(self.tokens) and self.tokens[self.position][1] == said
        self.position += found
        return found

    def _expect(self, mark: str) -> None:
        if not self._passed(mark):
            _refuse(f"{mark} is missing")

    def _take(self, kind: str) -> str:
        found, said = self._next()
        if found != kind:
            _refuse(f"a {kind} is missing")
        return said

    def _next(self) -> tuple[str, str]:
        if self.position == len(self.tokens):
            _refuse("it ends too early")
        self.position += 1
        return self.tokens[self.position - 1]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            _refuse("it holds signs that are not understood here")
        yield found.lastgroup, found[found.lastgroup]
        position = found.end()


def _meant(escape: re.Match[str]) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    return _ESCAPED.get(escape[2], escape[2])


def _refuse(why: str) -> NoReturn:
    raise refusal(400, "value", f"this path is not read: {why}. Write it as in Patient.name[0].given.first()")
