"""The CTCAE grade of an adverse event, which R4 has no element for: an extension, written in several ways.

Source: decision 13; NCIt grades: clinical conventions §3.6.
"""

import re
from typing import Any, Final

from app.clinical.records import Coding, GradeChange
from app.fhir_mapping.datatypes import codings, concept_text, decimal, extension, meant, moment
from app.fhir_mapping.extensions import GRADE_CHANGE, GRADES
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document

NCIT: Final = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
NCIT_GRADES: Final = {"C41338": 1, "C41339": 2, "C41340": 3, "C41337": 4, "C48275": 5}
HIGHEST: Final = 5

_GRADE: Final = re.compile(r"(?:(?:grade|g)[\s-]*)?([0-5])", re.ASCII | re.IGNORECASE)


def grade(document: Document) -> int | None:
    """The CTCAE grade, from the first grade extension that says one."""
    sent = (extension(document, url) for url in GRADES)
    return next((read for one in sent if one is not None and (read := _grade(one)) is not None), None)


def changes(document: Document) -> tuple[GradeChange, ...]:
    """Each later grade of an event that went on, with the date from which it had it."""
    found = (one for one in document.get("extension", ()) if one.get("url") == GRADE_CHANGE)
    read = ((_grade(extension(one, "grade") or {}), extension(one, "date") or {}) for one in found)
    return tuple(
        GradeChange(changed, meant(moment(since.get("valueDateTime"))))
        for changed, since in read
        if changed is not None
    )


def scale(document: Document) -> str | None:
    """The version of the grading, as the coding of the grade or of the event says it."""
    sent = (extension(document, url) or {} for url in GRADES)
    concepts = [*(one.get("valueCodeableConcept") or {} for one in sent), document.get("event") or {}]
    said = (coding.get("version") for concept in concepts for coding in concept.get("coding", ()))
    return next((str(version) for version in said if version and "CTCAE" in str(version).upper()), None)


def grades(document: Document) -> tuple[int, ...]:
    """The CTCAE grade as a search finds it."""
    read = grade(document)
    return () if read is None else (read,)


def _grade(sent: dict[str, Any]) -> int | None:
    """A grade extension's value, however it is written."""
    if "valueInteger" in sent:
        return _in_range(str(sent["valueInteger"]))
    for name in ("valueCode", "valueString"):
        if name in sent:
            return NCIT_GRADES.get(sent[name], _in_range(sent[name]))
    if "valueQuantity" in sent:
        value = decimal(sent["valueQuantity"].get("value"))
        return int(value) if value is not None and value in range(HIGHEST + 1) else None
    if "valueCoding" in sent:
        return _of_codings(codings({"coding": [sent["valueCoding"]]}))
    concept = sent.get("valueCodeableConcept")
    coded = _of_codings(codings(concept))
    return coded if coded is not None else _in_range(concept_text(concept) or "")


def _of_codings(found: tuple[Coding, ...]) -> int | None:
    for coding in found:
        read = NCIT_GRADES.get(coding.code) if coding.system == NCIT else _in_range(coding.code)
        if read is not None:
            return read
    return None


def _in_range(text: str) -> int | None:
    match = _GRADE.fullmatch(text.strip())
    return int(match[1]) if match else None


def review(document: Document) -> tuple[Issue, ...]:
    """A grade that is not one is refused: it would pass for an event without a grade."""
    changed = [one for one in document.get("extension", ()) if one.get("url") == GRADE_CHANGE]
    return tuple(
        Issue(
            "value",
            "the grade cannot be read as a CTCAE grade 0 to 5: send valueInteger 3, valueCode 3, or an "
            "NCIt grade such as C41340",
            f"AdverseEvent.extension('{one['url']}')",
        )
        for one in document.get("extension", ())
        if one.get("url") in GRADES and _grade(one) is None
    ) + tuple(
        Issue(
            "value",
            "a change of grade has extensions `grade` (CTCAE 0 to 5) and `date` (valueDateTime)",
            f"AdverseEvent.extension('{GRADE_CHANGE}')",
        )
        for _ in range(len(changed) - len(changes(document)))
    )
