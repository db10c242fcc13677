"""The typed tables can be thrown away and derived again; nothing changes."""

import pytest

from app.store import models
from app.store.rebuild import rebuild
from app.store.session import Store
from app.store.transact import transact
from tests.store.make import c3, delete, patient, put

DERIVED = (*models.SEARCH_TABLES, *models.TRIAL_TABLES)


async def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table in DERIVED:
        columns = ", ".join(column.name for column in table.columns)
        sql = f"SELECT {columns} FROM {table.name}"
        rows = await store.database.read(lambda connection, sql=sql: connection.fetch(sql))  # type: ignore[misc]
        found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


@pytest.fixture
async def lived_in(trial: Store) -> Store:
    for value in ("0.71", "0.720", "85"):
        await transact(trial, [put(c3("p1", value), "o1"), put(c3("p2", value))])
    await transact(trial, [put(patient(), "p3"), put(c3("p3"), "o3")])
    await transact(trial, [delete("Observation", "o3")])
    return trial


async def test_rebuilding_changes_nothing(lived_in: Store) -> None:
    before = await contents(lived_in)
    assert before["measurement"]
    assert before["search_token"]

    counts = await rebuild(lived_in)

    assert await contents(lived_in) == before
    assert counts["measurement"] == len(before["measurement"])


async def test_rebuilding_mends_what_was_lost(lived_in: Store) -> None:
    before = await contents(lived_in)
    await lived_in.database.write(lambda connection: connection.execute("DELETE FROM measurement"))

    await rebuild(lived_in)

    assert await contents(lived_in) == before
