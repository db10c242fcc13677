"""Throw away everything derived and derive it again from the documents; nothing may change."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Table

from app.fhir_mapping import codec
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.registry import RESOURCES
from app.store import models
from app.store.acts import command
from app.store.database import Key, Row
from app.store.rows import derived, gather
from app.store.session import Store, utc_now

_TABLES = (*models.SEARCH_TABLES, *models.TRIAL_TABLES)
_PAGE = 500
_CURRENT = """SELECT type, id, version, document FROM resource
 WHERE NOT deleted AND (type, id) > ($1, $2) ORDER BY type, id LIMIT $3"""


LOCAL = "http://127.0.0.1:8000/fhir"
"""The address of the FHIR interface where none is configured."""


class Derive(Protocol):
    """Deriving again, or looking what that would change: a number of rows per table."""

    async def __call__(self, store: Store, /, *, base: str) -> dict[str, int]:
        """Do it; `base` is the address under which absolute references are our own."""
        ...


class Writer(Protocol):
    """As much of a connection inside a transaction as deriving again needs."""

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """The rows of one statement."""
        ...

    async def execute(self, sql: str, *values: Any) -> int:
        """The number of rows one statement touched."""
        ...

    async def insert(self, table: Table, rows: Sequence[Row]) -> int:
        """Insert many rows by one statement; the number that went in."""
        ...


async def rebuild(store: Store, *, base: str = LOCAL) -> dict[str, int]:
    """Derive every typed and every search row again, in one transaction; the rows per table."""
    return await command(store, "rebuild", lambda connection: derive(connection, base), at=utc_now())


async def derive(connection: Writer, base: str) -> dict[str, int]:
    """The same in a transaction that is open already."""
    for table in _TABLES:
        await connection.execute(f"DELETE FROM {table.name}")
    counts = {table.name: 0 for table in _TABLES}
    last = ("", "")
    while page := await connection.fetch(_CURRENT, *last, _PAGE):
        rows = gather(pair for row in page for pair in _derived(row, base))
        for table, of_table in rows.items():
            counts[table.name] += await connection.insert(table, of_table)
        last = (page[-1][0], page[-1][1])
    return counts


async def differing(store: Store, *, base: str = LOCAL) -> dict[str, int]:
    """How many rows of each table are missing, or there that should not be, while nobody writes."""
    found: Counter[str] = Counter()
    last = ("", "")
    while page := await store.database.read(lambda c, at=last: c.fetch(_CURRENT, *at, _PAGE)):  # type: ignore[misc]
        keys = [(row[0], row[1]) for row in page]
        expected = gather(pair for row in page for pair in _derived(row, base))
        for table in _TABLES:
            there = Counter(map(tuple, await _rows_of(store, table, keys)))
            wanted = Counter(map(tuple, expected[table]))
            found[table.name] += ((there - wanted) + (wanted - there)).total()
        last = keys[-1]
    for table in _TABLES:
        [[orphans]] = await store.database.read(lambda c, of=table: c.fetch(_orphans(of)))  # type: ignore[misc]
        found[table.name] += orphans
    return dict(found)


async def _rows_of(store: Store, table: Table, keys: Sequence[Key]) -> list[Row]:
    names = ", ".join(f"t.{column.name}" for column in table.columns)
    sql = f"SELECT {names} FROM {store.database.keys(1)} JOIN {table.name} t ON {_belongs(table, 'k')}"
    return await store.database.read(lambda c: c.fetch(sql, store.database.key_set(keys)))


def _orphans(table: Table) -> str:
    there = f"SELECT 1 FROM resource r WHERE NOT r.deleted AND {_belongs(table, 'r')}"
    return f"SELECT count(*) FROM {table.name} t WHERE NOT EXISTS ({there})"


def _belongs(table: Table, to: str) -> str:
    """That a row `t` of the table is derived from what has this type and id."""
    kind = f"'{models.TRIAL_TABLES[table]}'" if table in models.TRIAL_TABLES else "t.type"
    return f"{to}.type = {kind} AND {to}.id = t.id"


def _derived(row: Row, base: str) -> list[tuple[Table, Row]]:
    kind, name, version, stored = row
    resource = RESOURCES[kind]
    document = codec.read(stored)
    index = index_rows(resource, document, base=base, own_id=name)
    return list(derived(resource, document, name=name, version=version, index=index))
