"""Many at once: nobody gets a 500, nothing is lost, one wins a race, no reader sees half of a transaction.

On one process with SQLite and with PostgreSQL, and on two processes that share one PostgreSQL.
"""

import asyncio
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from tests.acceptance.lupus import Json
from tests.crowds import CROWD, crowd

EACH = 6
SYSTEM = "urn:trialbridge:test:crowd"
PANEL = 8


def observation(mark: str, number: int, *, name: str | None = None) -> Json:
    identifier = [{"system": SYSTEM, "value": mark}]
    said: Json = {"resourceType": "Observation", "identifier": identifier, "status": "final"}
    code = {"coding": [{"system": SYSTEM, "code": "number"}]}
    return said | ({"id": name} if name else {}) | {"code": code, "valueInteger": number}


def bundle(*entries: tuple[str, str, Json]) -> Json:
    made = [{"resource": one, "request": {"method": method, "url": where}} for method, where, one in entries]
    return {"resourceType": "Bundle", "type": "transaction", "entry": made}


async def numbers(client: httpx.AsyncClient, mark: str) -> list[int]:
    """The numbers of the resources with this mark, page by page."""
    found: list[int] = []
    address: str | None = f"/fhir/Observation?identifier={SYSTEM}|{mark}&_count=100"
    while address:
        page = (await client.get(address)).json()
        found += [entry["resource"]["valueInteger"] for entry in page.get("entry", ())]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
    return found


async def write(client: httpx.AsyncClient, mark: str, first: int) -> list[httpx.Response]:
    """One writer: single creates, then a transaction, then an update of its own."""
    answers = [
        await client.post("/fhir/Observation", json=observation(mark, first + n)) for n in range(EACH - 3)
    ]
    last = first + EACH - 3
    entries = [("POST", "Observation", observation(mark, last + n)) for n in range(2)]
    answers.append(await client.post("/fhir", json=bundle(*entries)))
    name = str(uuid4())
    for number in (-1, last + 2):
        sent = observation(mark, number, name=name)
        answers.append(await client.put(f"/fhir/Observation/{name}", json=sent))
    return answers


async def test_fifty_writers_at_once_get_no_500_and_nothing_is_lost(address: str) -> None:
    mark = uuid4().hex
    async with crowd(address) as client:
        written = await asyncio.gather(*(write(client, mark, EACH * place) for place in range(CROWD)))
        statuses = Counter(answer.status_code for answers in written for answer in answers)
        found = await numbers(client, mark)

    assert statuses == {201: CROWD * (EACH - 2), 200: CROWD * 2}
    assert sorted(found) == list(range(CROWD * EACH))


@pytest.mark.rule(25)
async def test_of_many_who_hold_the_same_version_one_wins(address: str) -> None:
    name = str(uuid4())
    async with crowd(address) as client:
        await client.put(f"/fhir/Observation/{name}", json=observation("race", 0, name=name))
        answers = await asyncio.gather(
            *(
                client.put(
                    f"/fhir/Observation/{name}",
                    json=observation("race", place, name=name),
                    headers={"If-Match": 'W/"1"'},
                )
                for place in range(1, CROWD + 1)
            )
        )
        stored = (await client.get(f"/fhir/Observation/{name}")).json()

    [winner] = [place for place, answer in enumerate(answers, 1) if answer.status_code == 200]
    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: CROWD - 1}
    assert (stored["valueInteger"], stored["meta"]["versionId"]) == (winner, "2")


async def test_of_many_who_write_the_same_resource_each_gets_a_version_of_its_own(address: str) -> None:
    name = str(uuid4())
    async with crowd(address) as client:
        answers = await asyncio.gather(
            *(
                client.put(f"/fhir/Observation/{name}", json=observation("same", place, name=name))
                for place in range(CROWD)
            )
        )
        versions = [answer.json()["meta"]["versionId"] for answer in answers]
        history = (await client.get(f"/fhir/Observation/{name}/_history?_count=100")).json()
        then = [await client.get(answer.headers["location"]) for answer in answers]

    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: CROWD - 1}
    assert sorted(versions, key=int) == [str(number) for number in range(1, CROWD + 1)]
    assert [one.content for one in then] == [one.content for one in answers]
    assert history["total"] == CROWD
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == [
        str(number) for number in range(CROWD, 0, -1)
    ]


async def test_transactions_that_touch_the_same_resources_in_other_orders_all_end(address: str) -> None:
    names = [str(uuid4()) for _ in range(4)]
    async with crowd(address) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    "/fhir",
                    json=bundle(
                        *(
                            ("PUT", f"Observation/{name}", observation("knot", place, name=name))
                            for name in (names if place % 2 else reversed(names))
                        )
                    ),
                )
                for place in range(20)
            )
        )
        stored = [(await client.get(f"/fhir/Observation/{name}")).json() for name in names]

    assert Counter(answer.status_code for answer in answers) == {200: 20}
    assert len({one["valueInteger"] for one in stored}) == 1
    assert {one["meta"]["versionId"] for one in stored} == {"20"}


@pytest.mark.rule(35)
async def test_readers_meanwhile_see_whole_transactions_only(address: str) -> None:
    mark = uuid4().hex
    names = [str(uuid4()) for _ in range(PANEL)]
    written = asyncio.Event()

    async def keep_writing(client: httpx.AsyncClient) -> None:
        for number in range(25):
            entries = [("PUT", f"Observation/{name}", observation(mark, number, name=name)) for name in names]
            answer = await client.post("/fhir", json=bundle(*entries))
            assert answer.status_code == 200, answer.text
        written.set()

    async def keep_reading(client: httpx.AsyncClient) -> list[list[int]]:
        seen = []
        while not written.is_set():
            seen.append(await numbers(client, mark))
        return seen

    async with crowd(address) as client:
        reading = [asyncio.create_task(keep_reading(client)) for _ in range(5)]
        await keep_writing(client)
        seen = [one for reader in reading for one in await reader]

    assert {len(one) for one in seen} <= {0, PANEL}
    assert all(len(set(one)) <= 1 for one in seen)
    assert len({tuple(one) for one in seen}) > 3, "the readers were not there while it happened"


async def test_what_was_acknowledged_everybody_can_read_at_once(address: str) -> None:
    async with crowd(address) as client:
        for number in range(10):
            answer = await client.post("/fhir/Observation", json=observation("near", number))
            location = answer.headers["location"]
            readings = await asyncio.gather(*(client.get(location) for _ in range(12)))
            assert {one.content for one in readings} == {answer.content}
