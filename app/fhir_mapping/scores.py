"""What a score cannot be: a total, an item, a grade or an instrument that does not exist (422).

Whether a total agrees with its items is not asked here: a disagreement is stored as sent, and makes
what is computed from it undetermined (conflicting-values).
Forms with other items are looked at by `form_scores`.
Sources: clinical conventions §1.1 (SELENA-SLEDAI), §1.2 (PGA), §1.3 (BILAG); decision 14.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from app.clinical.codes import (
    BILAG_2004_SYSTEMS,
    BILAG_GRADE,
    BILAG_SYSTEM,
    CLASSIC_SYSTEMS,
    SCORE,
    SLEDAI_ITEM,
)
from app.clinical.criteria.presence import SNOMED
from app.clinical.records import Coding
from app.fhir_mapping import form_scores
from app.fhir_mapping.datatypes import codings, concept_text
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document
from app.fhir_mapping.score_values import Element, components, number, value_name
from app.fhir_mapping.wording import shown

SLEDAI: Final = frozenset({SCORE.coding("selena-sledai"), SCORE.coding("sledai-2k")})
SLEDAI_HIGHEST: Final = 105
BILAG: Final = {
    SCORE.coding("bilag-classic"): CLASSIC_SYSTEMS,
    SCORE.coding("bilag-2004"): BILAG_2004_SYSTEMS,
}
PGA: Final = SCORE.coding("pga")
SCALE_MAX: Final = SCORE.coding("scale-max")
PGA_HIGHEST: Final = Decimal(3)
SYSTEMS: Final = frozenset({SCORE.url, SNOMED})
"""The systems a score may be coded in: the EQ-5D's index and rating scale have codes in SNOMED CT."""

UNITS_OF_A_SCORE: Final = frozenset({None, "{score}", "1"})
LENGTHS: Final = frozenset({"mm", "cm"})


def review(document: Document) -> tuple[Issue, ...]:
    """Everything in a score that the score does not have."""
    own = codings(document.get("code"))
    if _is_plain_bilag(document, own):
        text = (
            "BILAG without its instrument says nothing: code it bilag-classic (8 systems) or bilag-2004 "
            f"(9 systems) of {SCORE.url}"
        )
        return (Issue("business-rule", text, "Observation.code"),)
    if not any(coding.system in SYSTEMS for coding in own):
        return ()
    if not SLEDAI.isdisjoint(own):
        total = (*_not_a_number(document), *_unit(document), *_sledai_total(document))
        return (*total, *_sledai_items(document))
    for instrument, systems in BILAG.items():
        if instrument in own:
            return tuple(_bilag_systems(document, instrument.code, systems))
    if PGA in own:
        return (*_not_a_number(document), *_pga(document))
    return form_scores.review(document, own)


def _unit(document: Document, *, lengths: bool = False) -> Iterator[Issue]:
    """A score has no unit; only a mark on a line of stated length may be given in mm or cm."""
    quantity = document.get("valueQuantity", {})
    unit = quantity.get("code", quantity.get("unit"))
    if unit in UNITS_OF_A_SCORE or (lengths and unit in LENGTHS):
        return
    text = "a score has no unit: send the number with {score}"
    if PGA in codings(document["code"]):
        text += f"; a mark in mm or cm needs the length of the line in a component {SCORE.url}|scale-max"
    yield Issue("value", text, "Observation.valueQuantity")


def _is_plain_bilag(document: Document, own: tuple[Coding, ...]) -> bool:
    """Whether it is called BILAG and does not say which."""
    if not own:
        return (concept_text(document.get("code")) or "").strip().casefold() == "bilag"
    return BILAG.keys().isdisjoint(own) and any(coding.code.casefold() == "bilag" for coding in own)


def _not_a_number(document: Document) -> Iterator[Issue]:
    name = value_name(document)
    if name not in ("", "valueInteger", "valueQuantity"):
        yield Issue("value", "a score is a number: send valueInteger or valueQuantity", f"Observation.{name}")


def _sledai_total(document: Document) -> Iterator[Issue]:
    total = number(document)
    if total is not None and not (0 <= total <= SLEDAI_HIGHEST and total == int(total)):
        text = f"a SLEDAI total is a whole number from 0 to {SLEDAI_HIGHEST}"
        yield Issue("value", text, f"Observation.{value_name(document)}")


def _sledai_items(document: Document) -> Iterator[Issue]:
    for place, component, code in components(document, SLEDAI_ITEM.url):
        if code not in SLEDAI_ITEM.codes:
            known = ", ".join(SLEDAI_ITEM.codes)
            yield Issue(
                "code-invalid",
                f"{shown(code, 'this')} is no SLEDAI item; the items are {known}",
                f"{place}.code",
            )
        elif (name := value_name(component)) not in ("valueBoolean", ""):
            text = f"the item {code} is present or absent: send valueBoolean, or dataAbsentReason"
            yield Issue("value", text, f"{place}.{name}")


def _bilag_systems(document: Document, instrument: str, systems: tuple[str, ...]) -> Iterator[Issue]:
    for place, component, code in components(document, BILAG_SYSTEM.url):
        if code not in systems:
            text = f"{shown(code, 'this')} is no system of {instrument}; its systems are {', '.join(systems)}"
            yield Issue("code-invalid", text, f"{place}.code")
        elif (name := value_name(component)) and not _has_grade(component):
            text = f"send the grade of {code} as valueCodeableConcept, A to E of {BILAG_GRADE.url}"
            yield Issue("value", text, f"{place}.{name}")


def _has_grade(component: Element) -> bool:
    grades = [one for one in codings(component.get("valueCodeableConcept")) if one.system == BILAG_GRADE.url]
    return bool(grades) and all(grade.code in BILAG_GRADE.codes for grade in grades)


def _pga(document: Document) -> Iterator[Issue]:
    parts = enumerate(document.get("component", ()))
    scales = [(place, one) for place, one in parts if SCALE_MAX in codings(one.get("code"))]
    highest = PGA_HIGHEST
    for place, scale in scales[:1]:
        stated = number(scale)
        if stated is not None and stated <= 0:
            where = f"Observation.component[{place}].{value_name(scale)}"
            yield Issue("value", "the upper end of a scale is above 0", where)
            return
        highest = PGA_HIGHEST if stated is None else stated
    yield from _unit(document, lengths=bool(scales))
    value = number(document)
    if value is not None and not 0 <= value <= highest:
        text = (
            f"a PGA lies between 0 and {highest:f}; for another scale add a component {SCORE.url}|scale-max"
        )
        yield Issue("value", text, f"Observation.{value_name(document)}")
