"""Matches come in the order asked for, and a walk in that order meets each of them once."""

from dataclasses import replace
from typing import Any

import pytest

from app.fhir_mapping.query import Place, Query
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store.search import find, matches
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import put
from tests.store.searchable import concept, fill, observation, quantity

BASE = "http://127.0.0.1:8000/fhir"

DAYS = {"a": "2021-03", "b": "2021-03-14", "c": None, "d": "2020", "e": "2021-03-14", "f": None}
VALUES = {"a": "10", "b": "9.5", "c": "-3", "d": "0.001", "e": "120", "f": None}
CODES = {"a": ["m"], "b": ["k", "z"], "c": [], "d": ["l"], "e": ["z"], "f": ["k"]}
WORDS = {"a": "x" * 60 + "b", "b": "x" * 60 + "a", "c": "Éa", "d": "eb", "e": None, "f": "x"}
PERFORMERS = {"a": "Patient/p2", "b": None, "c": "Organization/o", "d": "Patient/p1", "e": None, "f": None}


def one(name: str, at: int) -> dict[str, Any]:
    more: dict[str, Any] = {"code": concept(*CODES[name]) if CODES[name] else {"text": "nothing"}}
    if DAYS[name]:
        more["effectiveDateTime"] = DAYS[name]
    if PERFORMERS[name]:
        more["performer"] = [{"reference": PERFORMERS[name]}]
    if (value := VALUES[name]) is not None:
        more["component"] = [
            {"code": {"text": "part"}, "valueQuantity": quantity(value, "mg")},
            {"code": {"text": "other"}, "valueQuantity": quantity("11", "mg")},
        ]
    if WORDS[name]:
        more["valueString"] = WORDS[name]
    return observation("p1" if at % 2 else None, status="final" if at < 4 else "amended", **more)


@pytest.fixture
async def six(store: Store) -> Store:
    await transact(store, EVERYTHING, [put({"resourceType": "Patient"}, f"p{n}") for n in (1, 2)])
    await transact(store, EVERYTHING, [put(one(name, at), name) for at, name in enumerate("abcdef")])
    return store


ORDERS = {
    "": "a b c d e f",
    "-_id": "f e d c b a",
    "date": "d a b e c f",
    "-date": "e b a d f c",
    "date,-_id": "d a e b f c",
    "status,date": "e f d a b c",
    "-status,-date": "b a d c e f",
    "code": "c b f d a e",
    "-code": "e b a d f c",
    "component-value-quantity": "c d b a e f",
    "-component-value-quantity": "e d c b a f",
    "value-string": "c d f a b e",
    "-value-string": "b a f d c e",
    "performer": "c d a b e f",
    "subject": "b d f a c e",
    "subject,-date": "b d f e a c",
    "_lastUpdated": "a b c d e f",
    "-_lastUpdated": "f e d c b a",
    "-_lastUpdated,date": "d a e b f c",
}


def asked(sort: str, *pairs: tuple[str, str]) -> Query:
    sorting = [("_sort", sort)] if sort else []
    return parse(RESOURCES["Observation"], [*pairs, *sorting], base=BASE, strict=True).query


async def walk(store: Store, query: Query, count: int) -> list[str]:
    met: list[str] = []
    after: Place | None = None
    while True:
        page = await find(store, EVERYTHING, replace(query, count=count, after=after))
        met += [version.id for version in page.versions]
        if page.after is None:
            return met
        assert len(page.versions) == count
        assert all(key is None or len(key) <= 60 for key in page.after[0])
        after = page.after


async def test_the_order_is_what_the_keys_say_and_what_has_none_comes_last(six: Store) -> None:
    answers = {sort: await walk(six, asked(sort), 50) for sort in ORDERS}

    assert answers == {sort: order.split() for sort, order in ORDERS.items()}


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("narrowed", [(), (("subject", "p1"),)])
async def test_a_walk_in_any_order_is_the_whole_page_in_parts(
    six: Store, count: int, narrowed: tuple[tuple[str, str], ...]
) -> None:
    for sort in ORDERS:
        query = asked(sort, *narrowed)
        whole = await walk(six, query, 50)
        assert await walk(six, query, count) == whole
        assert len(whole) == (3 if narrowed else 6)


async def test_a_page_is_one_statement_a_total_one_more_and_includes_one_for_each_round(store: Store) -> None:
    await fill(store)

    async def statements(*pairs: tuple[str, str]) -> int:
        query = parse(RESOURCES["Observation"], pairs, base=BASE, strict=True).query
        before = store.database.statements
        await find(store, EVERYTHING, query)
        return store.database.statements - before

    chained = ("patient.name", "lef")
    assert await statements() == 1
    assert await statements(chained, ("code", "4485-9"), ("_sort", "-date,status")) == 1
    assert await statements(chained, ("_total", "accurate")) == 2
    assert await statements(chained, ("_count", "0")) == 1
    assert await statements(chained, ("_include", "Observation:patient")) == 2
    assert await statements(chained, ("_include", "*"), ("_revinclude", "Observation:has-member")) == 2


async def test_the_first_matches_are_found_within_a_transaction_with_what_it_has_written(six: Store) -> None:
    query = asked("", ("status", "final"))

    async def work(connection: Any) -> list[tuple[str, int]]:
        await connection.execute("UPDATE resource SET status = 'amended' WHERE id = 'a'")
        return await matches(six.database, connection, EVERYTHING, query)

    assert await six.database.write(work) == [("b", 1), ("c", 1)]
    assert await six.database.read(
        lambda connection: matches(six.database, connection, EVERYTHING, query, limit=9)
    ) == [("b", 1), ("c", 1), ("d", 1)]
