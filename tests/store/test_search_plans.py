"""Whatever is asked of a store that has grown, no table that grows is read whole, whoever asks.

PostgreSQL has counted what is in it and chooses by that; SQLite keeps no statistics. The store holds
thousands of rows of all that grows; what is asked for is found in few of them, or is a page of many.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from app.fhir_mapping.query import Query
from app.fhir_mapping.recorded import RECORDED
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.search import parse
from app.store import everything, feeds, inbox, latest, provenance_search, trail_search
from app.store.asker import OPEN, Asker
from app.store.documents import history, read, vread
from app.store.records import recorded
from app.store.search import Page, find
from app.store.session import Store
from app.store.visibility import EVERYTHING
from tests.databases import PostgreSQL, copy_of, outside_the_loop
from tests.store.crowd import AT, AT_SLS, CLIENT, NUMBERS, fill
from tests.store.make import LOINC, UCUM
from tests.store.plans import explaining, said, scanned

BASE = "http://127.0.0.1:8000/fhir"
SMALL = ("subject", "erasure", "sender", "study", "data_lock", "client")
"""A row for each part of a patient in a study, or hardly any."""
ALL_THAT_WAITS = ("awaited", "a", "s")
"""What no map knows is counted whole; `a` and `s` are how SQLite's plans call that table and the senders'."""
ASKERS = {"open": OPEN, "site": Asker(AT_SLS, CLIENT, AT_SLS)}
QUANTITY = f"9000|{UCUM}|g/L"


@pytest.fixture(scope="session")
def crowded_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = copy_of(migrated_sqlite, tmp_path_factory.mktemp("crowded"))
    outside_the_loop(lambda: asyncio.run(fill(url)))
    return url


@pytest.fixture(scope="session")
def crowded_postgresql(postgres: PostgreSQL, migrated_postgres: str) -> Iterator[str]:
    with postgres.database(migrated_postgres) as name:
        url = postgres.url_of(name)
        outside_the_loop(lambda: asyncio.run(fill(url)))
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def crowded(request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    store = await Store.open(request.getfixturevalue(f"crowded_{request.param}"))
    yield store
    await store.close()


@pytest.fixture(params=ASKERS)
def asker(request: pytest.FixtureRequest) -> Asker:
    return ASKERS[request.param]


SEARCHES = (
    "Observation?",
    "Observation?_id=o8",
    "Observation?identifier=L8",
    f"Observation?identifier={NUMBERS}|L8",
    "Observation?code=rare",
    f"Observation?code={LOINC}|rare",
    f"Observation?code={LOINC}|c1",
    f"Observation?code={LOINC}|rare,{LOINC}|none",
    "Observation?status=final",
    "Observation?category=laboratory&code=rare",
    "Observation?code:not=c1",
    "Observation?code=rare&status:not=final",
    "Observation?patient=Patient/p8",
    "Observation?subject=p8",
    "Observation?patient=Patient/p8&code=c1&date=ge2011-01-01&_sort=-date&_count=20",
    "Observation?patient=Patient/p8&_sort=-_lastUpdated",
    "Observation?performer=Practitioner/doc2",
    "Observation?performer=Practitioner/doc1",
    "Observation?derived-from=Observation/o0",
    "Observation?patient.identifier=IPP8",
    "Observation?patient:Patient.name=nom008",
    "Observation?patient.gender=female",
    "Observation?performer.identifier=nobody",
    "Patient?_has:Observation:patient:code=rare",
    "Patient?_has:Observation:patient:identifier=L8",
    *(f"Observation?date={prefix}2024-03-17" for prefix in ("", "gt", "ge", "sa", "ap")),
    *(f"Observation?date={prefix}2010-01-05" for prefix in ("lt", "le", "eb")),
    "Observation?date=ne2024-03-17",
    *(f"Condition?recorded-date={prefix}2021-06-07" for prefix in ("", "ap")),
    *(f"Condition?recorded-date={prefix}2021-12-20" for prefix in ("gt", "ge", "sa")),
    *(f"Condition?recorded-date={prefix}2015-01-20" for prefix in ("lt", "le", "eb")),
    "Patient?family=nom008",
    "Patient?family:exact=Nom008",
    "Observation?value-string=sehr",
    f"Observation?value-quantity={QUANTITY}",
    *(f"Observation?value-quantity={prefix}8999|{UCUM}|g/L" for prefix in ("gt", "ge", "sa")),
    *(f"Observation?value-quantity={prefix}0|{UCUM}|g/L" for prefix in ("lt", "eb")),
    f"Observation?code-value-quantity={LOINC}|rare${QUANTITY}",
    f"Observation?component-code-value-quantity={LOINC}|8480-6$gt48",
    "Observation?value-quantity:missing=true&patient=Patient/p8",
    "Observation?value-quantity:missing=false",
    "Observation?_lastUpdated=gt2999-01-01",
    "Observation?_lastUpdated=ge2020-01-01&_sort=_lastUpdated",
    "Observation?_sort=-_lastUpdated",
    "Observation?_sort=-date",
    "Observation?code=c1&_sort=-date",
    "Observation?patient=p8&_include=Observation:patient&_include=Observation:performer",
    "Practitioner?_id=doc2&_revinclude=Observation:performer",
    "Patient?_id=p8&_revinclude=Observation:patient&_revinclude=AdverseEvent:subject",
    "ResearchSubject?study=s1&patient=p8",
    "AdverseEvent?subject=Patient/p8&date=ge2021-01-01",
)


@pytest.mark.parametrize("asked", SEARCHES)
async def test_a_search_reads_no_table_whole(crowded: Store, asker: Asker, asked: str) -> None:
    kind, _, query_of = asked.partition("?")
    pairs = [(name, value) for one in query_of.split("&") if one for name, _, value in [one.partition("=")]]
    query = parse(RESOURCES[kind], pairs, base=BASE, strict=True).query

    with explaining(crowded.database) as plans:
        found = await find(crowded, asker.visibility, query)

    assert plans
    assert scanned(plans, small=SMALL) == [], said(plans)
    assert found.after is None or len(found.versions) == query.count


async def test_the_next_page_goes_on_where_the_last_one_ended(crowded: Store, asker: Asker) -> None:
    for asked in (("patient", "p8"), ("code", "c1"), ("_sort", "-date"), ("_sort", "_lastUpdated")):
        query = parse(RESOURCES["Observation"], [asked, ("_count", "5")], base=BASE, strict=True).query
        first = await find(crowded, asker.visibility, query)

        with explaining(crowded.database) as plans:
            further = await find(crowded, asker.visibility, replace(query, after=first.after))

        assert scanned(plans, small=SMALL) == [], said(plans)
        assert further.versions


async def test_what_parameters_cannot_be_looked_up_is_found_among_their_own_rows(crowded: Store) -> None:
    """A part of a name is looked for in all names there are: so many as there are patients."""
    query = parse(RESOURCES["Patient"], [("name:contains", "om00")], base=BASE, strict=True).query

    with explaining(crowded.database) as plans:
        await find(crowded, EVERYTHING, query)

    assert {line for line in scanned(plans) if "search_string" not in line} == set()


Ask = Callable[[Store, Asker], Awaitable[object]]


def _recorded(
    find_in: Callable[[Store, Asker, Query], Awaitable[Page]], asked: str, store: Store, who: Asker
) -> Awaitable[object]:
    kind, _, query_of = asked.partition("?")
    pairs = [(name, value) for one in query_of.split("&") for name, _, value in [one.partition("=")]]
    return find_in(store, who, parse(RECORDED[kind], pairs, base=BASE, strict=True).query)


def _arrived(wanted: inbox.Wanted, store: Store, who: Asker) -> Awaitable[object]:
    return inbox.page(store, who.visibility, wanted, senders=("chu-a", "chu-b"), client=who.actor.client)


ASKED: dict[str, Ask] = {
    "read": lambda store, who: read(store, who.visibility, "Observation", "o8"),
    "vread": lambda store, who: vread(store, who.visibility, "Observation", "o10", 1),
    "history of one": lambda store, who: history(store, who.visibility, "Observation", "o10", count=10),
    "history of a type, since": lambda store, who: history(
        store, who.visibility, "Observation", count=10, since=AT + timedelta(days=9999)
    ),
    "history": lambda store, who: history(store, who.visibility, count=10),
    "history, since": lambda store, who: history(store, who.visibility, count=10, since=AT),
    "change feed": lambda store, who: history(store, who.visibility, count=10, since=AT, ascending=True),
    "$lastn": lambda store, who: latest.latest_of_each(
        store,
        who.visibility,
        parse(RESOURCES["Observation"], [("patient", "p8")], base=BASE, strict=True).query,
        most=1,
    ),
    "$everything": lambda store, who: everything.about_patient(
        store, who.visibility, everything.Wanted(patient="p8")
    ),
    "$everything of types": lambda store, who: everything.about_patient(
        store, who.visibility, everything.Wanted(patient="p8", types=("Observation",), since=AT)
    ),
    "a question about a subject": lambda store, who: recorded(store, who.visibility, "rs8", None),
    "the same as of then": lambda store, who: recorded(store, who.visibility, "rs8", datetime.now(UTC)),
    "the trail": lambda store, who: trail_search.find(store, who, Query(resource=RECORDED["AuditEvent"])),
    **{
        asked: partial(_recorded, trail_search.find, asked)
        for asked in (
            "AuditEvent?entity=Observation/o8",
            "AuditEvent?patient=Patient/p8",
            "AuditEvent?date=ge2026-01-05",
            "AuditEvent?date=lt2026-01-05T09:30:00Z",
            "AuditEvent?agent:identifier=site-sls",
            "AuditEvent?altid=site-sls",
            "AuditEvent?action=R",
            "AuditEvent?subtype=read",
        )
    },
    **{
        asked: partial(_recorded, provenance_search.find, asked)
        for asked in ("Provenance?target=Observation/o10", "Provenance?recorded=ge2026-01-05&_count=2")
    },
    **{
        f"$inbox {number}": partial(_arrived, wanted)
        for number, wanted in enumerate(
            (
                inbox.Wanted(),
                inbox.Wanted(sender="chu-a"),
                inbox.Wanted(sender="chu-a", waiting=True),
                inbox.Wanted(fate="parked"),
                inbox.Wanted(identifier=(NUMBERS, "8")),
                inbox.Wanted(resource=("Observation", "o8")),
                inbox.Wanted(id="0009"),
                inbox.Wanted(since=AT, until=AT),
            )
        )
    },
    "$senders": lambda store, who: feeds.standings(store, who.visibility, since=AT, client=who.actor.client),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_no_other_question_reads_a_table_whole(crowded: Store, asker: Asker, asked: str) -> None:
    with explaining(crowded.database) as plans:
        await ASKED[asked](crowded, asker)

    small = (*SMALL, *ALL_THAT_WAITS) if asked == "$senders" else SMALL
    assert plans
    assert scanned(plans, small=small) == [], said(plans)


@pytest.mark.parametrize("prefix", ["", "gt", "ge", "lt", "le", "sa", "eb", "ap"])
async def test_sqlite_looks_for_the_patient_before_the_day(crowded_sqlite: str, prefix: str) -> None:
    store = await Store.open(crowded_sqlite)
    asked = [("patient", "p8"), ("code", "c1,c2"), ("date", f"{prefix}2012-01-01")]
    query = parse(RESOURCES["Observation"], asked, base=BASE, strict=True).query

    with explaining(store.database) as plans:
        await find(store, EVERYTHING, query)
    await store.close()

    assert "ix_resource_patient_id_type_date_low" in said(plans), said(plans)
    assert "ix_resource_type_date_high" not in said(plans), said(plans)
