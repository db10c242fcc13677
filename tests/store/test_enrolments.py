"""A patient has one part in one study that goes on, whoever writes, and the database itself says so."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.fhir_mapping.outcome import Refusal
from app.store.migrate import downgrade, upgrade
from app.store.session import Store, open_database
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import patient, put, study, subject


@pytest.fixture
async def neighbour(store: Store, database_url: str) -> AsyncIterator[Store]:
    """Another process on the same database."""
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


async def enrol(store: Store, name: str) -> str:
    """What an enrolment of the one patient is answered."""
    try:
        await transact(store, EVERYTHING, [put(subject("p1"), name)])
    except Refusal as refused:
        return f"{refused.status} {refused.issues[0].expression}"
    return "stored"


async def test_of_two_processes_that_enrol_at_once_one_succeeds(store: Store, neighbour: Store) -> None:
    await transact(store, EVERYTHING, [put(study(), "s1"), put(patient(), "p1")])

    both = [
        enrol(one, f"rs-{turn}-{place}") for turn in range(5) for place, one in enumerate((store, neighbour))
    ]
    said = await asyncio.gather(*both)

    assert sorted(said) == ["422 ResearchSubject.status"] * 9 + ["stored"]


async def test_a_database_in_which_someone_is_enrolled_twice_is_not_migrated(database_url: str) -> None:
    opened = await Store.open(database_url)
    for name in ("rs1", "rs2"):
        documents = [put(study(), "s1"), put(patient(), "p1")] if name == "rs1" else []
        await transact(opened, EVERYTHING, [*documents, put(subject("p1") | {"status": "off-study"}, name)])
    await opened.close()
    await asyncio.to_thread(downgrade, database_url, "0004")
    earlier = await open_database(database_url)
    await earlier.write(lambda connection: connection.execute("UPDATE subject SET status = $1", "on-study"))
    await earlier.close()

    with pytest.raises(RuntimeError, match="enrolled twice: Patient/p1 in ResearchStudy/s1"):
        await asyncio.to_thread(upgrade, database_url)
