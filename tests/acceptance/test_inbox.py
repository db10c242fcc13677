"""What became of real pushes is told: stored, replayed, parked and tried again, refused, unmapped."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping import check
from app.fhir_mapping.sender import Sender
from app.store.senders import register
from app.store.session import Store
from tests.routers.make import HEADERS, issues

NUMBERS, CODES, UNITS = "urn:oid:1.2.250.1.0.99.1", "urn:oid:1.2.250.1.0.99.2", "https://chu-a.example/units"
CHU_A = Sender(name="chu-a", systems=(NUMBERS,), code_systems=(CODES,), unit_system=UNITS, silent_after=60)
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
Json = dict[str, Any]


@pytest.fixture
async def hospital(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows one patient and one sender."""
    store: Store = app.state.service.store
    await register(store, CHU_A, at=datetime.now(UTC))
    store.desk.expire()
    client.headers.update(HEADERS)
    await client.put("/fhir/Patient/p1", json={"resourceType": "Patient", "id": "p1", "gender": "female"})
    return client


def c3(number: str, *, subject: str = "p1", **said: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{"system": NUMBERS, "value": number}],
        "code": {"coding": [{"system": LOINC, "code": "4485-9"}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2021-09-14",
        "issued": "2021-09-14T10:00:00+02:00",
        "valueQuantity": {"value": 0.71, "unit": "g/L", "system": UCUM, "code": "g/L"},
    } | said


async def told(client: httpx.AsyncClient, operation: str, **asked: str) -> Json:
    answer = await client.get(f"/fhir/{operation}", params=asked | {"view": "plain"})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def tried_again(client: httpx.AsyncClient, **asked: str) -> Json:
    parts = [{"name": name, "valueString": value} for name, value in {**asked, "view": "plain"}.items()]
    answer = await client.post("/fhir/$replay", json={"resourceType": "Parameters", "parameter": parts})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_every_fate_is_told_and_the_sums_add_up(hospital: httpx.AsyncClient) -> None:
    pushed = [
        await hospital.post("/fhir/Observation", json=document, headers={"X-Correlation-Id": f"m{number}"})
        for number, document in enumerate(
            (
                c3("1"),
                c3("1"),
                c3("1", valueQuantity=c3("1")["valueQuantity"] | {"value": 0.72}),
                c3("2", subject="nobody-yet"),
                c3("3", code={"coding": [{"system": CODES, "code": "C3N"}]}),
            )
        )
    ]
    assert [answer.status_code for answer in pushed] == [201, 200, 409, 202, 201]

    messages = (await told(hospital, "$inbox"))["messages"]
    assert [(one["message"], one["fate"], one["status"]) for one in messages] == [
        ("m4", "stored", 201),
        ("m3", "parked", 202),
        ("m2", "refused", 409),
        ("m1", "replayed", 200),
        ("m0", "stored", 201),
    ]
    days = (await told(hospital, "$reconciliation"))["days"]
    names = ("sent", "stored", "replayed", "parked", "refused", "stillParked")
    assert [sum(day[name] for day in days) for name in names] == [5, 2, 1, 1, 1, 1]
    [sender] = (await told(hospital, "$senders"))["senders"]
    assert (sender["silent"], sender["stillParked"], sender["unmapped"]) == (False, 1, 1)
    assert [one["count"] for one in sender["refusedFor"]] == [1]
    [code] = (await told(hospital, "$unmapped"))["unmapped"]
    stored = pushed[-1].json()["id"]
    assert (code["system"], code["text"], code["example"]) == (CODES, "C3N", f"Observation/{stored}")
    assert code["since"] == messages[0]["received"]
    for operation in ("$inbox", "$reconciliation", "$senders", "$unmapped"):
        assert check.problems("Parameters", (await hospital.get(f"/fhir/{operation}")).json()) == ()


async def test_what_is_parked_is_tried_again_by_reason_sender_and_letter(hospital: httpx.AsyncClient) -> None:
    for number in ("1", "2"):
        parked = await hospital.post("/fhir/Observation", json=c3(number, subject=f"later-{number}"))
        assert parked.status_code == 202
    waiting = (await told(hospital, "$inbox", waiting="true"))["messages"]
    assert [one["reason"] for one in waiting] == ["unknown-subject"] * 2

    for asked in ({"reason": "unknown-subject"}, {"sender": "chu-a"}):
        done = await tried_again(hospital, **asked)
        assert {name: done[name] for name in ("tried", "stored", "parked", "refused")} == {
            "tried": 2,
            "stored": 0,
            "parked": 2,
            "refused": 0,
        }
    assert (await told(hospital, "$inbox", waiting="true"))["messages"] == waiting
    one = await tried_again(hospital, id=waiting[0]["letter"])
    assert one["messages"] == [{"letter": waiting[0]["letter"], "fate": "parked"}]
    assert (await tried_again(hospital, reason="consent-withdrawn"))["tried"] == 0


async def test_what_waited_is_stored_and_was_not_sent_twice(hospital: httpx.AsyncClient) -> None:
    await hospital.post("/fhir/Observation", json=c3("1", subject="later"))
    [parked] = (await told(hospital, "$inbox"))["messages"]
    await hospital.put("/fhir/Patient/later", json={"resourceType": "Patient", "id": "later"})
    done = await tried_again(hospital, reason="unknown-subject")  # unless the server was quicker

    assert (done["parked"], done["refused"]) == (0, 0)
    newest, first = (await told(hospital, "$inbox"))["messages"]
    assert (newest["fate"], newest["door"], newest["letter"]) == ("stored", "replay", parked["letter"])
    assert (first["fate"], "settled" in first) == ("parked", True)
    days = (await told(hospital, "$reconciliation"))["days"]
    assert [sum(day[name] for day in days) for name in ("sent", "parked", "stillParked")] == [1, 1, 0]
    assert (await told(hospital, "$inbox", waiting="true"))["messages"] == []


async def test_what_to_try_again_is_said_and_only_by_post(hospital: httpx.AsyncClient) -> None:
    nothing = await hospital.post("/fhir/$replay", json={"resourceType": "Parameters"})
    part = {"name": "id", "valueString": "a\u0085b"}
    odd = await hospital.post("/fhir/$replay", json={"resourceType": "Parameters", "parameter": [part]})
    got = await hospital.get("/fhir/$replay?reason=unknown-subject")

    assert (nothing.status_code, got.status_code) == (400, 405)
    assert "reason" in issues(nothing)[0]["diagnostics"]
    assert (odd.status_code, issues(odd)[0]["expression"]) == (400, ["http.id"])
    assert got.headers["allow"] == "POST"


async def test_the_feeds_are_among_the_metrics(hospital: httpx.AsyncClient) -> None:
    await hospital.post("/fhir/Observation", json=c3("1", subject="nobody-yet"))
    await hospital.post(
        "/fhir/Observation", json=c3("2", code={"coding": [{"system": CODES, "code": "C3N"}]})
    )
    metrics = (await hospital.get("/metrics")).text

    assert 'trialbridge_parked{reason="unknown-subject",sender="chu-a"} 1.0' in metrics
    assert 'trialbridge_unmapped{sender="chu-a"} 1.0' in metrics
    assert 'trialbridge_sender_silent{sender="chu-a"} 0.0' in metrics
    last = next(line for line in metrics.splitlines() if line.startswith("trialbridge_sender_last"))
    assert abs(float(last.rpartition(" ")[2]) - datetime.now(UTC).timestamp()) < 60
    assert "trialbridge_requests_total" in metrics
