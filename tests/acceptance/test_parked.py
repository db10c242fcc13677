"""What is parked is carried out once, later, over what is stored meanwhile, and keeps nobody waiting."""

import asyncio
import base64
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping.content import of_bundle
from app.fhir_mapping.intake import Intake
from app.routers import examples
from app.routers.requests import intake_of
from app.store.database import Connection, Row
from app.store.ids import new_id
from app.store.models import parked
from app.store.replay import replay, sweep
from app.store.senders import disable, register
from app.store.session import Store
from tests.pushes import LABORATORY, SUBJECT, Json, patient, result
from tests.routers.make import HEADERS, issues

RPPS = "urn:oid:1.2.250.1.71.4.2.1"
NUMBER = {"system": "urn:oid:1.2.250.1.998.9", "value": "S-1"}


@dataclass(frozen=True)
class Service:
    """A service that knows a laboratory and nobody else: its client, its store, and its way in."""

    client: httpx.AsyncClient
    store: Store
    intake: Intake

    async def send(self, *entries: Json, **headers: str) -> httpx.Response:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
        return await self.client.post("/fhir", json=bundle, headers=headers)

    async def knows(self, name: str = SUBJECT, **said: Any) -> None:
        answer = await self.client.put(f"/fhir/Patient/{name}", json=patient(name) | said)
        assert answer.status_code < 300, answer.text

    async def rows(self, sql: str) -> list[Row]:
        return [tuple(row) for row in await self.store.database.read(lambda c: c.fetch(sql))]

    async def count(self, kind: str) -> int:
        [(number,)] = await self.rows(f"SELECT count(*) FROM resource WHERE type = '{kind}'")
        return int(number)

    async def letters(self) -> list[Row]:
        return await self.rows("SELECT reason, awaits, awaits_system, awaits_value FROM parked ORDER BY id")


@pytest.fixture
async def lab(app: FastAPI, client: httpx.AsyncClient) -> Service:
    service = app.state.service
    await register(service.store, LABORATORY, at=datetime.now(UTC))
    service.store.desk.expire()
    client.headers.update(HEADERS)
    return Service(client, service.store, intake_of(service.settings))


def entry(document: Json, method: str = "POST", url: str | None = None, **request: str) -> Json:
    asked = {"method": method, "url": url or document["resourceType"], **request}
    return {"resource": document, "request": asked}


@pytest.mark.parametrize("kind", ["Practitioner", "Organization"])
async def test_what_a_sender_sent_who_may_push_no_more_waits_until_it_may(lab: Service, kind: str) -> None:
    brought = {"resourceType": kind, "name": [{"text": "X"}] if kind == "Practitioner" else "X"}
    assert (await lab.send(entry(brought), entry(result("1")))).status_code == 202
    await disable(lab.store, LABORATORY.name)
    lab.store.desk.expire()
    await lab.knows()

    for _ in range(2):
        assert (await sweep(lab.store, lab.intake)).fates == {}
    tried = await replay(lab.store, lab.intake, senders=[LABORATORY.name])
    assert [*tried.fates.values()] == ["parked"]
    assert (await lab.count("Observation"), await lab.count(kind), len(await lab.letters())) == (0, 0, 1)

    await register(lab.store, LABORATORY, at=datetime.now(UTC))
    lab.store.desk.expire()
    await sweep(lab.store, lab.intake)
    assert (await lab.count("Observation"), await lab.count(kind), await lab.letters()) == (1, 1, [])


async def test_what_is_its_senders_no_more_is_stored_once(lab: Service) -> None:
    assert (await lab.client.post("/fhir/Observation", json=result("1"))).status_code == 202
    other = replace(LABORATORY, systems=("urn:oid:1.2.250.1.998.8",))
    await register(lab.store, other, at=datetime.now(UTC))
    lab.store.desk.expire()
    await lab.knows()

    for _ in range(3):
        await sweep(lab.store, lab.intake)

    assert (await lab.count("Observation"), await lab.letters()) == (1, [])
    assert await lab.rows("SELECT count(*) FROM inbox WHERE settled IS NULL") == [(0,)]


async def test_one_that_fails_keeps_none_behind_it_waiting_and_is_tried_again(lab: Service) -> None:
    for number in ("sick", "2", "3"):
        assert (await lab.client.post("/fhir/Observation", json=result(number))).status_code == 202
    await _refuse_in_the_database(lab.store, "sick")
    await lab.knows()

    done = await sweep(lab.store, lab.intake)
    assert (await lab.count("Observation"), len(await lab.letters())) == (2, 1)
    assert [done.fates[letter] for letter in done.failed] == ["parked"]
    assert (await sweep(lab.store, lab.intake, but=done.failed)).fates == {}

    assert (await sweep(lab.store, lab.intake)).failed == done.failed
    await _refuse_in_the_database(lab.store, "nobody")
    assert [*(await sweep(lab.store, lab.intake)).fates.values()] == ["stored"]
    assert (await lab.count("Observation"), await lab.letters()) == (3, [])


async def _refuse_in_the_database(store: Store, number: str) -> None:
    """Let the database fail where a result of this number is stored, and of no other."""
    if store.database.locking:
        statements = [
            "ALTER TABLE identity DROP CONSTRAINT IF EXISTS sick",
            f"ALTER TABLE identity ADD CONSTRAINT sick CHECK (value <> '{number}') NOT VALID",
        ]
    else:
        fails = "BEGIN SELECT RAISE(ABORT, 'sick'); END"
        statements = [
            "DROP TRIGGER IF EXISTS sick",
            f"CREATE TRIGGER sick BEFORE INSERT ON identity WHEN NEW.value = '{number}' {fails}",
        ]

    async def work(connection: Connection) -> None:
        for statement in statements:
            await connection.execute(statement)

    await store.database.write(work)


PATCHED = base64.b64encode(b'[{"op": "replace", "path": "/name", "value": "new"}]').decode()
ORGANIZATION = {"resourceType": "Organization", "id": "here", "name": "old"}


@pytest.mark.parametrize(
    "beside",
    [
        entry(ORGANIZATION, "PUT", "Organization/here"),
        entry({"resourceType": "Organization", "name": "old"}, "PUT", "Organization?name=old"),
        {"request": {"method": "DELETE", "url": "Organization/here"}},
        entry(
            {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": PATCHED},
            "PATCH",
            "Organization/here",
        ),
        entry({"resourceType": "Patient"}),
    ],
    ids=["update", "conditional update", "deletion", "patch", "patient"],
)
async def test_what_would_be_changed_later_over_what_is_newer_is_not_parked(
    lab: Service, beside: Json
) -> None:
    await lab.client.put("/fhir/Organization/here", json=ORGANIZATION)

    answer = await lab.send(beside, entry(result("1")))

    assert answer.status_code == 422
    assert "send the results apart" in issues(answer)[-1]["diagnostics"]
    assert await lab.letters() == []


async def test_what_only_adds_may_wait_with_the_results(lab: Service) -> None:
    practitioner = {"resourceType": "Practitioner", "identifier": [{"system": RPPS, "value": "1"}]}
    once = entry({"resourceType": "Organization", "name": "old"}, ifNoneExist="name=old")

    assert (await lab.send(entry(practitioner), once, entry(result("1")))).status_code == 202


async def test_a_change_of_something_deleted_is_not_taken_for_a_letter_another_opened(lab: Service) -> None:
    await lab.client.put("/fhir/Organization/here", json=ORGANIZATION)
    await lab.client.delete("/fhir/Organization/here")
    patch = entry(
        {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": PATCHED},
        "PATCH",
        "Organization/here",
    )
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [patch, entry(result("1"))]}
    raw = json.dumps(bundle).encode()
    waits = ("unknown-subject", "Patient", "", SUBJECT)
    letter = (new_id(), LABORATORY.name, *waits, datetime.now(UTC), of_bundle(raw), raw, "")
    await lab.store.database.write(lambda connection: connection.insert(parked, [letter]))
    await lab.knows()

    done = await replay(lab.store, lab.intake)

    assert done.count("stored") == 0
    assert await lab.letters() == [("deleted", "", "", "")]


async def test_two_that_open_the_same_letter_store_it_once(lab: Service) -> None:
    await lab.client.post("/fhir/Observation", json=result("1"))
    await lab.knows()

    both = await asyncio.gather(*(replay(lab.store, lab.intake) for _ in range(2)))

    assert {fate for done in both for fate in done.fates.values()} <= {"stored"}
    assert (await lab.count("Observation"), await lab.letters()) == (1, [])
    assert await lab.rows("SELECT fate FROM inbox ORDER BY id") == [("parked",), ("stored",)]


async def test_a_resend_of_what_was_refused_on_opening_waits_again(lab: Service) -> None:
    late = result("1", subject="x") | {"subject": {"reference": "Patient?identifier=urn:x|1"}}
    assert (await lab.send(entry(late))).status_code == 202
    awaited = [("unknown-subject", "Patient", "urn:x", "1")]
    assert await lab.letters() == awaited
    numbered = {"identifier": [{"system": "urn:x", "value": "1"}]}
    twice = [entry(patient(name) | numbered, "PUT", f"Patient/{name}") for name in ("a", "b")]
    assert (await lab.send(*twice)).status_code == 200
    await sweep(lab.store, lab.intake)
    assert await lab.letters() == [("multiple-matches", "", "", "")]
    for name in ("a", "b"):
        await lab.client.delete(f"/fhir/Patient/{name}")

    assert (await lab.send(entry(late))).status_code == 202
    assert await lab.letters() == awaited
    await lab.knows("c", **numbered)
    await sweep(lab.store, lab.intake)
    assert (await lab.count("Observation"), await lab.letters()) == (1, [])


async def test_the_same_under_new_names_is_parked_once(lab: Service) -> None:
    for _ in range(3):
        name = f"urn:uuid:{uuid4()}"
        specimen = {"resourceType": "Specimen", "identifier": [NUMBER]}
        taken = result("1", specimen={"reference": name})
        answer = await lab.send(entry(specimen) | {"fullUrl": name}, entry(taken))
        assert answer.status_code == 202

    assert len(await lab.letters()) == 1


async def test_what_asks_for_more_than_an_identifier_is_not_parked(lab: Service) -> None:
    """No sweep could tell when that is there."""
    subject = {"reference": "Patient?identifier=urn:x|1&active=true"}

    answer = await lab.send(entry(result("1", subject="x") | {"subject": subject}))

    assert (answer.status_code, await lab.letters()) == (412, [])


async def test_what_no_key_holds_is_not_parked(lab: Service) -> None:
    subject = {"reference": f"Patient?identifier=urn:x|{'1' * 300}"}

    answer = await lab.send(entry(result("1", subject="x") | {"subject": subject}))

    assert (answer.status_code, await lab.letters()) == (412, [])


async def test_every_condition_waits_with_what_was_asked(lab: Service) -> None:
    stored, here = result("1") | {"id": "own"}, result("4") | {"id": "here"}
    await lab.knows("other")
    await lab.client.put("/fhir/Observation/here", json=here | {"subject": {"reference": "Patient/other"}})
    sent: tuple[tuple[str, str, Json, dict[str, str]], ...] = (
        ("PUT", "/fhir/Observation/own", stored, {"If-None-Match": "*"}),
        ("PUT", "/fhir/Observation/here", here | {"status": "corrected"}, {"If-Match": 'W/"1"'}),
        ("POST", "/fhir/Observation", result("2"), {"If-None-Exist": "identifier=urn:other|2"}),
        ("PUT", "/fhir/Observation?identifier=urn:other|3", result("3"), {}),
    )
    for method, path, body, headers in sent:
        answer = await lab.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 202, answer.text

    documents = await lab.rows("SELECT document FROM parked ORDER BY id")
    assert [json.loads(bytes(one))["entry"][0]["request"] for (one,) in documents] == [
        {"method": "PUT", "url": "Observation/own", "ifNoneMatch": "*"},
        {"method": "PUT", "url": "Observation/here", "ifMatch": 'W/"1"'},
        {"method": "POST", "url": "Observation", "ifNoneExist": "identifier=urn:other|2"},
        {"method": "PUT", "url": "Observation?identifier=urn:other|3"},
    ]


async def test_the_number_and_the_reason_of_a_message_are_kept_while_it_waits(lab: Service) -> None:
    why = {"X-Correlation-Id": "msg-1", "X-Change-Reason": "a slip"}
    await lab.client.post("/fhir/Observation", json=result("1"), headers=why)
    await lab.knows()
    await sweep(lab.store, lab.intake)

    told = await lab.rows("SELECT fate, door, message, change_reason FROM inbox ORDER BY id")
    assert told == [("parked", "fhir", "msg-1", "a slip"), ("stored", "replay", "msg-1", "a slip")]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # on SQLite the writer is alone
async def test_a_resend_that_meets_the_opening_is_never_promised_a_letter_that_is_gone(
    lab: Service, database_url: str
) -> None:
    await lab.client.post("/fhir/Observation", json=result("1"))
    deleted, commit = asyncio.Event(), asyncio.Event()

    async def opening(connection: Connection) -> None:
        await connection.execute("DELETE FROM parked")
        deleted.set()
        await commit.wait()

    other = await Store.open(database_url)
    opened = asyncio.create_task(other.database.write(opening))
    await deleted.wait()
    resend = asyncio.create_task(lab.client.post("/fhir/Observation", json=result("1")))
    await asyncio.sleep(0.3)
    commit.set()
    await opened
    answer = await resend
    await other.close()

    assert answer.status_code == 202
    assert await lab.rows("SELECT id FROM parked") == [(answer.headers["x-inbox-id"],)]


def consent(status: str, when: str) -> Json:
    example = examples.BODIES["Consent"]
    provision = {name: said for name, said in example["provision"].items() if name != "extension"}
    about = {"patient": {"reference": f"Patient/{SUBJECT}"}, "provision": provision}
    return {**example, **about, "status": status, "dateTime": when}


@pytest.fixture
async def withdrawn(lab: Service) -> Service:
    await lab.knows()
    await lab.client.post("/fhir/Consent", json=consent("inactive", "2024-01-01"))
    return lab


def adverse_event(**said: Any) -> Json:
    example = {name: value for name, value in examples.BODIES["AdverseEvent"].items() if name != "study"}
    return {**example, "subject": {"reference": f"Patient/{SUBJECT}"}, **said}


async def test_new_data_of_who_withdrew_waits_and_what_must_be_known_does_not(withdrawn: Service) -> None:
    own = {"system": LABORATORY.systems[0], "value": "own-1"}
    told = await withdrawn.client.post("/fhir/AdverseEvent", json=adverse_event(identifier=own))
    again = consent("inactive", "2024-01-02") | {"identifier": [own]}
    said = await withdrawn.client.post("/fhir/Consent", json=again)
    assert (told.status_code, said.status_code) == (201, 201)

    answer = await withdrawn.client.post("/fhir/Observation", json=result("1"))
    assert answer.status_code == 202
    assert await withdrawn.letters() == [("consent-withdrawn", "Patient", "", SUBJECT)]


async def test_safety_data_never_wait_for_a_consent_with_the_results_beside_them(withdrawn: Service) -> None:
    answer = await withdrawn.send(entry(adverse_event()), entry(result("1")))

    assert answer.status_code == 422
    assert "send the results apart" in issues(answer)[0]["diagnostics"]
    assert (await withdrawn.letters(), await withdrawn.count("AdverseEvent")) == ([], 0)


async def test_a_new_consent_counts_for_the_results_it_comes_with(withdrawn: Service) -> None:
    answer = await withdrawn.send(entry(consent("active", "2024-02-01")), entry(result("1")))

    assert answer.status_code == 200, answer.text
    assert await withdrawn.count("Observation") == 1


async def test_a_new_consent_lets_in_what_waited_for_it(withdrawn: Service) -> None:
    await withdrawn.client.post("/fhir/Observation", json=result("1"))
    await withdrawn.client.post("/fhir/Consent", json=consent("active", "2024-02-01"))
    await sweep(withdrawn.store, withdrawn.intake)

    assert (await withdrawn.count("Observation"), await withdrawn.letters()) == (1, [])
