"""Whoever follows what is stored never misses a version, however many write at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import Place
from app.store.database import Connection
from app.store.documents import history
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import delete, patient, put

ROUNDS = 25
Seen = list[tuple[datetime, str, str, int]]

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""On SQLite the writer is alone, and nobody waits."""


@asynccontextmanager
async def writers(url: str, number: int) -> AsyncIterator[list[Store]]:
    """So many stores on one database, as so many server processes have them."""
    stores = [await Store.open(url) for _ in range(number)]
    try:
        yield stores
    finally:
        for store in stores:
            await store.close()


async def write(store: Store, name: str) -> None:
    """Store, change and delete, in transactions of several sizes."""
    for turn in range(ROUNDS):
        await transact(store, EVERYTHING, [put(patient(), f"{name}-{turn}-{n}") for n in range(1 + turn % 4)])
        if turn % 5 == 0:
            await transact(store, EVERYTHING, [put(patient(), f"{name}-{turn}-0")])
            await transact(store, EVERYTHING, [delete("Patient", f"{name}-{turn}-0")])


async def follow_pages(store: Store, done: asyncio.Event) -> Seen:
    """Go on from wherever the last page ended, until there is nothing after the writers have finished."""
    seen: Seen = []
    after: Place | None = None
    while True:
        finished = done.is_set()
        page = await history(store, EVERYTHING, count=7, after=after, ascending=True)
        seen += [(one.last_updated, one.type, one.id, one.version) for one in page.versions]
        after = page.after or page.monitor
        if finished and page.after is None:
            return seen
        await asyncio.sleep(0)


async def follow_since(store: Store, done: asyncio.Event) -> Seen:
    """Ask again and again for what was stored since the last instant seen."""
    seen: dict[tuple[datetime, str, str, int], None] = {}
    since = datetime(2000, 1, 1, tzinfo=UTC)
    while True:
        finished = done.is_set()
        page = await history(store, EVERYTHING, count=10_000, since=since)
        seen |= {(one.last_updated, one.type, one.id, one.version): None for one in page.versions}
        since = max((one.last_updated for one in page.versions), default=since)
        if finished:
            return sorted(seen)
        await asyncio.sleep(0.002)


@pytest.mark.parametrize("follow", [follow_pages, follow_since])
async def test_a_follower_ends_with_exactly_what_was_committed(database_url: str, follow: object) -> None:
    done = asyncio.Event()
    async with writers(database_url, 4) as [reader, *stores]:
        following = asyncio.create_task(follow(reader, done))  # type: ignore[operator]
        await asyncio.gather(*(write(store, f"w{number}") for number, store in enumerate(stores)))
        done.set()
        seen = await following
        every = await history(reader, EVERYTHING, count=10_000)

    committed = [(one.last_updated, one.type, one.id, one.version) for one in reversed(every.versions)]
    assert seen == committed
    assert len(committed) > 3 * ROUNDS


@ON_POSTGRESQL
async def test_a_transaction_under_way_holds_back_who_follows_and_nobody_else(database_url: str) -> None:
    """Without it, what commits last with an earlier instant would never be told."""
    async with writers(database_url, 2) as [reader, other]:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def under_way(connection: object) -> None:
            begun.set()
            await may_end.wait()

        writing = asyncio.create_task(other.database.write(under_way, feeding=True))
        await begun.wait()
        following = asyncio.create_task(history(reader, EVERYTHING, count=5, ascending=True))
        await asyncio.wait_for(history(reader, EVERYTHING, count=5), timeout=10)
        await asyncio.sleep(0.1)
        assert not following.done()
        may_end.set()
        await writing
        assert (await following).versions == []


@ON_POSTGRESQL
async def test_many_who_follow_wait_in_one_place_and_not_for_ever(database_url: str) -> None:
    async with writers(database_url, 2) as [reader, other]:
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def under_way(connection: object) -> None:
            begun.set()
            await may_end.wait()

        writing = asyncio.create_task(other.database.write(under_way, feeding=True))
        await begun.wait()
        following = [
            asyncio.create_task(history(reader, EVERYTHING, count=5, ascending=True)) for _ in range(60)
        ]
        await asyncio.sleep(0.2)
        following[0].cancel()
        await asyncio.wait_for(reader.ready(), timeout=2)
        gone, *outcomes = await asyncio.gather(*following, return_exceptions=True)
        may_end.set()
        await writing
        await transact(reader, EVERYTHING, [put(patient(), "p1")])
        assert len((await history(reader, EVERYTHING, count=5, ascending=True)).versions) == 1

    assert isinstance(gone, asyncio.CancelledError)
    for outcome in outcomes:
        assert isinstance(outcome, Refusal)
        assert (outcome.status, outcome.issues[0].code) == (503, "transient")
        assert int(outcome.headers["Retry-After"]) > 0


@ON_POSTGRESQL
async def test_a_write_whose_connection_was_lost_ends_as_it_would_have(database_url: str) -> None:
    async with writers(database_url, 1) as [store]:

        async def lost(connection: Connection) -> None:
            with suppress(Exception):
                await connection.fetch("SELECT pg_terminate_backend(pg_backend_pid())")
            raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await store.database.write(lost)
