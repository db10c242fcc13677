"""What an Observation, or one of its components, says: its value, its normal range, or why there is none."""

from typing import Any

from app.clinical.records import Coding
from app.fhir_mapping.content import quantity_sent
from app.fhir_mapping.datatypes import all_codings, codings, concept_text, decimal, digits
from app.fhir_mapping.plausibility import beyond
from app.fhir_mapping.public_codes import is_understood
from app.fhir_mapping.push import UNMAPPED_CODE
from app.fhir_mapping.units import Analyte, amount, analyte, written_unit

Element = dict[str, Any]


def said(element: Element, own: tuple[Coding, ...], *, waits: bool = False) -> dict[str, Any]:
    """What an Observation or a component says: its value, its range, or why there is none.

    Where codes of the whole wait to be mapped (`waits`), that is the problem of what bears one.
    """
    known = analyte(own)
    found = _value(element, known)
    if waits and not is_understood(own):
        found["problem"] = UNMAPPED_CODE
    doubt = beyond(own, found.get("value"), found.get("comparator"))
    if doubt is not None:
        found["doubt"] = f"{doubt}"
    if "interpretation" in element:
        found["interpretations"] = tuple(coding.code for coding in all_codings(element["interpretation"]))
    if "referenceRange" in element:
        found["low"], found["high"] = _range(element, known)
    if "dataAbsentReason" in element:
        found["absent"] = _reason(element["dataAbsentReason"])
    return found


def _value(element: Element, known: Analyte | None) -> dict[str, Any]:
    """The value in whichever of R4's types it came."""
    if "valueQuantity" in element:
        return _quantity(element["valueQuantity"], known)
    if "valueInteger" in element:
        return _quantity({"value": element["valueInteger"]}, known)
    if "valueCodeableConcept" in element:
        concept = element["valueCodeableConcept"]
        return {"answers": codings(concept), "text": concept_text(concept)}
    if "valueBoolean" in element:
        return {"truth": element["valueBoolean"]}
    if "valueRatio" in element:
        return _titre(element["valueRatio"], known)
    texts = (element.get(name) for name in ("valueString", "valueDateTime", "valueTime"))
    return {"text": next((text for text in texts if text is not None), None)}


def _quantity(quantity: Element, known: Analyte | None) -> dict[str, Any]:
    found = amount(known, quantity)
    return {
        "value": found.value,
        "unit": found.unit,
        "problem": found.problem,
        "comparator": quantity.get("comparator"),
        "received": _digits(quantity.get("value")),
        "received_unit": written_unit(quantity_sent(quantity)),
    }


def _digits(number: Any) -> str | None:
    """The number as sent; one beyond what is ever measured as it is."""
    if number is None:
        return None
    exact = decimal(number)
    return digits(exact) if exact is not None else f"{number}"


def _titre(ratio: Element, known: Analyte | None) -> dict[str, Any]:
    """A titre 1:80 is 80 in `{titer}`; another ratio is kept and not computed with."""
    one, many = (ratio.get(side) or {} for side in ("numerator", "denominator"))
    if known is None or known.canonical != "{titer}" or "comparator" in one:
        return {}
    if decimal(one.get("value")) != 1 or "value" not in many:
        return {}
    said = _quantity({"value": many.get("value"), "unit": "{titer}"}, known)
    said["comparator"] = many.get("comparator")
    said["received"] = f"1:{said['received']}"
    return said


def _range(element: Element, known: Analyte | None) -> tuple[Any, Any]:
    """The normal range; a bound without a unit of its own is in the unit of the value."""
    normal: Element = next((one for one in element["referenceRange"] if _is_normal(one)), {})
    value = element.get("valueQuantity", {})
    return _bound(normal.get("low"), value, known), _bound(normal.get("high"), value, known)


def _is_normal(one: Element) -> bool:
    """Whether this is the range of the healthy, not a therapeutic or a critical one."""
    return "type" not in one or any(coding.code == "normal" for coding in codings(one["type"]))


def _bound(bound: Element | None, measured: Element, known: Analyte | None) -> Any:
    if bound is None:
        return None
    if "unit" not in bound and "code" not in bound:
        units: Element = {name: measured[name] for name in ("system", "code", "unit") if name in measured}
        bound = {**units, "value": bound.get("value")}
    return amount(known, bound).value


def _reason(concept: Any) -> str | None:
    return next((coding.code for coding in codings(concept)), concept_text(concept))
