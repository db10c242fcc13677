"""A result of a registered sender stays the one it is, whoever changes it and in whatever order."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.settings import Settings
from app.store.session import Store
from tests.routers.make import bundle_of
from tests.store.pushing import LAB, result

ELSEWHERE = [{"system": "urn:oid:2.999.9", "value": "1"}]
Json = dict[str, Any]


def store_of(client: httpx.AsyncClient) -> Store:
    store: Store = client._transport.app.state.service.store  # type: ignore[attr-defined]  # noqa: SLF001
    return store


async def rows(client: httpx.AsyncClient, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await store_of(client).database.read(lambda c: c.fetch(sql))]


async def push(client: httpx.AsyncClient, document: Json) -> httpx.Response:
    return await client.post("/fhir/Observation", content=codec.write(document))


async def patch(client: httpx.AsyncClient, name: str, *operations: Json) -> httpx.Response:
    headers = {"Content-Type": "application/json-patch+json"}
    return await client.patch(
        f"/fhir/Observation/{name}", content=codec.write(list(operations)), headers=headers
    )


def words(answer: httpx.Response) -> str:
    return "; ".join(issue["diagnostics"] for issue in answer.json()["issue"])


def corrected(**said: Any) -> Json:
    return result(**{"status": "corrected", "issued": "2021-09-15T10:00:00+02:00", **said})


async def test_an_update_by_criteria_that_find_another_is_a_conflict_at_once(
    pushing: httpx.AsyncClient,
) -> None:
    other = (await push(pushing, result(identifier=ELSEWHERE))).json()["id"]
    own = (await push(pushing, result())).json()["id"]

    address = "/fhir/Observation?identifier=urn:oid:2.999.9|1"
    answer = await pushing.put(address, content=codec.write(corrected()))

    assert answer.status_code == 409
    assert f"finds Observation/{other}, and this result is stored as Observation/{own}" in words(answer)


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
async def test_two_entries_that_come_to_the_same_result_are_refused(
    pushing: httpx.AsyncClient, method: str
) -> None:
    name = (await push(pushing, result())).json()["id"]
    first: Json = {"request": {"method": method, "url": f"Observation/{name}"}}
    if method == "PUT":
        first["resource"] = {**result(identifier=None), "id": name}
    second = {"resource": corrected(), "request": {"method": "POST", "url": "Observation"}}

    answer = await pushing.post("/fhir", content=bundle_of("transaction", first, second))

    assert answer.status_code == 400
    assert f"changes Observation/{name} too" in words(answer)


async def test_what_is_older_than_what_was_deleted_does_not_bring_it_back(pushing: httpx.AsyncClient) -> None:
    name = (await push(pushing, result())).json()["id"]
    await pushing.delete(f"/fhir/Observation/{name}")

    older = result(status="preliminary", issued="2021-09-14T09:00:00+02:00")
    assert [(await push(pushing, one)).status_code for one in (older, result())] == [409, 409]
    newer = await push(pushing, corrected())
    assert (newer.status_code, newer.json()["id"]) == (201, name)


async def test_what_is_issued_in_the_future_is_refused_and_noted(pushing: httpx.AsyncClient) -> None:
    soon, late = (f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}" for hours in (20, 28))

    refused = await push(pushing, result(issued=late))
    assert refused.status_code == 422
    assert refused.json()["issue"][0]["expression"] == ["Observation.issued"]
    assert await rows(pushing, "SELECT fate, status FROM inbox") == [("refused", 422)]
    assert (await push(pushing, result(issued=soon))).status_code == 201


async def test_a_clock_that_goes_wrong_is_noticed_before_the_subject_is_known(
    pushing: httpx.AsyncClient,
) -> None:
    unknown = result(issued="2924-03-01T10:00:00Z", subject={"reference": "Patient/nobody"})
    assert (await push(pushing, unknown)).status_code == 422
    assert await rows(pushing, "SELECT count(*) FROM parked") == [(0,)]


async def test_who_a_correction_is_about_now_is_said_and_noted(pushing: httpx.AsyncClient) -> None:
    await pushing.put("/fhir/Patient/p2", content=b'{"resourceType":"Patient","id":"p2"}')
    await push(pushing, result())

    headers = {"Prefer": "return=OperationOutcome"}
    body = codec.write(corrected(subject={"reference": "Patient/p2"}))
    answer = await pushing.post("/fhir/Observation", content=body, headers=headers)

    assert answer.status_code == 200
    assert "from Patient/p1 to Patient/p2" in words(answer)
    assert await rows(pushing, "SELECT patient_id FROM identity") == [("p2",)]
    [(about, detail)] = await rows(pushing, "SELECT patient_id, detail FROM inbox WHERE version = 2")
    assert about == "p2"
    assert "from Patient/p1 to Patient/p2" in detail


async def test_what_goes_to_the_history_leads_somewhere_too(pushing: httpx.AsyncClient) -> None:
    await push(pushing, corrected())

    answer = await push(pushing, result(subject={"reference": "Patient/nobody"}))

    assert answer.status_code == 202
    assert await rows(pushing, "SELECT count(*) FROM version WHERE type = 'Observation'") == [(0,)]


async def test_a_person_may_not_make_another_result_of_one(pushing: httpx.AsyncClient) -> None:
    name = (await push(pushing, result())).json()["id"]

    other = {"op": "replace", "path": "/identifier/0/value", "value": "another"}
    away = {"op": "remove", "path": "/identifier"}
    for operation in (other, away):
        answer = await patch(pushing, name, operation)
        assert answer.status_code == 422
        assert "another result" in words(answer)
    note = {"op": "add", "path": "/note", "value": [{"text": "hémolysé"}]}
    assert (await patch(pushing, name, note)).status_code == 200


async def test_what_a_person_gives_a_senders_number_is_that_result(pushing: httpx.AsyncClient) -> None:
    name = (await push(pushing, result(identifier=None))).json()["id"]
    given = {"op": "add", "path": "/identifier", "value": result()["identifier"]}

    assert (await patch(pushing, name, given)).status_code == 200
    again = await push(pushing, result())
    assert (again.status_code, again.json()["id"]) == (200, name)
    assert again.headers["X-Idempotent-Replay"] == "true"


async def test_a_number_another_result_has_cannot_be_given(pushing: httpx.AsyncClient) -> None:
    own = (await push(pushing, result())).json()["id"]
    name = (await push(pushing, result(identifier=None))).json()["id"]
    given = {"op": "add", "path": "/identifier", "value": result()["identifier"]}

    answer = await patch(pushing, name, given)

    assert answer.status_code == 409
    assert f"Observation/{own} is this result of its sender's" in words(answer)


async def test_a_subject_that_is_no_patient_is_looked_for_nowhere(pushing: httpx.AsyncClient) -> None:
    place = {"type": "Location", "identifier": {"system": "urn:oid:2.999.7", "value": "W3"}}

    answer = await push(pushing, result(subject=place))

    assert answer.status_code == 201, answer.text
    assert answer.json()["subject"] == place


def withdrawn(subject: str) -> Json:
    """A consent that was taken back."""
    research = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "research"}
    return {
        "resourceType": "Consent",
        "status": "inactive",
        "scope": {"coding": [research]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": subject},
        "dateTime": "2021-10-01",
        "policyRule": {"text": "protocol"},
    }


async def test_of_who_withdrew_nothing_new_goes_to_the_history_either(pushing: httpx.AsyncClient) -> None:
    await push(pushing, corrected())
    await pushing.post("/fhir/Consent", content=codec.write(withdrawn("Patient/p1")))

    assert (await push(pushing, result())).status_code == 202
    assert await rows(pushing, "SELECT count(*) FROM version WHERE type = 'Observation'") == [(0,)]


class TestStripping:
    """Where what identifies a patient is left out."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(
            database_url=database_url, base_url="http://test", auth="none", identifying_data="strip"
        )

    async def test_what_was_parked_and_stripped_is_known_when_it_comes_again(
        self, pushing: httpx.AsyncClient
    ) -> None:
        name = "urn:uuid:11111111-1111-4111-8111-111111111111"
        tube = {"resourceType": "Specimen", "type": {"text": "sérum"}}
        about = {"reference": "Patient/p9", "display": "Jeanne Dupont"}
        entries: list[Json] = [
            {"fullUrl": name, "resource": tube, "request": {"method": "POST", "url": "Specimen"}},
            {
                "resource": result(subject=about, specimen={"reference": name}),
                "request": {"method": "POST", "url": "Observation"},
            },
        ]
        body = bundle_of("transaction", *entries)
        assert (await pushing.post("/fhir", content=body)).status_code == 202
        await pushing.put("/fhir/Patient/p9", content=b'{"resourceType":"Patient","id":"p9"}')
        for _ in range(100):
            if await rows(pushing, "SELECT id FROM parked") == []:
                break
            await asyncio.sleep(0.1)

        answer = await pushing.post("/fhir", content=body)

        assert answer.status_code == 200, answer.text
        assert [entry["response"]["status"][:3] for entry in answer.json()["entry"]] == ["200", "200"]


async def test_a_correction_under_its_own_number_and_code_is_no_create_that_finds_it(
    pushing: httpx.AsyncClient,
) -> None:
    number = f"identifier={LAB.systems[0]}|L1&code=http://loinc.org|4485-9"
    await pushing.post("/fhir/Observation", json=result("L1"))

    corrected = result("L1", status="corrected", issued="2021-09-15T10:00:00+02:00")
    answer = await pushing.post("/fhir/Observation", json=corrected, headers={"If-None-Exist": number})

    assert (answer.status_code, answer.json()["status"]) == (200, "corrected")
