"""A client of a server that knows a few resources, for what is made up at random to be about."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.fhir_mapping import codec
from app.routers import examples
from tests.databases import copy_of
from tests.routers.make import HEADERS, NEEDED
from tests.servers import Server, running_server

STORED = (*NEEDED, *((kind, "fuzz") for kind in examples.BODIES))


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of a real server, on SQLite and on PostgreSQL in turn, with one example of each type."""
    with httpx.Client(base_url=server.url, timeout=30, headers=HEADERS) as client:
        for kind, name in STORED:
            body = codec.write(examples.BODIES[kind] | {"id": name})
            assert client.put(f"/fhir/{kind}/{name}", content=body).is_success
        yield client


@pytest.fixture(scope="session")
def sqlite_server(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server on a migrated SQLite database, for what need not be tried on both."""
    directory = tmp_path_factory.mktemp("fuzz")
    with running_server(copy_of(migrated_sqlite, directory), directory) as one:
        yield one
