"""Events of the trail as rows a person can open: when, who, what, which version, why, with what outcome."""

from typing import Final

from app.fhir_mapping.audit_event import PERSON, WHY
from app.fhir_mapping.audit_told import told
from app.fhir_mapping.csv_text import lines
from app.fhir_mapping.resource import Document

COLUMNS: Final = (
    *("recorded", "who", "role", "address", "purpose", "action", "interaction", "outcome", "patients"),
    *("versions", "query", "why", "event", "study", "committer", "number", "previous", "hash"),
)
_OUTCOMES: Final = {"0": "done", "4": "refused", "8": "failed"}
_BETWEEN = " "
"""Between several patients or versions in one cell: no id has a blank."""


def head() -> bytes:
    """The names of the columns."""
    return lines([COLUMNS])


def row(event: Document, *, previous: bytes, hashed: bytes) -> bytes:
    """An event as a line; the hashes are what the trail keeps beside it."""
    said, agent = told(event), event["agent"][0]
    entities = [one for one in event["entity"] if "reference" in one.get("what", {})]
    references = [(one, one["what"]["reference"]) for one in entities]
    patients = (name.split("/")[1] for one, name in references if one["type"].get("code") == PERSON)
    details = (each for one, _ in references for each in one.get("detail", ()))
    reasons = dict.fromkeys(each["valueString"] for each in details if each["type"] == WHY)
    purposes = (coding for one in event.get("purposeOfEvent", ()) for coding in one["coding"])
    cells = (
        *(said.recorded, agent["altId"], agent["role"][0]["coding"][0]["code"]),
        agent.get("network", {}).get("address", ""),
        _BETWEEN.join(one["code"] for one in purposes),
        *(said.action, said.interaction, _OUTCOMES[said.outcome]),
        _BETWEEN.join(dict.fromkeys(patients)),
        _BETWEEN.join(name for one, name in references if "lifecycle" in one),
        *(said.query, "; ".join(reasons), event["id"]),
        *(said.study, said.committer, said.number, previous.hex(), hashed.hex()),
    )
    return lines([cells])
