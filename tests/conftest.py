"""What every test may ask for: databases, a client of the application, a running server.

`database_url` is a fresh migrated database, on SQLite and on PostgreSQL in turn; `client` is the
application on such a database; `server` is a real server process on one that lives as long as the
tests of a session that share it. Everything else builds on these.
"""

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.databases import PostgreSQL, copy_of, migrated_sqlite_file, postgresql, sqlite_url
from tests.servers import Server, client_of, running, running_server
from tests.skips import refuse_skip

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.settings import Settings

ENGINES = ("sqlite", "postgresql")
pytest_plugins = ["tests.conformance.report", "tests.crowds", "tests.isolation.report"]


def migrate(url: str) -> None:
    """Bring a database to the present form, as `trialbridge migrate` does."""
    from app.store.migrate import upgrade

    upgrade(url)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """A PostgreSQL server for this process of the tests."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgreSQL) -> Iterator[str]:
    """The name of the PostgreSQL database the others are copied from."""
    with postgres.migrated_template(migrate) as template:
        yield template


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SQLite file the others are copied from."""
    return migrated_sqlite_file(tmp_path_factory.mktemp("migrated"), migrate)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database with nothing in it."""
    if request.param == "sqlite":
        yield copy_of(request.getfixturevalue("migrated_sqlite"), tmp_path)
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    with server.database(request.getfixturevalue("migrated_postgres")) as name:
        yield server.url_of(name)


@pytest.fixture(params=ENGINES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a single table, for the tests of the migrations themselves."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "trialbridge.db")
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    with server.database() as name:
        yield server.url_of(name)


@pytest.fixture
def settings(database_url: str) -> "Settings":
    """The settings of `client`; a module that needs others overrides this fixture.

    What is read is noted where a test asks for it, and by every server process: it takes half as long again.
    """
    from app.settings import Settings

    return Settings(database_url=database_url, base_url="http://test", auth="none", audit="changes")


@pytest.fixture
async def app(settings: "Settings") -> AsyncIterator["FastAPI"]:
    """The application, which runs in this process on a fresh database."""
    from app.main import create_app

    async with running(create_app(settings)) as app:
        yield app


@pytest.fixture
async def client(app: "FastAPI") -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application."""
    async with client_of(app) as client:
        yield client


@pytest.fixture(scope="session", params=ENGINES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server process; the tests of a session share it and what it holds."""
    directory = tmp_path_factory.mktemp("server")
    if request.param == "sqlite":
        url = copy_of(request.getfixturevalue("migrated_sqlite"), directory)
        with running_server(url, directory) as running_one:
            yield running_one
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    with (
        postgres.database(request.getfixturevalue("migrated_postgres")) as name,
        running_server(postgres.url_of(name), directory) as running_one,
    ):
        yield running_one


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse_skip(report)
    return report
