"""SQLite, which keeps no statistics here, looks up what one resource is found by among its own rows only."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store.database import Connection, Key, Row
from app.store.search import find_on
from app.store.session import Store
from app.store.visibility import EVERYTHING
from tests.databases import copy_of
from tests.store.searchable import fill

BASE = "http://127.0.0.1:8000/fhir"


@dataclass
class Explained:
    """A connection that keeps the plan of every statement it carries out."""

    connection: Connection
    plans: list[str] = field(default_factory=list)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        self.plans += [row[3] for row in await self.connection.fetch(f"EXPLAIN QUERY PLAN {sql}", *values)]
        return await self.connection.fetch(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        return await self.connection.execute(sql, *values)

    async def insert(self, table: Any, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        return await self.connection.insert(table, rows, on_conflict=on_conflict)

    async def delete(self, table: Any, column: str, keys: Sequence[Key]) -> None:
        await self.connection.delete(table, column, keys)


@pytest.fixture
async def on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(copy_of(migrated_sqlite, tmp_path))
    await fill(opened)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "search",
    [
        ("Observation", "_sort", "code"),
        ("Observation", "_sort", "-code,_id"),
        ("Observation", "_sort", "value-quantity"),
        ("Observation", "_sort", "value-string"),
        ("Observation", "_sort", "value-date"),
        ("Observation", "_sort", "performer"),
        ("Observation", "_sort", "subject"),
        ("Patient", "_sort", "identifier"),
        ("Observation", "code:missing", "true"),
        ("Observation", "value-quantity:missing", "false"),
        ("Observation", "value-string:missing", "true"),
        ("Observation", "value-date:missing", "true"),
        ("Observation", "performer:missing", "true"),
        ("Patient", "identifier:missing", "true"),
        ("Observation", "identifier:missing", "false"),
    ],
)
async def test_a_lookup_for_each_resource_reads_its_own_rows(
    on_sqlite: Store, search: tuple[str, str, str]
) -> None:
    kind, name, value = search
    query = parse(RESOURCES[kind], [(name, value)], base=BASE, strict=True).query

    async def explained(connection: Connection) -> list[str]:
        explaining = Explained(connection)
        await find_on(on_sqlite.database, explaining, EVERYTHING, query)
        return explaining.plans

    plans = [plan for plan in await on_sqlite.database.read(explained) if plan.startswith("SEARCH s")]

    assert plans
    assert [plan for plan in plans if "(type=? AND id=?" not in plan] == []
