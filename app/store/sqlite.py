"""SQLite: one writer on a thread of its own, searches on a few, look-ups by key in the event loop.

WAL lets readers run while the writer commits. The writer begins with BEGIN IMMEDIATE, so that two
processes never both read before they write. `synchronous=FULL`: what was acknowledged survives a
power cut. The coroutines here never suspend, which is what lets a whole transaction, or a search, run on
a thread in one go.
"""

import asyncio
import re
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Table

from app.store.database import Connection, Contention, DatabaseError, Key, Row, too_slow
from app.store.types import decimal_from_text, decimal_to_text, instant_from_text, instant_to_text
from app.store.words import SqliteWords

T = TypeVar("T")

sqlite3.register_adapter(datetime, instant_to_text)
sqlite3.register_adapter(date, date.isoformat)
sqlite3.register_adapter(Decimal, decimal_to_text)
sqlite3.register_converter("INSTANT_TEXT", instant_from_text)
sqlite3.register_converter("EXACT_TEXT", decimal_from_text)
sqlite3.register_converter("DATE", lambda text: date.fromisoformat(text.decode()))
sqlite3.register_converter("BOOLEAN", lambda text: text == b"1")

_PLACEHOLDER = re.compile(r"\$(\d+)")
_BUSY_SECONDS = 30
_SEARCHES = 4
"""Searches at the same time; others wait for their turn."""
_STEPS = 100_000
"""Instructions of SQLite's machine, some milliseconds of them, after which a search looks at the clock."""


@lru_cache(maxsize=1024)
def placeholders(sql: str) -> str:
    """A statement with its placeholders as SQLite writes them."""
    return _PLACEHOLDER.sub(r"?\1", sql)


@lru_cache(maxsize=64)
def _insert(table: Table, on_conflict: str) -> str:
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {on_conflict}"


class _SqliteConnection:
    """A connection whose coroutines finish without suspending."""

    def __init__(self, database: "SqliteDatabase", raw: sqlite3.Connection) -> None:
        self._database = database
        self._raw = raw

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """The rows of one statement."""
        self._database.statements += 1
        return self._raw.execute(placeholders(sql), values).fetchall()

    async def execute(self, sql: str, *values: Any) -> int:
        """The number of rows one statement touched."""
        self._database.statements += 1
        return self._raw.execute(placeholders(sql), values).rowcount

    async def insert(self, table: Table, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        """Insert many rows by one statement; the number that went in."""
        self._database.statements += 1
        return self._raw.executemany(_insert(table, on_conflict), rows).rowcount

    async def delete(self, table: Table, column: str, keys: Sequence[Key]) -> None:
        """Delete the rows of these resources."""
        self._database.statements += 1
        if column == "id":
            ids = [(key[1],) for key in keys]
            self._raw.executemany(f"DELETE FROM {table.name} WHERE id = ?", ids)
            return
        self._raw.executemany(f"DELETE FROM {table.name} WHERE type = ? AND id = ?", keys)


def _open(path: str) -> sqlite3.Connection:
    raw = sqlite3.connect(
        path,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        detect_types=sqlite3.PARSE_DECLTYPES,
        check_same_thread=False,
        cached_statements=512,
    )
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=10000", "cache_size=-65536"):
        raw.execute(f"PRAGMA {pragma}")
    return raw


def _open_to_read(path: str) -> sqlite3.Connection:
    raw = _open(path)
    raw.execute("PRAGMA query_only=1")
    return raw


def finish(work: Awaitable[T]) -> T:
    """The result of a coroutine that never suspends."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # a StopIteration does not know its type
    raise RuntimeError("work on SQLite waited for something else than SQLite")


class SqliteDatabase(SqliteWords):
    """A SQLite file."""

    sizing = "SELECT s.page_count * z.page_size FROM pragma_page_count() s, pragma_page_size() z"

    def __init__(self, path: str) -> None:
        self.statements = self.under_way = 0
        self.most_connections = _SEARCHES
        self.write_ahead: Path | None = Path(f"{path}-wal")
        self._path = path
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer")
        self._writing = _open(path)
        self._reading = _open_to_read(path)
        self._searches = ThreadPoolExecutor(_SEARCHES, thread_name_prefix="sqlite-search")
        self._idle: deque[sqlite3.Connection] = deque()  # at most as many as there are threads
        self._closing = False

    async def read(self, work: Callable[[Connection], Awaitable[T]], *, seconds: float | None = None) -> T:
        """Run work that only reads; on a thread if it may take long."""
        try:
            if seconds is None:
                return await work(_SqliteConnection(self, self._reading))
            loop = asyncio.get_running_loop()
            self.under_way += 1
            try:
                return await loop.run_in_executor(self._searches, self._search, work, seconds)
            finally:
                self.under_way -= 1
        except sqlite3.Error as error:
            raise DatabaseError(type(error).__name__) from error

    def _search(self, work: Callable[[Connection], Awaitable[T]], seconds: float) -> T:
        """Run work until its time is up, counted from here: whoever waited for a thread is not to blame."""
        raw = self._idle_connection()
        deadline = monotonic() + seconds
        raw.set_progress_handler(lambda: self._closing or monotonic() > deadline, _STEPS)
        try:
            return finish(work(_SqliteConnection(self, raw)))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT and not self._closing:
                raise too_slow(seconds) from None
            raise
        finally:
            raw.set_progress_handler(None, _STEPS)
            self._idle.append(raw)

    async def look_up(self, select: str, values: Sequence[Any], name: str) -> Row | None:
        """The row of this id."""
        sql = f"{select} AND r.id = ${len(values) + 1}"
        rows = await self.read(lambda connection: connection.fetch(sql, *values, name))
        return rows[0] if rows else None

    def _idle_connection(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return _open_to_read(self._path)

    async def write(self, work: Callable[[Connection], Awaitable[T]], *, feeding: bool = False) -> T:  # noqa: ARG002
        """Run work in one transaction and commit it before returning."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._transaction, work)

    async def insert(self, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Insert rows into several tables, all or none, and commit."""

        async def work(connection: Connection) -> None:
            for table, of_table in rows.items():
                await connection.insert(table, of_table)

        await self.write(work)

    def _transaction(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        raw = self._writing
        try:
            raw.execute("BEGIN IMMEDIATE")
            result = finish(work(_SqliteConnection(self, raw)))
            raw.execute("COMMIT")
        except BaseException as error:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise Contention("the file is locked by another process") from error
            if isinstance(error, sqlite3.Error):
                raise DatabaseError(f"{type(error).__name__}: {error.sqlite_errorname}") from error
            raise
        return result

    async def claim(self, connection: Connection, exclusive: Sequence[str], shared: Sequence[str]) -> None:
        """Nothing to wait for: the writer is alone."""

    async def alone(self, connection: Connection) -> None:
        """Nothing to wait for: the writer is alone."""

    async def horizon(self) -> datetime | None:
        """Writers come one after the other, and so do their instants."""
        return None

    async def close(self) -> None:
        """Let go of every connection; searches under way are ended."""
        self._closing = True
        for threads in (self._writer, self._searches):
            threads.shutdown(wait=True)
        for raw in (self._writing, self._reading, *self._idle):
            raw.close()
