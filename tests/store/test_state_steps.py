"""Two who change a subject's state at once: the second is judged against what the first wrote."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Refusal
from app.store.documents import read
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import delete, patient, put, study, subject

OURS = "https://trialbridge.example/fhir/"
ROUNDS = 20


@pytest.fixture
async def neighbour(store: Store, database_url: str) -> AsyncIterator[Store]:
    """Another process on the same database."""
    opened = await Store.open(database_url)
    yield opened
    await opened.close()


def in_state(status: str, reason: str) -> dict[str, Any]:
    coding = {"system": f"{OURS}CodeSystem/state-reason", "code": reason}
    extension = [
        {"url": f"{OURS}StructureDefinition/state-reason", "valueCodeableConcept": {"coding": [coding]}},
        {"url": f"{OURS}StructureDefinition/state-date", "valueDate": "2024-05-01"},
    ]
    return subject("p1") | {"status": status, "extension": extension}


async def becomes(store: Store, name: str, status: str, reason: str) -> str:
    """The state the subject came into, or where it was refused."""
    try:
        await transact(store, EVERYTHING, [put(in_state(status, reason), name)])
    except Refusal as refused:
        return f"{refused.status} {refused.issues[0].expression}"
    return status


@pytest.mark.parametrize("deleted", [False, True])
async def test_of_two_ends_written_at_once_one_is_the_end(
    store: Store, neighbour: Store, deleted: bool
) -> None:
    await transact(store, EVERYTHING, [put(study(), "s1"), put(patient(), "p1")])
    for turn in range(ROUNDS):
        name = f"rs-{turn}"
        await transact(store, EVERYTHING, [put(in_state("follow-up", "observed"), name)])
        if deleted:
            await transact(store, EVERYTHING, [delete("ResearchSubject", name)])

        said = await asyncio.gather(
            becomes(store, name, "off-study", "completed"),
            becomes(neighbour, name, "withdrawn", "withdrew"),
        )

        [end] = {"off-study", "withdrawn"} & {*said}
        assert min(said) == "422 ResearchSubject.status"
        stored = await read(store, EVERYTHING, "ResearchSubject", name)
        assert codec.read(stored.document or b"")["status"] == end
