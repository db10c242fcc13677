"""A subject's state over HTTP: any at the beginning, then step by step, with reason, day and consent."""

import asyncio
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.routers.make import body, bundle_of, created, issues

OURS = "https://trialbridge.example/fhir/"
PATIENT = {"reference": "Patient/msc-sle-p08"}


def because(reason: str, on: str) -> list[dict[str, Any]]:
    """The extensions that say why and since when."""
    coding = {"system": f"{OURS}CodeSystem/state-reason", "code": reason}
    return [
        {"url": f"{OURS}StructureDefinition/state-reason", "valueCodeableConcept": {"coding": [coding]}},
        {"url": f"{OURS}StructureDefinition/state-date", "valueDate": on},
    ]


async def is_in(client: httpx.AsyncClient, status: str, **more: Any) -> str:
    """A subject created in a state."""
    return await created(client, "ResearchSubject", status=status, **more)


async def becomes(client: httpx.AsyncClient, name: str, status: str, **more: Any) -> httpx.Response:
    """What an update to a state is answered."""
    content = body("ResearchSubject", id=name, status=status, **more)
    return await client.put(f"/fhir/ResearchSubject/{name}", content=content)


async def attest(client: httpx.AsyncClient, *, truth: bool = True, on: str = "2024-03-01") -> None:
    """An investigator states that the consent is signed, or is not."""
    code = {"coding": [{"system": f"{OURS}CodeSystem/attestation", "code": "consent-signed"}]}
    answer = await client.post(
        "/fhir/Observation",
        content=codec.write(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": code,
                "subject": PATIENT,
                "effectiveDateTime": on,
                "valueBoolean": truth,
            }
        ),
    )
    assert answer.status_code == 201, answer.text


def consent(**said: Any) -> dict[str, Any]:
    """A consent of the patient to research."""
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research"}
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [scope]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": PATIENT,
        "dateTime": "2024-03-01",
        "policyRule": {"text": "ICF v3.0"},
    } | said


@pytest.mark.parametrize("status", ["candidate", "on-study-intervention", "off-study", "not-registered"])
async def test_a_subject_may_begin_in_any_state(trial: httpx.AsyncClient, status: str) -> None:
    await is_in(trial, status)


async def test_a_step_says_why_and_when(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "candidate")

    silent = await becomes(trial, name, "screening")
    said = await becomes(trial, name, "screening", extension=because("screening-began", "2024-02-01"))

    assert silent.status_code == 422
    assert [issue["code"] for issue in issues(silent)] == ["required", "required"]
    assert {issue["expression"][0] for issue in issues(silent)} == {"ResearchSubject.extension"}
    assert said.status_code == 200


async def test_what_is_no_step_is_refused_with_those_that_are(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "candidate")

    answer = await becomes(trial, name, "on-study", extension=because("registered", "2024-02-01"))

    said = [
        issue["diagnostics"] for issue in issues(answer) if issue["expression"] == ["ResearchSubject.status"]
    ]
    assert answer.status_code == 422
    assert "may become screening, eligible, ineligible, not-registered, withdrawn" in said[0]


async def test_an_update_that_leaves_the_state_alone_says_nothing(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "off-study")

    assert (await becomes(trial, name, "off-study", period={"end": "2024-05-01"})).status_code == 200


@pytest.mark.parametrize(
    ("reason", "day", "said"),
    [
        ("bogus", "2024-02-01", "the reasons of"),
        ("screening-began", "2024-02", "a whole day"),
    ],
)
async def test_a_reason_that_does_not_exist_and_a_day_that_is_none_are_refused(
    trial: httpx.AsyncClient, reason: str, day: str, said: str
) -> None:
    name = await is_in(trial, "candidate")

    answer = await becomes(trial, name, "screening", extension=because(reason, day))

    assert answer.status_code == 422
    assert said in issues(answer)[0]["diagnostics"]


async def test_a_subject_stays_the_part_of_one_patient_unless_that_was_a_mistake(
    trial: httpx.AsyncClient,
) -> None:
    name = await is_in(trial, "candidate")
    other = {"individual": {"reference": f"Patient/{await created(trial, 'Patient')}"}}

    moved = await becomes(trial, name, "candidate", **other)
    corrected = await becomes(
        trial, name, "candidate", extension=because("correction", "2024-02-01"), **other
    )

    assert moved.status_code == 422
    assert [issue["expression"] for issue in issues(moved)] == [["ResearchSubject.individual"]]
    assert corrected.status_code == 200


async def test_an_ended_part_is_final_unless_that_was_a_mistake(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "follow-up")
    assert (
        await becomes(trial, name, "off-study", extension=because("completed", "2024-05-01"))
    ).status_code == 200

    again = await becomes(trial, name, "follow-up", extension=because("observed", "2024-05-02"))
    too_far = await becomes(trial, name, "screening", extension=because("correction", "2024-05-02"))
    back = await becomes(trial, name, "follow-up", extension=because("correction", "2024-05-02"))

    assert (again.status_code, too_far.status_code, back.status_code) == (422, 422, 200)
    assert "has ended its part" in again.text
    assert "taken back with the reason correction" in again.text


async def test_a_state_does_not_begin_before_the_one_it_follows(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "candidate", extension=because("screening-began", "2024-02-01"))

    early = await becomes(trial, name, "screening", extension=because("screening-began", "2024-01-01"))
    stale = await becomes(trial, name, "screening", extension=because("screening-began", "2024-02-01"))

    assert (early.status_code, stale.status_code) == (422, 422)
    assert "lies before" in early.text
    assert "those of the state before" in stale.text


@pytest.mark.parametrize(
    ("left", "back", "status"),
    [
        ("off-study", "off-study", 201),
        ("off-study", "on-study", 422),
        ("withdrawn", "follow-up", 422),
        ("eligible", "on-study", 422),
        ("candidate", "screening", 201),
        ("on-study", "on-study", 201),
    ],
)
async def test_who_was_deleted_comes_back_by_the_same_steps(
    trial: httpx.AsyncClient, left: str, back: str, status: int
) -> None:
    name = await is_in(trial, left)
    assert (await trial.delete(f"/fhir/ResearchSubject/{name}")).status_code in {200, 204}
    because_ = {} if left == back else {"extension": because("screening-began", "2024-02-01")}

    again = await becomes(trial, name, back, **because_)

    assert again.status_code == status, again.text


async def test_who_comes_back_in_another_state_says_why(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "candidate")
    await becomes(trial, name, "screening", extension=because("screening-began", "2024-02-01"))
    await trial.delete(f"/fhir/ResearchSubject/{name}")

    silent = await becomes(trial, name, "eligible")

    assert (silent.status_code, [issue["code"] for issue in issues(silent)]) == (422, ["required"] * 2)


async def test_a_patch_is_held_to_the_same(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "off-study")
    patch = codec.write([{"op": "replace", "path": "/status", "value": "on-study"}])

    answer = await trial.patch(
        f"/fhir/ResearchSubject/{name}",
        content=patch,
        headers={"Content-Type": "application/json-patch+json"},
    )

    assert answer.status_code == 422
    assert "has ended its part" in answer.text


async def test_so_is_an_update_by_condition(trial: httpx.AsyncClient) -> None:
    await is_in(trial, "off-study")
    identifier = "https://trialbridge.example/fhir/sid/subject|EXAMPLE-01"

    answer = await trial.put(
        "/fhir/ResearchSubject",
        params={"identifier": identifier},
        content=body("ResearchSubject", status="screening"),
    )

    assert answer.status_code == 422


async def test_in_a_transaction_it_takes_everything_back_and_says_where(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "off-study")
    subject = codec.read(body("ResearchSubject", id=name, status="screening"))
    content = bundle_of(
        "transaction",
        {"resource": consent(), "request": {"method": "POST", "url": "Consent"}},
        {"resource": subject, "request": {"method": "PUT", "url": f"ResearchSubject/{name}"}},
    )

    answer = await trial.post("/fhir", content=content)

    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1].resource.status"]
    assert (await trial.get("/fhir/Consent?_summary=count")).json()["total"] == 0


async def test_nobody_comes_on_the_study_without_a_consent(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "eligible")
    registered = {"extension": because("registered", "2024-03-04")}

    without = await becomes(trial, name, "on-study", **registered)
    await attest(trial, truth=False)
    refused = await becomes(trial, name, "on-study", **registered)
    await attest(trial, on="2024-03-02")
    attested = await becomes(trial, name, "on-study", **registered)

    assert (without.status_code, refused.status_code, attested.status_code) == (422, 422, 200)
    assert issues(without)[0]["expression"] == ["ResearchSubject.consent"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 200),
        ({"status": "inactive"}, 422),
        ({"status": "entered-in-error"}, 422),
        ({"provision": {"type": "deny"}}, 422),
        ({"dateTime": "2024-03-05"}, 422),
        ({"provision": {"period": {"end": "2024-03-02"}}}, 422),
        ({"provision": {"period": {"end": "2024-12-31"}}}, 200),
    ],
)
async def test_the_consent_named_has_to_be_in_force(
    trial: httpx.AsyncClient, said: dict[str, Any], status: int
) -> None:
    name = await is_in(trial, "pending-on-study")
    stored = await trial.put("/fhir/Consent/c1", content=codec.write(consent(id="c1", **said)))
    assert stored.status_code == 201, stored.text

    named = {"consent": {"reference": "Consent/c1"}, "extension": because("registered", "2024-03-04")}
    assert (await becomes(trial, name, "on-study", **named)).status_code == status


@pytest.mark.parametrize(("kind", "status"), [("active", 200), ("inactive", 422)])
async def test_a_consent_that_is_not_named_counts_too(
    trial: httpx.AsyncClient, kind: str, status: int
) -> None:
    name = await is_in(trial, "eligible")
    await attest(trial, truth=kind == "inactive")
    await trial.put("/fhir/Consent/c1", content=codec.write(consent(id="c1", status=kind)))

    answer = await becomes(trial, name, "on-study", extension=because("registered", "2024-03-04"))

    assert answer.status_code == status, answer.text


async def test_a_consent_that_comes_with_the_change_will_do(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "eligible")
    urn = "urn:uuid:0bf03a43-5297-4f36-9a4d-1f0e5d3c6b11"
    subject = codec.read(
        body(
            "ResearchSubject",
            id=name,
            status="on-study",
            consent={"reference": urn},
            extension=because("registered", "2024-03-04"),
        )
    )
    content = bundle_of(
        "transaction",
        {"fullUrl": urn, "resource": consent(), "request": {"method": "POST", "url": "Consent"}},
        {"resource": subject, "request": {"method": "PUT", "url": f"ResearchSubject/{name}"}},
    )

    answer = await trial.post("/fhir", content=content)

    assert answer.status_code == 200, answer.text


async def test_a_patient_has_one_part_in_one_study_that_goes_on(trial: httpx.AsyncClient) -> None:
    first = await is_in(trial, "on-study")

    twice = await trial.post("/fhir/ResearchSubject", content=body("ResearchSubject", status="follow-up"))
    await is_in(trial, "candidate")
    await is_in(trial, "withdrawn")
    ended = await becomes(trial, first, "off-study", extension=because("completed", "2024-05-01"))
    again = await trial.post("/fhir/ResearchSubject", content=body("ResearchSubject", status="on-study"))

    assert twice.status_code == 422
    assert "already enrolled in this study" in issues(twice)[0]["diagnostics"]
    assert first not in twice.text
    assert (ended.status_code, again.status_code) == (200, 201)


async def test_an_end_and_a_new_beginning_fit_in_one_transaction(trial: httpx.AsyncClient) -> None:
    first = await is_in(trial, "follow-up")
    ended = codec.read(
        body("ResearchSubject", id=first, status="off-study", extension=because("completed", "2024-05-01"))
    )
    begun = codec.read(body("ResearchSubject", status="on-study"))
    content = bundle_of(
        "transaction",
        {"resource": begun, "request": {"method": "POST", "url": "ResearchSubject"}},
        {"resource": ended, "request": {"method": "PUT", "url": f"ResearchSubject/{first}"}},
    )

    assert (await trial.post("/fhir", content=content)).status_code == 200


async def test_of_many_who_enrol_at_once_one_succeeds(trial: httpx.AsyncClient) -> None:
    content = body("ResearchSubject", status="on-study")

    answers = await asyncio.gather(*(trial.post("/fhir/ResearchSubject", content=content) for _ in range(12)))

    assert sorted(answer.status_code for answer in answers) == [201, *[422] * 11]


async def test_of_two_entries_of_a_batch_one_succeeds(trial: httpx.AsyncClient) -> None:
    entry = {
        "resource": codec.read(body("ResearchSubject", status="on-study")),
        "request": {"method": "POST", "url": "ResearchSubject"},
    }

    answer = await trial.post("/fhir", content=bundle_of("batch", entry, entry))

    statuses = sorted(one["response"]["status"][:3] for one in answer.json()["entry"])
    assert statuses == ["201", "422"]


async def test_a_check_says_what_a_subject_may_be_stored_without(trial: httpx.AsyncClient) -> None:
    bare = await trial.post("/fhir/ResearchSubject/$validate", content=body("ResearchSubject"))

    said = {(issue["severity"], *issue.get("expression", ())) for issue in bare.json()["issue"]}
    assert {("warning", "ResearchSubject.assignedArm"), ("warning", "ResearchSubject.consent")} < said
    assert "information" in {severity for severity, *_ in said}


async def test_a_check_of_a_step_says_what_the_update_would(trial: httpx.AsyncClient) -> None:
    name = await is_in(trial, "off-study")
    content = body("ResearchSubject", id=name, status="screening")

    checked = await trial.post(f"/fhir/ResearchSubject/{name}/$validate", content=content)

    assert "has ended its part" in checked.text
