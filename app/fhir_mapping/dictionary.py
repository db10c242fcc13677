"""A sender's dictionary: what its own codes and units are in LOINC and UCUM, by its active ConceptMaps.

What it adds stands beside what was sent and names the map that says so (extension `mapped-by`), so that
what was sent stays readable for ever. Two maps that disagree about a code are both disregarded.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.fhir_mapping.concept_map import UCUM, canonical, mapped
from app.fhir_mapping.loinc import LOINC
from app.fhir_mapping.resource import Document
from app.fhir_mapping.sender import Sender

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code or unit is, and the map that says so (`url|version`)."""

    code: str
    display: str | None
    said_by: str


@dataclass(frozen=True)
class Dictionary:
    """What one sender's codes (`system`, code) and units mean; `disputed` is what its maps disagree about.

    `unit_system` is what its units are looked up and listed under.
    """

    unit_system: str
    codes: Mapping[Key, Meaning] = field(default_factory=dict)
    units: Mapping[str, Meaning] = field(default_factory=dict)
    disputed: frozenset[Key] = frozenset()

    @staticmethod
    def of(sender: Sender, maps: Iterable[tuple[Document, int]]) -> "Dictionary":
        """What these ConceptMaps, each with its version, say of the sender's own codes and units."""
        found: dict[tuple[str, Key], Meaning] = {}
        disputed: set[tuple[str, Key]] = set()
        for document, version in sorted(maps, key=lambda one: str(one[0].get("url", one[0].get("id")))):
            name = canonical(document, version)
            for one in mapped(document):
                key = (one.target, (one.source, one.text))
                first = found.setdefault(key, Meaning(one.code, one.display, name))
                disputed |= {key} if first.code != one.code else set()
        sure = {key: meaning for key, meaning in found.items() if key not in disputed}
        return _of(sender, sure, frozenset(key for key in disputed if _is_own(sender, key)))

    def code(self, coding: dict[str, Any]) -> Meaning | None:
        """What a coding of the sender is in LOINC."""
        return self.codes.get((coding.get("system", ""), coding.get("code", "")))


def _of(
    sender: Sender, sure: Mapping[tuple[str, Key], Meaning], disputed: frozenset[tuple[str, Key]]
) -> Dictionary:
    own = {key: meaning for key, meaning in sure.items() if _is_own(sender, key)}
    return Dictionary(
        unit_system=sender.unit_system or sender.name,
        codes={key: meaning for (target, key), meaning in own.items() if target == LOINC},
        units={key[1]: meaning for (target, key), meaning in own.items() if target == UCUM},
        disputed=frozenset(key for _, key in disputed),
    )


def _is_own(sender: Sender, key: tuple[str, Key]) -> bool:
    """Whether this is of a system of the sender's."""
    target, (system, _) = key
    return system in sender.code_systems if target == LOINC else system == sender.unit_system
