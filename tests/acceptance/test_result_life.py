"""The life of a pushed result: in whatever order, however often and through whichever door it arrives.

Against real servers, on SQLite and on PostgreSQL, and on two processes that share a database.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from random import Random

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.feed.documents import decoded, sent, text
from bench.feed.rows import hashes
from tests.crowds import crowd
from tests.pushes import DOORS, LABORATORY, SUBJECT, Door, Json, patient, post, registered, result
from tests.servers import Server

numbers = count(1)

LIVES = {
    "it is confirmed": ("preliminary", "final"),
    "it is corrected": ("preliminary", "final", "corrected"),
    "it is corrected twice": ("final", "corrected", "corrected", "amended"),
    "it is added to": ("registered", "preliminary", "final", "amended"),
    "it is amended, and corrected after all": ("final", "amended", "corrected"),
    "it is cancelled before it is there": ("registered", "cancelled"),
    "it is withdrawn": ("preliminary", "final", "corrected", "entered-in-error"),
    "it is withdrawn, and right after all": ("final", "entered-in-error", "corrected"),
}
"""What is said of a result, one after the other, each with a later `issued`."""


@pytest.fixture(scope="module")
def pushed_at(server: Server) -> Server:
    """A server at which a laboratory is registered, with the subject of its results."""
    return prepared(server)


@pytest.fixture(scope="module")
def crowded_laboratory(crowded: Server) -> Server:
    """A server for many at once, or two that share a database, prepared in the same way."""
    return prepared(crowded)


def prepared(server: Server) -> Server:
    registered(server.database_url)
    with httpx.Client(base_url=server.url) as client:
        assert client.put(f"/fhir/Patient/{SUBJECT}", json=patient()).is_success
    return server


@pytest.fixture(scope="module")
def laboratory(pushed_at: Server) -> Iterator[httpx.Client]:
    """The laboratory's engine."""
    with httpx.Client(base_url=pushed_at.url, timeout=30) as client:
        yield client


def life(statuses: Sequence[str], number: str) -> list[Json]:
    """The contents of a result as it lives."""
    return [
        result(
            number,
            status=status,
            issued=f"2024-03-01T{10 + moment}:00:00.000+01:00",
            valueQuantity={"value": 80 + moment, "unit": "µmol/l"},
        )
        for moment, status in enumerate(statuses)
    ]


def push(client: httpx.Client, door: Door, document: Json) -> int:
    """What was answered about a content."""
    asked = door(document)
    answer = client.request(asked.method, asked.path, json=asked.body, headers=asked.headers)
    assert answer.is_success, answer.text
    return asked.status(answer.status_code, answer.json())


def history(client: httpx.Client, number: str) -> list[bytes]:
    """Every content of a result as it was sent, the current one first; it is stored once."""
    asked = {"identifier": f"{LABORATORY.systems[0]}|{number}"}
    [found] = client.get("/fhir/Observation", params=asked).json()["entry"]
    versions = client.get(f"/fhir/Observation/{found['resource']['id']}/_history")
    contents = [text(said(entry["resource"])) for entry in decoded(versions.content)["entry"]]
    current = client.get(f"/fhir/Observation/{found['resource']['id']}")
    assert text(said(decoded(current.content))) == contents[0]
    return contents


def said(stored: Json) -> Json:
    """What was sent, of which this is the stored document."""
    return {name: value for name, value in sent(stored).items() if name != "meta"}


@pytest.mark.parametrize("statuses", LIVES.values(), ids=LIVES)
def test_every_order_of_arrival_ends_in_the_same(laboratory: httpx.Client, statuses: Sequence[str]) -> None:
    for order in itertools.permutations(range(len(statuses))):
        number = f"order-{next(numbers)}"
        contents = life(statuses, number)

        for moment in order:
            push(laboratory, post, contents[moment])

        found = history(laboratory, number)
        assert found[0] == text(contents[-1]), order
        assert set(found) == set(map(text, contents)), order


def test_a_result_is_never_unsettled_again(laboratory: httpx.Client) -> None:
    """Whatever was issued later: a preliminary content is no news where a final one is known."""
    for order in itertools.permutations(range(2)):
        number = f"settled-{next(numbers)}"
        contents = life(("final", "preliminary"), number)

        for moment in order:
            push(laboratory, post, contents[moment])

        found = history(laboratory, number)
        assert found[0] == text(contents[0])
        assert set(found) == set(map(text, contents))


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_a_whole_life_in_one_bundle_ends_the_same(laboratory: httpx.Client, kind: str) -> None:
    for order in itertools.permutations(range(4)):
        number = f"bundle-{next(numbers)}"
        contents = life(LIVES["it is withdrawn"], number)
        asked = {"method": "POST", "url": "Observation"}
        entries = [{"resource": contents[moment], "request": asked} for moment in order]

        bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
        answer = laboratory.post("/fhir", json=bundle).json()

        statuses = sorted(entry["response"]["status"] for entry in answer["entry"])
        assert statuses == ["200 OK", "200 OK", "200 OK", "201 Created"]
        found = history(laboratory, number)
        assert found[0] == text(contents[-1]), order
        assert set(found) == set(map(text, contents)), order


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(LIVES.values())).flatmap(
        lambda statuses: st.tuples(
            st.just(statuses),
            st.permutations(range(len(statuses))),
            st.lists(st.integers(0, len(statuses) - 1), max_size=5),
            st.randoms(use_true_random=False),
        )
    )
)
def test_neither_doors_nor_resends_matter(
    laboratory: httpx.Client, lived: tuple[Sequence[str], list[int], list[int], Random]
) -> None:
    statuses, order, again, chance = lived
    number = f"doors-{next(numbers)}"
    contents = life(statuses, number)
    arriving = [*order, *again]
    chance.shuffle(arriving)

    answers = [push(laboratory, chance.choice(DOORS), contents[moment]) for moment in arriving]

    found = history(laboratory, number)
    assert answers.count(201) == 1 == answers.index(201) + 1
    assert found[0] == text(contents[-1])
    assert set(found) == set(map(text, contents))


def test_ten_replays_leave_every_table_as_it_is(pushed_at: Server, laboratory: httpx.Client) -> None:
    contents = [one for statuses in LIVES.values() for one in life(statuses, f"replays-{next(numbers)}")]
    for content in contents:
        push(laboratory, post, content)
    before = asyncio.run(hashes(pushed_at.database_url))

    answers = Counter(
        push(laboratory, DOORS[(time + place) % len(DOORS)], content)
        for time in range(10)
        for place, content in enumerate(contents)
    )

    assert answers == {200: 10 * len(contents)}
    assert asyncio.run(hashes(pushed_at.database_url)) == before


async def test_of_the_same_result_at_every_door_at_once_one_creates(crowded_laboratory: Server) -> None:
    async with crowd(crowded_laboratory.url) as client:
        for _ in range(10):
            number = f"race-{next(numbers)}"
            asked = [door(result(number)) for door in DOORS * 4]

            answers = await asyncio.gather(
                *(client.request(one.method, one.path, json=one.body, headers=one.headers) for one in asked)
            )

            statuses = Counter(
                one.status(answer.status_code, answer.json())
                for one, answer in zip(asked, answers, strict=True)
            )
            assert statuses == {201: 1, 200: len(asked) - 1}
            found = await client.get("/fhir/Observation", params={"identifier": number})
            assert [entry["resource"]["meta"]["versionId"] for entry in found.json()["entry"]] == ["1"]


@pytest.mark.parametrize("statuses", LIVES.values(), ids=LIVES)
async def test_a_life_that_arrives_all_at_once_ends_the_same(
    crowded_laboratory: Server, statuses: Sequence[str]
) -> None:
    async with crowd(crowded_laboratory.url) as client:
        number = f"together-{next(numbers)}"
        contents = life(statuses, number)
        asked = [door(content) for door in DOORS for content in contents]

        answers = await asyncio.gather(
            *(client.request(one.method, one.path, json=one.body, headers=one.headers) for one in asked)
        )

        assert {answer.status_code for answer in answers} <= {200, 201}
        with httpx.Client(base_url=crowded_laboratory.url) as reader:
            found = history(reader, number)
        assert found[0] == text(contents[-1])
        assert set(found) == set(map(text, contents))
