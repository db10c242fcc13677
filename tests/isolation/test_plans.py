"""What a site sees costs it what it costs anybody: a look at one patient stays a look at one patient."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store import models, trial_tables
from app.store.database import Connection, Row
from app.store.models import SEARCH_TABLES
from app.store.search import find
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility
from tests.store.plans import Plan, explaining, said, scanned

BASE = "http://127.0.0.1:8000/fhir"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
PATIENTS, EACH = 300, 30
SMALL = ("subject", "erasure")
"""A row for each part; hardly any."""
SITE = Visibility(sites=frozenset({"SLS"}), studies=frozenset({"s1"}), donors=False)
SPONSOR = Visibility(studies=frozenset({"s1"}))
NARROWED = Visibility(
    sites=frozenset({"SLS"}), donors=False, narrowed=(("Observation", ((("code", None, "c1"),),)),)
)


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


async def plans_of(store: Store, visibility: Visibility, asked: str) -> list[Plan]:
    kind, _, query = asked.partition("?")
    pairs = [(name, value) for one in query.split("&") for name, _, value in [one.partition("=")]]
    wanted = parse(RESOURCES[kind], pairs, base=BASE, strict=True).query
    with explaining(store.database) as plans:
        await find(store, visibility, wanted)
    return plans


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
    filled: Store, visibility: Visibility, asked: str
) -> None:
    open_to_all = await plans_of(filled, EVERYTHING, asked)
    plans = await plans_of(filled, visibility, asked)

    assert plans
    assert scanned(open_to_all, small=SMALL) == []
    assert scanned(plans, small=SMALL) == [], said(plans)
