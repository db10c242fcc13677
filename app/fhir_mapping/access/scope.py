"""SMART scopes: what a client may do with which type, `system/Observation.rs?category=laboratory`.

Version 2 says it letter by letter (create, read, update, delete, search, in this order); version 1 in words
(`read` is rs, `write` is cud, `*` is all). Only `system/` is granted here: no person stands behind a token.
Source: https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

from app.fhir_mapping.outcome import refusal

LETTERS: Final = "cruds"
EVERY: Final = "*"
_WORDS: Final = {"read": "rs", "write": "cud", "*": LETTERS}
_SHAPE: Final = re.compile(r"system/(\*|[A-Za-z]+)\.(read|write|\*|c?r?u?d?s?)(?:\?(.+))?", re.ASCII)

Token = tuple[str, str | None, str]
"""A token parameter with a system (None: any) and a code."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What may be done with resources of one type; `*` is every type.

    With `where`, only with those that have every one of these tokens.
    """

    kind: str
    letters: frozenset[str]
    where: tuple[Token, ...] = ()

    @staticmethod
    def of(text: str) -> "Scope":
        """A scope as it is written. Refusal 400 (`invalid-scope`) for anything else."""
        found = _SHAPE.fullmatch(text)
        if found is None or not found[2]:
            raise refusal(
                400, "value", f"{text!r} is no scope served here: write system/Type.cruds, a subset"
            )
        return Scope(found[1], frozenset(_WORDS.get(found[2], found[2])), _tokens(text, found[3]))

    def __str__(self) -> str:
        letters = "".join(letter for letter in LETTERS if letter in self.letters)
        query = "&".join(
            f"{name}={code if system is None else f'{system}|{code}'}" for name, system, code in self.where
        )
        return f"system/{self.kind}.{letters}" + (f"?{query}" if query else "")

    def covers(self, kind: str, letter: str) -> bool:
        """Whether it speaks of this interaction with this type, be it with some of its resources only."""
        return self.kind in (EVERY, kind) and letter in self.letters

    def within(self, granted: "Scope") -> "Scope | None":
        """What of it another grants; None where nothing."""
        kind = self.kind if granted.kind == EVERY else granted.kind
        letters = self.letters & granted.letters
        if not letters or self.kind not in (EVERY, kind):
            return None
        where = tuple(dict.fromkeys((*self.where, *granted.where)))
        return Scope(kind, letters, where)


def _tokens(text: str, query: str | None) -> tuple[Token, ...]:
    if query is None:
        return ()
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        pairs = []
    if not pairs or any(
        not value or not re.fullmatch(r"[a-z][a-z-]*", name) or "," in value for name, value in pairs
    ):
        raise refusal(
            400, "value", f"{text!r}: narrow a scope by token parameters, such as ?category=laboratory"
        )
    return tuple(_token(name, value) for name, value in pairs)


def _token(name: str, value: str) -> Token:
    system, bar, code = value.rpartition("|")
    return name, (system if bar else None), code


def parse(text: str) -> tuple[Scope, ...]:
    """Scopes as a request lists them, separated by blanks."""
    return tuple(dict.fromkeys(map(Scope.of, text.split())))


def granted(asked: Iterable[Scope], held: Sequence[Scope]) -> tuple[Scope, ...]:
    """What of the scopes asked for a client holds; those it does not hold are left out, as OAuth allows."""
    found = (one.within(grant) for one in asked for grant in held)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def spoken(scopes: Iterable[Scope]) -> str:
    """Scopes as a token response lists them."""
    return " ".join(map(str, scopes))


def may(
    scopes: Iterable[Scope], kind: str, letter: str, *, has: Callable[[Token], bool] | None = None
) -> bool:
    """Whether an interaction with a type is allowed: with all of its resources, or with the one asked about.

    `has` says whether that one has a token that a scope is narrowed to.
    """
    covering = (one for one in scopes if one.covers(kind, letter))
    return any(not one.where or (has is not None and all(map(has, one.where))) for one in covering)


def mentions(scopes: Iterable[Scope], kind: str, letter: str) -> bool:
    """Whether an interaction with a type is allowed at all, be it with some of its resources only."""
    return any(one.covers(kind, letter) for one in scopes)


def only(scope: Scope, kinds: Iterable[str]) -> list[Scope]:
    """The same for each of these types, where it speaks of every type."""
    return [replace(scope, kind=kind) for kind in kinds] if scope.kind == EVERY else [scope]
