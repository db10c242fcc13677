"""$status-history over HTTP: the states of a subject by its versions, and what may follow."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.extensions import CONSENT_STUDY
from tests.routers.make import body, created
from tests.routers.test_subject_states import attest, because, becomes, consent


@pytest.fixture
async def lupus(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service whose study is the lupus trial."""
    registered = [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}]
    content = body("ResearchStudy", id="msc-sle", identifier=registered, arm=[{"name": "cohort-2e6"}])
    assert (await trial.put("/fhir/ResearchStudy/msc-sle", content=content)).status_code == 200
    return trial


async def history(client: httpx.AsyncClient, name: str, **asked: str) -> dict[str, Any]:
    """The answer as plain JSON."""
    address = f"/fhir/ResearchSubject/{name}/$status-history"
    answer = await client.get(address, params={"view": "plain", **asked})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def figures(answer: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The figures of every result of a kind, as name and value."""
    return [
        {figure["name"]: figure.get("value") for figure in result["figures"]}
        for result in answer["results"]
        if result["name"] == kind
    ]


async def test_the_states_are_told_with_reason_and_days(lupus: httpx.AsyncClient) -> None:
    name = await created(lupus, "ResearchSubject", status="candidate")
    await becomes(lupus, name, "screening", extension=because("screening-began", "2024-02-01"))
    await becomes(
        lupus, name, "screening", extension=because("screening-began", "2024-02-02"), assignedArm="cohort-2e6"
    )
    await becomes(lupus, name, "eligible", extension=because("criteria-met", "2024-02-20"))

    told = await history(lupus, name)

    states = figures(told, "state")
    assert [(one["status"], one["since"], one.get("until"), one["version"]) for one in states] == [
        ("candidate", None, "2024-02-02", 1),
        ("screening", "2024-02-02", "2024-02-20", 2),
        ("eligible", "2024-02-20", None, 4),
    ]
    assert states[1]["reason"] == "Screening began"
    assert list(figures(told, "next-state")[0]) == [
        "screening",
        "pending-on-study",
        "on-study",
        "on-study-intervention",
        "on-study-observation",
        "ineligible",
        "not-registered",
        "withdrawn",
    ]
    assert "the subject names no Consent (consent)" in told["notes"]


async def test_a_state_taken_back_is_marked(lupus: httpx.AsyncClient) -> None:
    name = await created(lupus, "ResearchSubject", status="follow-up")
    await becomes(lupus, name, "off-study", extension=because("completed", "2024-05-01"))
    ended = await history(lupus, name)
    await becomes(lupus, name, "follow-up", extension=because("correction", "2024-05-02"))

    told = await history(lupus, name)

    assert [(one["status"], one.get("taken-back")) for one in figures(told, "state")] == [
        ("follow-up", None),
        ("off-study", True),
        ("follow-up", None),
    ]
    assert "off-study is final" in str(ended["results"])


async def test_the_past_is_told_as_it_was(lupus: httpx.AsyncClient) -> None:
    name = await created(lupus, "ResearchSubject", status="candidate")
    then = (await lupus.get(f"/fhir/ResearchSubject/{name}")).json()["meta"]["lastUpdated"]
    await becomes(lupus, name, "screening", extension=because("screening-began", "2024-02-01"))

    told = await history(lupus, name, asOf=then)

    assert [one["status"] for one in figures(told, "state")] == ["candidate"]
    assert "on-study" not in str(figures(told, "next-state"))


async def test_the_consent_is_a_milestone(lupus: httpx.AsyncClient) -> None:
    name = await created(lupus, "ResearchSubject", status="eligible", period={"start": "2024-02-01"})
    await attest(lupus, on="2024-03-01")

    days = {one["what"]: one["day"] for one in figures(await history(lupus, name), "milestone")}

    assert days == {"consent-attested": "2024-03-01", "part-began": "2024-02-01"}


async def test_only_a_consent_to_this_study_that_stands_is_a_milestone(lupus: httpx.AsyncClient) -> None:
    name = await created(lupus, "ResearchSubject", status="eligible", period={"start": "2024-02-01"})
    other = {"url": CONSENT_STUDY, "valueReference": {"reference": "ResearchStudy/another"}}
    await lupus.put(
        "/fhir/ResearchStudy/another",
        content=codec.write({"resourceType": "ResearchStudy", "id": "another", "status": "active"}),
    )
    denied: dict[str, Any] = {"provision": {"type": "deny"}}
    sayings: list[dict[str, Any]] = [{}, {"extension": [other]}, denied, {"status": "entered-in-error"}]
    for number, said in enumerate(sayings):
        document = consent(id=f"c{number}", dateTime=f"2024-03-0{number + 1}", **said)
        stored = await lupus.put(f"/fhir/Consent/c{number}", content=codec.write(document))
        assert stored.status_code == 201, stored.text

    told = [
        one for one in figures(await history(lupus, name), "milestone") if one["what"].startswith("consent")
    ]

    assert [(one["what"], one["day"]) for one in told] == [("consent", "2024-03-01")]


async def test_whom_nobody_knows_has_no_states(lupus: httpx.AsyncClient) -> None:
    answer = await lupus.get("/fhir/ResearchSubject/nobody/$status-history")

    assert answer.status_code == 404
