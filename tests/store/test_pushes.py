"""What a registered sender pushes is stored once, keeps its history, and is never lost."""

from typing import Any

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put, Version
from app.fhir_mapping.outcome import Refusal
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.store.pushing import put, result

PATIENT = {"resourceType": "Patient", "id": "p1"}


async def push(store: Store, *puts: Put) -> list[Version]:
    return await transact(store, EVERYTHING, puts)


async def rows(store: Store, sql: str, *values: Any) -> list[Any]:
    return [tuple(row) for row in await store.database.read(lambda c: c.fetch(sql, *values))]


@pytest.fixture
async def known(store: Store) -> Store:
    await push(store, put(PATIENT, own_id="p1"))
    return store


async def current(store: Store, name: str) -> dict[str, Any]:
    [[document]] = await rows(
        store, "SELECT document FROM resource WHERE type = 'Observation' AND id = $1", name
    )
    return codec.read(bytes(document))


async def test_a_result_that_arrives_again_is_answered_with_the_version_there_is(known: Store) -> None:
    [first] = await push(known, put(result()))
    [again] = await push(known, put(result()))

    assert (again.id, again.version, again.document) == (first.id, 1, first.document)
    assert again.delivered is not None
    assert again.delivered.fate == "replayed"
    assert await rows(known, "SELECT count(*) FROM resource WHERE type = 'Observation'") == [(1,)]


async def test_a_result_pushed_under_an_id_of_its_own_and_then_posted_is_one(known: Store) -> None:
    await push(known, put({**result(), "id": "own"}, own_id="own"))
    [again] = await push(known, put(result()))

    assert again.id == "own"


async def test_a_correction_becomes_the_next_version(known: Store) -> None:
    [first] = await push(known, put(result()))
    value = {**result()["valueQuantity"], "value": 0.81}
    [second] = await push(
        known, put(result(status="corrected", issued="2021-09-15T10:00:00+02:00", valueQuantity=value))
    )

    assert (second.id, second.version) == (first.id, 2)
    assert second.delivered is not None
    assert second.delivered.corrects == 1


async def test_what_is_older_goes_to_the_history_and_what_stands_stays_on_top(known: Store) -> None:
    newer = result(status="corrected", issued="2021-09-15T10:00:00+02:00")
    [first] = await push(known, put(newer))
    [late] = await push(known, put(result()))

    assert late.delivered is not None
    assert (late.delivered.fate, late.delivered.reason) == ("stored", "late")
    assert (await current(known, first.id))["status"] == "corrected"
    history = await rows(
        known, "SELECT version, document FROM version WHERE id = $1 ORDER BY version", first.id
    )
    assert [codec.read(bytes(document))["status"] for _, document in history] == ["corrected", "final"]
    assert late.version == 3


async def test_other_content_without_a_newer_issue_is_a_conflict_that_names_the_paths(known: Store) -> None:
    await push(known, put(result()))
    value = {**result()["valueQuantity"], "value": 0.81}

    with pytest.raises(Refusal) as refused:
        await push(known, put(result(valueQuantity=value)))

    assert refused.value.status == 409
    assert "Observation.valueQuantity.value" in refused.value.issues[0].text


async def test_a_result_of_somebody_unknown_is_parked_and_written_down(store: Store) -> None:
    with pytest.raises(Refusal) as refused:
        await push(store, put(result()))

    assert refused.value.status == 202
    assert await rows(store, "SELECT fate, reason, status FROM inbox") == [("parked", "unknown-subject", 202)]
    assert await rows(store, "SELECT reason, awaits, awaits_system, awaits_value FROM parked") == [
        ("unknown-subject", "Patient", "", "p1")
    ]


async def test_a_resend_of_what_is_parked_is_parked_once(store: Store) -> None:
    for _ in range(2):
        with pytest.raises(Refusal):
            await push(store, put(result()))

    assert await rows(store, "SELECT count(*) FROM parked") == [(1,)]
    assert await rows(store, "SELECT count(*), count(DISTINCT letter) FROM inbox") == [(2, 1)]


async def test_the_same_result_twice_in_one_transaction_is_stored_once(known: Store) -> None:
    earlier = result(status="preliminary", issued="2021-09-14T09:00:00+02:00")
    versions = await push(known, put(result()), put(earlier), put(result()))

    assert {version.id for version in versions} == {versions[0].id}
    fates = [(one.delivered.fate, one.delivered.reason) for one in versions if one.delivered]
    assert fates == [("stored", ""), ("stored", "late"), ("replayed", "")]
    assert (await current(known, versions[0].id))["status"] == "final"


async def test_a_result_taken_back_is_stored_though_the_consent_was_withdrawn(known: Store) -> None:
    consent = {
        "resourceType": "Consent",
        "id": "c1",
        "status": "inactive",
        "scope": {"coding": [{"code": "research"}]},
        "category": [{"text": "trial"}],
        "patient": {"reference": "Patient/p1"},
        "policyRule": {"text": "trial"},
    }
    [first] = await push(known, put(result()))
    await push(known, put(consent, own_id="c1"))

    with pytest.raises(Refusal) as parked:
        await push(known, put(result(status="corrected", issued="2021-09-15T10:00:00+02:00")))
    [gone] = await push(known, put(result(status="entered-in-error", issued="2021-09-16T10:00:00+02:00")))

    assert parked.value.status == 202
    assert (gone.id, gone.version) == (first.id, 2)
