"""What in a document identifies a patient: the trial does not want it, and says where it stands.

Decision 34. Names, telecom, address, photo, contact and narrative of a Patient or RelatedPerson, and names,
telecom and addresses in their extensions; the display of a reference to one; the French INS and NIR numbers
anywhere. Professionals and organisations may be named.

Not found: a name in a note or in the narrative of another resource, which cannot be told from other words,
and a NIR without its control key, whose 13 digits cannot be told from other numbers.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from app.fhir_mapping.definitions import Definition, Element, definition
from app.fhir_mapping.outcome import Issue

_OF_PERSONS = {
    "Patient": ("name", "telecom", "address", "photo", "contact", "text"),
    "RelatedPerson": ("name", "telecom", "address", "photo", "text"),
}
_IN_THEIR_EXTENSIONS = ("valueHumanName", "valueContactPoint", "valueAddress", "valueContactDetail")
_MAIDEN_NAME = "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName"
_INS = re.compile(r"1\.2\.250\.1\.213\.1\.4\.(?:8|9|10|11)(?![0-9])")
_BETWEEN = r"[\s.\-/\u2010-\u2013]*"
_NIR = re.compile(
    r"([1-478])(?<![0-9A-Za-z].)(?<![0-9]\..)(?=@([0-9]{2})@(0[1-9]|1[0-2]|[2-9][0-9])@([0-9]{2}|2[ABab])"
    r"@([0-9]{3})@([0-9]{3})@([0-9]{2})(?![0-9A-Za-z]))".replace("@", _BETWEEN)
)
"""Written without blanks or with them, dots, hyphens or slashes between its parts; never within an OID."""
_CORSICA = {"2A": "19", "2B": "18"}
_KEY = 97

_INS_ROOT = b"1.2.250.1.213.1.4."
_FLAT = bytes.maketrans(b"123456789ABab", b"0" * 13)
_PASSED_OVER = b" .-/" + bytes(range(128, 256))
_NIR_LENGTH = b"0" * 15
_OF_ANOTHER = re.compile(
    rb'"reference"\s*:\s*"(?:[^"]*/)?(?:Practitioner|PractitionerRole|Organization|Location|Specimen|Encounter)/'
)
_HOLDER = 40
_HOLDERS = (b'"performer":', b'"performer" :', b'"recorder":')

Found = Iterator[Issue]


class _Within(NamedTuple):
    """The document an element stands in, and the type of the person it tells of: Patient, RelatedPerson."""

    root: dict[str, Any]
    person: str | None = None


def identifying(type_name: str, document: dict[str, Any], raw: bytes | None = None) -> tuple[Issue, ...]:
    """Everything in a valid document that identifies a patient, each with its place.

    `raw`, the bytes it was decoded from, lets a document that cannot hold any be passed in a glance.
    """
    if raw is not None and _surely_none(type_name, document, raw):
        return ()
    known = definition(type_name)
    if known is None:
        return ()
    return tuple(_object(known, document, type_name, _Within(document)))


def _surely_none(type_name: str, document: dict[str, Any], raw: bytes) -> bool:
    if type_name in _OF_PERSONS or "contained" in document or b"\\" in raw or _INS_ROOT in raw:
        return False
    if _NIR_LENGTH in raw.translate(_FLAT, _PASSED_OVER) and _holds_a_nir(raw.decode()):
        return False
    return _displays_name_no_person(raw)


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


def _holds_a_nir(text: str) -> bool:
    return any(_keyed(match) for match in _NIR.finditer(text))


def _object(known: Definition, value: dict[str, Any], path: str, within: _Within) -> Found:
    if known.resource:
        within = _Within(within.root, known.name if known.name in _OF_PERSONS else None)
        yield from _names_itself(known.name, value, path)
    if within.person is not None and known.name == "Extension":
        yield from _names_in_extension(within.person, value, path)
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
            yield _issue(f"a {kind} must come without {name}{why}", f"{path}.{name}")


def _names_in_extension(person: str, value: dict[str, Any], path: str) -> Found:
    for name in _IN_THEIR_EXTENSIONS:
        if name in value:
            yield _issue(f"an extension of a {person} must come without {name}", f"{path}.{name}")
    if value.get("url") == _MAIDEN_NAME:
        yield _issue(f"a {person} must come without the mother's maiden name", path)


def _value(element: Element, value: Any, path: str, within: _Within) -> Found:
    if isinstance(value, str):
        if _INS.search(value):
            yield _issue("a national health identity (INS) must not be sent", path)
        if _holds_a_nir(value):
            yield _issue("this reads as a social security number (NIR), which must not be sent", path)
    if not isinstance(value, dict):
        return
    kind = value.get("resourceType", "") if element.type == "Resource" else element.type
    inner = definition(kind) if isinstance(kind, str) else None
    if kind == "Reference" and "display" in value and _of_person(element, value, within.root):
        text = "a reference to a patient or relative must come without display, which would name the person"
        yield _issue(text, f"{path}.display")
    if inner is not None:
        yield from _object(inner, value, path, within)


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
    return [one for one in root.get("contained", ()) if isinstance(one, dict)]


def _keyed(match: re.Match[str]) -> bool:
    """Whether the last two digits are the control key of the thirteen before."""
    sex, year, month, department, town, order, key = match.groups()
    number = int(sex + year + month + _CORSICA.get(department.upper(), department) + town + order)
    return _KEY - number % _KEY == int(key)


def _issue(text: str, path: str) -> Issue:
    return Issue("business-rule", f"{text}: this trial takes no identifying data", path)
