"""SQLite, which keeps no statistics here, looks up what one resource is found by among its own rows only."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.fhir_mapping.sender import Sender
from app.store import models
from app.store.current_access import Access
from app.store.database import Connection, Key, Row
from app.store.feeds import reconciled, standings
from app.store.inbox import Wanted, page
from app.store.replay import ready
from app.store.search import find_on
from app.store.session import Store
from app.store.visibility import EVERYTHING
from tests.databases import copy_of
from tests.store.searchable import fill

BASE = "http://127.0.0.1:8000/fhir"
T = TypeVar("T")
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass
class Explained:
    """A connection that keeps the plan of every statement it carries out."""

    connection: Connection
    plans: list[str] = field(default_factory=list)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        self.plans += [row[3] for row in await self.connection.fetch(f"EXPLAIN QUERY PLAN {sql}", *values)]
        return await self.connection.fetch(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        return await self.connection.execute(sql, *values)

    async def insert(self, table: Any, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        return await self.connection.insert(table, rows, on_conflict=on_conflict)

    async def delete(self, table: Any, column: str, keys: Sequence[Key]) -> None:
        await self.connection.delete(table, column, keys)


@pytest.fixture
async def on_sqlite(migrated_sqlite: Path, tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(copy_of(migrated_sqlite, tmp_path))
    await fill(opened)
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "search",
    [
        ("Observation", "_sort", "code"),
        ("Observation", "_sort", "-code,_id"),
        ("Observation", "_sort", "value-quantity"),
        ("Observation", "_sort", "value-string"),
        ("Observation", "_sort", "value-date"),
        ("Observation", "_sort", "performer"),
        ("Observation", "_sort", "subject"),
        ("Patient", "_sort", "identifier"),
        ("Observation", "code:missing", "true"),
        ("Observation", "value-quantity:missing", "false"),
        ("Observation", "value-string:missing", "true"),
        ("Observation", "value-date:missing", "true"),
        ("Observation", "performer:missing", "true"),
        ("Patient", "identifier:missing", "true"),
        ("Observation", "identifier:missing", "false"),
    ],
)
async def test_a_lookup_for_each_resource_reads_its_own_rows(
    on_sqlite: Store, search: tuple[str, str, str]
) -> None:
    kind, name, value = search
    query = parse(RESOURCES[kind], [(name, value)], base=BASE, strict=True).query

    async def explained(connection: Connection) -> list[str]:
        explaining = Explained(connection)
        await find_on(on_sqlite.database, explaining, EVERYTHING, query)
        return explaining.plans

    plans = [plan for plan in await on_sqlite.database.read(explained) if plan.startswith("SEARCH s")]

    assert plans
    assert [plan for plan in plans if "(type=? AND id=?" not in plan] == []


INBOX = ("chu-a", "chu-b")
SORTED = "USE TEMP B-TREE FOR ORDER BY"


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted(), "ix_inbox_of_sender"),
        (Wanted(since=AT, until=AT), "ix_inbox_of_sender"),
        (Wanted(fate="stored"), "ix_inbox_of_sender"),
        (Wanted(fate="replayed", sender="chu-a"), "ix_inbox_of_sender"),
        (Wanted(sender="chu-a", waiting=True), "ix_inbox_waiting"),
        (Wanted(reason="late"), "ix_inbox_of_sender"),
        (Wanted(after=(AT, "id")), "ix_inbox_of_sender"),
        (Wanted(fate="parked"), "ix_inbox_of_fate"),
        (Wanted(fate="refused", reason="value"), "ix_inbox_of_fate"),
        (Wanted(identifier=("urn:oid:1", "8801")), "ix_inbox_of_result"),
        (Wanted(resource=("Observation", "o1")), "ix_inbox_of_resource"),
        (Wanted(id="x"), "sqlite_autoindex_inbox_1"),
    ],
)
async def test_the_inbox_is_followed_in_the_order_it_came(
    on_sqlite: Store, monkeypatch: pytest.MonkeyPatch, wanted: Wanted, index: str
) -> None:
    plans = await plans_of(monkeypatch, page(on_sqlite, EVERYTHING, wanted, senders=INBOX))

    read = [plan for plan in plans if plan.startswith(("SEARCH i ", "SCAN i"))]
    assert read
    assert all(f"INDEX {index} (" in plan for plan in read), plans
    if index == "ix_inbox_of_sender":  # what lies in order is not sorted, but for those of one instant
        whole = [
            (one, following) for one, following in pairwise(plans) if following == SORTED and one in read
        ]
        assert whole == []


async def test_the_sums_of_a_feed_read_its_days_alone(
    on_sqlite: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    senders = [Sender(name=name, systems=(f"urn:oid:1.{number}",)) for number, name in enumerate(INBOX)]
    days = (AT.date(), AT.date())

    asked = [(sender, days) for sender in senders]
    sums = await plans_of(monkeypatch, reconciled(on_sqlite, EVERYTHING, asked))
    stand = await plans_of(monkeypatch, standings(on_sqlite, EVERYTHING, since=AT))

    assert (
        sum("INDEX ix_inbox_of_sender (sender=? AND received>? AND received<?)" in one for one in sums) == 2
    )
    assert not any(one.startswith("SCAN i") for one in (*sums, *stand)), (sums, stand)


async def plans_of(monkeypatch: pytest.MonkeyPatch, asking: Awaitable[object]) -> list[str]:
    """The plans of every statement a question asks of the store."""
    plans: list[str] = []

    async def search(store: Store, work: Callable[[Connection], Awaitable[T]]) -> T:
        async def explained(connection: Connection) -> T:
            explaining = Explained(connection)
            found = await work(explaining)
            plans.extend(explaining.plans)
            return found

        return await store.database.read(explained)

    monkeypatch.setattr(Store, "search", search)
    await asking
    return plans


async def test_what_is_parked_is_looked_through_in_its_index_alone(on_sqlite: Store) -> None:
    """However much waits: a document is read only once it waits for nothing any more."""
    plans: list[str] = []
    waits = ("unknown-subject", "Patient", "", "p9", AT, b"", b"")
    letter = ("1", "chu-a", *waits, "")
    await on_sqlite.database.write(lambda connection: connection.insert(models.parked, [letter]))

    async def ask(connection: Connection) -> None:
        explaining = Explained(connection)
        await ready(on_sqlite.database, explaining, ["chu-a", "chu-b"], Access())
        plans.extend(explaining.plans)

    await on_sqlite.database.read(ask)

    parked = [plan for plan in plans if plan.startswith(("SEARCH p ", "SCAN p"))]
    # who brought any; what waits for an id, an identifier, consent, the end of a lock
    assert len(parked) == 5
    assert all("USING COVERING INDEX ix_parked_awaits (sender=?" in plan for plan in parked), plans
    assert not [plan for plan in plans if plan.startswith(("SCAN s", "SCAN r"))], plans
