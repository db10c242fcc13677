"""A pushed Observation in LOINC and UCUM: what the sender's dictionary knows is added, the unknown said.

| sent | stored |
|---|---|
| a LOINC code | as sent; where its check digit does not fit it waits like an unknown code |
| local codes, one of which the dictionary knows | a LOINC coding added after them, with `mapped-by` |
| only codes nobody knows | as sent, tagged `unmapped-code`: it waits, and no answer rests on it |
| a unit our tables know for the analyte | as sent |
| a unit the dictionary knows, of the right dimension | a UCUM code beside the sent unit, with `mapped-by` |
| another unit of an analyte whose unit is needed | as sent, tagged `unmapped-unit`: it waits |

Every other byte stays as sent. What was translated before is translated anew from what was sent, and is the
very same where the dictionary says the same of it.
Source: trial-domain §3.3, §3.4.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from app.clinical.records import Coding
from app.fhir_mapping import codec, loinc
from app.fhir_mapping.content import (
    Element,
    as_sent,
    measured,
    with_items,
    with_member,
    without_versions,
)
from app.fhir_mapping.datatypes import codings
from app.fhir_mapping.dictionary import Dictionary, Meaning
from app.fhir_mapping.extensions import LAB_PUSH, MAPPED_BY, SENT_CODE
from app.fhir_mapping.identity import key
from app.fhir_mapping.loinc import LOINC
from app.fhir_mapping.observed import said
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.patching import written
from app.fhir_mapping.plausibility import query
from app.fhir_mapping.public_codes import is_understood
from app.fhir_mapping.push import UNMAPPED_CODE, UNMAPPED_UNIT, Awaited
from app.fhir_mapping.resource import Document
from app.fhir_mapping.ucum import is_unit
from app.fhir_mapping.units import UCUM, Analyte, analyte, is_convertible, written_unit
from app.fhir_mapping.wording import shown

_LONGEST: Final = 200
_UNIT_LIKE: Final = re.compile(r"[^\n\"'<>]{1,32}")

_TAGS: Final = {"code": UNMAPPED_CODE, "unit": UNMAPPED_UNIT}
_UNITLESS: Final = ("1", "{titer}")
"""What may stand without a unit."""


@dataclass(frozen=True, slots=True)
class Translated:
    """A pushed resource as it is to be stored, what it waits for, and what the sender is to be told."""

    raw: bytes
    document: Document
    awaited: tuple[Awaited, ...] = ()
    warnings: tuple[Issue, ...] = ()


@dataclass(slots=True)
class _Work:
    """What is being translated: `taken` are the codes no further part of it may be given (obs-7)."""

    dictionary: Dictionary
    taken: tuple[Coding, ...] = ()
    awaited: dict[Awaited, None] = field(default_factory=dict)
    warnings: list[Issue] = field(default_factory=list)

    def await_(self, kind: Literal["code", "unit"], texts: Iterable[tuple[str, str]], why: str) -> None:
        """Remember what is missing, by any name a map may know it by, and say it once."""
        new = dict.fromkeys(Awaited(kind, key(system), text[:_LONGEST]) for system, text in texts)
        if not new.keys() <= self.awaited.keys():
            self.awaited |= new
            text = f"{why}: it is kept as sent and waits until a map knows it, and no answer rests on it"
            self.warnings.append(Issue("code-invalid", text, "Observation", "warning"))


def translated(raw: bytes, document: Document, dictionary: Dictionary) -> Translated:
    """The resource with everything added that the sender's dictionary knows of it."""
    if document.get("resourceType") != "Observation":
        return Translated(raw, document)
    work = _Work(dictionary)
    sent = as_sent(document)
    after = _tagged(_observation(work, sent), work)
    awaited, warnings = tuple(work.awaited), tuple(work.warnings)
    translated_before = sent is not document
    if after is document or (translated_before and without_versions(after) == without_versions(document)):
        return Translated(raw, document, awaited, warnings)
    return Translated(_rewritten(raw, document, after), after, awaited, warnings)


def _rewritten(raw: bytes, before: Document, after: Document) -> bytes:
    """The resource with only what became another object written anew."""
    sent = codec.members(raw)
    for name, value in after.items():
        if name not in sent:
            sent[name] = codec.write(value)
        elif before[name] is not value:
            sent[name] = written(sent[name], before[name], after=value)
    return codec.joined({name: sent[name] for name in after})


def _observation(work: _Work, document: Document) -> Document:
    """Itself and its components; where it has a value, no component may come to bear its code."""
    has_value = any(name.startswith("value") for name in document)
    if has_value:
        work.taken = tuple(one for part in document.get("component", ()) for one in codings(part["code"]))
    document = _element(work, document)
    work.taken = codings(document["code"]) if has_value else ()
    return with_items(document, "component", partial(_element, work))


def _element(work: _Work, element: Element) -> Element:
    """The Observation or one of its components, translated."""
    element = with_member(element, "code", partial(_concept, work, element))
    own = codings(element.get("code"))
    known = analyte(own)
    element = measured(element, partial(_quantity, work, known))
    doubt = said(element, own).get("doubt") if known is not None else None
    if doubt is not None:
        work.warnings.append(query(doubt, "resourceType" in element))
    if known is not None and known.canonical not in _UNITLESS and _lacks_a_unit(element):
        text = f"the value came without a unit: it is kept, and no answer rests on it; send {known.canonical}"
        work.warnings.append(Issue("incomplete", text, "Observation", "warning"))
    return element


def _lacks_a_unit(element: Element) -> bool:
    quantity = element.get("valueQuantity", {})
    return "value" in quantity and written_unit(quantity) is None


def _concept(work: _Work, element: Element, concept: Element) -> Element:
    _check_digits(work, concept)
    if is_understood(codings(concept)):
        return concept
    meaning = next(filter(None, map(work.dictionary.code, concept.get("coding", ()))), None)
    if meaning is not None and Coding(LOINC, meaning.code) not in work.taken:
        return {**concept, "coding": [*concept["coding"], _coding(meaning)]}
    if _says_something(element):
        _await_code(work, concept)
    return concept


def _says_something(element: Element) -> bool:
    """Whether it is more than a heading over its components and members."""
    holds = "component" in element or "hasMember" in element
    return not holds or any(name.startswith("value") for name in element)


def _await_code(work: _Work, concept: Element) -> None:
    found = [(one.system, one.code) for one in codings(concept)]
    if not found:
        work.await_("code", [("", str(concept.get("text", "")))], "the result has no code, only a text")
        return
    own = [one for one in found if one[0] != LOINC] or found
    if not work.dictionary.disputed.isdisjoint(own):
        why = "two maps disagree about"
    elif not work.dictionary.codes.keys().isdisjoint(own):
        why = "another part of the result bears the LOINC code that the map gives for"
    else:
        why = "no map knows"
    work.await_("code", own, f"{why} the code {shown(own[0][1], 'sent')}")


def _check_digits(work: _Work, concept: Element) -> None:
    for coding in codings(concept):
        if coding.system == LOINC and not loinc.is_possible(coding.code):
            text = f"{shown(coding.code, 'this')} is no LOINC code: its check digit does not fit; correct it"
            work.warnings.append(Issue("code-invalid", text, "Observation.code", "warning"))


def _coding(meaning: Meaning) -> Element:
    said = {} if meaning.display is None else {"display": meaning.display}
    return {"extension": [_mark(meaning)], "system": LOINC, "code": meaning.code, **said}


def _mark(meaning: Meaning) -> Element:
    return {"url": MAPPED_BY, "valueCanonical": meaning.said_by}


def _quantity(work: _Work, known: Analyte | None, quantity: Element) -> Element:
    """The Quantity, with a UCUM code beside its unit where the unit is the sender's own."""
    if _is_fine(known, quantity):
        return quantity
    texts = [quantity[name] for name in ("code", "unit") if quantity.get(name)]
    meaning = next((one for text in texts if (one := work.dictionary.units.get(text))), None)
    if meaning is not None and (known is None or is_convertible(known, meaning.code)):
        return _in_ucum(quantity, meaning)
    if known is not None:
        _await_unit(work, known, quantity, of_map=meaning is not None)
    return quantity


def _is_fine(known: Analyte | None, quantity: Element) -> bool:
    """Whether there is nothing to say of its unit, or nobody needs it."""
    if "value" not in quantity or written_unit(quantity) is None:
        return True
    if known is None:
        return quantity.get("system") == UCUM and is_unit(quantity.get("code", ""))
    return is_convertible(known, quantity.get("code"), quantity.get("unit"), system=quantity.get("system"))


def _await_unit(work: _Work, known: Analyte, quantity: Element, *, of_map: bool) -> None:
    unit, system = written_unit(quantity) or "", work.dictionary.unit_system
    texts = [(system, quantity[name]) for name in ("code", "unit") if quantity.get(name)]
    said = unit if _UNIT_LIKE.fullmatch(unit) else "sent"
    if of_map:
        why = f"the map of the unit {said} gives one that is no unit of this analyte ({known.canonical})"
    elif not work.dictionary.disputed.isdisjoint(texts):
        why = f"two maps disagree about the unit {said}"
    else:
        why = f"the unit {said} is not known for this analyte, which is compared in {known.canonical}"
    work.await_("unit", texts, why)


def _in_ucum(quantity: Element, meaning: Meaning) -> Element:
    """The Quantity with UCUM's code, and what stood in its place."""
    sent = {name: quantity[name] for name in ("system", "code") if name in quantity}
    marks = [_mark(meaning), *([{"url": SENT_CODE, "valueCoding": sent}] if sent else [])]
    own = quantity.get("extension", ())
    return {**quantity, "system": UCUM, "code": meaning.code, "extension": [*own, *marks]}


def _tagged(document: Document, work: _Work) -> Document:
    """The document with a tag for each kind of thing it waits for."""
    kinds = dict.fromkeys(one.kind for one in work.awaited)
    if not kinds:
        return document
    meta = document.get("meta", {})
    tags = [*meta.get("tag", ()), *({"system": LAB_PUSH, "code": _TAGS[kind]} for kind in sorted(kinds))]
    return {**document, "meta": {**meta, "tag": tags}}
