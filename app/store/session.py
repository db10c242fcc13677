"""The open store: a database, the one committer of this process, and the clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.store.committer import Committer
from app.store.database import Database, DatabaseError
from app.store.postgres import PostgresDatabase
from app.store.revision import head
from app.store.sqlite import SqliteDatabase


def utc_now() -> datetime:
    """The clock of the store: when things are recorded."""
    return datetime.now(UTC)  # noqa: TID251 - the store's clock


async def open_database(url: str) -> Database:
    """The database behind a URL: `sqlite:////path/file.db` or `postgresql://…`."""
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite":
        return SqliteDatabase(rest.removeprefix("/"))
    if scheme == "postgresql":
        return await PostgresDatabase.open(url)
    raise ValueError(f"a database URL starts with sqlite:/// or postgresql://, not {scheme}://")


@dataclass(frozen=True, slots=True)
class Store:
    """What the rooms above hold on to."""

    database: Database
    committer: Committer

    @classmethod
    async def open(
        cls, url: str, *, base: str = "http://127.0.0.1:8000/fhir", clock: Callable[[], datetime] = utc_now
    ) -> "Store":
        """Open the store; `base` is the address under which absolute references are our own."""
        database = await open_database(url)
        return cls(database, Committer(database, clock=clock, base=base))

    async def ready(self) -> None:
        """Raise DatabaseError unless the database answers and is migrated to the version we speak."""
        rows = await self.database.read(lambda c: c.fetch("SELECT version_num FROM alembic_version"))
        found = rows[0][0] if rows else None
        if found != head():
            raise DatabaseError(f"the database is at migration {found}: run `trialbridge migrate`")

    async def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
        await self.committer.close()
        await self.database.close()
