"""The corpus of requests that cannot be carried out: files in which each case is a request and its answer.

    [[case]]
    name = "a trailing comma"
    send = "POST Observation"               # below the FHIR base
    headers = { If-Match = 'W/"1"' }
    body = '{"resourceType":"Observation",}'
    status = 400
    issues = [["structure", "Observation", "line 1"]]

An issue is its code, its expression and a phrase its diagnostics hold; all issues are listed, in order.
Instead of `body`, `of` names a document of GOOD, `with` its members that are changed and `without` those
left out. `<<text * 200>>` stands for the text repeated. `entry` is the entry of the Bundle that is
refused: of a transaction all the issues lie in it, in a batch its own status is `entry_status`.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from app.fhir_mapping import codec

HERE = Path(__file__).parent
FHIR_JSON = "application/fhir+json"
MARK = "Zaphod Beeblebrox"
"""What stands in the corpus for the words of a patient: no answer may bring it back."""

GOOD: dict[str, dict[str, Any]] = {
    "Observation": {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
    },
    "Patient": {"resourceType": "Patient", "gender": "female"},
    "AdverseEvent": {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "subject": {"reference": "Patient/corpus-1"},
    },
    "ResearchSubject": {
        "resourceType": "ResearchSubject",
        "status": "candidate",
        "study": {"reference": "ResearchStudy/corpus"},
        "individual": {"reference": "Patient/corpus-1"},
    },
    "MedicationAdministration": {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": {"text": "cells"},
        "subject": {"reference": "Patient/corpus-1"},
        "effectiveDateTime": "2021-03-01",
    },
    "MedicationStatement": {
        "resourceType": "MedicationStatement",
        "status": "active",
        "medicationCodeableConcept": {"text": "prednisone"},
        "subject": {"reference": "Patient/corpus-1"},
    },
    "Condition": {
        "resourceType": "Condition",
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        },
        "subject": {"reference": "Patient/corpus-1"},
    },
    "Procedure": {
        "resourceType": "Procedure",
        "status": "completed",
        "subject": {"reference": "Patient/corpus-1"},
    },
    "Consent": {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"text": "research"},
        "category": [{"text": "consent to research"}],
        "patient": {"reference": "Patient/corpus-1"},
        "policyRule": {"text": "version 3.0"},
    },
    "ResearchStudy": {"resourceType": "ResearchStudy", "status": "active"},
}

_TWINS = [{"system": "urn:corpus", "value": "twins"}]
WORLD: tuple[dict[str, Any], ...] = (
    {"resourceType": "Patient", "id": "corpus-1", "gender": "female", "identifier": _TWINS},
    {"resourceType": "Patient", "id": "corpus-2", "gender": "female", "identifier": _TWINS},
    GOOD["ResearchStudy"] | {"id": "corpus", "arm": [{"name": "2 million cells per kg"}]},
    GOOD["ResearchSubject"] | {"id": "corpus"},
    GOOD["Observation"] | {"id": "corpus", "valueInteger": 1, "subject": {"reference": "Patient/corpus-1"}},
    GOOD["Observation"] | {"id": "corpus-deleted"},
)
"""What is there before the requests of the corpus are sent; the last is deleted again."""

_REPEATED = re.compile(r"<<(.+?) \* (\d+)>>")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One request, and the answer it gets."""

    name: str
    send: str
    status: int
    issues: list[tuple[str, str, str]]
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    entry: int | None = None
    entry_status: str | None = None

    @property
    def address(self) -> str:
        """Where it is sent."""
        return f"/fhir/{_unfolded(self.send.partition(' ')[2])}".removesuffix("/")

    def carried_out(self, http: httpx.Client) -> httpx.Response:
        """The answer it gets."""
        kind = {} if self.body is None else {"Content-Type": FHIR_JSON}
        raw = None if self.body is None else _unfolded(self.body).encode()
        method = self.send.partition(" ")[0]
        return http.request(method, self.address, content=raw, headers=kind | self.headers)


def _unfolded(text: str) -> str:
    """The text with every repetition in it carried out."""
    return _REPEATED.sub(lambda found: found[1] * int(found[2]), text)


def cases() -> list[Case]:
    """Every case of the corpus; its name says in which file it stands."""
    found = []
    for path in sorted(HERE.glob("*.toml")):
        for one in tomllib.loads(path.read_text("utf-8"))["case"]:
            body = one.pop("body") if "body" in one else _changed(one)
            issues = [(code, where, says) for code, where, says in one.pop("issues")]
            found.append(
                Case(**one | {"name": f"{path.stem}: {one['name']}", "body": body, "issues": issues})
            )
    return found


def _changed(one: dict[str, Any]) -> str | None:
    """A good document with what is wrong in this case."""
    of, changes, left_out = one.pop("of", None), one.pop("with", "{}"), one.pop("without", [])
    if of is None:
        return None
    document = {name: value for name, value in GOOD[of].items() if name not in left_out}
    return codec.write(document | codec.read(changes.encode())).decode()
