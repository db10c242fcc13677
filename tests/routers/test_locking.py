"""Locks over HTTP: what is locked is refused by every door, and waits where a laboratory sends it."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx

from app.fhir_mapping import codec
from app.store.senders import register
from tests.routers.make import bundle_of, issues
from tests.routers.make_study import put, store_study
from tests.store.pushing import LAB, result

WHY = {"reason": "complete", "view": "plain"}


def observed(day: str, *, of: str = "p0", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": day,
    } | more


async def stored(client: httpx.AsyncClient, document: dict[str, Any]) -> httpx.Response:
    return await client.post("/fhir/Observation", content=codec.write(document))


async def test_a_locked_subject_is_refused_by_every_door_until_it_is_unlocked(
    client: httpx.AsyncClient,
) -> None:
    await store_study(client)
    await client.put("/fhir/Observation/o1", content=codec.write(observed("2021-06-01", id="o1")))

    locked = await client.post("/fhir/ResearchSubject/s0/$lock", params=WHY)

    assert locked.status_code == 200, locked.text
    assert (locked.json()["state"], locked.json()["of"]) == ("locked", "ResearchSubject/s0")
    patch = codec.write([{"op": "replace", "path": "/status", "value": "amended"}])
    entry = put(observed("2021-06-02", id="o1"))
    others = put(observed("2021-06-02", of="p1", id="o2"))
    for answer in (
        await stored(client, observed("2021-06-01")),
        await client.put("/fhir/Observation/o1", content=codec.write(observed("2021-06-02", id="o1"))),
        await client.patch(
            "/fhir/Observation/o1", content=patch, headers={"Content-Type": "application/json-patch+json"}
        ),
        await client.delete("/fhir/Observation/o1"),
        await client.delete("/fhir/Observation?date=2021-06-01"),
        await client.post("/fhir", content=bundle_of("transaction", others, entry)),
    ):
        assert answer.status_code == 423, answer.text
        [issue] = issues(answer)
        assert issue["code"] == "lock-error"
        assert "ResearchSubject/s0 is locked since" in issue["diagnostics"]
        assert "$unlock" in issue["diagnostics"]
    batch = await client.post("/fhir", content=bundle_of("batch", entry, others))
    assert [one["response"]["status"] for one in batch.json()["entry"]] == ["423 Locked", "201 Created"]
    said = await client.post("/fhir/Observation/$validate", content=codec.write(observed("2021-06-01")))
    assert said.json()["issue"][0]["code"] == "lock-error"

    unlocked = await client.post("/fhir/ResearchSubject/s0/$unlock", params=WHY)

    assert (unlocked.status_code, unlocked.json()["waiting"]) == (200, 0)
    assert (await client.delete("/fhir/Observation/o1")).status_code == 204
    listed = (await client.get("/fhir/ResearchSubject/s0/$locks", params={"view": "plain"})).json()["locks"]
    assert [(one["state"], one["unlockReason"]) for one in listed] == [("unlocked", "complete")]
    assert (await client.post("/fhir/ResearchSubject/s0/$unlock", params=WHY)).status_code == 409


async def test_a_visit_is_locked_by_the_protocol_s_window_and_a_study_whole(
    client: httpx.AsyncClient,
) -> None:
    await store_study(client)
    visit = {**WHY, "visit": "M3"}

    locked = (await client.post("/fhir/ResearchSubject/s0/$lock", params=visit)).json()

    inside = datetime.fromisoformat(locked["from"]).date().isoformat()  # in UTC the day before
    assert inside < "2021-06-01" < locked["to"]
    assert (await stored(client, observed("2021-06-01"))).status_code == 423
    assert (await stored(client, observed("2021-04-01"))).status_code == 201
    assert (await client.post("/fhir/ResearchSubject/s0/$lock", params=visit)).json() == locked
    for said, status in (
        ({**WHY, "visit": "M99"}, 400),
        ({"view": "plain"}, 400),
        ({**WHY, "reason": "x" * 501}, 400),
    ):
        assert (await client.post("/fhir/ResearchSubject/s0/$lock", params=said)).status_code == status
    await client.delete("/fhir/MedicationAdministration/m1")
    untreated = await client.post("/fhir/ResearchSubject/s1/$lock", params=visit)
    assert (untreated.status_code, "day 0" in untreated.text) == (422, True)

    assert (await client.post("/fhir/ResearchStudy/msc-sle/$lock", params=visit)).status_code == 400
    assert (await client.post("/fhir/ResearchStudy/msc-sle/$lock", params=WHY)).status_code == 200
    assert (await stored(client, observed("2021-04-01", of="p2"))).status_code == 423
    assert (await client.post("/fhir/ResearchStudy/none/$lock", params=WHY)).status_code == 404
    assert (await client.get("/fhir/ResearchStudy/msc-sle/$lock", params=WHY)).status_code == 405


async def test_what_a_laboratory_sends_waits_and_is_stored_by_itself_afterwards(
    client: httpx.AsyncClient,
) -> None:
    await store_study(client)
    store = client._transport.app.state.service.store  # type: ignore[attr-defined]  # noqa: SLF001
    await register(store, LAB, at=datetime.now(UTC))
    store.desk.expire()
    await client.post("/fhir/ResearchSubject/s0/$lock", params=WHY)
    pushed = result(subject={"reference": "Patient/p0"})

    answer = await stored(client, pushed)

    assert (answer.status_code, answer.headers["x-fate"]) == (202, "parked")
    waiting = await client.get(
        "/fhir/$inbox", params={"reason": "locked", "waiting": "true", "view": "plain"}
    )
    assert [one["fate"] for one in waiting.json()["messages"]] == ["parked"]
    unlocked = await client.post("/fhir/ResearchSubject/s0/$unlock", params=WHY)
    assert unlocked.json()["waiting"] == 1
    found = 0
    for _ in range(400):
        found = (await client.get("/fhir/Observation?patient=p0")).json()["total"]
        if found:
            break
        await asyncio.sleep(0.05)
    assert found == 1
