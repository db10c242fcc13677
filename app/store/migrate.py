"""The schema and its history: Alembic migrations are the only way tables come to be.

They run before a server starts, never in one: a worker that migrates can lock out its neighbours. What is
derived from the documents is derived again in the same transaction, by the code that will read it, so a
migration may empty the tables it changes.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table
from sqlalchemy.ext.asyncio import create_async_engine

from app.store.database import Row
from app.store.rebuild import LOCAL, derive
from app.store.revision import MIGRATIONS
from app.store.sqlite import finish, placeholders

Work = Callable[[Config, sqlalchemy.Connection], None]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str | None:
    """The newest migration, as Alembic finds it."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(url: str, revision: str = "head", *, base: str = LOCAL) -> None:
    """Bring a database up to a migration, the newest one unless said.

    `base` is the address under which absolute references are our own.
    """

    def work(config: Config, connection: sqlalchemy.Connection) -> None:
        before = _current(connection)
        command.upgrade(config, revision)
        if before is not None and before != head() == _current(connection):
            finish(derive(_Migrating(connection), base))

    _run(url, work)


def downgrade(url: str, revision: str) -> None:
    """Take a database back to a migration, `base` for an empty one."""
    _run(url, lambda config, _connection: command.downgrade(config, revision))


def _current(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


class _Migrating:
    """The connection that migrates, as a Writer whose coroutines never suspend."""

    def __init__(self, raw: sqlalchemy.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        """The rows of one statement."""
        return [tuple(row) for row in self._executed(sql, values)]

    async def execute(self, sql: str, *values: Any) -> int:
        """The number of rows one statement touched."""
        return self._executed(sql, values).rowcount

    async def insert(self, table: Table, rows: Sequence[Row]) -> int:
        """Insert many rows by one statement; the number that went in."""
        names = table.columns.keys()
        self._raw.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])
        return len(rows)

    def _executed(self, sql: str, values: tuple[Any, ...]) -> sqlalchemy.CursorResult[Any]:
        sqlite = self._raw.dialect.name == "sqlite"
        return self._raw.exec_driver_sql(placeholders(sql) if sqlite else sql, values)


def _run(url: str, work: Work) -> None:
    def with_connection(connection: sqlalchemy.Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        work(config, connection)

    if url.startswith("sqlite:"):
        _on_sqlite(url, with_connection)
        return
    # a thread of its own, so that it may be called where an event loop is running already
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, _on_postgres(url, with_connection)).result()


def _on_sqlite(url: str, work: Callable[[sqlalchemy.Connection], None]) -> None:
    """In one transaction: left to itself, the driver would commit each change of a table by itself."""
    if path := url.removeprefix("sqlite:///"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            work(connection)
            connection.exec_driver_sql("COMMIT")
    finally:
        engine.dispose()


async def _on_postgres(url: str, work: Callable[[sqlalchemy.Connection], None]) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    try:
        async with engine.begin() as connection:
            await connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '30s'"))
            await connection.run_sync(work)
    finally:
        await engine.dispose()
