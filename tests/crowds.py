"""Many clients at once and a server for them: on SQLite, on PostgreSQL, and two processes that share one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.databases import PostgreSQL, copy_of
from tests.servers import Server, running_server

CROWD = 50
TWO = "postgresql, two processes"


@pytest.fixture(scope="module", params=["sqlite", "postgresql", TWO])
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server the crowd has for itself."""
    directory = tmp_path_factory.mktemp("crowded")
    if request.param == "sqlite":
        with running_server(copy_of(request.getfixturevalue("migrated_sqlite"), directory), directory) as one:
            yield one
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    workers = ("--workers", "2") if request.param == TWO else ()
    with (
        postgres.database(request.getfixturevalue("migrated_postgres")) as name,
        running_server(postgres.url_of(name), directory, *workers) as one,
    ):
        yield one


@pytest.fixture
def address(crowded: Server) -> str:
    """Where the crowd goes."""
    return crowded.url


@asynccontextmanager
async def crowd(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client with as many connections as there are writers, all of them open."""
    limits = httpx.Limits(max_connections=CROWD, max_keepalive_connections=CROWD)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        await asyncio.gather(*(client.get("/healthz") for _ in range(CROWD)))
        yield client
