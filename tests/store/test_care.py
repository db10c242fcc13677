"""Treatments, diagnoses, procedures and consents: in the trial store, and in what a decision is made from."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.fhir_mapping import codec
from app.store.everything import Wanted, about_patient
from app.store.rebuild import Writer as Writing
from app.store.rebuild import rebuild
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.fhir_mapping.care_documents import CONDITION, CONSENT, PROCEDURE, STATEMENT, Json
from tests.store.make import delete, of_subject, put

ELSEWHERE = ("partOf", "evidence", "reasonReference")
NAMES = {"MedicationStatement": "ms-1", "Condition": "c-1", "Procedure": "pr-1", "Consent": "c-014"}


OURS = {b"Patient/p-014": b"Patient/p1", b"ResearchStudy/msc-sle": b"ResearchStudy/s1"}


def of_care(document: Json, **changes: Any) -> Json:
    """The document, speaking of nothing else that is stored than the patient and the study."""
    text = codec.write({name: document[name] for name in document if name not in ELSEWHERE})
    for theirs, ours in OURS.items():
        text = text.replace(theirs, ours)
    return {**codec.read(text), **changes}


@pytest.fixture
async def cared_for(trial: Store) -> Store:
    consent = of_care(CONSENT)
    del consent["provision"]["data"]
    writes = [of_care(STATEMENT), of_care(CONDITION), of_care(PROCEDURE), consent]
    await transact(trial, EVERYTHING, [put(one, NAMES[one["resourceType"]]) for one in writes])
    return trial


async def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    found = await store.database.read(lambda connection: connection.fetch(sql))
    return [tuple(None if value is None else str(value) for value in row) for row in found]


TABLES = {
    "SELECT patient_id, study_id, code, first_day, last_day, status_reason FROM medication_statement": (
        ("p1", "s1", "H02AB07", "2021-08-01", "2021-09-30", "182840001")
    ),
    "SELECT patient_id, code, clinical, verification, onset_day, abated_day, abated FROM condition": (
        ("p1", "46177005", "inactive", "confirmed", "2021-05-02", None, "2022")
    ),
    "SELECT patient_id, study_id, status, code, first_day, reason FROM procedure": (
        ("p1", "s1", "completed", "302497006", "2021-05-04", "46177005")
    ),
    "SELECT patient_id, study_id, status, scope, signed_day, provision, started, ended FROM consent": (
        ("p1", "s1", "active", "research", "2021-03-02", "permit", "2021-03-02", None)
    ),
    "SELECT rate, rate_unit FROM readable_medication_statement": ("7.5", "mg/d"),
}


@pytest.mark.parametrize("sql", TABLES)
async def test_the_trial_store_says_what_was_sent(cared_for: Store, sql: str) -> None:
    assert await rows(cared_for, sql) == [TABLES[sql]]


@pytest.mark.parametrize("sql", TABLES)
async def test_rebuilding_derives_the_same(cared_for: Store, sql: str) -> None:
    async def emptied(connection: Writing) -> None:
        for table in ("medication_statement", "condition", "procedure", "consent"):
            await connection.execute(f"DELETE FROM {table}")

    await cared_for.database.write(emptied)

    await rebuild(cared_for)

    assert await rows(cared_for, sql) == [TABLES[sql]]


async def test_a_deletion_takes_the_row_away(cared_for: Store) -> None:
    await transact(cared_for, EVERYTHING, [delete(kind, name) for kind, name in NAMES.items()])

    for sql in TABLES:
        assert await rows(cared_for, sql) == []


async def test_an_administration_and_a_statement_may_bear_one_id(cared_for: Store) -> None:
    given = {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": {"text": "prednisone"},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2021-08-01",
    }
    await transact(cared_for, EVERYTHING, [put(given, "ms-1")])
    await transact(cared_for, EVERYTHING, [delete("MedicationAdministration", "ms-1")])

    assert await rows(cared_for, "SELECT id FROM medication_statement") == [("ms-1",)]


async def test_a_decision_rests_on_them(cared_for: Store) -> None:
    found = await of_subject(cared_for, EVERYTHING, "rs1", None)

    assert [str(one.source) for one in found.administrations] == ["MedicationStatement/ms-1/_history/1"]
    assert [str(one.source) for one in found.conditions] == ["Condition/c-1/_history/1"]
    assert [str(one.source) for one in found.procedures] == ["Procedure/pr-1/_history/1"]
    assert [(str(one.source), one.study) for one in found.consents] == [("Consent/c-014/_history/1", "s1")]


async def test_as_of_an_earlier_moment_there_were_none(cared_for: Store) -> None:
    before = datetime.now(UTC)
    await transact(cared_for, EVERYTHING, [put(of_care(CONDITION, recordedDate="2021-06"), "c-1")])

    then = await of_subject(cared_for, EVERYTHING, "rs1", before)
    now = await of_subject(cared_for, EVERYTHING, "rs1", None)

    assert [one.source.version for one in (*then.conditions, *now.conditions)] == [1, 2]


@pytest.mark.parametrize("document", [STATEMENT, CONDITION, PROCEDURE])
async def test_what_carries_an_unknown_modifier_is_left_out_and_named(
    cared_for: Store, document: Json
) -> None:
    kind = document["resourceType"]
    odd = of_care(document, modifierExtension=[{"url": "urn:not", "valueBoolean": True}])
    await transact(cared_for, EVERYTHING, [put(odd, NAMES[kind])])

    found = await of_subject(cared_for, EVERYTHING, "rs1", None)

    assert [str(one) for one in found.not_understood] == [f"{kind}/{NAMES[kind]}/_history/2"]
    kept: list[Any] = [*found.administrations, *found.conditions, *found.procedures]
    assert kind not in {one.source.type for one in kept}


async def test_they_are_among_everything_of_the_patient(cared_for: Store) -> None:
    found = await about_patient(cared_for, EVERYTHING, Wanted(patient="p1"))

    assert {one.type for one in found.versions} >= set(NAMES)
