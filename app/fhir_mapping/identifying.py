"""What in a document identifies a patient: the trial does not want it, and says where it stands.

Decision 34. Names, telecom, address, photo, contact and narrative of a Patient or RelatedPerson, and names,
telecom and addresses in their extensions; the display of a reference to one; the French INS and NIR numbers
anywhere; where the deployment wants years alone, dates of birth (trial-domain.md §4, MR-001). Professionals
and organisations may be named.

Not found: a name in a note or in the narrative of another resource, which cannot be told from other words;
what is inside base64; a national number that `national_numbers` cannot tell from others.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.fhir_mapping import national_numbers
from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.outcome import Issue

_OF_PERSONS = {
    "Patient": ("name", "telecom", "address", "photo", "contact", "text"),
    "RelatedPerson": ("name", "telecom", "address", "photo", "text"),
}
_IN_THEIR_EXTENSIONS = ("valueHumanName", "valueContactPoint", "valueAddress", "valueContactDetail")
_HOLDING_OTHERS = ("Bundle", "Parameters")
_MAIDEN_NAME = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_BIRTH_DATE = "21112-8"
"""LOINC: birth date, as an Observation may tell it."""
_YEAR = 4
"""Characters of a date that gives the year alone."""

_OF_ANOTHER = re.compile(
    rb'"reference"\s*:\s*"(?:[^"]*/)?(?:Practitioner|PractitionerRole|Organization|Location|Specimen|Encounter)/'
)
_HOLDER = 40
_HOLDERS = (b'"performer":', b'"performer" :', b'"recorder":')

Found = Iterator["Trait"]


class Trait(NamedTuple):
    """One thing that identifies a patient.

    `cut` is what to leave out so that it is not said any more, None where that would not be safe; with
    `year` it is a date, of which the year may stay.
    """

    issue: Issue
    cut: str | None = None
    year: bool = False


class _Within(NamedTuple):
    """The resource an element stands in, whether years alone may be told of births, and the type of person.

    `person` is the one it tells of: Patient, RelatedPerson.
    """

    root: dict[str, Any]
    years: bool
    person: str | None = None


def identifying(
    type_name: str, document: dict[str, Any], raw: bytes | None = None, *, years: bool = False
) -> tuple[Issue, ...]:
    """Everything in a valid document that identifies a patient, each with its place.

    `raw`, the bytes it was decoded from, lets a document that cannot hold any be passed in a glance.
    `years` says that of a birth only the year may be told.
    """
    found = traits(type_name, document, raw, years=years)
    return tuple(trait.issue for trait in found) if found else ()


def traits(
    type_name: str, document: dict[str, Any], raw: bytes | None = None, *, years: bool = False
) -> tuple[Trait, ...]:
    """The same, each with what would have to be left out."""
    if raw is not None and _surely_none(type_name, document, raw, years=years):
        return ()
    known = definition(type_name)
    if known is None:
        return ()
    return tuple(_object(known, document, type_name, _Within(document, years)))


def _surely_none(type_name: str, document: dict[str, Any], raw: bytes, *, years: bool) -> bool:
    if type_name in _OF_PERSONS or "contained" in document or "text" in document or b"\\" in raw:
        return False
    if years and _BIRTH_DATE.encode() in raw:
        return False
    if type_name in _HOLDING_OTHERS and any(b'"%b"' % person.encode() in raw for person in _OF_PERSONS):
        return False
    untold = national_numbers.surely_untold(raw) and national_numbers.surely_undeclared(document, raw)
    return untold and _displays_name_no_person(raw)


def _displays_name_no_person(raw: bytes) -> bool:
    """Whether each display stands plainly in a Coding, or in a reference to another than a person."""
    at = raw.find(b'"display"')
    while at >= 0:
        start, end = raw.rfind(b"{", 0, at), raw.find(b"}", at)
        around = raw[start:end]
        if b"}" in raw[start:at] or b"{" in raw[at:end]:
            return False
        of_coding = b'"code"' in around or b'"system"' in around or b'"version"' in around
        if not of_coding and _OF_ANOTHER.search(around) is None:
            holder = raw[max(0, start - _HOLDER) : start].rstrip(b" \t\r\n[")
            if b'"reference"' in around or not holder.endswith(_HOLDERS):
                return False
        at = raw.find(b'"display"', end)
    return True


def _object(known: Definition, value: dict[str, Any], path: str, within: _Within) -> Found:
    if known.resource:
        root = within.root if ".contained[" in path else value
        within = _Within(root, within.years, known.name if known.name in _OF_PERSONS else None)
        yield from _names_itself(known.name, value, path)
    if within.person is not None and known.name == "Extension":
        yield from _names_in_extension(within.person, value, path)
    if within.years:
        yield from _born(known.name, value, path)
    for name, inner in value.items():
        element, plain = known.elements.get(name), known.elements.get(name.removeprefix("_"))
        for number, one in enumerate(inner) if isinstance(inner, list) else ((None, inner),):
            index = f"[{number}]" if number is not None else ""
            if element is not None:
                yield from _value(element, one, f"{path}.{name}{index}", within)
            elif plain is not None and isinstance(one, dict):
                yield from _object(_beside_primitives(), one, f"{path}.{plain.name}{index}", within)


def _beside_primitives() -> Definition:
    """What stands in `_birthDate` beside `birthDate`: its id and extensions."""
    known = definition("Element")
    assert known is not None  # noqa: S101 - every R4 file has it
    return known


def _names_itself(kind: str, value: dict[str, Any], path: str) -> Found:
    for name in _OF_PERSONS.get(kind, ()):
        if name in value:
            why = ", the narrative, which may name the person" if name == "text" else ""
            yield _trait(f"a {kind} must come without {name}{why}", f"{path}.{name}")


def _names_in_extension(person: str, value: dict[str, Any], path: str) -> Found:
    for name in _IN_THEIR_EXTENSIONS:
        if name in value:
            text = f"an extension of a {person} must come without {name}"
            yield _trait(text, f"{path}.{name}", cut=path)
    if value.get("url") == _MAIDEN_NAME:
        yield _trait(f"a {person} must come without the mother's maiden name", path)


def _born(kind: str, value: dict[str, Any], path: str) -> Found:
    """A birth that is told by more than its year."""
    text = "of a birth only the year may be told, such as 1987"
    if kind in _OF_PERSONS and _is_closer(value.get("birthDate")):
        yield _trait(text, f"{path}.birthDate", year=True)
    if kind == "Extension" and value.get("url") == _BIRTH_TIME:
        yield _trait(text, path)
    observed = kind.startswith("Observation") and _is_closer(value.get("valueDateTime"))
    if observed and _is_of_birth(value.get("code")):
        yield _trait(text, f"{path}.valueDateTime", year=True)


def _is_closer(date: Any) -> bool:
    """Whether a date tells more than its year."""
    return isinstance(date, str) and len(date) > _YEAR


def _is_of_birth(code: Any) -> bool:
    codings = code.get("coding") if isinstance(code, dict) else None
    listed = codings if isinstance(codings, list) else []
    return any(one.get("code") == _BIRTH_DATE for one in listed if isinstance(one, dict))


def _value(element: Element, value: Any, path: str, within: _Within) -> Found:
    if isinstance(value, str) and element.type != "base64Binary":
        narrated = element.type == "xhtml"
        told = (national_numbers.is_told_in_narrative if narrated else national_numbers.is_told)(value)
        if told is not None:
            yield Trait(_issue(told, path))
    if not isinstance(value, dict):
        return
    kind = value.get("resourceType", "") if element.type == "Resource" else element.type
    inner = definition(kind) if isinstance(kind, str) else None
    if kind == "Reference" and "display" in value and _of_person(element, value, within.root):
        text = "a reference to a patient or relative must come without display, which would name the person"
        yield _trait(text, f"{path}.display")
    if inner is None:
        return
    if kind == "Identifier":
        yield from _identifier(inner, value, path, within)
    else:
        yield from _object(inner, value, path, within)


def _identifier(known: Definition, value: dict[str, Any], path: str, within: _Within) -> Found:
    """An Identifier is left out whole: a part of it would say nothing, or too much still."""
    found = [trait._replace(cut=path) for trait in _object(known, value, path, within)]
    if not found and national_numbers.is_declared(value):
        text = "this says that it is a national number of a person (INS, NIR), which must not be sent"
        yield _trait(text, path)
    yield from found


def _of_person(element: Element, reference: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a reference is to a patient or relative; where it does not say, whether it is meant to be."""
    said = f"{reference.get('type', '')} {reference.get('reference', '')}"
    if re.search(r"\b(?:Patient|RelatedPerson)\b", said):
        return True
    local = next((one for one in _contained(root) if reference.get("reference") == f"#{one.get('id')}"), None)
    if local is not None:
        return local.get("resourceType") in _OF_PERSONS
    if re.search(r"(?:^| |/)[A-Z][A-Za-z]+(?:$| |/|\?)", said):
        return False
    professionals = {"Practitioner", "PractitionerRole", "Organization"} & set(element.targets)
    meant = element.name in ("subject", "patient") or not professionals
    return meant and not _OF_PERSONS.keys().isdisjoint(element.targets)


def _contained(root: dict[str, Any]) -> list[dict[str, Any]]:
    listed = root.get("contained")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _trait(text: str, path: str, *, cut: str | None = None, year: bool = False) -> Trait:
    """Something that may be left out where it stands."""
    return Trait(_issue(text, path), cut or path, year)


def _issue(text: str, path: str) -> Issue:
    return Issue("business-rule", f"{text}: this trial takes no identifying data", path)
