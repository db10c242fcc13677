"""A result as an older system sends it: an ORU^R01 of HL7 v2, units unescaped as people do."""

from datetime import datetime
from typing import Final

from bench.feed.results import Result
from bench.feed.world import SUBJECTS

_STATUS: Final = {
    "registered": "R",
    "preliminary": "P",
    "final": "F",
    "corrected": "C",
    "amended": "A",
    "cancelled": "X",
    "entered-in-error": "D",
}


def message(result: Result, moment: int, number: str) -> bytes:
    """What is sent at that moment of a result's life; it is never sent at the time of the message itself."""
    said = result.content(moment)
    effective, issued = _time(said["effectiveDateTime"]), _time(said["issued"])
    quantity = said.get("valueQuantity", {})
    value, unit = (str(quantity["value"]), quantity["unit"]) if quantity else ("", "")
    authority = f"^^^&{SUBJECTS.removeprefix('urn:oid:')}&ISO"
    sender, kind = f"LABO|{result.hospital.name.upper()}", "ORU^R01^ORU_R01"
    lines = (
        f"MSH|^~\\&|{sender}|||20260101000000||{kind}|{number}|P|2.5|||||FRA|UNICODE UTF-8",
        f"PID|1||S{result.patient:04d}{authority}",
        f"OBR|1||{result.filler}|BIO^Biologie^L|||{effective}|||||||||||||||{issued}|||F",
        f"OBX|1|NM|{_code(result)}||{value}|{unit}|||||{_STATUS[said['status']]}|||{effective}",
    )
    return "".join(f"{line}\r" for line in lines).encode()


def _code(result: Result) -> str:
    local = f"{result.analyte.local}^libellé local^L"
    return f"{result.analyte.loinc}^^LN^{local}" if result.sends_loinc else local


def _time(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%Y%m%d%H%M%S%z")
