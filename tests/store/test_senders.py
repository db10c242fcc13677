"""Senders are registered with what is their own, and what they sent before is recognised."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.sender import Sender, Senders
from app.store.senders import Recognised, disable, listed, register, senders
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.make import delete, patient, put

NUMBERS = "urn:oid:1.2.250.1.0.99.1"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
CHU_A = Sender(name="chu-a", systems=(NUMBERS,))


async def registered(store: Store) -> Senders:
    return await store.database.read(senders)


async def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await store.database.read(lambda connection: connection.fetch(sql))]


def result(value: str = "8801", *, code: str = "4485-9", number: float = 1, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "identifier": [{"system": NUMBERS, "value": value}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "valueInteger": number,
    } | more


async def test_a_sender_is_registered_and_registered_anew(store: Store) -> None:
    assert await registered(store) == Senders()

    await register(store, CHU_A, at=AT)
    assert await registered(store) == Senders((CHU_A,))

    moved = Sender(name="chu-a", systems=("urn:oid:1.2.3", NUMBERS), silent_after=60)
    await register(store, moved, at=AT)
    assert await listed(store) == [moved]


async def test_a_system_belongs_to_one_sender(store: Store) -> None:
    await register(store, CHU_A, at=AT)

    with pytest.raises(Refusal) as refused:
        await register(store, Sender(name="chu-b", systems=("urn:oid:1.2.3", NUMBERS)), at=AT)

    assert refused.value.status == 409
    assert "chu-a" in refused.value.issues[0].text
    assert await listed(store) == [CHU_A]


async def test_a_name_in_hl7v2_belongs_to_one_sender(store: Store) -> None:
    await register(store, Sender(name="chu-a", systems=(NUMBERS,), applications=("LAB|A",)), at=AT)
    other = Sender(name="chu-b", systems=("urn:oid:1.2.3",), applications=("LAB|B", "LAB|A"))

    with pytest.raises(Refusal) as refused:
        await register(store, other, at=AT)

    assert (refused.value.status, refused.value.issues[0].text) == (409, "LAB|A is chu-a's")


async def test_a_system_that_is_given_up_may_become_anothers(store: Store) -> None:
    await register(store, CHU_A, at=AT)
    await register(store, Sender(name="chu-a", systems=("urn:oid:1.2.3",)), at=AT)
    await register(store, Sender(name="chu-b", systems=(NUMBERS,)), at=AT)

    assert (await registered(store)).by_system[NUMBERS].name == "chu-b"


async def test_a_sender_that_cannot_be_is_refused_with_every_reason(store: Store) -> None:
    with pytest.raises(Refusal) as refused:
        await register(store, Sender(name="chu a", systems=(), time_zone="Paris"), at=AT)

    assert (refused.value.status, len(refused.value.issues)) == (400, 3)
    assert await listed(store) == []


async def test_a_disabled_sender_keeps_its_systems_and_pushes_nothing(store: Store) -> None:
    await register(store, CHU_A, at=AT)
    await disable(store, "chu-a")

    assert await registered(store) == Senders()
    assert [one.disabled for one in await listed(store)] == [True]
    with pytest.raises(Refusal):
        await register(store, Sender(name="chu-b", systems=(NUMBERS,)), at=AT)

    await register(store, CHU_A, at=AT)
    assert await registered(store) == Senders((CHU_A,))


async def test_who_is_not_registered_cannot_be_disabled(store: Store) -> None:
    with pytest.raises(Refusal) as refused:
        await disable(store, "chu-x")

    assert refused.value.status == 404


async def test_what_was_stored_before_is_recognised_with_all_it_ever_said(store: Store) -> None:
    first = put(result(number=1), "o1")
    await transact(store, EVERYTHING, [put(patient(), "p1"), first, put(result("8802"), "o2")])
    await transact(store, EVERYTHING, [put(result(number=2), "o1")])
    await transact(store, EVERYTHING, [put(result(number=1), "o1")])
    await transact(store, EVERYTHING, [put(result() | {"identifier": []}, "plain")])

    assert await register(store, CHU_A, at=AT) == Recognised(results=2)

    code = "http://loinc.org|4485-9"
    assert await rows(store, "SELECT * FROM identity ORDER BY id") == [
        ("Observation", NUMBERS, "8801", code, "o1", "p1"),
        ("Observation", NUMBERS, "8802", code, "o2", "p1"),
    ]
    said = await rows(store, "SELECT id, version, patient_id FROM content ORDER BY id, version")
    assert said == [("o1", 1, "p1"), ("o1", 2, "p1"), ("o2", 1, "p1")]


async def test_of_two_that_are_the_same_result_the_older_is_it(store: Store) -> None:
    await transact(store, EVERYTHING, [put(patient(), "p1"), put(result(), "z-older")])
    await transact(store, EVERYTHING, [put(result(), "a-younger")])
    await transact(
        store, EVERYTHING, [put(result(number=2), "z-older")]
    )  # changed later, and still the older

    assert await register(store, CHU_A, at=AT) == Recognised(results=1, twice=1)
    assert await rows(store, "SELECT id FROM identity") == [("z-older",)]
    assert await rows(store, "SELECT DISTINCT id FROM content") == [("z-older",)]


async def test_registering_again_recognises_nothing_twice(store: Store) -> None:
    both = [put(result(), "o1"), put(result(code="4498-2"), "o2")]
    await transact(store, EVERYTHING, [put(patient(), "p1"), *both])

    assert await register(store, CHU_A, at=AT) == Recognised(results=2)
    assert await register(store, CHU_A, at=AT) == Recognised()


async def test_what_was_deleted_is_not_recognised(store: Store) -> None:
    await transact(store, EVERYTHING, [put(patient(), "p1"), put(result(), "o1")])
    await transact(store, EVERYTHING, [delete("Observation", "o1")])

    assert await register(store, CHU_A, at=AT) == Recognised()
