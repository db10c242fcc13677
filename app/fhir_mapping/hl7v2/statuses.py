"""OBX-11 and OBR-25: what each status of HL7 v2 is in FHIR. Every one is decided.

The mapping of HL7 leaves B, I, N, O, R, S, U and V open; docs/hl7v2.md says why each is what it is here.
Source: HL7 Version 2.8, tables 0085 and 0123; https://build.fhir.org/ig/HL7/v2-to-fhir.
"""

from collections.abc import Collection, Mapping

from app.fhir_mapping.hl7v2.er7 import Segment
from app.fhir_mapping.outcome import refusal

PROMOTION = "U"
"""Says that a result sent before as preliminary is final, and does not send it again."""

RESULT: Mapping[str, str] = {
    "A": "amended",
    "B": "amended",
    "C": "corrected",
    "D": "entered-in-error",
    "F": "final",
    "I": "registered",
    "N": "cancelled",
    "O": "registered",
    "P": "preliminary",
    "R": "registered",
    "S": "registered",
    "U": "final",
    "V": "final",
    "W": "entered-in-error",
    "X": "cancelled",
}
"""The FHIR status of each OBX-11 (table 0085)."""

ABSENT: Mapping[str, tuple[str, str | None]] = {
    "I": ("temp-unknown", None),
    "N": ("not-asked", None),
    "O": ("temp-unknown", None),
    "P": ("temp-unknown", None),
    "R": ("temp-unknown", None),
    "S": ("temp-unknown", None),
    "X": ("unknown", "the result cannot be obtained"),
}
"""Why there is no value, where there is none; for the others it is not known."""

REPORT: Mapping[str, str] = {
    "A": "partial",
    "C": "corrected",
    "F": "final",
    "I": "registered",
    "M": "corrected",
    "N": "registered",
    "O": "registered",
    "P": "preliminary",
    "R": "preliminary",
    "S": "registered",
    "X": "cancelled",
    "Y": "unknown",
    "Z": "unknown",
}
"""The FHIR status of each OBR-25 (table 0123)."""

_WITHOUT_VALUE = "registered"
_IN_ERROR = "entered-in-error"
_OPEN = {"registered", "preliminary"}


def result_status(obx: Segment, *, valued: bool) -> str:
    """The status of a result; Refusal where OBX-11 is empty or says nothing known.

    What is registered has no value yet (R4); one that brings a value, not verified, is preliminary.
    """
    said = obx[11].text
    if not said:
        raise refusal(422, "required", "OBX-11, the status of the result, is empty", obx.at(11))
    if said not in RESULT:
        text = f"OBX-11 must be one of {', '.join(RESULT)} (table 0085)"
        raise refusal(422, "code-invalid", text, obx.at(11))
    status = RESULT[said]
    return "preliminary" if status == _WITHOUT_VALUE and valued else status


def report_status(obr: Segment, results: Collection[str]) -> str:
    """The status of a report: OBR-25, and where it is empty what the statuses of its results come to."""
    said = obr[25].text
    if said:
        if said not in REPORT:
            text = f"OBR-25 must be one of {', '.join(REPORT)} (table 0123)"
            raise refusal(422, "code-invalid", text, obr.at(25))
        return REPORT[said]
    if not results or _OPEN & set(results):
        return "partial" if set(results) - _OPEN else "registered"
    if set(results) == {_IN_ERROR}:
        return _IN_ERROR
    return "corrected" if {"corrected", "amended"} & set(results) else "final"
