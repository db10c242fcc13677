"""What was stored is told version by version, at every level, and a page goes on where the last one ended."""

from datetime import UTC, datetime, timedelta

import pytest

from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import Place
from app.store.documents import HistoryPage, history
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.make import c3, delete, patient, put

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def named(versions: list[Version]) -> list[str]:
    return [f"{one.id}/{one.version}" for one in versions]


@pytest.fixture
async def lived_in(trial: Store) -> Store:
    """Two results of the same commit, one of them corrected, deleted and stored again."""
    await transact(trial, EVERYTHING, [put(c3("p1", "0.71"), "o1"), put(c3("p2", "0.80"), "o2")])
    await transact(trial, EVERYTHING, [put(c3("p1", "0.72"), "o1")])
    await transact(trial, EVERYTHING, [delete("Observation", "o1")])
    await transact(trial, EVERYTHING, [put(c3("p1", "0.73"), "o1")])
    return trial


async def walk(store: Store, *, count: int, ascending: bool, **asked: str) -> list[Version]:
    met: list[Version] = []
    after: Place | None = None
    while True:
        page = await history(store, EVERYTHING, **asked, count=count, after=after, ascending=ascending)  # type: ignore[arg-type]
        met += page.versions
        if page.after is None:
            return met
        assert len(page.versions) == count
        after = page.after


@pytest.mark.parametrize("count", [1, 2, 3, 4, 50])
@pytest.mark.parametrize("asked", [{"kind": "Observation", "name": "o1"}, {"kind": "Observation"}, {}])
async def test_a_walk_meets_each_version_once_in_one_order(
    lived_in: Store, asked: dict[str, str], count: int
) -> None:
    newest_first = await walk(lived_in, count=count, ascending=False, **asked)
    oldest_first = await walk(lived_in, count=count, ascending=True, **asked)

    order = [(one.last_updated, one.type, one.id, one.version) for one in oldest_first]
    assert order == sorted(set(order))
    assert newest_first == oldest_first[::-1]
    assert len(order) == (4 if "name" in asked else 5 if "kind" in asked else 10)


async def test_the_history_of_a_resource_tells_what_created_it(lived_in: Store) -> None:
    page = await history(lived_in, EVERYTHING, "Observation", "o1", count=10)

    assert named(page.versions) == ["o1/4", "o1/3", "o1/2", "o1/1"]
    assert [one.created for one in page.versions] == [True, False, False, True]
    assert [one.deleted for one in page.versions] == [False, True, False, False]
    assert (page.total, page.after, page.monitor) == (4, None, None)


async def test_since_is_inclusive_and_at_is_what_was_current_then(lived_in: Store) -> None:
    every = await walk(lived_in, count=50, ascending=True, kind="Observation")
    first, second = (next(one for one in every if named([one]) == [name]) for name in ("o1/1", "o1/2"))
    tick = timedelta(microseconds=1)

    async def told(since: datetime | None = None, at: tuple[datetime, datetime] | None = None) -> list[str]:
        page = await history(
            lived_in, EVERYTHING, "Observation", count=50, since=since, at=at, ascending=True
        )
        assert page.total == len(page.versions)
        return named(page.versions)

    assert await told(since=second.last_updated) == ["o1/2", "o1/3", "o1/4"]
    assert await told(since=second.last_updated + tick) == ["o1/3", "o1/4"]
    assert await told(at=(first.last_updated, first.last_updated + tick)) == ["o1/1", "o2/1"]
    assert await told(at=(second.last_updated - tick, second.last_updated + tick)) == ["o1/1", "o2/1", "o1/2"]
    assert await told(at=(LONG_AGO, first.last_updated)) == []
    assert await told(at=(LONG_AGO, LONG_AGO.replace(year=2100))) == named(every)


async def test_a_resource_that_never_was_has_no_history_and_a_deleted_one_has(lived_in: Store) -> None:
    await transact(lived_in, EVERYTHING, [delete("Observation", "o2")])

    assert (await history(lived_in, EVERYTHING, "Observation", "o2", count=0)).total == 2
    later = datetime.now(UTC) + timedelta(days=1)
    page = await history(lived_in, EVERYTHING, "Observation", "o2", count=5, since=later)
    assert (page.versions, page.total) == ([], 0)
    with pytest.raises(Refusal) as caught:
        await history(lived_in, EVERYTHING, "Observation", "o9", count=5)
    assert caught.value.status == 404


async def test_a_history_tells_only_what_the_asker_may_see(lived_in: Store) -> None:
    of_p1 = Visibility(sites=frozenset({"SLS"}))

    page = await history(lived_in, of_p1, "Observation", count=50)
    everything = await history(lived_in, of_p1, count=50)

    assert ({one.id for one in page.versions}, page.total) == ({"o1"}, 4)
    assert {(one.type, one.id) for one in everything.versions} == {
        ("Patient", "p1"),
        ("ResearchSubject", "rs1"),
        ("ResearchStudy", "s1"),
        ("Observation", "o1"),
    }


async def test_only_the_last_page_says_where_to_look_for_what_is_new(lived_in: Store) -> None:
    async def page(after: Place | None, count: int = 4) -> HistoryPage:
        return await history(lived_in, EVERYTHING, "Observation", count=count, after=after, ascending=True)

    first = await page(None)
    assert (first.monitor, len(first.versions)) == (None, 4)
    last = await page(first.after)
    assert (last.after, len(last.versions)) == (None, 1)
    nothing = await page(last.monitor)
    assert (nothing.versions, nothing.monitor) == ([], last.monitor)
    await transact(lived_in, EVERYTHING, [put(c3("p2"), "o3")])
    assert named((await page(nothing.monitor)).versions) == ["o3/1"]


async def test_who_looks_before_anything_is_stored_misses_nothing(store: Store) -> None:
    empty = await history(store, EVERYTHING, count=5, ascending=True)
    assert (empty.versions, empty.after) == ([], None)
    await transact(store, EVERYTHING, [put(patient(), "p1")])

    page = await history(store, EVERYTHING, count=5, after=empty.monitor, ascending=True)

    assert named(page.versions) == ["p1/1"]
