"""What an analyst gets names nobody, and is still FHIR."""

from collections.abc import Iterator
from typing import Any

import pytest

from app.fhir_mapping import check, codec
from app.fhir_mapping.definitions import definition
from app.fhir_mapping.export_operation import EXPORTED
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
    exported = [found for found in versions().values() if found[-1]["resourceType"] in EXPORTED]
    for found in exported:
        kind = found[-1]["resourceType"]
        assert check.checked(kind, pseudonymous(found[-1]))["resourceType"] == kind


ONE = "SECRET-1234567"
REFERENCE = {
    "reference": "Patient/p1",
    "type": "Patient",
    "identifier": {"system": "urn:oid:1.2.3", "value": ONE, "assigner": {"display": ONE}},
    "display": ONE,
}
KEPT_WORDS = {
    *("ResearchSubject.identifier.value", "ResearchSubject.assignedArm", "ResearchSubject.actualArm"),
    *("ResearchStudy.identifier.value", "ResearchStudy.title", "ResearchStudy.arm.name"),
    *("Medication.batch.lotNumber",),
}
"""The only places a text may stay in, beside units, versions of code systems and literal references."""


def places(kind: str, wanted: str, seen: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, bool], ...]]:
    """The ways from a type to each element of a type within it: names, and whether there are many."""
    known = definition(kind)
    if known is None or kind == "Resource" or kind in seen:
        return
    for element in known.elements.values():
        step = (element.name, element.many)
        if element.type == wanted:
            yield (step,)
        yield from ((step, *rest) for rest in places(element.type, wanted, (*seen, kind)))


def at(kind: str, way: tuple[tuple[str, bool], ...], value: Any) -> dict[str, Any]:
    """A resource that says this there, and nothing else."""
    document = value
    for name, many in reversed(way):
        document = {name: [document] if many else document}
    return {"resourceType": kind, **document}


def spelled(kind: str, way: tuple[tuple[str, bool], ...]) -> str:
    return ".".join([kind, *(name for name, _ in way)])


@pytest.mark.parametrize("kind", EXPORTED)
def test_of_a_reference_only_where_it_leads_leaves(kind: str) -> None:
    ways = list(places(kind, "Reference"))

    assert len(ways) > 5
    for way in ways:
        assert ONE.encode() not in pseudonymous(at(kind, way, REFERENCE)), spelled(kind, way)


@pytest.mark.parametrize("kind", [*EXPORTED, "Medication"])
def test_an_identifier_leaves_only_as_a_subjects_or_a_studys_own(kind: str) -> None:
    ways = list(places(kind, "Identifier"))
    leaves = {
        spelled(kind, way)
        for way in ways
        if ONE.encode() in pseudonymous(at(kind, way, {"system": "urn:oid:1.2.3", "value": ONE}))
    }

    assert ways
    assert leaves == ({f"{kind}.identifier"} if kind in {"ResearchSubject", "ResearchStudy"} else set())


@pytest.mark.parametrize("kind", [*EXPORTED, "Medication"])
@pytest.mark.parametrize("text", ["string", "markdown", "xhtml", "base64Binary"])
def test_words_leave_only_where_they_are_nobodys(kind: str, text: str) -> None:
    ways = [way for way in places(kind, text) if way[-1][0] not in {"unit", "version", "reference"}]
    leaves = {spelled(kind, way) for way in ways if ONE.encode() in pseudonymous(at(kind, way, ONE))}

    assert ways
    assert leaves == {place for place in KEPT_WORDS if text == "string" and place.split(".")[0] == kind}


@pytest.mark.parametrize("kind", EXPORTED)
@pytest.mark.parametrize(
    "said",
    [
        {"valueString": ONE},
        {"valueMarkdown": ONE},
        {"valueUri": f"https://hospital.example/{ONE}"},
        {"valueUrl": f"tel:{ONE}"},
        {"valueIdentifier": {"value": ONE}},
        {"valueReference": REFERENCE},
        {"valueHumanName": {"text": ONE}},
        {"valueAttachment": {"title": ONE, "url": f"https://hospital.example/{ONE}"}},
        {"valueAnnotation": {"text": ONE, "authorString": ONE}},
        {"valueCodeableConcept": {"text": ONE, "coding": [{"code": "1", "display": ONE}]}},
    ],
)
@pytest.mark.parametrize("name", ["extension", "modifierExtension"])
def test_an_extension_names_nobody(kind: str, said: dict[str, Any], name: str) -> None:
    extension: dict[str, Any] = {"url": "http://x.example/said"} | said
    nested: dict[str, Any] = {"url": "http://x.example/of", "extension": [extension]}
    document: dict[str, Any] = {"resourceType": kind, name: [extension, nested]}
    if kind != "ResearchStudy":
        document |= {"subject": {"reference": "Patient/p1", "extension": [extension]}}

    assert ONE.encode() not in pseudonymous(document)


@pytest.mark.parametrize("kind", EXPORTED)
def test_where_a_record_came_from_and_what_is_contained_name_nobody(kind: str) -> None:
    meta = {"source": f"https://hospital.example/patients/{ONE}", "versionId": "3"}
    cells = {"resourceType": "Medication", "id": "cells", "identifier": [{"value": ONE}]}
    person = {"resourceType": "Patient", "id": "x", "identifier": [{"value": ONE}], "name": [{"text": ONE}]}
    narrative = {"status": "generated", "div": f"<div>{ONE}</div>"}

    left = out(
        {
            "resourceType": kind,
            "meta": meta,
            "text": narrative,
            "contained": [cells | {"text": narrative}, person],
        }
    )

    assert ONE not in str(left)
    assert left["meta"] == {"versionId": "3"}
    assert [one["id"] for one in left["contained"]] == ["cells", "x"]


def test_what_an_event_was_called_and_where_it_happened_are_left_out() -> None:
    event = {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "event": {"text": ONE},
        "location": REFERENCE,
        "recorder": REFERENCE,
    }

    assert out(event)["event"] == MASKED
    assert ONE not in str(out(event))


def test_an_accession_number_is_left_out() -> None:
    assert "identifier" not in out(observation(identifier=[{"system": "urn:oid:1.2.3", "value": ONE}]))
