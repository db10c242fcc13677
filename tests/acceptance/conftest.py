"""A client of a real server, and a server that holds the demonstration trial."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.demo import load
from tests.databases import copy_of, outside_the_loop
from tests.servers import Server, running_server


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of a real server, on SQLite and on PostgreSQL in turn."""
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def demonstration(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that holds the demonstration trial, for tests that leave the trial as it is."""
    directory = tmp_path_factory.mktemp("demonstration")
    with running_server(copy_of(migrated_sqlite, directory), directory) as server:
        outside_the_loop(lambda: asyncio.run(_loaded(server)))
        yield server


async def _loaded(server: Server) -> None:
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        await load(client)
