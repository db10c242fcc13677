"""Clients that push act for their own senders only, as what they may do when it is stored."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app import mllp
from app.fhir_mapping import codec
from app.fhir_mapping.audit_event import LETTER
from app.fhir_mapping.audit_event import SENDER as AUDITED_SENDER
from app.fhir_mapping.audit_told import told
from app.mllp import END, START
from app.routers.requests import intake_of
from app.routers.service import Service
from app.settings import Settings
from app.store.clients import disable
from app.store.replay import sweep
from app.store.senders import register
from app.store.session import Store, utc_now
from app.store.verify import Verification
from tests.access.signing import ADMINISTRATOR, Key, bearer, new_key, register_client
from tests.databases import copy_of
from tests.fhir_mapping.hl7v2_messages import GLIMS, SENDER, SUBJECTS
from tests.postgres import ROOT
from tests.pushes import DOORS, LABORATORY, Door, Json, result
from tests.servers import free_port

SITE = "https://trialbridge.example/fhir/CodeSystem/site"
OF_CLIENT = {"chu-a": ("SLS", LABORATORY.name), "chu-b": ("REN", SENDER.name)}
"""The site of each client, and the sender it may push for."""


@dataclass
class World:
    """A service that two hospitals push to, each with a patient of its own."""

    http: httpx.AsyncClient
    service: Service
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.service.store

    async def sign_in(self, name: str, **said: Any) -> None:
        self.keys[name] = self.keys.get(name) or new_key()
        await register_client(self.store, name, key=self.keys[name], **said)
        self.headers[name] = await bearer(self.http, name, self.keys[name])

    async def ask(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers[name], "X-Change-Reason": "a test", **more.pop("headers", {})}
        return await self.http.request(method, path, headers=headers, **more)

    async def lists(self, name: str, operation: str, **asked: str) -> list[Json]:
        answer = await self.ask(name, "GET", f"/fhir/${operation}", params={"view": "plain", **asked})
        assert answer.status_code == 200, answer.text
        return next(value for value in answer.json().values() if isinstance(value, list))

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.store.database.read(lambda c: c.fetch(sql))]

    async def sweep(self) -> int:
        """Open what is ready; how many letters were."""
        return len((await sweep(self.store, intake_of(self.service.settings))).fates)


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, base_url="http://test", auth="smart")


@pytest.fixture
async def world(app: FastAPI, client: httpx.AsyncClient) -> World:
    service: Service = app.state.service
    service.store.committer.on_stored = None  # the tests sweep
    world = World(client, service)
    for sender in (LABORATORY, SENDER):
        await register(service.store, sender, at=utc_now())
    service.store.desk.expire()
    await world.sign_in("operator", role=ADMINISTRATOR)
    for name, (site, sender_name) in OF_CLIENT.items():
        await world.sign_in(name, role="site", sites=[site], senders=[sender_name])
        answer = await world.ask(name, "PUT", f"/fhir/Patient/of-{name}", json=patient(f"of-{name}"))
        assert answer.status_code == 201, answer.text
    return world


def patient(name: str, **said: Any) -> Json:
    return {"resourceType": "Patient", "id": name, "gender": "female", **said}


@pytest.mark.rule(78)
@pytest.mark.parametrize("door", DOORS)
async def test_no_door_takes_what_is_another_senders(world: World, door: Door) -> None:
    sent = door(result("1", subject="of-chu-b"))
    answer = await world.ask("chu-b", sent.method, sent.path, json=sent.body, headers=sent.headers)

    assert sent.status(answer.status_code, answer.json()) == 403
    assert f"this client may not push what is numbered by {LABORATORY.systems[0]}" in answer.text
    assert LABORATORY.name not in answer.text
    assert await world.rows("SELECT id FROM resource WHERE type = 'Observation'") == []
    assert await world.rows("SELECT id FROM inbox") == []


@pytest.mark.rule(78)
async def test_what_is_refused_before_it_is_known_whose_it_is_is_not_its_senders_either(world: World) -> None:
    wrong = result("1", subject="of-chu-b", status="no status")
    for name, rows in (("chu-b", 0), ("chu-a", 1)):
        answer = await world.ask(name, "POST", "/fhir/Observation", json=wrong)
        assert answer.status_code == 400
        assert await world.rows("SELECT count(*) FROM inbox") == [(rows,)]


def fault(acknowledgement: str) -> list[str]:
    """What an ACK says is wrong."""
    return [line for line in acknowledgement.split("\r") if line.startswith("ERR")]


@pytest.mark.rule(78)
async def test_a_message_in_hl7_v2_is_taken_from_its_own_sender_alone(world: World) -> None:
    own = {"identifier": [{"system": SUBJECTS, "value": "014"}]}
    await world.ask("chu-b", "PUT", "/fhir/Patient/of-chu-b", json=patient("of-chu-b", **own))
    sent = {"headers": {"content-type": "application/hl7-v2"}, "content": GLIMS}

    refused = await world.ask("chu-a", "POST", "/hl7v2", **sent)
    assert (refused.status_code, "|AR|" in refused.text) == (403, True), refused.text
    assert SENDER.name not in refused.text
    nobody = GLIMS.replace(b"|GLIMS|", b"|NOBODY|")
    assert nobody != GLIMS
    never = await world.ask("chu-a", "POST", "/hl7v2", **sent | {"content": nobody})
    assert never.status_code == 403
    assert fault(refused.text) == fault(never.text)
    assert await world.rows("SELECT id FROM inbox") == []
    taken = await world.ask("chu-b", "POST", "/hl7v2", **sent)
    assert (taken.status_code, "|AA|" in taken.text) == (200, True), taken.text


@pytest.mark.rule(78)
async def test_the_inbox_shows_a_client_its_own_senders_about_its_own_patients(world: World) -> None:
    await world.sign_in("central", role="site", sites=["SLS", "REN"], senders=[LABORATORY.name])
    for number, of in (("1", "of-chu-a"), ("2", "of-chu-b")):
        answer = await world.ask("central", "POST", "/fhir/Observation", json=result(number, subject=of))
        assert answer.status_code == 201, answer.text

    async def numbers(name: str, **asked: str) -> list[str]:
        return sorted(row["identifier"]["value"] for row in await world.lists(name, "inbox", **asked))

    for asked in ({}, {"fate": "stored"}):
        assert await numbers("operator", **asked) == ["1", "2"]
        assert await numbers("central", **asked) == ["1", "2"]
        assert await numbers("chu-a", **asked) == ["1"]
        assert await numbers("chu-b", **asked) == []  # about its patient, and of no sender of its own
    assert await numbers("chu-b", identifier=f"{LABORATORY.systems[0]}|2") == []
    assert await world.lists("chu-b", "senders") == []
    assert await world.lists("chu-b", "unmapped") == []
    counted = {(row["sender"], row["sent"]) for row in await world.lists("chu-b", "reconciliation")}
    assert counted == {(SENDER.name, 0)}
    named = await world.ask("chu-b", "GET", "/fhir/$inbox", params={"sender": LABORATORY.name})
    assert named.status_code == 400
    assert [row["name"] for row in await world.lists("chu-a", "senders")] == [LABORATORY.name]


@pytest.mark.rule(78)
async def test_parked_messages_are_tried_again_by_who_runs_the_server_alone(world: World) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "sender", "valueString": LABORATORY.name}]}
    refused = await world.ask("chu-a", "POST", "/fhir/$replay", json=body)
    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (403, "forbidden")
    assert (await world.ask("operator", "POST", "/fhir/$replay", json=body)).status_code == 200


NUMBER = {"system": "urn:oid:1.2.250.1.998.9", "value": "S-1"}
ABOUT_NUMBER = {"subject": {"identifier": NUMBER}}


async def park(world: World) -> None:
    answer = await world.ask("chu-a", "POST", "/fhir/Observation", json=result("1") | ABOUT_NUMBER)
    assert answer.status_code == 202, answer.text
    assert await world.rows("SELECT client FROM parked") == [("chu-a",)]


@pytest.mark.rule(78)
async def test_what_lies_parked_is_shown_to_who_brought_it(world: World) -> None:
    await park(world)
    await world.sign_in("other", role="site", sites=["SLS", "REN"], senders=[LABORATORY.name])
    for name, seen in (("chu-a", ["parked"]), ("other", []), ("chu-b", []), ("operator", ["parked"])):
        assert [row["fate"] for row in await world.lists(name, "inbox")] == seen


@pytest.mark.rule(78)
async def test_what_is_parked_is_told_once_with_its_letter_and_sender(world: World) -> None:
    await park(world)
    await world.sweep()

    [(letter,)] = await world.rows("SELECT id FROM parked")
    documents = await world.rows("SELECT document FROM audit WHERE client = 'chu-a' ORDER BY recorded, id")
    found = [
        one for one in (told(codec.read(bytes(row[0]))) for row in documents) if (LETTER, letter) in one.named
    ]
    assert [(one.interaction, one.outcome, one.changed) for one in found] == [("create", "0", {})]
    assert (AUDITED_SENDER, LABORATORY.name) in found[0].named
    assert [fault async for fault in Verification(world.store.database).faults()] == []


@pytest.mark.rule(78)
async def test_what_a_client_brought_adds_up_for_it_whatever_became_of_it(world: World) -> None:
    """About nobody known, refused and parked, it is shown and counted: also once the letter is settled."""
    await park(world)
    wrong = result("2", subject="of-chu-a", status="no status")
    assert (await world.ask("chu-a", "POST", "/fhir/Observation", json=wrong)).status_code == 400
    await world.sign_in("other", role="site", sites=["SLS", "REN"], senders=[LABORATORY.name])

    async def counted(name: str) -> tuple[int, int, int, int]:
        [*days] = await world.lists(name, "reconciliation", sender=LABORATORY.name)
        feeds = await world.lists(name, "senders", sender=LABORATORY.name)
        shown = [row for row in await world.lists(name, "inbox") if row["door"] != "replay"]
        sums = {fate: sum(day[fate] for day in days) for fate in ("sent", "parked", "refused")}
        assert sums["sent"] == len(shown)
        return sums["sent"], sums["parked"], sums["refused"], sum(feed["stillParked"] for feed in feeds)

    assert await counted("chu-a") == await counted("operator") == (2, 1, 1, 1)
    assert await counted("other") == (0, 0, 0, 0)

    bearing = patient("of-chu-a", identifier=[NUMBER])
    assert (await world.ask("chu-a", "PUT", "/fhir/Patient/of-chu-a", json=bearing)).status_code == 200
    assert await world.sweep() == 1
    assert await counted("chu-a") == await counted("operator") == (2, 1, 1, 0)


@pytest.mark.rule(78)
async def test_somebody_elses_patient_opens_no_letter(world: World) -> None:
    await park(world)
    bearing = patient("of-chu-b", identifier=[NUMBER])
    assert (await world.ask("chu-b", "PUT", "/fhir/Patient/of-chu-b", json=bearing)).status_code == 200
    assert await world.sweep() == 0

    bearing = patient("of-chu-a", identifier=[NUMBER])
    assert (await world.ask("chu-a", "PUT", "/fhir/Patient/of-chu-a", json=bearing)).status_code == 200
    assert await world.sweep() == 1
    assert await world.rows("SELECT patient_id FROM resource WHERE type = 'Observation'") == [("of-chu-a",)]
    assert await world.rows("SELECT id FROM parked") == []


@pytest.mark.rule(78)
async def test_a_letter_is_carried_out_as_what_who_brought_it_may_do_now(world: World) -> None:
    await park(world)
    bearing = patient("of-chu-a", identifier=[NUMBER])
    await world.ask("chu-a", "PUT", "/fhir/Patient/of-chu-a", json=bearing)

    await disable(world.store, "chu-a")
    assert await world.sweep() == 0  # let in no more: it stays, and is not tried
    await world.sign_in("chu-a", role="site", sites=["SLS"], senders=[SENDER.name])
    assert await world.sweep() <= 1  # the service sweeps, too, and may have been quicker
    assert await world.rows("SELECT reason FROM parked") == [("forbidden",)]  # it waits for people
    assert await world.sweep() == 0
    assert await world.rows("SELECT id FROM resource WHERE type = 'Observation'") == []


@pytest.mark.rule(78)
async def test_what_is_out_of_sight_is_answered_as_what_never_was(world: World) -> None:
    def of(method: str) -> Callable[[str], Any]:
        sent: dict[str, Any] = (
            {"json": patient("x"), "headers": {"If-Match": 'W/"1"'}} if method == "PUT" else {}
        )
        if method == "PATCH":
            sent = {
                "content": b'[{"op":"add","path":"/active","value":true}]',
                "headers": {"content-type": "application/json-patch+json"},
            }

        async def ask(name: str) -> tuple[int, str]:
            if method == "PUT":
                sent["json"] = patient(name)
            answer = await world.ask("chu-a", method, f"/fhir/Patient/{name}", **sent)
            return answer.status_code, answer.text.replace(name, "x")

        return ask

    for method in ("DELETE", "PUT", "PATCH"):
        hidden, absent = [await of(method)(name) for name in ("of-chu-b", "of-chu-c")]
        assert hidden == absent
        assert hidden[0] == 404
    taken = await world.ask("chu-a", "PUT", "/fhir/Patient/of-chu-b", json=patient("of-chu-b"))
    assert taken.status_code == 404  # an id somebody chose, which stands out of sight


async def test_what_a_site_stores_is_tagged_as_its_own_and_the_answer_says_so(world: World) -> None:
    wanted = {"Prefer": "return=OperationOutcome"}
    told = await world.ask(
        "chu-a", "POST", "/fhir/Specimen", json={"resourceType": "Specimen"}, headers=wanted
    )

    assert told.status_code == 201
    assert "tagged as of the site SLS" in told.text
    stored = await world.ask("chu-a", "GET", "/fhir/Patient/of-chu-a")
    assert stored.json()["meta"]["security"] == [{"system": SITE, "code": "SLS"}]


@pytest.mark.rule(78)
async def test_twenty_writers_of_two_sites_do_not_mind_each_others_refusals(world: World) -> None:
    async def write(number: int) -> int:
        name = ("chu-a", "chu-b")[number % 2]
        site = OF_CLIENT[("chu-a", "chu-b")[(number + (number % 5 == 0)) % 2]][0]
        tagged = patient(f"n{number}", meta={"security": [{"system": SITE, "code": site}]})
        return (await world.ask(name, "PUT", f"/fhir/Patient/n{number}", json=tagged)).status_code

    answers = await asyncio.gather(*map(write, range(20)))

    assert answers == [422 if number % 5 == 0 else 201 for number in range(20)]


@pytest.fixture
async def engine(world: World) -> AsyncIterator[Callable[[bytes], Any]]:
    async with mllp.listening(world.service, "127.0.0.1", 0, client="chu-b") as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def send(raw: bytes) -> str:
            writer.write(START + raw + END)
            await writer.drain()
            return (await asyncio.wait_for(reader.readuntil(END), 20)).decode("latin-1")

        yield send
        writer.close()


@pytest.mark.rule(78)
async def test_mllp_takes_messages_in_as_its_client_for_as_long_as_that_is_let_in(
    world: World, engine: Callable[[bytes], Any]
) -> None:
    own = {"identifier": [{"system": SUBJECTS, "value": "014"}]}
    await world.ask("chu-b", "PUT", "/fhir/Patient/of-chu-b", json=patient("of-chu-b", **own))
    assert "MSA|AA|" in await engine(GLIMS)
    about = await world.rows("SELECT DISTINCT patient_id FROM resource WHERE type = 'Observation'")
    assert about == [("of-chu-b",)]
    await world.sign_in("chu-b", role="site", sites=["REN"], senders=[LABORATORY.name])
    assert "MSA|AR|" in await engine(GLIMS)
    await disable(world.store, "chu-b")
    assert "MSA|AR|" in await engine(GLIMS)


WITHOUT_CLIENT = "say as which registered client messages are taken in: --client NAME"


def test_mllp_does_not_start_without_knowing_as_whom(migrated_sqlite: Path, tmp_path: Path) -> None:
    def started(*words: str) -> tuple[int, str]:
        environment = os.environ | {"TRIALBRIDGE_DATABASE_URL": copy_of(migrated_sqlite, tmp_path)}
        command = (sys.executable, "-m", "app.cli", "mllp", "--port", str(free_port()), *words)
        ended = subprocess.run(
            command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )
        return ended.returncode, ended.stderr

    assert started() == (2, f"trialbridge: {WITHOUT_CLIENT}\n")
    code, said = started("--client", "nobody")
    assert (code, "no client 'nobody' is let in" in said) == (1, True)
