"""Rules 25, 32 and 80 where they are hard: many clients at the same moment, in one process and in two."""

import asyncio
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from tests.conformance.make import (
    JSON_PATCH,
    Json,
    bundle,
    criteria,
    entry,
    found,
    marked,
    statuses,
    versions,
    written,
)
from tests.crowds import crowd
from tests.routers.make import HEADERS

CLIENTS, ROUNDS = 16, 50


def weight(mark: str, **changes: object) -> Json:
    """A result without a patient."""
    made = marked("Observation", mark, **changes)
    del made["subject"]
    return made


async def posted(client: httpx.AsyncClient, resource: Json, search: str) -> httpx.Response:
    """The answer to a conditional create."""
    return await client.post(
        f"/fhir/{resource['resourceType']}",
        content=written(resource),
        headers=HEADERS | {"If-None-Exist": search},
    )


@pytest.mark.rule(32)
async def test_of_sixteen_who_create_the_same_at_once_one_creates_it_each_time(address: str) -> None:
    async with crowd(address) as client:
        for _ in range(ROUNDS):
            mark = uuid4().hex
            answers = await asyncio.gather(
                *(posted(client, weight(mark), criteria(mark)) for _ in range(CLIENTS))
            )

            assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CLIENTS - 1}
            assert len({answer.headers["location"] for answer in answers}) == 1
            assert len(await found(client, f"Observation?{criteria(mark)}")) == 1


@pytest.mark.rule(32)
async def test_it_does_not_matter_how_they_ask_for_it(address: str) -> None:
    """By two criteria in any order, by update, and within a transaction or a batch."""
    async with crowd(address) as client:
        for _ in range(ROUNDS // 5):
            mark = uuid4().hex
            both = (f"status=final&{criteria(mark)}", f"{criteria(mark)}&status=final")
            sent = written(weight(mark))
            within = entry("POST", "Observation", weight(mark), ifNoneExist=criteria(mark))
            answers = await asyncio.gather(
                *(posted(client, weight(mark), search) for search in both * 2),
                *(
                    client.put(f"/fhir/Observation?{criteria(mark)}", content=sent, headers=HEADERS)
                    for _ in range(4)
                ),
                *(
                    client.post("/fhir", content=bundle(kind, [within]), headers=HEADERS)
                    for kind in ("transaction", "batch") * 4
                ),
            )

            told = [
                int(statuses(answer)[0]) if answer.json()["resourceType"] == "Bundle" else answer.status_code
                for answer in answers
            ]
            assert Counter(told) == {201: 1, 200: CLIENTS - 1}
            assert len(await found(client, f"Observation?{criteria(mark)}")) == 1


@pytest.mark.rule(32)
async def test_a_transaction_of_many_conditional_creates_neither_doubles_nor_locks_up(address: str) -> None:
    marks = [uuid4().hex for _ in range(10)]
    async with crowd(address) as client:

        def sent(place: int) -> bytes:
            order = marks if place % 2 else list(reversed(marks))
            return bundle(
                "transaction",
                [entry("POST", "Observation", weight(mark), ifNoneExist=criteria(mark)) for mark in order],
            )

        answers = await asyncio.gather(
            *(client.post("/fhir", content=sent(place), headers=HEADERS) for place in range(CLIENTS))
        )

        told = Counter(status for answer in answers for status in statuses(answer))
        assert told == {"201": len(marks), "200": len(marks) * (CLIENTS - 1)}
        assert [len(await found(client, f"Observation?{criteria(mark)}")) for mark in marks] == [1] * len(
            marks
        )


@pytest.mark.rule(25)
async def test_of_twenty_who_hold_the_same_version_one_changes_it(address: str) -> None:
    change = written([{"op": "add", "path": "/language", "value": "fr"}])
    async with crowd(address) as client:
        for method in ("PUT", "PATCH", "conditional PUT", "transaction") * 2:
            name = uuid4().hex
            held = {"If-Match": 'W/"1"'}
            sent = written(weight(name, id=name))
            place = f"/fhir/Observation/{name}"
            await client.put(place, content=sent, headers=HEADERS)
            match method:
                case "PUT":
                    asked = [client.put(place, content=sent, headers=HEADERS | held) for _ in range(20)]
                case "PATCH":
                    asked = [
                        client.patch(place, content=change, headers=JSON_PATCH | held) for _ in range(20)
                    ]
                case "conditional PUT":
                    place = f"/fhir/Observation?{criteria(name)}"
                    asked = [client.put(place, content=sent, headers=HEADERS | held) for _ in range(20)]
                case _:
                    entries = [entry("PUT", f"Observation/{name}", weight(name, id=name), ifMatch='W/"1"')]
                    held_bundle = bundle("transaction", entries)
                    asked = [client.post("/fhir", content=held_bundle, headers=HEADERS) for _ in range(20)]

            answers = await asyncio.gather(*asked)

            assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 19}, method
            assert len(await versions(client, f"/fhir/Observation/{name}/_history")) == 2


@pytest.mark.rule(22, 25)
async def test_of_many_who_create_the_same_id_if_it_is_new_one_does(address: str) -> None:
    async with crowd(address) as client:
        for _ in range(10):
            name = uuid4().hex
            answers = await asyncio.gather(
                *(
                    client.put(
                        f"/fhir/Observation/{name}",
                        content=written(weight(name, id=name)),
                        headers=HEADERS | {"If-None-Match": "*"},
                    )
                    for _ in range(CLIENTS)
                )
            )

            assert Counter(answer.status_code for answer in answers) == {201: 1, 412: CLIENTS - 1}


@pytest.mark.rule(80)
async def test_a_result_never_outlives_its_patient(address: str) -> None:
    outcomes: Counter[tuple[int, int]] = Counter()
    async with crowd(address) as client:
        for turn in range(40):
            name = uuid4().hex
            patient = written(marked("Patient", name, id=name))
            await client.put(f"/fhir/Patient/{name}", content=patient, headers=HEADERS)
            result = written(weight(name) | {"subject": {"reference": f"Patient/{name}"}})
            writing = client.post("/fhir/Observation", content=result, headers=HEADERS)
            deleting = client.delete(f"/fhir/Patient/{name}")
            if turn % 2:
                written_, deleted = await asyncio.gather(writing, deleting)
            else:
                deleted, written_ = await asyncio.gather(deleting, writing)
            outcomes[written_.status_code, deleted.status_code] += 1

            left = await found(client, f"Observation?{criteria(name)}")
            read = await client.get(f"/fhir/Patient/{name}")
            assert (len(left), read.status_code) == ((1, 200) if written_.status_code == 201 else (0, 410))

    assert outcomes.keys() <= {(201, 409), (422, 204)}, outcomes
