"""Writes aimed at what is others' change nothing there: the whole store is compared before and after.

A site aims at a resource of every type; the others at those the predicate judges in a way of their own.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from app.store.database import Connection
from app.store.session import Store, open_database
from tests.databases import outside_the_loop
from tests.isolation.asks import WRITES, Ask
from tests.isolation.conftest import Filled
from tests.isolation.matrix import Matrix, forbidden, out_of_reach, send
from tests.isolation.report import PROPERTY
from tests.isolation.roles import CLIENTS, EVERYBODY, Who
from tests.isolation.test_leak_matrix import Record, asked_by, at_once
from tests.isolation.world import GROUPS, PATIENTS, TARGETS, Target

ROWS = {
    "resource": "SELECT type || '/' || id, version, deleted, patient_id, study_id, site, document"
    " FROM resource",
    "version": "SELECT type || '/' || id || '/' || version, patient_id, site, document FROM version",
    "identity": "SELECT type || '/' || value || '/' || code, id, patient_id FROM identity",
    "awaited": "SELECT text || '/' || id, sender, patient_id FROM awaited",
    "parked": "SELECT id, sender, reason, document FROM parked",
    "signature": "SELECT id, type, resource_id FROM signature",
    "data_lock": "SELECT id, study_id, patient_id, unlocked_by FROM data_lock",
    "erasure": "SELECT type || '/' || id || '/' || version, reason FROM erasure",
}
Held = Mapping[str, Mapping[str, tuple[Any, ...]]]


async def all_rows(connection: Connection) -> Held:
    return {
        table: {str(row[0]): tuple(row[1:]) for row in await connection.fetch(sql)}
        for table, sql in ROWS.items()
    }


def held(url: str) -> Held:
    """What the tables hold, by the name of each row."""

    async def work() -> Held:
        database = await open_database(url)
        try:
            return await database.read(all_rows)
        finally:
            await database.close()

    return outside_the_loop(lambda: asyncio.run(work()))


JUDGED = ("Patient", "Observation", "ResearchSubject", "Organization", "BiologicallyDerivedProduct")


def aimed_at(who: Who) -> list[Target]:
    """One of each type that is out of reach; a Patient who is a donor beside one who is none."""
    chosen: dict[tuple[str, bool], Target] = {}
    for target in TARGETS:
        if out_of_reach(who, target.group) and (who is CLIENTS[0] or target.label in JUDGED):
            chosen[target.label, target.group.donor and target.type == "Patient"] = target
    return list(chosen.values())


def tried(target: Target) -> Iterator[tuple[Ask, str]]:
    for (path, method), asking in WRITES.items():
        yield from ((ask, f"{method} {path}") for ask in asking(target))


PASSES = [
    *(pytest.param("sqlite", who, id=f"sqlite-{who.name}") for who in EVERYBODY),
    pytest.param("postgresql", CLIENTS[0], id=f"postgresql-{CLIENTS[0].name}"),
]


@pytest.mark.rule(78)
@pytest.mark.parametrize(("filled", "who"), PASSES, indirect=["filled"])
async def test_what_is_out_of_reach_stays_as_it_was(
    filled: Filled, who: Who, tmp_path: Path, record_property: Record
) -> None:
    matrix, words = Matrix(), forbidden(who)
    targets = aimed_at(who)

    async with asked_by(filled, who, tmp_path) as (client, signed, url):
        before = held(url)

        async def attempt(ask: Ask, address: str) -> None:
            answer = await send(client, ask, signed)
            matrix.addresses.add(address)
            matrix.look(who, ask, answer, words)

        await at_once([attempt(*one) for target in targets for one in tried(target)])
        after = held(url)

    matrix.roles.add(who.name)
    matrix.resources |= {f"{target.type}/{target.id}" for target in targets}
    record_property(PROPERTY, matrix.said | {"engine": filled.engine})

    assert targets
    assert matrix.leaks == []
    for table, rows in before.items():
        assert {name: after[table].get(name) for name in rows} == dict(rows), table
    assert list(intruders(who, before, after)) == []


def intruders(who: Who, before: Held, after: Held) -> Iterator[str]:
    """What is new and about somebody, or of a site, that is out of the client's reach."""
    others = [group for group in GROUPS if out_of_reach(who, group)]
    patients = {group.id("Patient") for group in others if group in PATIENTS}
    sites = {group.site for group in others if group in PATIENTS and group.site not in who.sites}
    for name, (_, _, patient, _, site, _) in after["resource"].items():
        if name not in before["resource"] and (patient in patients or site in sites):
            yield f"{name} of {patient}, {site}"


async def test_the_comparison_sees_a_change(filled_sqlite: Filled, tmp_path: Path) -> None:
    with filled_sqlite.copy(tmp_path) as url:
        before = held(url)
        store = await Store.open(url)
        await store.database.write(
            lambda connection: connection.execute("UPDATE resource SET version = 9 WHERE type = 'Patient'")
        )
        await store.close()

        assert held(url)["resource"] != before["resource"]
