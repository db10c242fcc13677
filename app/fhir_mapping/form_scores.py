"""What a damage index, a questionnaire or a skin score cannot be: an item or answer it lacks (422).

Sources: clinical conventions §1.6 (SLICC/ACR), §1.7 (SF-36), §1.8 (EQ-5D), §1.15 (skin score).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from app.clinical.code_system import CodeSystem
from app.clinical.codes import SCORE
from app.clinical.records import Coding
from app.clinical.scores.damage_codes import SLICC_ITEM
from app.clinical.scores.form_codes import EQ5D_DIMENSION, MRSS_SITE, SF36_ITEM, SF36_SCALE
from app.clinical.scores.scales import EQ5D_INDEX, EQ5D_VAS
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document
from app.fhir_mapping.score_values import Element, components, number, value_name
from app.fhir_mapping.wording import shown

FORMS: Final[Mapping[Coding, tuple[CodeSystem, ...]]] = {
    SCORE.coding("slicc-damage"): (SLICC_ITEM,),
    SCORE.coding("mrss"): (MRSS_SITE,),
    SCORE.coding("sf36v2"): (SF36_ITEM, SF36_SCALE),
    SCORE.coding("eq5d-5l"): (EQ5D_DIMENSION,),
}
TICKED: Final = frozenset({SLICC_ITEM.url})
"""Items that may be said to be present or absent instead of by their points."""

ALL_OR_NOTHING: Final = Coding(SLICC_ITEM.url, "esrd")
WITHOUT_TOTAL: Final = {
    SCORE.coding(
        "sf36v2"
    ): "an SF-36 has no value of its own: send its questions, or its scales, as components",
    SCORE.coding("eq5d-5l"): "an EQ-5D has no value of its own: send its dimensions as components; its index"
    " is eq5d-index and its rating scale eq5d-vas",
}
RATINGS: Final = EQ5D_VAS | EQ5D_INDEX
HIGHEST_RATING: Final = 100
UNITS: Final = frozenset({None, "{score}", "1"})


def review(document: Document, own: tuple[Coding, ...]) -> tuple[Issue, ...]:
    """Everything in a form that the form does not have."""
    if not RATINGS.isdisjoint(own):
        return tuple(_rating(document, own))
    form = next((code for code in own if code in FORMS), None)
    if form is None:
        return ()
    return (*_total(document, form), *(issue for one in FORMS[form] for issue in _items(document, one)))


def _rating(document: Document, own: tuple[Coding, ...]) -> Iterator[Issue]:
    value = number(document)
    where = f"Observation.{value_name(document)}"
    if value is None:
        return
    if not EQ5D_VAS.isdisjoint(own) and not 0 <= value <= HIGHEST_RATING:
        yield Issue("value", "the rating scale of the EQ-5D goes from 0 to 100", where)
    elif not EQ5D_INDEX.isdisjoint(own) and value > 1:
        yield Issue("value", "an EQ-5D index is at most 1, which is full health", where)


def _total(document: Document, form: Coding) -> Iterator[Issue]:
    """The form's own value: a whole number of its span, or none at all."""
    name = value_name(document)
    where = f"Observation.{name}"
    if form in WITHOUT_TOTAL:
        if name:
            yield Issue("value", WITHOUT_TOTAL[form], where)
        return
    span = SCORE.concept(form.code).span
    if name not in ("", "valueInteger", "valueQuantity"):
        yield Issue("value", "a score is a number: send valueInteger or valueQuantity", where)
    elif span is not None and _outside(document, span):
        yield Issue("value", f"the total of {form.code} is a whole number from {span[0]} to {span[1]}", where)


def _items(document: Document, family: CodeSystem) -> Iterator[Issue]:
    for place, component, code in components(document, family.url):
        if code not in family.codes:
            text = f"{shown(code, 'this')} is none of {family.url}; it has {', '.join(family.codes)}"
            yield Issue("code-invalid", text, f"{place}.code")
        else:
            yield from _answer(component, family, code, place)


def _answer(component: Element, family: CodeSystem, code: str, place: str) -> Iterator[Issue]:
    """The answer to one item; a scale is any number from 0 to 100."""
    name = value_name(component)
    where = f"{place}.{name}"
    if not name or (name == "valueBoolean" and family.url in TICKED):
        return
    span = family.concept(code).span
    if name not in ("valueInteger", "valueQuantity"):
        yield Issue("value", f"the answer to {code} is a number: send valueInteger", where)
    elif _unit(component) not in UNITS:
        yield Issue("value", f"the answer to {code} has no unit", where)
    elif span is None:
        value = number(component)
        if value is not None and not 0 <= value <= HIGHEST_RATING:
            yield Issue("value", f"the scale {code} goes from 0 to 100", where)
    elif _outside(component, span):
        yield Issue("value", f"{code} is a whole number from {span[0]} to {span[1]}", where)
    elif Coding(family.url, code) == ALL_OR_NOTHING and number(component) not in (None, *map(Decimal, span)):
        yield Issue("value", f"{code} counts {span[1]} points or none", where)


def _outside(element: Element, span: tuple[int, int]) -> bool:
    value = number(element)
    return value is not None and not (span[0] <= value <= span[1] and value == int(value))


def _unit(element: Element) -> Any:
    quantity = element.get("valueQuantity", {})
    return quantity.get("code", quantity.get("unit"))
