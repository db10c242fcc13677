"""A resource as an analyst gets it: who the patient is cannot be read from it any more.

Left out, by what R4 says each element is: narrative, annotations, names, telecom, addresses, attachments,
signatures, and every free text; where a record came from (meta.source) and addresses in extensions; every
identifier but a ResearchSubject's and a ResearchStudy's own; what is contained, but for medications. A birth
date becomes its year. Dates, codes, numbers and ids stay. What must be there or means something by being
there, and was free text, is said to be masked.
"""

from typing import Any, Final

from app.fhir_mapping import codec
from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.resource import Document

LEFT_OUT: Final = frozenset(
    {
        *("Narrative", "Annotation", "HumanName", "ContactPoint", "ContactDetail", "Address"),
        *("Attachment", "Signature", "markdown", "xhtml", "base64Binary"),
    }
)
"""The types of R4 that hold people's names or words."""

KEPT_TEXT: Final = frozenset(
    {"unit", "version", "reference", "lotNumber", "assignedArm", "actualArm", "ResearchStudy.arm.name"}
    | {"ResearchStudy.title", "Identifier.value"}
)
"""The texts that are no one's words: they name a unit, a version, an arm."""

NAMED: Final = frozenset({"ResearchSubject", "ResearchStudy"})
"""Whose own identifiers stay: the pseudonyms, and the registry numbers; never those of what they refer to."""

ADDRESSES: Final = frozenset({"Meta.source", "Extension.valueUri", "Extension.valueUrl"})
"""The addresses that lead to a source, and may hold its number of the patient."""

STAYS: Final = {
    "identifier": "stays in ResearchSubject (the number in the trial) and ResearchStudy (registry numbers)"
    " alone; left out of every reference, and of every other resource: a patient number leads to the patient,"
    " and so does a laboratory's accession number, by way of the laboratory",
    "id": "stays, and so do references to it, so that the files can be joined",
    "display, text, note": "left out, like all free text; a value that was text is said to be masked",
    "birthDate": "the year alone stays; other dates stay as they were recorded",
    "batch.lotNumber": "stays: it names the product that was given, and says nothing of who got it",
    "meta.source": "left out: it may be an address within a hospital's system",
    "contained": "medications stay; of anything else only that it is there",
    "extension": "codes, numbers, dates and references stay; words, addresses, names and identifiers do not",
}
"""What the dictionary of an export says of the resources in it, element by element."""

MASKED: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]
}


def pseudonymous(document: Document) -> bytes:
    """The document without what identifies the patient."""
    return codec.write(_resource(document))


def _resource(document: Document) -> Document:
    known = definition(document["resourceType"])
    assert known is not None  # noqa: S101 - it was checked before it was stored
    return {"resourceType": document["resourceType"]} | _object(known, document)


def _object(known: Definition, value: Document) -> Document:
    """The members that may stay."""
    kept: Document = {}
    for name, inner in value.items():
        element = known.elements.get(name)
        if element is None:
            continue  # resourceType, and what stands beside a primitive, such as `_birthDate`
        if isinstance(inner, list):
            stays = [one for one in (_value(known, element, item) for item in inner) if one is not None]
            if stays:
                kept[name] = stays
        else:
            one = _value(known, element, inner)
            if one is not None:
                kept[name] = one
    return _meant(known, value, kept)


def _value(known: Definition, element: Element, value: Any) -> Any:
    """What stays of one value; None where nothing does."""
    if _identifies(known, element):
        return None
    if element.type == "Resource":
        return _contained(value)
    if element.type == "string":
        named = {element.name, f"{known.name}.{element.name}"}
        return value if named & KEPT_TEXT else None
    if element.name == "birthDate":
        return value[:4]
    inner = definition(element.type)
    if inner is None or not isinstance(value, dict):
        return value
    return _object(inner, value) or None


def _identifies(known: Definition, element: Element) -> bool:
    """Whether what stands there may say who the patient is, whatever it is."""
    foreign = element.type == "Identifier" and known.name not in NAMED
    return foreign or element.type in LEFT_OUT or f"{known.name}.{element.name}" in ADDRESSES


def _contained(value: Document) -> Document | None:
    """A medication, which says what was given; of others only that they are there."""
    kind = value["resourceType"]
    return _resource(value) if kind == "Medication" else {"resourceType": kind, "id": value.get("id", "")}


def _meant(known: Definition, before: Document, kept: Document) -> Document:
    """What is left, with a mask where something must be said, or nothing where nothing is left to say."""
    if known.name == "CodeableConcept" and "coding" not in kept:
        return dict(MASKED)
    if known.name == "Extension" and not kept.keys() - {"url", "id"}:
        return {}
    if known.name in {"Observation", "Observation.component"} and "valueString" in before:
        kept.pop("dataAbsentReason", None)
        return kept | {"dataAbsentReason": dict(MASKED)}
    return kept
