"""Two servers, one on each database, that hold the same population; nobody else writes to them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import PostgreSQL, copy_of
from tests.search.asked import SEED, Asked, asking, asking_a_population
from tests.search.population import population
from tests.servers import Server, running_server

ENGINES = ("sqlite", "postgresql")


@contextmanager
def served(request: pytest.FixtureRequest, directory: Path) -> Iterator[Server]:
    """A server that takes names, on a fresh database of the kind asked for."""
    accepting = {"TRIALBRIDGE_IDENTIFYING_DATA": "accept"}
    if request.param == "sqlite":
        url = copy_of(request.getfixturevalue("migrated_sqlite"), directory)
        with running_server(url, directory, **accepting) as server:
            yield server
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    with (
        postgres.database(request.getfixturevalue("migrated_postgres")) as name,
        running_server(postgres.url_of(name), directory, **accepting) as server,
    ):
        yield server


@pytest.fixture(scope="session", params=ENGINES)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server with the population, for tests that only ask."""
    with (
        served(request, tmp_path_factory.mktemp("searched")) as server,
        asking_a_population(server.url) as client,
    ):
        yield client


@pytest.fixture(scope="session", params=ENGINES)
def busy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server that tests write to while others ask."""
    with served(request, tmp_path_factory.mktemp("busy")) as server, asking(server.url) as client:
        yield client


@pytest.fixture(scope="session", params=ENGINES)
def changed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server on which every document was changed since and some were deleted; of tests that only ask.

    Of a subject the state, the patient and the study are as they were: to change them takes a reason.
    """
    with (
        served(request, tmp_path_factory.mktemp("changed")) as server,
        asking_a_population(server.url) as client,
    ):
        kept = {
            one["id"]: {name: one[name] for name in ("status", "individual", "study")}
            for one in client.world.of("ResearchSubject")
        }
        for group in population(SEED + 1, client.world.base):
            for one in group:
                if one["resourceType"] == "ResearchSubject":
                    one.update(kept[one["id"]])
            client.load(group)
        for one in list(client.world.of("AdverseEvent"))[::3]:
            client.delete(one)
        yield client
