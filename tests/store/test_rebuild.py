"""The typed tables can be thrown away and derived again; nothing changes."""

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store import models
from app.store.database import DatabaseError
from app.store.migrate import downgrade, upgrade
from app.store.rebuild import differing, rebuild
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import c3, delete, patient, put

OF_AN_EARLIER_FORM = "0002"

DERIVED = (*models.SEARCH_TABLES, *models.TRIAL_TABLES)


async def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    for table in DERIVED:
        columns = ", ".join(column.name for column in table.columns)
        sql = f"SELECT {columns} FROM {table.name}"
        rows = await store.database.read(lambda connection, sql=sql: connection.fetch(sql))  # type: ignore[misc]
        found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


async def secret(store: Store) -> bytes:
    rows = await store.database.read(lambda connection: connection.fetch("SELECT value FROM secret"))
    assert [len(row[0]) for row in rows] == [32]
    return bytes(rows[0][0])


@pytest.fixture
async def lived_in(trial: Store) -> Store:
    for value in ("0.71", "0.720", "85"):
        await transact(trial, EVERYTHING, [put(c3("p1", value), "o1"), put(c3("p2", value))])
    await transact(trial, EVERYTHING, [put(patient(), "p3"), put(c3("p3"), "o3")])
    await transact(trial, EVERYTHING, [delete("Observation", "o3")])
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


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM measurement WHERE id = 'o1'", {"measurement": 1}),
        ("UPDATE measurement SET value = NULL WHERE id = 'o1'", {"measurement": 2}),
        ("UPDATE search_token SET code = 'x' WHERE id = 'o1' AND parameter = 'code'", {"search_token": 4}),
        ("UPDATE patient SET id = 'nobody' WHERE id = 'p1'", {"patient": 2}),
        ("UPDATE resource SET deleted = TRUE WHERE id = 'rs1'", {"subject": 1}),
    ],
)
async def test_what_rebuilding_would_change_is_counted_and_left_as_it_is(
    lived_in: Store, damage: str, found: dict[str, int]
) -> None:
    assert set((await differing(lived_in)).values()) == {0}
    await lived_in.database.write(lambda connection: connection.execute(damage))
    before = await contents(lived_in)

    counted = await differing(lived_in)

    search = {table.name for table in models.SEARCH_TABLES}
    told = {name: number for name, number in counted.items() if number}
    assert found.items() <= told.items()
    assert set(told) - set(found) <= (search if "resource" in damage else set())
    assert await contents(lived_in) == before


async def test_a_database_of_an_earlier_form_is_searched_as_before_once_migrated(
    lived_in: Store, database_url: str
) -> None:
    before, key = await contents(lived_in), await secret(lived_in)
    downgrade(database_url, OF_AN_EARLIER_FORM)

    upgrade(database_url)

    migrated = await Store.open(database_url)
    assert await contents(migrated) == before
    assert await secret(migrated) != key
    await migrated.close()


async def test_a_migration_whose_documents_cannot_be_read_leaves_all_as_it_was(
    lived_in: Store, database_url: str
) -> None:
    downgrade(database_url, OF_AN_EARLIER_FORM)
    await lived_in.database.write(
        lambda connection: connection.execute("UPDATE resource SET document = $1", b"{")
    )

    with pytest.raises(Refusal):
        upgrade(database_url)

    [[form]] = await lived_in.database.read(lambda c: c.fetch("SELECT version_num FROM alembic_version"))
    assert form == OF_AN_EARLIER_FORM
    with pytest.raises(DatabaseError):
        await secret(lived_in)


async def test_absolute_references_to_the_address_migrated_for_are_our_own(
    lived_in: Store, database_url: str
) -> None:
    base = "https://trial.example/fhir"
    await transact(
        lived_in,
        EVERYTHING,
        [
            put(
                {**patient(), "link": [{"other": {"reference": f"{base}/Patient/p1"}, "type": "seealso"}]},
                "p9",
            )
        ],
    )
    downgrade(database_url, OF_AN_EARLIER_FORM)

    upgrade(database_url, base=base)

    sql = "SELECT target_type, target_id FROM search_reference WHERE id = 'p9'"
    rows = await lived_in.database.read(lambda connection: connection.fetch(sql))
    assert [tuple(row) for row in rows] == [("Patient", "p1")]
