"""What the store asks of a database, so that there is one code path above the driver.

Statements are written once, with `$1` placeholders and bare SQL both databases read; where they
differ (sets of keys, bulk inserts) the driver supplies the words. Values are the same Python values
on both: str, int, bool, bytes, date, aware datetime, Decimal.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlalchemy import Table

from app.fhir_mapping.outcome import Refusal, refusal

T = TypeVar("T")

FEED_LOCK = 0x54424645
"""The lock of the change feed on PostgreSQL: writers share it, who reads the feed holds it for an instant."""

Row = Sequence[Any]
Key = tuple[str, str]
"""A resource type and an id."""


class DatabaseError(Exception):
    """The database refused or failed; nothing of the transaction remains."""


class Contention(DatabaseError):
    """Another writer was there first; the same transaction may succeed when tried again."""


def too_slow(seconds: float) -> Refusal:
    """400: what was asked takes longer than a read may."""
    text = (
        f"this search takes longer than {seconds:g} seconds here: narrow it, for example by patient or date"
    )
    return refusal(400, "too-costly", text, "http.url")


class Connection(Protocol):
    """One connection, inside a transaction where it writes."""

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """The rows of one statement."""
        ...

    async def execute(self, sql: str, *values: Any) -> int:
        """The number of rows one statement touched."""
        ...

    async def insert(self, table: Table, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        """Insert many rows by one statement; the number that went in."""
        ...

    async def delete(self, table: Table, column: str, keys: Sequence[Key]) -> None:
        """Delete the rows of these resources; `column` is `type, id`, or `id` for one type's table."""
        ...


class Database(Protocol):
    """A database, reached by its driver."""

    statements: int  # issued since it was opened
    under_way: int  # pieces of work that have a connection, or wait for one
    most_connections: int  # so many have one at a time; searches alone on SQLite
    sizing: str  # a SELECT of how many bytes it takes
    write_ahead: Path | None  # the log SQLite keeps beside its file

    async def read(self, work: Callable[[Connection], Awaitable[T]], *, seconds: float | None = None) -> T:
        """Run work that only reads; without `seconds` it must be a few look-ups by key.

        What takes longer than `seconds` is ended, and is a Refusal 400; nobody else waits for it meanwhile.
        """
        ...

    async def look_up(self, select: str, values: Sequence[Any], name: str) -> Row | None:
        """The row of `resource r` with this id that `select` finds, whose conditions come last; None if none.

        `select` must name a column `id`.
        """
        ...

    async def write(self, work: Callable[[Connection], Awaitable[T]], *, feeding: bool = False) -> T:
        """Run work in one transaction and commit it before returning.

        `feeding` says that it stores versions: who reads the change feed waits until it has ended.
        """
        ...

    async def insert(self, rows: Mapping[Table, Sequence[Row]]) -> None:
        """Insert rows into several tables, all or none, and commit: a transaction of its own."""
        ...

    async def claim(self, connection: Connection, exclusive: Sequence[str], shared: Sequence[str]) -> None:
        """Wait until no other writer has claimed any of these; they are ours until the transaction ends.

        What was claimed by several as shared excludes only who claims it for themselves.
        """
        ...

    async def alone(self, connection: Connection) -> None:
        """Wait until the writers under way have ended; no other stores anything until the transaction ends.

        So whoever stores something later sees what this transaction wrote, and this one sees what they had
        stored before. Refusal 503 where the writers under way take too long.
        """
        ...

    async def horizon(self) -> datetime | None:
        """The last instant of which all versions are committed; None where every instant is so.

        What is committed later has a later instant, so a reader who stops here misses nothing.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...

    def keys(self, number: int) -> str:
        """A table `k(type, id)` made of the key set passed as value `number`."""
        ...

    def key_set(self, keys: Sequence[Key]) -> Any:
        """The value to pass for a key set."""
        ...

    def tokens(self, number: int) -> str:
        """A table `k(type, system, code)` made of the set of tokens passed as value `number`."""
        ...

    def token_set(self, tokens: Sequence[tuple[str, str, str]]) -> Any:
        """The value to pass for a set of tokens: a resource type, a system, a code."""
        ...

    def member(self, expression: str, number: int) -> str:
        """That an expression is one of the strings passed as value `number`."""
        ...

    def members(self, strings: Sequence[str]) -> Any:
        """The value to pass for a set of strings."""
        ...

    def is_hex(self, column: str, digits: str) -> str:
        """That the bytes of a column are those of an expression's hexadecimal digits."""
        ...

    def text(self, column: str) -> str:
        """The text whose UTF-8 the bytes of a column are."""
        ...

    locking: str  # appended to a SELECT whose rows must not change until the commit
    sharing: str  # appended to a SELECT whose rows must not go away until the commit
