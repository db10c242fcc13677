"""PostgreSQL through asyncpg: array statements, a pool of readers, one connection that writes.

Rows are inserted by COPY, and by `INSERT … SELECT … FROM unnest(arrays)` where some may be there already: one
statement, whatever the number of rows.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Table

from app.store.database import FEED_LOCK, Connection, Contention, DatabaseError, Key, Row, too_slow
from app.store.horizon import SECONDS, Horizon, held_up
from app.store.together import Question, Together
from app.store.words import PostgresWords, inserting, inserting_into

T = TypeVar("T")

_CONTENTION = (
    asyncpg.UniqueViolationError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
)
_BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock_shared({FEED_LOCK})"
"""One round trip; and every later statement sees what was committed before the lock was given."""

_CLAIMS = """SELECT CASE WHEN c.alone THEN pg_advisory_xact_lock(hashtextextended(c.name, 0))
 ELSE pg_advisory_xact_lock_shared(hashtextextended(c.name, 0)) END
 FROM unnest($1::text[], $2::boolean[]) AS c(name, alone)"""

_LONGEST = 120.0
"""Seconds that one statement may take, whatever it is: who answers nothing must not be waited for."""
_READING = 60.0
"""Seconds that a read may take which is given no time of its own."""
_CONNECTING, _ENDING = 15.0, 3.0
"""Seconds until a connection must be free, and until the server must have ended what it is told to end."""

_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""Whatever a database does that goes away, while it is asked or between."""


class _PostgresConnection:
    """A connection taken from the pool for one piece of work."""

    def __init__(self, database: "PostgresDatabase", raw: Any) -> None:
        self._database = database
        self._raw = raw

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """The rows of one statement."""
        self._database.statements += 1
        rows: list[Row] = await self._raw.fetch(sql, *values)
        return rows

    async def execute(self, sql: str, *values: Any) -> int:
        """The number of rows one statement touched."""
        self._database.statements += 1
        return _touched(await self._raw.execute(sql, *values))

    async def insert(self, table: Table, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        """Insert many rows by one statement; the number that went in."""
        self._database.statements += 1
        if not on_conflict:  # half the work for both sides
            try:
                copied = await self._raw.copy_records_to_table(
                    table.name, records=rows, columns=table.columns.keys()
                )
            except (TypeError, ValueError, OverflowError) as error:  # a value no column can hold
                raise DatabaseError(type(error).__name__) from error
            return _touched(copied)
        columns = map(list, zip(*rows, strict=True))
        return _touched(await self._raw.execute(inserting(table, on_conflict), *columns))

    async def delete(self, table: Table, column: str, keys: Sequence[Key]) -> None:
        """Delete the rows of these resources."""
        self._database.statements += 1
        ids = [key[1] for key in keys]
        if column == "id":
            await self._raw.fetch(f"DELETE FROM {table.name} WHERE id = ANY($1::text[])", ids)
            return
        match = "USING unnest($1::text[], $2::text[]) AS k(type, id) WHERE t.type = k.type AND t.id = k.id"
        await self._raw.fetch(f"DELETE FROM {table.name} t {match}", [key[0] for key in keys], ids)


def _touched(status: str) -> int:
    """The number at the end of PostgreSQL's command tag; a tag without one touched no rows."""
    number = status.rsplit(" ", 1)[-1]
    return int(number) if number.isdecimal() else 0


async def _keep(_connection: Any) -> None:
    """Hand a connection back as it is: we set nothing on it, and the usual reset costs a round trip."""


@asynccontextmanager
async def _transaction(raw: Any, beginning: str | None) -> AsyncIterator[None]:
    """A transaction that is committed, or rolled back whatever happened; None where one statement is all."""
    if beginning is None:
        yield
        return
    await raw.execute(beginning)
    try:
        yield
        await raw.execute("COMMIT")
    except BaseException:
        if _is_open(raw):
            await raw.execute("ROLLBACK")
        raise


def _is_open(raw: Any) -> bool:
    """Whether a transaction is to be rolled back; a connection that was lost has left the pool already."""
    try:
        return not raw.is_closed() and raw.is_in_transaction()
    except asyncpg.InterfaceError:
        return False


class PostgresDatabase(PostgresWords):
    """A PostgreSQL database."""

    sizing = "SELECT pg_database_size(current_database())"
    write_ahead: Path | None = None

    def __init__(self, pool: Any) -> None:
        self.statements = self.under_way = 0
        self.most_connections: int = pool.get_max_size()
        self._pool = pool
        self._horizon = Horizon(self._latest)
        self._together = Together(self._rows)

    @classmethod
    async def open(cls, url: str, most_connections: int) -> "PostgresDatabase":
        """Connect; the pool grows with the load, to so many connections at most.

        A plan made without knowing the values took a search of one patient's results through every
        patient's (10 ms instead of 0.5), so each is planned with its values. None is compiled: that costs
        a page of a large store more than it saves.
        """
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=most_connections,
            reset=_keep,
            command_timeout=_LONGEST,
            server_settings={"plan_cache_mode": "force_custom_plan", "jit": "off"},
        )
        return cls(pool)

    async def read(self, work: Callable[[Connection], Awaitable[T]], *, seconds: float | None = None) -> T:
        """Run work that only reads; beyond its time the server is told to cancel it."""
        try:
            async with self._connected() as raw:
                with suppress(TimeoutError):
                    async with asyncio.timeout(seconds or _READING):
                        return await work(_PostgresConnection(self, raw))
        except _FAILURES as error:
            raise DatabaseError(type(error).__name__) from error
        if seconds is None:
            raise DatabaseError("the database takes too long")
        raise too_slow(seconds)  # the server has ended it, so it does answer

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        """A connection for one piece of work; one whose server does not end what it is told to end is cut."""
        self.under_way += 1
        try:
            raw = await self._pool.acquire(timeout=_CONNECTING)
            try:
                yield raw
            finally:
                await self._pool.release(raw, timeout=_ENDING)
        finally:
            self.under_way -= 1

    async def look_up(self, select: str, values: Sequence[Any], name: str) -> Row | None:
        """The row of this id; what is asked at the same time is one statement."""
        return await self._together.row((select, tuple(values)), name)

    async def _rows(self, question: Question, names: Sequence[str]) -> dict[str, Row]:
        select, values = question
        sql = f"{select} AND r.id = ANY(${len(values) + 1}::text[])"
        rows = await self.read(lambda connection: connection.fetch(sql, *values, names))
        return {row["id"]: row for row in rows}  # type: ignore[call-overload]  # asyncpg's rows know names

    async def write(self, work: Callable[[Connection], Awaitable[T]], *, feeding: bool = False) -> T:
        """Run work in one transaction and commit it before returning."""
        return await self._write(work, _BEGIN if feeding else "BEGIN")

    async def insert(self, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Insert rows into several tables and commit: one statement, so one round trip."""
        columns = [list(column) for of_table in rows.values() for column in zip(*of_table, strict=True)]
        await self._write(lambda connection: connection.execute(inserting_into(tuple(rows)), *columns), None)

    async def _write(self, work: Callable[[Connection], Awaitable[T]], beginning: str | None) -> T:
        try:
            async with self._connected() as raw, _transaction(raw, beginning):
                return await work(_PostgresConnection(self, raw))
        except _CONTENTION as error:
            raise Contention(type(error).__name__) from error
        except _FAILURES as error:
            raise DatabaseError(type(error).__name__) from error

    async def claim(self, connection: Connection, exclusive: Sequence[str], shared: Sequence[str]) -> None:
        """Take advisory locks, in one order everywhere, so that no two writers wait for each other."""
        names = sorted({*exclusive, *shared})
        alone = set(exclusive)
        await connection.fetch(_CLAIMS, names, [name in alone for name in names])

    async def alone(self, connection: Connection) -> None:
        """Take for oneself the lock that every writer shares."""
        await connection.execute(f"SET LOCAL lock_timeout = '{SECONDS}s'")
        try:
            await connection.fetch(f"SELECT pg_advisory_xact_lock({FEED_LOCK})")
        except asyncpg.LockNotAvailableError:
            raise held_up() from None

    async def horizon(self) -> datetime | None:
        """Wait for the writers under way; the next ones begin when the latest instant is known."""
        return await self._horizon.known()

    async def _latest(self, passed: Callable[[], None]) -> datetime:
        async def latest(connection: Connection) -> datetime:
            await self.alone(connection)
            passed()
            [row] = await connection.fetch("SELECT max(last_updated) FROM resource")
            return row[0] or datetime.min.replace(tzinfo=UTC)

        return await self.write(latest)

    async def close(self) -> None:
        """Let go of every connection."""
        try:
            await asyncio.wait_for(self._pool.close(), timeout=10)
        except TimeoutError:
            self._pool.terminate()
