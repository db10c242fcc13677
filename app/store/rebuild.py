"""Throw away everything derived and derive it again from the documents; nothing may change."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Table

from app.fhir_mapping import codec
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.registry import RESOURCES
from app.store import models
from app.store.acts import command
from app.store.database import Row
from app.store.rows import derived, gather
from app.store.session import Store, utc_now

_PAGE = 500
_CURRENT = """SELECT type, id, version, document FROM resource
 WHERE NOT deleted AND (type, id) > ($1, $2) ORDER BY type, id LIMIT $3"""


LOCAL = "http://127.0.0.1:8000/fhir"
"""The address of the FHIR interface where none is configured."""


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
    tables = (*models.SEARCH_TABLES, *models.TRIAL_TABLES)
    for table in tables:
        await connection.execute(f"DELETE FROM {table.name}")
    counts = {table.name: 0 for table in tables}
    last = ("", "")
    while page := await connection.fetch(_CURRENT, *last, _PAGE):
        rows = gather(pair for row in page for pair in _derived(row, base))
        for table, of_table in rows.items():
            counts[table.name] += await connection.insert(table, of_table)
        last = (page[-1][0], page[-1][1])
    return counts


def _derived(row: Row, base: str) -> list[tuple[Table, Row]]:
    kind, name, version, stored = row
    resource = RESOURCES[kind]
    document = codec.read(stored)
    index = index_rows(resource, document, base=base, own_id=name)
    return list(derived(resource, document, name=name, version=version, index=index))
