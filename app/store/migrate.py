"""The schema and its history: Alembic migrations are the only way tables come to be.

They run before a server starts, never in one: a worker that migrates can lock out its neighbours.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from app.store.revision import MIGRATIONS


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str | None:
    """The newest migration, as Alembic finds it."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def upgrade(url: str, revision: str = "head") -> None:
    """Bring a database up to a migration, the newest one unless said."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take a database back to a migration, `base` for an empty one."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, work: Callable[[Config], None]) -> None:
    def with_connection(connection: sqlalchemy.Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        work(config)

    if url.startswith("sqlite:"):
        if path := url.removeprefix("sqlite:///"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            with_connection(connection)
        engine.dispose()
        return
    # a thread of its own, so that it may be called where an event loop is running already
    with ThreadPoolExecutor(1) as executor:
        executor.submit(asyncio.run, _on_postgres(url, with_connection)).result()


async def _on_postgres(url: str, work: Callable[[sqlalchemy.Connection], None]) -> None:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    async with engine.begin() as connection:
        await connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '30s'"))
        await connection.run_sync(work)
    await engine.dispose()
