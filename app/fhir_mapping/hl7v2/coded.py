"""Codes of HL7 v2 (CE, CWE, CNE) as CodeableConcepts, each under the system its table is in FHIR.

Source: HL7 Version 2.8, chapter 2A, table 0396; https://terminology.hl7.org.
"""

import re
from typing import Any

from app.fhir_mapping.hl7v2.er7 import Value
from app.fhir_mapping.sender import Sender

Element = dict[str, Any]

V2 = "http://terminology.hl7.org/CodeSystem/v2-{}"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"

_KNOWN = {
    "LN": LOINC,
    "LOINC": LOINC,
    "SCT": "http://snomed.info/sct",
    "SNM3": "http://snomed.info/sct",
    "UCUM": UCUM,
    "I10": "http://hl7.org/fhir/sid/icd-10",
    "I9C": "http://hl7.org/fhir/sid/icd-9-cm",
}
_TABLE = re.compile(r"HL7(\d{4})", re.ASCII)
_STANDARD = re.compile(
    r"ANS\+|ATC|C4|C5|CCAM|CD2|CDCA|CIM10|CVX|E|E5|EUCLIDES|I9|I9CP|I10P|ICDO|ICD10|ISO\+?|ISBT|IUPC|IUPP|JC8|JC10"
    r"|JLAC10|MDC|NABM|NDC|NIC|RFR|SNM|SNT|UPC|WC"
)
"""Tables of everybody's that are not known here by a system: their codes are kept without one."""
_TEN_TO_THE = re.compile(r"\S*10", re.ASCII)
_POWER = re.compile(r"-?[0-9]{1,2}\b.*", re.ASCII | re.DOTALL)
_TRIPLETS = (1, 4, 10)
"""Where a code, its text and its system stand; the second alternate came with 2.7."""
_ORIGINAL_TEXT = 9


def concept(value: Value, sender: Sender) -> Element | None:
    """The codings and the text of a code; None where it says nothing."""
    codings = [coding for at in _TRIPLETS if (coding := _coding(value, at, sender))]
    text = next((said for at in (_ORIGINAL_TEXT, 2, 5) if (said := value[at].text)), None)
    local = next((one for one in codings if one.get("system") in sender.code_systems), None)
    if local is not None:
        local["userSelected"] = True
    found: Element = {"coding": codings} if codings else {}
    if text is not None:
        found["text"] = text
    return found or None


def chosen(concept: Element) -> str:
    """The code a concept is told by: the sender's own where it sent one, else the first; else its text."""
    codings = concept.get("coding", ())
    own = next((one["code"] for one in codings if "userSelected" in one), None)
    first = next((one["code"] for one in codings), None)
    return str(own or first or concept["text"])


def system(table: str, sender: Sender) -> str | None:
    """The code system a name of table 0396 means; any that is not everybody's is the sender's own.

    A name that ends one of the sender's code systems means that one, others the first, if there is one.
    """
    if table in _KNOWN:
        return _KNOWN[table]
    if match := _TABLE.fullmatch(table):
        return V2.format(match[1])
    ends = ("/" + table, ":" + table)
    named = [own for own in sender.code_systems if table and own.endswith(ends)]
    if _STANDARD.fullmatch(table) is None:
        named += sender.code_systems
    return next(iter(named), None)


def of_table(value: Value, table: str) -> Element | None:
    """A code of an HL7 table, where the field names none itself."""
    if not value[1]:
        return None
    return {"coding": [{"system": V2.format(table), "code": value[1].code}]}


def unit(value: Value) -> Element:
    """How a quantity's unit is written: with a code only where the sender says that it is UCUM's.

    `10^9/L`, whose `^` should have been escaped, is read as it is meant: a unit `10` there is not.
    """
    if _TEN_TO_THE.fullmatch(value[1].text) and _POWER.fullmatch(value[2].text):
        value = value.with_first_two_joined()
    written = value[1].text or value[2].text
    found: Element = {"unit": written} if written else {}
    ucum = next((value[at].code for at in (1, 4) if value[at + 2].text == "UCUM" and value[at]), None)
    if ucum is not None:
        found |= {"system": UCUM, "code": ucum}
    return found


def _coding(value: Value, at: int, sender: Sender) -> Element | None:
    code, text = value[at].code, value[at + 1].text
    if not code:
        return None
    found: Element = {}
    known = system(value[at + 2].text, sender)
    if known is not None:
        found["system"] = known
    found["code"] = code
    if text:
        found["display"] = text
    return found
