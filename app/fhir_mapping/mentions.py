"""Which resources a document refers to, and where."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec

from app.fhir_mapping.datatypes import reference
from app.fhir_mapping.resource import Document

Key = tuple[str, str]
_Place = tuple[Any, str | int]
"""The place of the holder, and the name or number under which it holds this."""


class Mentions(Mapping[Key, str]):
    """Every hosted resource a document refers to, with the FHIRPath of one mention.

    Where a mention stands is only looked for when it is asked: for the explanation of a refusal.
    """

    def __init__(self, document: Document, *, base: str, hosted: frozenset[str]) -> None:
        self._document = document
        self._base = base
        mentioned = dict.fromkeys(_literal(text, base) for text in _MENTIONED.findall(_encode(document)))
        self._keys = tuple(target for target in mentioned if target is not None and target[0] in hosted)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __getitem__(self, key: Key) -> str:
        if key not in self._keys:
            raise KeyError(key)
        backwards = reversed(list(_places(self._document)))  # so that the first mention stands
        return _spelt({reference(text, self._base): place for text, place in backwards}[key])


@lru_cache(maxsize=8192)
def _literal(text: bytes, base: str) -> Key | None:
    return reference(text.decode(), base)


_MENTIONED: Final = re.compile(rb'"reference":"([^"\\#][^"\\]*)"')
"""A literal reference in JSON: to find them as text is far faster than to walk to them."""
_encode: Final = msgspec.json.Encoder().encode
_HOLDERS: Final = frozenset({dict, list})


def _places(document: Document) -> Iterator[tuple[str, _Place]]:
    """The literal references with their places."""
    waiting: list[tuple[Any, _Place]] = [(document, (None, document.get("resourceType", "")))]
    for element, place in waiting:  # grows as it is read
        if isinstance(element, dict) and isinstance(element.get("reference"), str):
            yield element["reference"], place
        below = element.items() if isinstance(element, dict) else enumerate(element)
        waiting += [(value, (place, name)) for name, value in below if value.__class__ in _HOLDERS]


def _spelt(place: _Place) -> str:
    """A place as FHIRPath."""
    steps: list[str] = []
    holder: Any = place
    while holder is not None:
        holder, name = holder
        steps.append(f"[{name}]" if isinstance(name, int) else f".{name}")
    return "".join(reversed(steps)).removeprefix(".")
