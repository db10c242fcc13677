"""The open store: a database, the one committer of this process, and the clock."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, TypeVar

from app.store.database import Connection, Database, DatabaseError
from app.store.postgres import PostgresDatabase
from app.store.revision import head
from app.store.sqlite import SqliteDatabase
from app.store.trail import Chains

if TYPE_CHECKING:
    from app.store.auditor import Auditor
    from app.store.committer import Committer
    from app.store.current_access import CurrentAccess
    from app.store.desk import CurrentDesk

T = TypeVar("T")

Audit = Literal["all", "changes", "off"]
"""What is written down in the trail: every access and change, changes alone, nothing."""

SEARCH_SECONDS = 20.0
"""How long a read of more than a few look-ups by key may take."""

MOST_WAITING = 20_000
"""So many changes may wait to be committed before further ones are refused."""

MOST_CONNECTIONS = 16
"""So many connections a process has to PostgreSQL at once, if nothing else is said."""


def utc_now() -> datetime:
    """The clock of the store: when things are recorded."""
    return datetime.now(UTC)  # noqa: TID251 - the store's clock


async def open_database(url: str, *, most_connections: int = MOST_CONNECTIONS) -> Database:
    """The database behind a URL: `sqlite:////path/file.db` or `postgresql://…`."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteDatabase(rest.removeprefix("/"))
    if scheme == "postgresql":
        return await PostgresDatabase.open(url, most_connections)
    raise ValueError(f"a database URL starts with sqlite:/// or postgresql://, not {scheme}://")


@dataclass(frozen=True, slots=True)
class Store:
    """What the rooms above hold on to."""

    database: Database
    committer: "Committer"
    desk: "CurrentDesk"
    auditor: "Auditor"
    access: "CurrentAccess"
    search_seconds: float = SEARCH_SECONDS
    link_key: bytes = b""  # signs the links to further pages; empty where the database is not migrated

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        base: str = "http://127.0.0.1:8000/fhir",
        clock: Callable[[], datetime] = utc_now,
        search_seconds: float = SEARCH_SECONDS,
        most_waiting: int = MOST_WAITING,
        most_connections: int = MOST_CONNECTIONS,
        audit: Audit = "changes",
    ) -> "Store":
        """Open the store; `base` is the address under which absolute references are our own.

        `audit` says what the trail tells: `all`, changes alone, or nothing (`off`).
        """
        from app.store.auditor import Auditor  # noqa: PLC0415 as below
        from app.store.committer import Committer  # noqa: PLC0415 it searches, and the search knows the Store
        from app.store.current_access import CurrentAccess  # noqa: PLC0415 as above
        from app.store.desk import CurrentDesk  # noqa: PLC0415 as above

        database = await open_database(url, most_connections=most_connections)
        desk = CurrentDesk(database)
        changes, accesses = (Chains(database, kept=audit != "off") for _ in range(2))
        committer = Committer(database, desk, changes, clock=clock, base=base, most_waiting=most_waiting)
        auditor = Auditor(database, accesses, reads=audit == "all")
        access = CurrentAccess(database)
        return cls(database, committer, desk, auditor, access, search_seconds, await _link_key(database))

    async def ready(self) -> None:
        """Raise DatabaseError unless the database answers and is migrated to the version we speak."""
        rows = await self.database.read(lambda c: c.fetch("SELECT version_num FROM alembic_version"))
        found = rows[0][0] if rows else None
        if found != head():
            raise DatabaseError(f"the database is at migration {found}: run `trialbridge migrate`")

    async def search(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Read more than a few look-ups by key; Refusal 400 where that takes longer than a search may."""
        return await self.database.read(work, seconds=self.search_seconds)

    async def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
        await self.committer.close()
        await self.auditor.close()
        await self.database.close()


async def _link_key(database: Database) -> bytes:
    try:
        rows = await database.read(lambda c: c.fetch("SELECT value FROM secret WHERE name = 'links'"))
    except DatabaseError:  # not migrated yet, which `ready` says
        return b""
    return bytes(rows[0][0]) if rows else b""
