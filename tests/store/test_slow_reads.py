"""A read that takes long holds up nobody, and is ended when its time is up."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store import documents
from app.store import postgres as driver
from app.store.database import Connection, DatabaseError
from app.store.session import Store
from app.store.visibility import EVERYTHING
from tests.databases import PostgreSQL

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
PATIENCE = 10.0


async def endless(connection: Connection) -> None:
    await connection.fetch(ENDLESS)


def stopped(processes: list[int]) -> Callable[[Connection], Awaitable[None]]:
    """Work whose server process stops, as one does whose disk or network is gone."""

    async def work(connection: Connection) -> None:
        [[process]] = await connection.fetch("SELECT pg_backend_pid()")
        processes.append(process)
        os.kill(process, signal.SIGSTOP)
        await connection.fetch("SELECT 1")

    return work


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


async def test_a_database_that_answers_nothing_is_not_waited_for(
    postgres: PostgreSQL, migrated_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_READING", 0.2)
    monkeypatch.setattr(driver, "_ENDING", 0.2)
    processes: list[int] = []
    with postgres.database(migrated_postgres) as name:
        store = await Store.open(postgres.url_of(name))
        try:
            for seconds in (None, 0.2):  # nor does it say that it ended what took too long
                with pytest.raises(DatabaseError):
                    await store.database.read(stopped(processes), seconds=seconds)
                assert await store.database.read(one) == 1
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)
            await store.close()


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
