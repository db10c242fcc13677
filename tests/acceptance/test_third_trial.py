"""A third trial by its file alone: other criteria, visits and doses, and no change of code."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ENGINES
from tests.databases import PostgreSQL, copy_of
from tests.servers import running_server

TOY = Path(__file__).with_name("toy-trial.toml")
SYNTHETIC = {
    "tag": [{"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}]
}
PATIENT = {"reference": "Patient/toy-p1"}
CELLS = {"coding": [{"system": "urn:toy:product", "code": "toy-cells"}]}
GRADE = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade"
CAUSALITY = "http://terminology.hl7.org/CodeSystem/adverse-event-causality-assess"
ATTESTED = "https://trialbridge.example/fhir/CodeSystem/attestation"


def observation(name: str, system: str, code: str, day: str, **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": SYNTHETIC,
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": PATIENT,
        "effectiveDateTime": day,
        **value,
    }


def quantity(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}


def event(name: str, grade: int, day: str) -> dict[str, Any]:
    """An adverse event that is possibly due to the infusion."""
    cause = {"assessment": {"coding": [{"system": CAUSALITY, "code": "Possible"}]}}
    return {
        "resourceType": "AdverseEvent",
        "id": name,
        "meta": SYNTHETIC,
        "extension": [{"url": GRADE, "valueInteger": grade}],
        "actuality": "actual",
        "event": {"text": "cough"},
        "subject": PATIENT,
        "date": day,
        "suspectEntity": [
            {"instance": {"reference": "MedicationAdministration/toy-infusion"}, "causality": [cause]}
        ],
    }


PUSHED: list[dict[str, Any]] = [
    {
        "resourceType": "ResearchStudy",
        "id": "toy",
        "meta": SYNTHETIC,
        "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT00000000"}],
        "status": "active",
        "arm": [{"name": "low"}, {"name": "high"}],
    },
    {
        "resourceType": "Patient",
        "id": "toy-p1",
        "meta": SYNTHETIC,
        "gender": "male",
        "birthDate": "1984-05-02",
    },
    {
        "resourceType": "ResearchSubject",
        "id": "toy-1",
        "meta": SYNTHETIC,
        "status": "on-study-intervention",
        "study": {"reference": "ResearchStudy/toy"},
        "individual": PATIENT,
        "assignedArm": "low",
    },
    observation(
        "toy-fev",
        "http://loinc.org",
        "20152-5",
        "2024-04-20",
        valueQuantity=quantity(42, "%"),
    ),
    observation("toy-smokes", ATTESTED, "smokes", "2024-04-22", valueBoolean=False),
    observation("toy-weight", "http://loinc.org", "29463-7", "2024-05-09", valueQuantity=quantity(80, "kg")),
    observation("toy-fev-w4", "http://loinc.org", "20152-5", "2024-06-07", valueQuantity=quantity(47, "%")),
    {
        "resourceType": "MedicationAdministration",
        "id": "toy-infusion",
        "meta": SYNTHETIC,
        "status": "completed",
        "medicationCodeableConcept": CELLS,
        "subject": PATIENT,
        "effectivePeriod": {"start": "2024-05-10T09:00:00+02:00", "end": "2024-05-10T09:45:00+02:00"},
        "dosage": {"dose": quantity(40, "10*6")},
    },
    event("toy-mild", 1, "2024-05-11"),
    event("toy-moderate", 2, "2024-06-01"),
]
"""The study, and its first subject: infused on 10 May 2024, with an event of grade 2 on day 22."""


@pytest.fixture(scope="module", params=ENGINES)
def toy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that was given the file of the toy trial, and the trial's first subject."""
    directory = tmp_path_factory.mktemp("toy")
    protocols = directory / "protocols"
    protocols.mkdir()
    (protocols / TOY.name).write_bytes(TOY.read_bytes())
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in PUSHED
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    with (
        database_of(request, directory) as url,
        running_server(url, directory, TRIALBRIDGE_PROTOCOLS=str(protocols)) as server,
        httpx.Client(base_url=server.url + "/fhir", timeout=30) as client,
    ):
        pushed = client.post("", json=bundle)
        assert pushed.status_code == 200, pushed.text
        yield client


@contextmanager
def database_of(request: pytest.FixtureRequest, directory: Path) -> Iterator[str]:
    """A migrated database of the engine asked for."""
    if request.param == "sqlite":
        yield copy_of(request.getfixturevalue("migrated_sqlite"), directory)
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    with postgres.database(request.getfixturevalue("migrated_postgres")) as name:
        yield postgres.url_of(name)


def asked(toy: httpx.Client, question: str) -> Any:
    answer = toy.get(f"{question}{'&' if '?' in question else '?'}view=plain")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_its_criteria_decide_who_may_enter(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchSubject/toy-1/$eligibility?on=2024-05-02")

    [result] = answer["results"]
    assert answer["protocol"] == "TOY-COPD"
    assert result["verdict"] == "eligible"
    assert {one["id"]: one["verdict"] for one in result["criteria"]} == {
        "T1": "met",
        "T2": "met",
        "X1": "not-met",
    }


def test_the_day_before_a_birthday_somebody_is_too_young(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchSubject/toy-1/$eligibility?on=2024-05-01")

    assert answer["results"][0]["verdict"] == "ineligible"


def test_it_is_served_as_fhir_like_the_others(toy: httpx.Client) -> None:
    schedule = (toy.get("PlanDefinition/toy-copd")).json()
    vocabulary = (toy.get("CodeSystem/toy-copd-criterion")).json()

    assert [action["id"] for action in schedule["action"]] == ["infusion", "W0", "W4", "W12"]
    assert [concept["code"] for concept in vocabulary["concept"]] == ["T1", "T2", "X1"]


def verdicts(answer: Any, **wanted: str) -> dict[str, str]:
    """The verdict at each visit."""
    return {
        one["visit"]: one["verdict"]
        for one in answer["results"]
        if all(one.get(name) == value for name, value in wanted.items())
    }


def figures(answer: Any, **wanted: str | None) -> dict[str, Any]:
    """What the one result of that kind says."""
    [found] = [
        one for one in answer["results"] if all(one.get(name) == value for name, value in wanted.items())
    ]
    return {one["name"]: one.get("value") for one in found["figures"]}


def test_tolerance_is_judged_by_its_grade_and_its_days(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchSubject/toy-1/$tolerance")

    assert verdicts(answer, rule="related") == {"W4": "not-met", "W12": "not-met"}
    [first_days] = [one for one in answer["results"] if one["visit"] == "W4" and one["rule"] == "related"]
    assert "AdverseEvent/toy-moderate/_history/1" in str(first_days)


def test_the_dose_is_checked_against_its_own_levels(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchSubject/toy-1/$cell-dose")

    [checked] = [one for one in answer["results"] if one["name"] == "cell-dose"]
    assert checked["verdict"] == "met"  # 40 million for 80 kg, in the arm of half a million per kg


def test_its_visits_are_told_as_it_plans_them(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchSubject/toy-1/$visit-matrix?name=spirometry")

    told = {one["visit"]: figures(answer, visit=one["visit"])["state"] for one in answer["results"]}
    assert told == {"W0": "out-of-window", "W4": "done", "W12": "missing"}


def test_the_next_dose_follows_its_rule_and_its_limit(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchStudy/toy/$dose-escalation")

    low = figures(answer, name="dose", arm="low")
    assert (low["evaluable"], low["toxicities"], low["p-excessive"]) == (1, 1, 0.96)  # 1 - 0.2²
    assert {one["arm"] for one in answer["results"] if one["name"] == "dose"} == {"low", "high"}


def test_its_endpoints_are_counted(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchStudy/toy/$endpoint-summary?name=tolerance&rule=related&visit=W4")

    counted = figures(answer, name="tolerance", arm=None)
    assert (counted["n"], counted["met"], counted["not-met"]) == (1, 0, 1)


def test_where_its_subject_stands_is_told_in_one_answer(toy: httpx.Client) -> None:
    answer = asked(toy, "ResearchSubject/toy-1/$status")

    assert answer["protocol"] == "TOY-COPD"
    told = {one.get("name") for one in answer["results"]} | {one.get("question") for one in answer["results"]}
    assert {"infusion", "eligibility", "adverse-events", "tolerance"} <= told


NOT_ASKED = {
    "sri-status": "does not ask for the SLE Responder Index",
    "clinical-response": "does not ask for a clinical response",
    "disease-activity": "plans no score at any visit",
    "biomarkers": "does not ask for markers",
    "steroid-exposure": "does not ask for the exposure to corticosteroids",
    "treatment-failure": "does not ask for treatment failures",
    "survival": "does not ask for survival",
}


def test_what_it_does_not_ask_is_refused_by_name(toy: httpx.Client) -> None:
    for question, sentence in NOT_ASKED.items():
        answer = toy.get(f"ResearchSubject/toy-1/${question}")

        assert answer.status_code == 422
        assert f"TOY-COPD {sentence}" in answer.text
