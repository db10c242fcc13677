"""Rows straight from the database, one after the other, past the service."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from decimal import Decimal
from hashlib import sha256
from typing import Any

import asyncpg

from app.store.models import metadata

NOT_COMPARED = frozenset(("inbox", "audit", "audit_entity"))
"""Tables that a replay does change: it is counted there, and who looks is noted."""


async def rows(url: str, sql: str) -> AsyncIterator[tuple[Any, ...]]:
    """The rows of a statement both databases read."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            for row in file.execute(sql):
                yield row
        return
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            async for row in connection.cursor(sql, prefetch=2000):
                yield tuple(row)
    finally:
        await connection.close()


async def one(url: str, sql: str) -> Any:
    """The value of a statement that has one."""
    async for row in rows(url, sql):
        return row[0]
    return None


async def hashes(url: str) -> dict[str, str]:
    """A digest of each table, whatever order its rows lie in."""
    return {
        table.name: await _hash(url, table.name)
        for table in metadata.sorted_tables
        if table.name not in NOT_COMPARED
    }


async def _hash(url: str, table: str) -> str:
    total = number = 0
    async for row in rows(url, f"SELECT * FROM {table}"):  # noqa: S608 a name of ours
        total += int.from_bytes(sha256(repr(row).encode()).digest()[:16])
        number += 1
    return f"{number} rows, {total:x}"


def exact(value: Any) -> Decimal | None:
    """A number as it stands in the database: NUMERIC, or SQLite's sortable text (see app.store.types)."""
    if value is None or isinstance(value, Decimal):
        return value
    text = value.decode() if isinstance(value, bytes) else value
    if text[0] == "p":
        return Decimal(text[5:]).scaleb(int(text[1:5]) - 5000 - len(text[5:]) + 1)
    raise ValueError(f"{text} is not a positive number")
