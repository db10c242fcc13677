"""An open store on a fresh database, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import patient, put, study, subject


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def trial(store: Store) -> Store:
    """A store with a study and two patients enrolled in it."""
    await transact(
        store,
        EVERYTHING,
        [
            put(study(), "s1"),
            put(patient(site="SLS"), "p1"),
            put(patient(site="REN"), "p2"),
            put(subject("p1"), "rs1"),
            put(subject("p2"), "rs2"),
        ],
    )
    return store
