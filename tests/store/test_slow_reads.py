"""A read that takes long holds up nobody, and is ended when its time is up."""

import asyncio
import time

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store import documents
from app.store.database import Connection
from app.store.session import Store
from app.store.visibility import EVERYTHING
from tests.databases import PostgreSQL

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
PATIENCE = 10.0


async def endless(connection: Connection) -> None:
    await connection.fetch(ENDLESS)


async def one(connection: Connection) -> int:
    return int((await connection.fetch("SELECT 1"))[0][0])


async def test_a_read_that_takes_too_long_is_ended_and_refused(store: Store) -> None:
    begun = time.monotonic()

    with pytest.raises(Refusal) as refused:
        await store.database.read(endless, seconds=0.3)

    assert 0.3 <= time.monotonic() - begun < PATIENCE
    [issue] = refused.value.issues
    assert (refused.value.status, issue.code, issue.expression) == (400, "too-costly", "http.url")
    assert issue.text.startswith("this search takes longer than 0.3 seconds here")


async def test_postgresql_is_told_to_end_it(postgres: PostgreSQL, migrated_postgres: str) -> None:
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = $1"
    with postgres.database(migrated_postgres) as name:
        store = await Store.open(postgres.url_of(name))
        with pytest.raises(Refusal):
            await store.database.read(endless, seconds=0.2)
        [[number]] = await store.database.read(lambda connection: connection.fetch(at_work, ENDLESS))
        await store.close()

    assert number == 0


async def test_after_slow_reads_the_database_serves_as_before(store: Store) -> None:
    slow = [store.database.read(endless, seconds=0.2) for _ in range(20)]

    ended = await asyncio.gather(*slow, return_exceptions=True)

    assert {type(each) for each in ended} == {Refusal}
    assert await asyncio.gather(*(store.database.read(one, seconds=PATIENCE) for _ in range(20))) == [1] * 20


async def test_while_a_read_takes_long_everything_else_is_served(trial: Store) -> None:
    slow = asyncio.create_task(trial.database.read(endless, seconds=2))
    longest = 0.0

    while not slow.done():
        begun = time.monotonic()
        await documents.read(trial, EVERYTHING, "Patient", "p1")
        await trial.database.read(one, seconds=PATIENCE)
        await trial.database.write(one)
        longest = max(longest, time.monotonic() - begun)
        await asyncio.sleep(0.01)

    assert isinstance(slow.exception(), Refusal)
    assert longest < 1


async def test_closing_does_not_wait_for_a_read_that_takes_long(database_url: str) -> None:
    store = await Store.open(database_url, search_seconds=10 * PATIENCE)
    slow = asyncio.create_task(store.search(endless))
    await asyncio.sleep(0.2)
    begun = time.monotonic()

    slow.cancel()  # as the server does with what is under way when its time to end is up
    await store.close()

    assert time.monotonic() - begun < PATIENCE
