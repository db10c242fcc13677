"""OBX-5 as the value of an Observation, by OBX-2; what is not plainly a number never becomes one.

| OBX-2 | value |
|---|---|
| NM | valueQuantity; `<0.5` with its comparator; what is no number (`ILLISIBLE`, `0,5`): valueString, with a warning |
| SN | comparator and number: valueQuantity; `-`: valueRange; `:` and `/`: valueRatio; others: valueString |
| ST | valueQuantity where it is plainly a number, or `<` and one, and OBX-6 names a unit; else valueString |
| TX, FT, IS, ID | valueString |
| CE, CWE, CNE, CF | valueCodeableConcept; several: one component each |
| DT, TS, DTM, TM | valueDateTime, valueTime |
| ED, RP, NA, MA and all others | none: dataAbsentReason unsupported, with a warning; persons and documents stay out |

Source: https://build.fhir.org/ig/HL7/v2-to-fhir/ConceptMap-segment-obx-to-observation.html.
"""  # noqa: E501 - a table

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from app.fhir_mapping.hl7v2 import coded, times
from app.fhir_mapping.hl7v2.er7 import Segment, Value
from app.fhir_mapping.hl7v2.spoken import Spoken
from app.fhir_mapping.outcome import refusal

Element = dict[str, Any]

_NUMBER = r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})"
_MEASURED = re.compile(rf"(<=|>=|<|>|)\s*({_NUMBER})", re.ASCII)
_COMPARED = {"": {}, "=": {}, **{sign: {"comparator": sign} for sign in ("<", ">", "<=", ">=")}}
_TITRE = (":", "/")
_INTERPRETED = re.compile("<|>|A|AA|B|D|DET|H|HH|HU|HX|I|IE|IND|L|LL|LU|LX|N|ND|NEG|NR|POS|R|RR|S|SDD|U|W|WR")
"""The codes v3-ObservationInterpretation has of table 0078."""


def value(obx: Segment, spoken: Spoken) -> Element:
    """What an Observation says: an element `value[x]`, `component`, or why there is none; {} for nothing."""
    kind = obx[2].text
    if not obx.all(5):
        return {}
    if not kind:
        raise refusal(422, "required", "OBX-2, the type of the value in OBX-5, is empty", obx.at(2))
    read = _READ.get(kind)
    if read is None:
        spoken.warn(f"OBX-5 of type {kind} is left out" if kind.isalnum() else "OBX-5 is left out", obx.at(5))
        return {"dataAbsentReason": absent("unsupported")}
    return read(obx, spoken)


def absent(code: str, text: str | None = None) -> Element:
    """Why there is no value."""
    coding = {"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": code}
    return {"coding": [coding]} | ({} if text is None else {"text": text})


def number(text: str) -> Decimal | None:
    """The number a text is, with its digits; None where it is none."""
    return Decimal(text) if re.fullmatch(_NUMBER, text, re.ASCII) else None


def measured(text: str, unit: Element) -> Element | None:
    """The Quantity of a number, or of `<`, `<=`, `>` or `>=` and one; None where it is neither."""
    match = _MEASURED.fullmatch(text)
    if match is None:
        return None
    return {"value": Decimal(match[2]), **_COMPARED[match[1]], **unit}


def _numeric(obx: Segment, spoken: Spoken) -> Element:
    _refuse_several(obx)
    text = obx[5].text
    quantity = measured(text, coded.unit(obx[6]))
    if quantity is not None:
        return {"valueQuantity": quantity}
    spoken.warn("OBX-5 is declared a number (NM) and is none: it is kept as a text", obx.at(5))
    return {"valueString": text}


def _string(obx: Segment, spoken: Spoken) -> Element:
    """A text; a number only where there is a unit with it, a bare one may be a code, a group or a grade."""
    _refuse_several(obx)
    unit = coded.unit(obx[6])
    quantity = measured(obx[5].text, unit) if unit else None
    return _text(obx, spoken) if quantity is None else {"valueQuantity": quantity}


def _text(obx: Segment, _spoken: Spoken) -> Element:
    return {"valueString": "\n".join(value.text for value in obx.all(5))}


def _structured(obx: Segment, spoken: Spoken) -> Element:
    """SN: a comparator, a number, a separator, a number."""
    _refuse_several(obx)
    sign, one, mark, two = (obx[5][at].text for at in range(1, 5))
    first, second, unit = number(one), number(two), coded.unit(obx[6])
    compared = _COMPARED.get(sign)
    if compared is not None and first is not None:
        if not mark and not two:
            return {"valueQuantity": {"value": first, **compared, **unit}}
        if mark == "-" and second is not None and first <= second and not compared:
            return {"valueRange": {"low": {"value": first, **unit}, "high": {"value": second, **unit}}}
        if mark in _TITRE and second is not None and (first == 1 or not compared):
            return {
                "valueRatio": {"numerator": {"value": first}, "denominator": {"value": second, **compared}}
            }
    if not (first is not None and mark == "+"):
        spoken.warn("OBX-5 (SN) is nothing FHIR has a value for: it is kept as a text", obx.at(5))
    return {"valueString": f"{sign}{one}{mark}{two}" or obx[5].text}


def _coded(obx: Segment, spoken: Spoken) -> Element:
    """One code, or several of the same question, each a component."""
    found = [concept for one in obx.all(5) if (concept := coded.concept(one, spoken.sender))]
    if len(found) == 1:
        return {"valueCodeableConcept": found[0]}
    asked = coded.concept(obx[3], spoken.sender)
    return {"component": [{"code": asked, "valueCodeableConcept": one} for one in found]} if found else {}


def _moment(obx: Segment, spoken: Spoken) -> Element:
    _refuse_several(obx)
    said = times.date_time(obx[5][1].text, spoken.sender.time_zone)
    return _text_warned(obx, spoken) if said is None else {"valueDateTime": said}


def _time(obx: Segment, spoken: Spoken) -> Element:
    _refuse_several(obx)
    said = times.of_day(obx[5].text)
    return _text_warned(obx, spoken) if said is None else {"valueTime": said}


def _text_warned(obx: Segment, spoken: Spoken) -> Element:
    spoken.warn("OBX-5 is declared a time and is none: it is kept as a text", obx.at(5))
    return _text(obx, spoken)


def _refuse_several(obx: Segment) -> None:
    if len(obx.all(5)) > 1:
        text = "OBX-5 repeats: send each value as an OBX of its own, told apart by OBX-4"
        raise refusal(422, "value", text, obx.at(5))


_READ: dict[str, Callable[[Segment, Spoken], Element]] = {
    "NM": _numeric,
    "SN": _structured,
    "ST": _string,
    **dict.fromkeys(("TX", "FT", "IS", "ID"), _text),
    **dict.fromkeys(("CE", "CWE", "CNE", "CF"), _coded),
    **dict.fromkeys(("DT", "TS", "DTM"), _moment),
    "TM": _time,
}


def reference_range(obx: Segment) -> list[Element] | None:
    """OBX-7: its text, and its bounds where it plainly says them (`0.9-1.8`, `<5`, `>60`)."""
    text = obx[7].text
    if not text:
        return None
    unit, found = coded.unit(obx[6]), {}
    if between := re.fullmatch(rf"({_NUMBER})\s*-\s*({_NUMBER})", text, re.ASCII):
        found = {
            "low": {"value": Decimal(between[1]), **unit},
            "high": {"value": Decimal(between[2]), **unit},
        }
    elif beyond := re.fullmatch(rf"([<>])=?\s*({_NUMBER})", text, re.ASCII):
        found = {"high" if beyond[1] == "<" else "low": {"value": Decimal(beyond[2]), **unit}}
    return [{**found, "text": text}]


def interpretation(value: Value) -> Element | None:
    """OBX-8: a code of table 0078, which most of v3-ObservationInterpretation was made of."""
    code = value[1].code
    if not code:
        return None
    system = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
    if _INTERPRETED.fullmatch(code) is None:
        system = coded.V2.format("0078")
    return {"coding": [{"system": system, "code": code}]} | ({"text": value[2].text} if value[2] else {})
