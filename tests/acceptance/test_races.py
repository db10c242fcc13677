"""Writers who search before they write, all at once: the outcome is that of some order, one after the other.

On one store and on several that share a database, as processes do: on SQLite and on PostgreSQL.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from app.fhir_mapping.change import Version, Write
from app.fhir_mapping.outcome import Refusal
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.databases import PostgreSQL, copy_of
from tests.store.conditions import create, criteria, delete_if, named, patch_if, update
from tests.store.make import c3, delete, put

CLIENTS, ROUNDS = 16, 50
Outcome = list[Version] | BaseException


@pytest.fixture(params=["sqlite 1", "sqlite 2", "postgresql 1", "postgresql 3"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sequence[Store]]:
    """One store, or several that know nothing of each other but the database."""
    engine, number = request.param.split()
    async with AsyncExitStack() as stack:
        if engine == "sqlite":
            url = copy_of(request.getfixturevalue("migrated_sqlite"), tmp_path)
        else:
            server: PostgreSQL = request.getfixturevalue("postgres")
            template = request.getfixturevalue("migrated_postgres")
            url = server.url_of(stack.enter_context(server.database(template)))
        opened = [await Store.open(url) for _ in range(int(number))]
        for store in opened:
            stack.push_async_callback(store.close)
        yield opened


def outcome(of: Outcome) -> str:
    """What became of a write of one resource."""
    if isinstance(of, Refusal):
        return str(of.status)
    if isinstance(of, BaseException):
        return repr(of)
    [version] = of
    if version.matched:
        return "matched"
    return "deleted" if version.deleted else "created" if version.created else "updated"


async def at_once(stores: Sequence[Store], writes: Sequence[Sequence[Write]]) -> list[Outcome]:
    """All the writes together, by the stores in turn."""
    under_way: list[Coroutine[Any, Any, list[Version]]] = [
        transact(stores[place % len(stores)], EVERYTHING, each) for place, each in enumerate(writes)
    ]
    return await asyncio.gather(*under_way, return_exceptions=True)


async def outcomes(stores: Sequence[Store], writes: Sequence[Write]) -> Counter[str]:
    """What became of writes of one resource each, all at once."""
    return Counter(map(outcome, await at_once(stores, [[write] for write in writes])))


async def bearing(store: Store, value: str) -> list[str]:
    """The patients that bear an identifier."""
    sql = "SELECT id FROM search_token WHERE type = 'Patient' AND parameter = 'identifier' AND code = $1"
    return sorted(row[0] for row in await store.database.read(lambda c: c.fetch(sql, value)))


async def test_of_the_same_conditional_creates_exactly_one_creates(stores: Sequence[Store]) -> None:
    for number in range(ROUNDS):
        value = f"patient-{number}"
        writes = [create(named(value), criteria(value)) for _ in range(CLIENTS)]

        assert await outcomes(stores, writes) == {"created": 1, "matched": CLIENTS - 1}
        assert len(await bearing(stores[0], value)) == 1


async def test_so_it_is_within_transactions_of_several(stores: Sequence[Store]) -> None:
    """Each creates the same two, in one order or the other."""
    for number in range(ROUNDS // 2):
        values = [f"{number}-a", f"{number}-b"]
        pieces = [
            [create(named(value), criteria(value)) for value in (values if place % 2 else reversed(values))]
            for place in range(CLIENTS)
        ]
        done = await at_once(stores, pieces)
        assert not [one for one in done if isinstance(one, BaseException)]
        assert [len(await bearing(stores[0], value)) for value in values] == [1, 1]


async def test_of_the_same_conditional_updates_one_creates_and_all_the_others_follow(
    stores: Sequence[Store],
) -> None:
    for number in range(ROUNDS // 5):
        value = f"patient-{number}"
        writes = [update(named(value), criteria(value)) for _ in range(CLIENTS)]
        done = await at_once(stores, [[write] for write in writes])

        assert Counter(map(outcome, done)) == {"created": 1, "updated": CLIENTS - 1}
        versions = [one[0].version for one in done if isinstance(one, list)]
        assert sorted(versions) == list(range(1, CLIENTS + 1))


async def test_creates_and_updates_by_the_same_criteria_meet_in_one_resource(stores: Sequence[Store]) -> None:
    for number in range(ROUNDS // 5):
        value = f"patient-{number}"
        writes = [
            (create if place % 2 else update)(named(value), criteria(value)) for place in range(CLIENTS)
        ]
        done = await outcomes(stores, writes)

        assert done["created"] == 1
        assert done.total() == done["created"] + done["matched"] + done["updated"]
        assert len(await bearing(stores[0], value)) == 1


async def test_criteria_that_overlap_do_not_both_find_nothing(stores: Sequence[Store]) -> None:
    """Some ask for the identifier alone, others for more: they have to wait for each other as well."""
    for number in range(ROUNDS // 5):
        value = f"patient-{number}"
        writes = [
            create(named(value), criteria(value, **({"gender": "female"} if place % 2 else {})))
            for place in range(CLIENTS)
        ]
        assert await outcomes(stores, writes) == {"created": 1, "matched": CLIENTS - 1}


async def test_two_who_bear_what_the_other_asks_for_do_not_pass_each_other(stores: Sequence[Store]) -> None:
    for number in range(ROUNDS // 5):
        one, other = f"{number}-one", f"{number}-other"
        writes = [
            create(named(one, other), criteria(one if place % 2 else other)) for place in range(CLIENTS)
        ]
        assert await outcomes(stores, writes) == {"created": 1, "matched": CLIENTS - 1}


async def test_what_no_longer_meets_the_criteria_is_not_overwritten(stores: Sequence[Store]) -> None:
    """One gives the patient another identifier; the others go on updating who bears the first."""
    for number in range(ROUNDS // 5):
        value, name = f"patient-{number}", f"p{number}"
        await transact(stores[0], EVERYTHING, [put(named(value), name)])
        writes: list[Write] = [update(named(value), criteria(value)) for _ in range(CLIENTS)]
        writes[number % CLIENTS] = put(named(f"other-{number}"), name)
        await outcomes(stores, writes)

        assert await bearing(stores[0], f"other-{number}") == [name]
        assert len(await bearing(stores[0], value)) <= 1


async def test_a_deletion_and_a_create_leave_one_or_none(stores: Sequence[Store]) -> None:
    for number in range(ROUNDS // 5):
        value = f"patient-{number}"
        await transact(stores[0], EVERYTHING, [put(named(value))])
        writes = [
            delete_if(criteria(value)) if place % 4 == 0 else create(named(value), criteria(value))
            for place in range(CLIENTS)
        ]
        done = await outcomes(stores, writes)

        assert set(done) <= {"deleted", "created", "matched"}
        assert len(await bearing(stores[0], value)) <= 1


async def test_of_patches_on_the_same_version_one_wins(stores: Sequence[Store]) -> None:
    await transact(stores[0], EVERYTHING, [put(named("one"), "p1")])
    writes = [put(named("one"), "p1", if_match=("1",)) for _ in range(20)]

    assert await outcomes(stores, writes) == {"updated": 1, "412": 19}


async def test_patches_are_made_one_after_the_other(stores: Sequence[Store]) -> None:
    await transact(stores[0], EVERYTHING, [put(named("one"), "p1")])

    years = [f"19{place}" for place in range(10, 10 + CLIENTS)]
    done = await outcomes(stores, [patch_if(criteria("one"), birthDate=year) for year in years])

    assert done == {"updated": CLIENTS}


async def test_of_those_who_say_it_must_be_new_one_wins(stores: Sequence[Store]) -> None:
    for number in range(ROUNDS // 5):
        writes = [put(named("one"), f"p{number}", only_new=True) for _ in range(CLIENTS)]
        assert await outcomes(stores, writes) == {"created": 1, "412": CLIENTS - 1}


async def test_results_by_a_conditional_reference_never_outlive_the_patient(stores: Sequence[Store]) -> None:
    for number in range(ROUNDS // 5):
        value, name = f"patient-{number}", f"p{number}"
        await transact(stores[0], EVERYTHING, [put(named(value), name)])
        asked = criteria(value)
        reference = f"Patient?{asked.text}"
        result = put(c3("x").replace(b"Patient/x", reference.encode()), references={reference: asked})
        stored, gone = await at_once(stores, [[result], [delete("Patient", name)]])

        assert isinstance(stored, Refusal) != isinstance(gone, Refusal)


async def test_instants_follow_the_order_in_which_versions_supersede_each_other(
    stores: Sequence[Store],
) -> None:
    await at_once(stores, [[put(named("one"), f"p{place % 3}")] for place in range(60)])

    sql = """SELECT count(*) FROM version v JOIN version w ON w.type = v.type AND w.id = v.id
     WHERE w.version > v.version AND w.last_updated <= v.last_updated"""
    assert (await stores[0].database.read(lambda c: c.fetch(sql)))[0][0] == 0
