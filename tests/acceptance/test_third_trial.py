"""A third trial by its file alone: other criteria, visits and doses, and no change of code."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import running_server

TOY = Path(__file__).with_name("toy-trial.toml")
SYNTHETIC = {
    "tag": [{"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}]
}
PATIENT = {"reference": "Patient/toy-p1"}
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
        valueQuantity={"value": 42, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%"},
    ),
    observation("toy-smokes", ATTESTED, "smokes", "2024-04-22", valueBoolean=False),
]


@pytest.fixture
async def toy(database_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server that was given the file of the toy trial, and the trial's first subject."""
    protocols = tmp_path / "protocols"
    protocols.mkdir()
    (protocols / TOY.name).write_bytes(TOY.read_bytes())
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in PUSHED
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    with running_server(database_url, tmp_path, TRIALBRIDGE_PROTOCOLS=str(protocols)) as server:
        async with httpx.AsyncClient(base_url=server.url + "/fhir", timeout=30) as client:
            pushed = await client.post("", json=bundle)
            assert pushed.status_code == 200, pushed.text
            yield client


async def asked(toy: httpx.AsyncClient, question: str) -> Any:
    answer = await toy.get(f"{question}{'&' if '?' in question else '?'}view=plain")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_its_criteria_decide_who_may_enter(toy: httpx.AsyncClient) -> None:
    answer = await asked(toy, "ResearchSubject/toy-1/$eligibility?on=2024-05-02")

    [result] = answer["results"]
    assert answer["protocol"] == "TOY-COPD"
    assert result["verdict"] == "eligible"
    assert {one["id"]: one["verdict"] for one in result["criteria"]} == {
        "T1": "met",
        "T2": "met",
        "X1": "not-met",
    }


async def test_the_day_before_a_birthday_somebody_is_too_young(toy: httpx.AsyncClient) -> None:
    answer = await asked(toy, "ResearchSubject/toy-1/$eligibility?on=2024-05-01")

    assert answer["results"][0]["verdict"] == "ineligible"


async def test_it_is_served_as_fhir_like_the_others(toy: httpx.AsyncClient) -> None:
    schedule = (await toy.get("PlanDefinition/toy-copd")).json()
    vocabulary = (await toy.get("CodeSystem/toy-copd-criterion")).json()

    assert [action["id"] for action in schedule["action"]] == ["infusion", "W0", "W4", "W12"]
    assert [concept["code"] for concept in vocabulary["concept"]] == ["T1", "T2", "X1"]


async def test_what_it_does_not_ask_is_refused_by_name(toy: httpx.AsyncClient) -> None:
    answer = await toy.get("ResearchSubject/toy-1/$sri-status")

    assert answer.status_code == 422
    assert "TOY-COPD does not ask for the SLE Responder Index" in answer.text
