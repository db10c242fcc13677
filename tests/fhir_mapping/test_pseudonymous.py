"""What an analyst gets names nobody, and is still FHIR."""

from typing import Any

import pytest

from app.fhir_mapping import check, codec
from app.fhir_mapping.pseudonymous import pseudonymous
from app.routers import examples
from tests.demo.stories import versions

MASKED = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "masked"}]
}
LOINC = "http://loinc.org"
PERSON = "Jeanne Dupont"


def out(document: dict[str, Any]) -> dict[str, Any]:
    return codec.read(pseudonymous(document))


def observation(**said: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "4485-9", "display": PERSON}],
            "text": PERSON,
        },
        "subject": {"reference": "Patient/p1", "display": PERSON, "identifier": {"value": PERSON}},
    } | said


def test_a_patient_keeps_the_year_of_birth_and_the_sex() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "text": {"status": "generated", "div": f"<div>{PERSON}</div>"},
        "identifier": [{"system": "urn:oid:1.2.250.1.0.99.1", "value": PERSON}],
        "name": [{"family": PERSON}],
        "telecom": [{"system": "phone", "value": "0102030405"}],
        "address": [{"city": PERSON}],
        "contact": [{"name": {"family": PERSON}}],
        "photo": [{"title": PERSON}],
        "gender": "female",
        "birthDate": "1986-04-02",
        "_birthDate": {"extension": [{"url": "http://x/time", "valueDateTime": "1986-04-02T10:00:00Z"}]},
        "deceasedDateTime": "2021-05-06",
    }

    assert out(patient) == {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "female",
        "birthDate": "1986",
        "deceasedDateTime": "2021-05-06",
    }


@pytest.mark.parametrize(
    "said",
    [
        {"note": [{"text": PERSON}]},
        {"text": {"status": "additional", "div": f"<div>{PERSON}</div>"}},
        {"valueString": PERSON},
        {"valueCodeableConcept": {"text": PERSON}},
        {"extension": [{"url": "http://x/said", "valueString": PERSON}]},
        {
            "extension": [
                {"url": "http://x", "extension": [{"url": "of", "valueHumanName": {"text": PERSON}}]}
            ]
        },
        {"extension": [{"url": "http://x/file", "valueAttachment": {"title": PERSON}}]},
        {"performer": [{"display": PERSON}]},
        {"referenceRange": [{"text": PERSON}]},
        {"component": [{"code": {"text": PERSON}, "valueString": PERSON}]},
        {
            "contained": [{"resourceType": "Patient", "id": "x", "name": [{"text": PERSON}]}],
            "performer": [{"reference": "#x"}],
        },
        {"identifier": [{"value": PERSON}]},
        {"method": {"text": PERSON}},
    ],
)
def test_nobodys_words_are_left(said: dict[str, Any]) -> None:
    document = observation(**said)

    raw = pseudonymous(document)

    assert PERSON.encode() not in raw
    assert check.checked("Observation", raw)["subject"] == {"reference": "Patient/p1"}


def test_what_was_said_in_words_is_masked_rather_than_missing() -> None:
    assert out(observation(valueString=PERSON))["dataAbsentReason"] == MASKED
    assert out(observation(valueCodeableConcept={"text": PERSON}))["valueCodeableConcept"] == MASKED
    assert out(observation(code={"text": PERSON}))["code"] == MASKED


def test_numbers_dates_codes_and_what_was_given_stay() -> None:
    quantity = {"value": 1, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"}
    kept = out(observation(valueQuantity=quantity, effectiveDateTime="2021-09-14T08:10:00+02:00"))
    given = examples.BODIES["MedicationAdministration"] | {
        "contained": [
            {
                "resourceType": "Medication",
                "id": "cells",
                "code": {"coding": [{"system": "http://x", "code": "uc-msc"}]},
                "batch": {"lotNumber": "L-7"},
            }
        ]
    }

    assert (kept["valueQuantity"], kept["effectiveDateTime"]) == (quantity, "2021-09-14T08:10:00+02:00")
    assert out(given)["contained"] == given["contained"]


def test_the_numbers_of_a_subject_and_of_a_study_stay() -> None:
    for kind in ("ResearchSubject", "ResearchStudy"):
        body = examples.BODIES[kind]
        assert out(body)["identifier"] == body["identifier"]


def test_the_whole_demonstration_is_still_valid() -> None:
    for found in versions().values():
        kind = found[-1]["resourceType"]
        assert check.checked(kind, pseudonymous(found[-1]))["resourceType"] == kind
