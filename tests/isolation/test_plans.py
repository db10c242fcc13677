"""What a site sees costs it what it costs anybody: a look at one patient stays a look at one patient."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store import models, trial_tables
from app.store.database import Connection, Key, Row
from app.store.models import SEARCH_TABLES
from app.store.search import find_on
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility

BASE = "http://127.0.0.1:8000/fhir"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
PATIENTS, EACH = 300, 30
SITE = Visibility(sites=frozenset({"SLS"}), studies=frozenset({"s1"}), donors=False)
SPONSOR = Visibility(studies=frozenset({"s1"}))
NARROWED = Visibility(
    sites=frozenset({"SLS"}), donors=False, narrowed=(("Observation", ((("code", None, "c1"),),)),)
)


@dataclass
class Explained:
    """A connection that keeps the plan of every statement it carries out."""

    connection: Connection
    explain: str
    plans: list[str] = field(default_factory=list)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        self.plans += [str(row[-1]) for row in await self.connection.fetch(f"{self.explain} {sql}", *values)]
        return await self.connection.fetch(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        return await self.connection.execute(sql, *values)

    async def insert(self, table: Any, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        return await self.connection.insert(table, rows, on_conflict=on_conflict)

    async def delete(self, table: Any, column: str, keys: Sequence[Key]) -> None:
        await self.connection.delete(table, column, keys)


def resource(kind: str, name: str, patient: str, **more: Any) -> Row:
    row = {"type": kind, "id": name, "version": 1, "last_updated": AT, "deleted": False} | more
    return [row.get(column.name, patient if column.name == "patient_id" else None) for column in _COLUMNS]


_COLUMNS = list(models.resource.columns)
_OF_VERSION = list(models.version.columns)


async def fill(connection: Connection) -> None:
    """Patients of two sites, all in one study, each with as many results; no documents: none is read."""
    everybody = [f"p{number}" for number in range(PATIENTS)]
    rows = [resource("Patient", one, one, site=("SLS", "REN")[len(one) % 2]) for one in everybody]
    rows += [resource("ResearchSubject", f"rs-{one}", one, study_id="s1") for one in everybody]
    results = [(f"o-{one}-{number}", one, number) for one in everybody for number in range(EACH)]
    rows += [resource("Observation", name, one, document=b"{}") for name, one, _ in results]
    await connection.insert(models.resource, rows)
    before = {"type": "Observation", "version": 1, "last_updated": AT, "superseded": AT, "document": b"{}"}
    earlier = [before | {"id": name, "patient_id": one} for name, one, _ in results]
    await connection.insert(
        models.version, [[row.get(column.name) for column in _OF_VERSION] for row in earlier]
    )
    parts = [(f"rs-{one}", 1, one, "s1", None, "on-study", None, None, "a", None) for one in everybody]
    await connection.insert(trial_tables.subject, parts)
    tokens = [
        ("Observation", name, one, "code", "http://loinc.org", f"c{number % 7}", 0)
        for name, one, number in results
    ]
    await connection.insert(SEARCH_TABLES[0], tokens)


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[Store]:
    store = await Store.open(database_url)
    await store.database.write(fill)
    if database_url.startswith("postgresql"):
        await store.database.write(lambda connection: connection.execute("ANALYZE"))
    yield store
    await store.close()


async def plans_of(store: Store, database_url: str, visibility: Visibility, asked: str) -> list[str]:
    kind, _, query = asked.partition("?")
    pairs = [(name, value) for one in query.split("&") for name, _, value in [one.partition("=")]]
    wanted = parse(RESOURCES[kind], pairs, base=BASE, strict=True).query

    async def explained(connection: Connection) -> list[str]:
        explain = "EXPLAIN" if database_url.startswith("postgresql") else "EXPLAIN QUERY PLAN"
        explaining = Explained(connection, explain)
        await find_on(store.database, explaining, visibility, wanted)
        return explaining.plans

    return await store.database.read(explained)


def is_scan(line: str) -> bool:
    """Whether a line of a plan reads a table whole, or all of a type in it."""
    if line.startswith("SCAN "):  # SQLite; k is the keys passed as a value, way what was gathered before
        return not line.startswith(("SCAN k", "SCAN way", "SCAN json_each", "SCAN members"))
    if line.startswith("SEARCH "):
        return line.rstrip().endswith(("(type=?)", "(type=? AND parameter=?)"))
    few = ("on subject ", "on erasure ")  # a row for each part; hardly any
    return "Seq Scan on" in line and not any(one in line for one in few)


@pytest.mark.parametrize("visibility", [SITE, SPONSOR, NARROWED], ids=["site", "sponsor", "narrowed"])
@pytest.mark.parametrize(
    "asked",
    [
        "Observation?patient=Patient/p7",
        "Observation?patient=Patient/p7&_total=accurate",
        "Observation?patient=Patient/p7&code=c1&_sort=-date",
        "Observation?patient=Patient/p7&_sort=-_lastUpdated",
        "Observation?_id=o-p7-3",
    ],
)
async def test_who_sees_a_part_of_the_store_scans_nothing_for_one_patient(
    filled: Store, database_url: str, visibility: Visibility, asked: str
) -> None:
    open_to_all = [line for line in await plans_of(filled, database_url, EVERYTHING, asked) if is_scan(line)]
    plans = await plans_of(filled, database_url, visibility, asked)

    assert plans
    assert open_to_all == []
    assert [line for line in plans if is_scan(line)] == [], "\n".join(plans)
