"""The filled store of the leak matrix: made once for each engine, and copied for whoever changes it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from tests.access.signing import Key, register_client
from tests.databases import PostgreSQL, copy_of, outside_the_loop, sqlite_url
from tests.isolation.roles import CLIENTS
from tests.isolation.world import fill
from tests.servers import client_of, running

BASE = "http://test"
Keys = Mapping[str, Key]


async def _filled(url: str) -> Keys:
    settings = Settings(database_url=url, base_url=BASE, auth="none")
    async with running(create_app(settings)) as app, client_of(app) as client:
        store = app.state.service.store
        await fill(client, store)
        return {
            who.name: await register_client(
                store,
                who.name,
                role=who.role,
                sites=who.sites,
                studies=who.studies,
                scopes=who.scopes,
            )
            for who in CLIENTS
        }


@dataclass(frozen=True)
class Filled:
    """A filled store, of which there are as many copies as are asked for, and the keys of its clients."""

    engine: str
    keys: Keys
    copy: Callable[[Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def filled_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The filled store on SQLite."""
    url = copy_of(migrated_sqlite, tmp_path_factory.mktemp("filled"))
    file = Path(url.removeprefix("sqlite:///"))
    keys = outside_the_loop(lambda: asyncio.run(_filled(sqlite_url(file))))

    @contextmanager
    def copy(directory: Path) -> Iterator[str]:
        yield copy_of(file, directory)

    return Filled("sqlite", keys, copy)


@pytest.fixture(scope="session")
def filled_postgresql(postgres: PostgreSQL, migrated_postgres: str) -> Iterator[Filled]:
    """The filled store on PostgreSQL."""
    with postgres.database(migrated_postgres) as template:
        keys = outside_the_loop(lambda: asyncio.run(_filled(postgres.url_of(template))))

        @contextmanager
        def copy(directory: Path) -> Iterator[str]:
            del directory
            with postgres.database(template) as name:
                yield postgres.url_of(name)

        yield Filled("postgresql", keys, copy)


@pytest.fixture
def filled(request: pytest.FixtureRequest) -> Filled:
    """The filled store of the engine a test names."""
    found: Filled = request.getfixturevalue(f"filled_{request.param}")
    return found
