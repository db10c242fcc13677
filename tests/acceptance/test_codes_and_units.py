"""A hospital's own codes and units over HTTP: accepted, waited for, mapped when the map comes, never resent.

Against real servers, on SQLite and on PostgreSQL.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.lupus import Json, ask, enrol, infusion, values
from tests.pushes import CODES, LABORATORY, NUMBERS, registered
from tests.servers import Server

TAGS = "https://trialbridge.example/fhir/CodeSystem/lab-push"
UNITS = LABORATORY.unit_system


@pytest.fixture(scope="module")
def hospital(server: Server) -> Iterator[httpx.Client]:
    """The engine of a registered laboratory."""
    registered(server.database_url)
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def pushed(subject: Any, number: str, code: str, **quantity: Any) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": NUMBERS, "value": number}],
        "status": "final",
        "code": {"coding": [{"system": CODES, "code": code}]},
        "subject": {"reference": subject},
        "effectiveDateTime": "2021-03-10",
        "issued": "2021-03-10T10:00:00Z",
        "valueQuantity": quantity,
    }


def concept_map(name: str, source: str | None, target: str, said: dict[str, str]) -> Json:
    elements = [
        {"code": code, "target": [{"code": other, "equivalence": "equivalent"}]}
        for code, other in said.items()
    ]
    return {
        "resourceType": "ConceptMap",
        "id": name,
        "url": f"https://laboratory.example/fhir/ConceptMap/{name}",
        "status": "active",
        "group": [{"source": source, "target": target, "element": elements}],
    }


def until(look: Callable[[], bool]) -> None:
    """Wait for what the server does by itself."""
    for _ in range(100):
        if look():
            return
        time.sleep(0.1)
    raise AssertionError("it did not come about")


def tags(document: Json) -> list[str]:
    return sorted(tag["code"] for tag in document["meta"].get("tag", ()) if tag["system"] == TAGS)


def test_what_no_map_knows_is_kept_told_and_left_out_until_the_map_grows(hospital: httpx.Client) -> None:
    enrolled = enrol(hospital, infusion=infusion())
    patient = hospital.get(f"/fhir/ResearchSubject/{enrolled.id}").json()["individual"]["reference"]
    sent = pushed(patient, "grows-1", "PLQ-X", value=212, unit="milliards/l")

    answer = hospital.post("/fhir/Observation", json=sent, headers={"prefer": "return=OperationOutcome"})
    assert answer.status_code == 201, answer.text
    assert "PLQ-X" in answer.text
    where = httpx.URL(answer.headers["location"]).path.partition("/_history")[0]
    stored = hospital.get(where).json()
    assert tags(stored) == ["unmapped-code"]
    assert stored["valueQuantity"] == sent["valueQuantity"]
    notes = values(ask(hospital, enrolled.id, "$biomarkers").json(), "note")
    assert any("unmapped-code" in note and stored["id"] in note for note in notes)

    codes = concept_map("growing-codes", CODES, "http://loinc.org", {"PLQ-X": "777-3"})
    assert hospital.put("/fhir/ConceptMap/growing-codes", json=codes).status_code == 201
    until(lambda: tags(hospital.get(where).json()) == ["unmapped-unit"])
    units = concept_map("growing-units", UNITS, "http://unitsofmeasure.org", {"milliards/l": "10*9/L"})
    assert hospital.put("/fhir/ConceptMap/growing-units", json=units).status_code == 201
    until(lambda: not tags(hospital.get(where).json()))

    mapped = hospital.get(where).json()
    assert [one["code"] for one in mapped["code"]["coding"]] == ["PLQ-X", "777-3"]
    assert mapped["valueQuantity"] | sent["valueQuantity"] == mapped["valueQuantity"]
    assert mapped["valueQuantity"]["code"] == "10*9/L"
    notes = values(ask(hospital, enrolled.id, "$biomarkers").json(), "note")
    assert not any("unmapped-code" in note for note in notes)

    again = hospital.post("/fhir/Observation", json=sent)
    assert (again.status_code, again.headers.get("x-idempotent-replay")) == (200, "true")
    assert hospital.get(where).json()["meta"]["versionId"] == mapped["meta"]["versionId"]


def test_a_map_to_what_is_no_loinc_code_is_refused(hospital: httpx.Client) -> None:
    wrong = concept_map("wrong", CODES, "http://loinc.org", {"X": "8414-1"})

    answer = hospital.put("/fhir/ConceptMap/wrong", json=wrong)
    assert answer.status_code == 422
    [issue] = answer.json()["issue"]
    assert issue["expression"] == ["ConceptMap.group[0].element[0].target[0].code"]


def test_a_value_no_patient_has_is_stored_as_sent_and_asked_about(hospital: httpx.Client) -> None:
    enrolled = enrol(hospital, infusion=infusion())
    patient = hospital.get(f"/fhir/ResearchSubject/{enrolled.id}").json()["individual"]["reference"]
    sent = pushed(patient, "doubt-1", "any", value=212000, unit="G/L")
    sent["code"] = {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}

    answer = hospital.post("/fhir/Observation", json=sent, headers={"prefer": "return=OperationOutcome"})
    assert answer.status_code == 201
    assert "platelets" in answer.text
    assert "212000" not in answer.text
    notes = values(ask(hospital, enrolled.id, "$disease-activity").json(), "note")
    assert any(note.startswith("query: Observation/") for note in notes)
