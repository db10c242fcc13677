"""Everything a database holds, as text to look through: each row of each table, and SQLite's very files."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg

from tests.databases import outside_the_loop


def contents(database_url: str) -> str:
    """Each value of each row of each table; what is not text is told as the bytes it is."""
    if database_url.startswith("sqlite:///"):
        return _of_file(Path(database_url.removeprefix("sqlite:///")))
    return outside_the_loop(lambda: asyncio.run(_of_server(database_url)))


def _of_file(file: Path) -> str:
    """The rows, and the bytes of the files, in which what was taken away again might still be read."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        rows = [row for table in tables for row in connection.execute(f'SELECT * FROM "{table}"')]
    beside = [one.read_bytes().decode("latin-1") for one in sorted(file.parent.glob(f"{file.name}*"))]
    return "\n".join([*map(_told, rows), *beside])


async def _of_server(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        named = await connection.fetch(
            "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        found = [await connection.fetch(f"SELECT * FROM {table}") for (table,) in named]
    finally:
        await connection.close()
    return "\n".join(_told(tuple(row)) for rows in found for row in rows)


def _told(row: tuple[Any, ...]) -> str:
    return "\t".join(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one) for one in row)
