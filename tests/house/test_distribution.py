"""Every table that grows carries the patient it would be distributed by; PostgreSQL says which keys agree."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.store.models import metadata
from tests.databases import PostgreSQL, outside_the_loop
from tools import distribution
from tools.distribution import GROWING, KEYS, NULLABLE, SMALL, in_the_way


def test_every_table_either_grows_or_stays_small() -> None:
    assert sorted([*GROWING, *SMALL]) == sorted(metadata.tables)


@pytest.mark.parametrize("name", GROWING)
def test_a_table_that_grows_says_whose_each_row_is(name: str) -> None:
    column = metadata.tables[name].columns[GROWING[name]]

    assert column.nullable is (name in NULLABLE)


def test_each_unique_key_without_the_patient_is_accounted_for_and_no_other() -> None:
    found = {key for name in GROWING for key in in_the_way(metadata.tables[name])}

    assert found == set(KEYS)


def test_no_row_is_held_by_a_foreign_key_which_machines_could_not_check() -> None:
    assert [table.name for table in metadata.tables.values() if table.foreign_keys] == []


def test_the_page_says_what_the_models_say() -> None:
    written = distribution.TARGET.read_text("utf-8")

    assert written == distribution.page(written), "run `python -m tools.distribution`"


def on_postgres(url: str, work: Any) -> Any:
    """What the work says, on a connection to this database."""

    async def connected() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return outside_the_loop(lambda: asyncio.run(connected()))


async def parted(connection: Any) -> set[str]:
    """The tables PostgreSQL can part by the hash of their column, with all their keys and indexes."""
    found = set()
    for name, column in GROWING.items():
        like = f"CREATE TABLE parted_{name} (LIKE {name} INCLUDING ALL) PARTITION BY HASH ({column})"
        try:
            async with connection.transaction():
                await connection.execute(like)
                await connection.execute(f"DROP TABLE parted_{name}")
        except asyncpg.FeatureNotSupportedError:
            continue
        found.add(name)
    return found


def test_postgresql_parts_the_tables_that_have_no_key_in_the_way_and_after_step_1_all(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    """Citus asks the same of a key as PostgreSQL of a table in parts: that it holds the column."""

    async def work(connection: Any) -> tuple[set[str], set[str]]:
        before = await parted(connection)
        for statement in distribution.preparing():
            await connection.execute(statement)
        return before, await parted(connection)

    with postgres.database(migrated_postgres) as name:
        before, after = on_postgres(postgres.url_of(name), work)

    assert before == {name for name in GROWING if not in_the_way(metadata.tables[name])}
    assert after == set(GROWING)
