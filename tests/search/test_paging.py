"""A walk along the pages neither loses nor repeats anything, whatever others write meanwhile."""

from collections.abc import Callable
from random import Random
from threading import Event, Thread

import pytest

from tests.search.asked import FHIR_JSON, Asked, ids, link, query_of
from tests.search.population import Json, written

MANY = 60


def observation(name: str, *, tag: str, day: str | None = "2021-03-16", status: str = "final") -> Json:
    return {
        "resourceType": "Observation",
        "id": name,
        "meta": {"tag": [{"system": "urn:walk", "code": tag}]},
        "status": status,
        "code": {"text": "walked"},
    } | ({"effectiveDateTime": day} if day else {})


def put(busy: Asked, document: Json) -> None:
    answer = busy.http.put(f"Observation/{document['id']}", content=written(document), headers=FHIR_JSON)
    assert answer.is_success, answer.text


def stored(busy: Asked, tag: str) -> list[str]:
    """Many observations with few days among them, some without any; their ids."""
    days = ["2021-03-16", "2021-03-16", "2021-03-17", "2021-03", None]
    documents = [observation(f"{tag}-{n:03}", tag=tag, day=days[n % len(days)]) for n in range(MANY)]
    busy.load(documents)
    return [one["id"] for one in documents]


SORTS = ["", "date", "-date", "status,date", "-status,-date,_id", "_lastUpdated", "-_lastUpdated", "-_id"]


@pytest.fixture(scope="session")
def ties(busy: Asked) -> list[str]:
    """The ids of many that tie, which nobody changes any more."""
    return stored(busy, "ties")


@pytest.mark.rule(52)
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("count", [1, 7, MANY - 1, MANY, MANY + 1])
def test_ties_are_neither_lost_nor_repeated(busy: Asked, ties: list[str], sort: str, count: int) -> None:
    names = ties
    question = [("_tag", "urn:walk|ties"), ("_count", str(count)), *([("_sort", sort)] if sort else [])]

    pages = busy.walk("Observation", question)

    assert sorted(one for page in pages for one in ids(page)) == names
    assert len(pages) == -(-MANY // count)
    assert link(pages[-1], "next") is None


@pytest.mark.rule(52)
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("count", [2, 7])
def test_a_walk_meets_once_all_that_stays_while_others_write(busy: Asked, sort: str, count: int) -> None:
    """Between any two pages some are deleted, some are changed so that they move, and some are new."""
    tag = f"busy{SORTS.index(sort)}-{count}"
    names = stored(busy, tag)
    chance = Random(tag)
    touched: set[str] = set()
    question = [("_tag", f"urn:walk|{tag}"), ("_count", str(count)), *([("_sort", sort)] if sort else [])]

    page = busy.get("Observation", question)
    seen = ids(page)
    while address := link(page, "next"):
        if len(touched) < MANY // 2:
            gone, moved = chance.sample(names, 2)
            new = f"{tag}-new-{len(touched)}"
            touched |= {gone, moved}
            assert busy.http.delete(f"Observation/{gone}").is_success
            put(
                busy, observation(moved, tag=tag, day=chance.choice(["2020", "2022", None]), status="amended")
            )
            put(busy, observation(new, tag=tag, day=chance.choice(["2021-03-16", None])))
        page = busy.follow(address)
        seen += ids(page)

    stayed = [one for one in seen if one in set(names) - touched]
    assert sorted(stayed) == sorted(set(names) - touched)
    assert link(page, "next") is None


@pytest.mark.rule(52)
@pytest.mark.parametrize("sort", ["-date", "_lastUpdated"])
def test_walks_amid_writers_that_do_not_wait_meet_all_that_stays(busy: Asked, sort: str) -> None:
    tag = f"amid{len(sort)}"
    names = stored(busy, tag)
    staying, stop, broken = names[::2], Event(), []

    def write(moving: list[str], seed: int) -> None:
        chance = Random(seed)
        with busy.beside() as writer:
            while not stop.is_set():
                name = chance.choice(moving)
                if chance.random() < 0.4:
                    broken.extend([] if writer.http.delete(f"Observation/{name}").is_success else [name])
                else:
                    put(writer, observation(name, tag=tag, day=chance.choice(["2020", "2022", None])))

    writers = [Thread(target=write, args=(names[1 + 2 * n :: 6], n)) for n in range(3)]
    for writer in writers:
        writer.start()
    try:
        for count in (1, 5, 9):
            question = [("_tag", f"urn:walk|{tag}"), ("_count", str(count)), ("_sort", sort)]
            seen = [one for page in busy.walk("Observation", question) for one in ids(page)]
            assert sorted(one for one in seen if one in staying) == staying
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not broken


@pytest.mark.rule(52)
def test_when_the_last_of_a_page_is_deleted_the_walk_goes_on_behind_it(busy: Asked) -> None:
    names = stored(busy, "last")
    page = busy.get("Observation", [("_tag", "urn:walk|last"), ("_count", "5"), ("_sort", "date")])
    seen = ids(page)
    while address := link(page, "next"):
        assert busy.http.delete(f"Observation/{ids(page)[-1]}").is_success
        page = busy.follow(address)
        seen += ids(page)
    assert sorted(seen) == names


@pytest.mark.rule(52)
@pytest.mark.parametrize("sort", ["-_lastUpdated", "status,-_lastUpdated", "_id"])
def test_next_links_stay_as_long_as_they_are_and_keep_what_was_asked(busy: Asked, sort: str) -> None:
    stored(busy, "links")
    question = [("_tag", "urn:walk|links"), ("_count", "3"), ("_sort", sort)]
    pages = busy.walk("Observation", question)
    addresses = [address for page in pages if (address := link(page, "next"))]

    assert len(addresses) == MANY // 3 - 1
    assert len({len(address) for address in addresses}) == 1
    assert all(set(question) <= set(query_of(address)) for address in addresses)


@pytest.mark.rule(52)
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: ("A" if text[0] != "A" else "B") + text[1:],
        lambda text: text[: len(text) // 2],
        lambda text: text + "A",
        lambda text: text.swapcase(),
        lambda text: "x",
        lambda text: "é",
    ],
)
def test_a_link_that_was_tampered_with_is_refused(busy: Asked, change: Callable[[str], str]) -> None:
    stored(busy, "tampered")
    question = [("_tag", "urn:walk|tampered"), ("_count", "3"), ("_sort", "date")]
    address = link(busy.get("Observation", question), "next")
    assert address is not None
    place = dict(query_of(address))["_after"]
    changed = [(name, text) for name, text in query_of(address) if name != "_after"]
    answer = busy.http.get("Observation", params=(*changed, ("_after", change(place))))
    assert answer.status_code == 400, answer.text
    assert answer.json()["resourceType"] == "OperationOutcome"


@pytest.mark.rule(52)
@pytest.mark.parametrize(
    "other",
    [
        [("_tag", "urn:walk|another"), ("_count", "3"), ("_sort", "date")],
        [("_tag", "urn:walk|moved"), ("_count", "3"), ("_sort", "-date")],
        [("_tag", "urn:walk|moved"), ("_count", "3")],
    ],
)
def test_the_place_of_one_search_is_refused_in_another(busy: Asked, other: list[tuple[str, str]]) -> None:
    stored(busy, "moved")
    address = link(
        busy.get("Observation", [("_tag", "urn:walk|moved"), ("_count", "3"), ("_sort", "date")]), "next"
    )
    assert address is not None
    answer = busy.http.get("Observation", params=(*other, ("_after", dict(query_of(address))["_after"])))
    assert answer.status_code == 400, answer.text
