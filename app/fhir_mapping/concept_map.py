"""ConceptMap: what a hospital's own codes and units are in LOINC and in UCUM.

A group says it of the codes of one system (`source`): codes where its `target` is `http://loinc.org`, units
where it is `http://unitsofmeasure.org`. Only `equal` and `equivalent` map; an element with another
equivalence, or with conditions (`dependsOn`), leaves its code unmapped. A map counts while it is `active`.

Kept as sent; what hospitals push is translated by it (see `dictionary`). Refused (422): a target that
cannot be a LOINC code or is no UCUM unit, and an element without code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from app.fhir_mapping import loinc, ucum
from app.fhir_mapping.loinc import LOINC
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document
from app.fhir_mapping.wording import shown

UCUM: Final = "http://unitsofmeasure.org"
SAME: Final = frozenset(("equal", "equivalent"))
"""The equivalences by which a code may be put in another's place."""

_POSSIBLE: Final = {LOINC: loinc.is_possible, UCUM: ucum.is_unit}
_NO_TARGET: Final = {
    LOINC: "is no LOINC code: its check digit does not fit; correct it",
    UCUM: "is no UCUM unit: units are case sensitive, such as 10*9/L, g/L, umol/L or [IU]/mL",
}


@dataclass(frozen=True, slots=True)
class Mapped:
    """One code of a system (`source`, `text`) and the code it is in LOINC or UCUM."""

    source: str
    text: str
    target: str
    code: str
    display: str | None


def mapped(document: Document) -> Iterator[Mapped]:
    """Everything an active map says, in its order; nothing of one that is not active."""
    if document.get("status") != "active":
        return
    for group in document.get("group", ()):
        target = group.get("target")
        if target in _POSSIBLE and "source" in group:
            yield from _of_group(group, group["source"], target)


def canonical(document: Document, version: int) -> str:
    """What a map is called where it was used: its url and version, else its place here."""
    name = document.get("url") or f"ConceptMap/{document.get('id', '')}"
    return f"{name}|{document.get('version', version)}"


def review(document: Document) -> tuple[Issue, ...]:
    """Whatever in the groups to LOINC and UCUM cannot be used, whatever the status."""
    return tuple(_complaints(document))


def _of_group(group: dict[str, Any], source: str, target: str) -> Iterator[Mapped]:
    for element in group["element"]:
        for one in element.get("target", ()):
            if one.get("equivalence") in SAME and not {"dependsOn", "product"} & one.keys():
                yield Mapped(source, element["code"], target, one["code"], one.get("display"))


def _complaints(document: Document) -> Iterator[Issue]:
    for number, group in enumerate(document.get("group", ())):
        if group.get("target") in _POSSIBLE:
            for place, element in enumerate(group.get("element", ())):
                where = f"ConceptMap.group[{number}].element[{place}]"
                yield from _of_element(element, group["target"], where)


def _of_element(element: dict[str, Any], target: str, where: str) -> Iterator[Issue]:
    if "code" not in element:
        yield Issue("required", "say which code of the source is meant", where)
    for number, one in enumerate(element.get("target", ())):
        if one.get("equivalence") not in SAME:
            continue
        place = f"{where}.target[{number}]"
        if "code" not in one:
            yield Issue("required", f"say which code of {target} it is", place)
        elif not _POSSIBLE[target](one["code"]):
            text = f"{shown(one['code'], 'this')} {_NO_TARGET[target]}"
            yield Issue("code-invalid", text, f"{place}.code")
