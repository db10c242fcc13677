"""Migrations are the only way tables come to be, and they say the same as the models."""

import asyncio
from typing import Any

import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from app.store import revision
from app.store.migrate import downgrade, head, upgrade
from app.store.models import metadata


def on_connection(url: str, work: Any) -> Any:
    """What a function of a connection says, on either database."""
    if url.startswith("sqlite"):
        engine = sqlalchemy.create_engine(url)
        with engine.connect() as connection:
            result = work(connection)
        engine.dispose()
        return result

    async def on_postgres() -> Any:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://", 1))
        async with engine.connect() as connection:
            result = await connection.run_sync(work)
        await engine.dispose()
        return result

    return asyncio.run(on_postgres())


def differences(connection: sqlalchemy.Connection) -> list[Any]:
    # SQLite reports our declared types by their affinity only; the one migration serves both databases
    typed = connection.dialect.name == "postgresql"
    context = MigrationContext.configure(connection, opts={"compare_type": typed})
    return list(compare_metadata(context, metadata))


def tables(connection: sqlalchemy.Connection) -> set[str]:
    return set(sqlalchemy.inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_migrations_build_what_the_models_say(empty_database_url: str) -> None:
    upgrade(empty_database_url)

    assert on_connection(empty_database_url, differences) == []
    assert on_connection(empty_database_url, tables) == set(metadata.tables)


def test_down_leaves_nothing_and_up_again_builds_the_same(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    downgrade(empty_database_url, "base")

    assert on_connection(empty_database_url, tables) == set()

    upgrade(empty_database_url)
    assert on_connection(empty_database_url, differences) == []


def test_upgrading_twice_changes_nothing(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    upgrade(empty_database_url)

    assert on_connection(empty_database_url, differences) == []


def test_the_form_the_code_speaks_is_the_newest_migration() -> None:
    assert revision.head() == head()
