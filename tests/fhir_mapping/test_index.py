"""What documents are found by, drawn from nothing but their declarations."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.codes import BASE as CODES
from app.clinical.records import Measurement, Source
from app.fhir_mapping.change import IndexRows
from app.fhir_mapping.datatypes import EARLIEST, LATEST, moment, span_bounds
from app.fhir_mapping.index import HOSTED, LONGEST, index_rows, records
from app.fhir_mapping.mentions import Mentions
from app.fhir_mapping.registry import MAPPED, RESOURCES
from app.fhir_mapping.resource import Column, Resource, SearchKind, SearchParameter
from tests.fhir_mapping.care_documents import FOUND_BY as CARE_FOUND_BY
from tests.fhir_mapping.documents import (
    ADVERSE_EVENT,
    BILAG,
    BY_REFERENCE,
    HERE,
    HL7,
    INFUSION,
    LOINC,
    OBSERVATION,
    PATIENT,
    PGA,
    POSITIVE,
    RESEARCH_STUDY,
    RESEARCH_SUBJECT,
    SLEDAI,
    STEROID,
    UCUM,
    Json,
    concept,
    quantity,
    source,
)


def rows(document: Json, **changed: Any) -> IndexRows:
    return index_rows(RESOURCES[document["resourceType"]], document | changed, base=HERE)


def bounds(text: str) -> tuple[datetime, datetime]:
    found = span_bounds(moment(text))
    assert found is not None
    return found


ITEM, GRADE = CODES + "sledai-item", CODES + "bilag-grade"
EXTRACTED: list[tuple[Json, str, Any]] = [
    (PATIENT, "identifier", [("urn:trial:subject", "MSCSLE-SLS-014")]),
    (PATIENT, "gender", [("http://hl7.org/fhir/administrative-gender", "female")]),
    (PATIENT, "birthdate", bounds("1985")),
    (PATIENT, "death-date", [bounds("2024-02")]),
    (PATIENT, "organization", [("Organization", "sls")]),
    (RESEARCH_STUDY, "identifier", [("https://clinicaltrials.gov", "NCT03562065")]),
    (RESEARCH_STUDY, "status", "active"),
    (RESEARCH_STUDY, "title", [("etude msc-sle", "Étude MSC-SLE")]),
    (RESEARCH_STUDY, "date", (bounds("2019-05-14")[0], LATEST)),
    (RESEARCH_STUDY, "partof", [("ResearchStudy", "msc-sle")]),
    (RESEARCH_STUDY, "sponsor", [("Organization", "aphp")]),
    (RESEARCH_SUBJECT, "identifier", [("urn:trial:subject", "MSCSLE-SLS-014")]),
    (RESEARCH_SUBJECT, "patient", "p-014"),
    (RESEARCH_SUBJECT, "individual", "p-014"),
    (RESEARCH_SUBJECT, "study", "msc-sle"),
    (RESEARCH_SUBJECT, "status", "on-study"),
    (RESEARCH_SUBJECT, "date", (bounds("2021-03-02")[0], LATEST)),
    (OBSERVATION, "identifier", [("urn:lab", "L21^C3")]),
    (OBSERVATION, "patient", "p-014"),
    (OBSERVATION, "subject", "p-014"),
    (OBSERVATION, "study", "msc-sle"),
    (OBSERVATION, "code", [(LOINC, "4485-9"), ("urn:lab:codes", "C3N")]),
    (OBSERVATION, "status", "corrected"),
    (OBSERVATION, "date", bounds("2021-09-14T08:05:00+02:00")),
    (OBSERVATION, "category", [(HL7 + "observation-category", "laboratory")]),
    (OBSERVATION, "visit", [("", "M6")]),
    (SLEDAI, "date", (bounds("2021-09-14")[0], bounds("2021-09-15")[1])),
    (SLEDAI, "component-code", [(ITEM, "arthritis"), (ITEM, "fever"), (ITEM, "dna-binding")]),
    (SLEDAI, "combo-code", []),  # found by what stands for code and component-code
    (POSITIVE, "value-concept", [(HL7 + "v3-ObservationInterpretation", "POS")]),
    (BILAG, "component-value-concept", [(GRADE, "B"), (GRADE, "E")]),
    (BILAG, "combo-value-concept", []),
    (BILAG, "value-concept", []),
    (ADVERSE_EVENT, "identifier", [("urn:ae", "AE1")]),
    (ADVERSE_EVENT, "subject", "p-014"),
    (ADVERSE_EVENT, "patient", "p-014"),
    (ADVERSE_EVENT, "study", "msc-sle"),
    (ADVERSE_EVENT, "date", bounds("2021-03-16T12:00:00+01:00")),
    (ADVERSE_EVENT, "recorded-date", [bounds("2021-03-17")]),
    (ADVERSE_EVENT, "event", [(HL7 + "MDRAE", "10016256")]),
    (ADVERSE_EVENT, "seriousness", [(HL7 + "adverse-event-seriousness", "Non-serious")]),
    (ADVERSE_EVENT, "severity", [(HL7 + "adverse-event-severity", "severe")]),
    (ADVERSE_EVENT, "actuality", [("http://hl7.org/fhir/adverse-event-actuality", "actual")]),
    (ADVERSE_EVENT, "category", [(HL7 + "adverse-event-category", "product-use-error")]),
    (ADVERSE_EVENT, "substance", [("MedicationAdministration", "inf-1")]),
    (ADVERSE_EVENT, "resultingcondition", [("Condition", "fatigue")]),
    (INFUSION, "identifier", [("urn:infusion", "INF1")]),
    (INFUSION, "patient", "p-014"),
    (INFUSION, "subject", "p-014"),
    (INFUSION, "study", "msc-sle"),
    (INFUSION, "status", "completed"),
    (
        INFUSION,
        "effective-time",
        (bounds("2021-03-16T10:02:00+01:00")[0], bounds("2021-03-16T10:47:00+01:00")[1]),
    ),
    (STEROID, "effective-time", bounds("2021-03")),
    (STEROID, "code", [("http://www.whocc.no/atc", "H02AB07")]),
    (STEROID, "reason-given", [("http://snomed.info/sct", "55464009")]),
    (BY_REFERENCE, "medication", [("Medication", "m-1")]),
]


META = {
    "profile": ["http://trial.example/StructureDefinition/result"],
    "source": "http://lab.example/lis",
    "tag": [{"system": "urn:tags", "code": "demo"}],
    "security": [{"system": CODES + "site", "code": "NAN"}, {"display": "handle with care"}],
}
PERSON = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"use": "official", "family": "Lefèvre", "given": ["Zoé", "Anne"], "prefix": ["Dr"]}],
    "telecom": [
        {"system": "phone", "value": "+33 1 23"},
        {"system": "email", "value": "Z@example.org"},
        {"system": "url"},
    ],
    "address": [
        {"use": "home", "line": ["1 rue X"], "city": "Évry", "state": "IDF", "postalCode": "91000"},
        {"use": "old", "country": "FR", "text": "elsewhere"},
    ],
    "communication": [{"language": concept("urn:ietf:bcp:47", "fr")}],
    "generalPractitioner": [{"reference": "Practitioner/d"}, {"display": "somebody"}],
    "link": [{"other": {"reference": "Patient/p-9"}, "type": "seealso"}],
}
MEASURED = {
    **PGA,
    "meta": META,
    "basedOn": [{"reference": "ServiceRequest/r"}],
    "partOf": [{"reference": "Procedure/p"}],
    "focus": [{"reference": "Device/cells"}],
    "encounter": {"reference": "Encounter/e"},
    "performer": [{"reference": "http://elsewhere.example/fhir/Practitioner/d"}],
    "method": {"text": "by hand"},
    "specimen": {"identifier": {"system": "urn:tubes", "value": "T1"}},
    "device": {"reference": "#within"},
    "hasMember": [{"reference": "Observation/o-1/_history/3"}],
    "derivedFrom": [{"reference": f"{HERE}/Observation/o-2"}],
    "component": [
        {"code": {"text": "width"}, "valueQuantity": quantity("1.50", "cm")},
        {"code": {"text": "height"}, "dataAbsentReason": concept(HL7 + "data-absent-reason", "unknown")},
    ],
}
INFUSED = {
    **INFUSION,
    "statusReason": [{"text": "postponed"}],
    "context": {"reference": "Encounter/e"},
    "performer": [{"actor": {"reference": "Practitioner/d"}}, {"actor": {"reference": "Device/pump"}}],
    "request": {"reference": "MedicationRequest/r"},
    "device": [{"reference": "Device/pump"}],
}
ENROLLING = {
    **RESEARCH_STUDY,
    "category": [concept("urn:kinds", "therapy")],
    "focus": [concept("urn:products", "uc-msc")],
    "keyword": [{"text": "lupus"}],
    "location": [concept("urn:iso:std:iso:3166", "FR")],
    "principalInvestigator": {"reference": "Practitioner/d"},
    "protocol": [{"reference": "PlanDefinition/msc-sle"}],
    "site": [{"reference": "Location/l"}],
    "enrollment": [{"reference": "Group/g"}],
}
REPORTED = {
    **ADVERSE_EVENT,
    "location": {"reference": "Location/ward"},
    "recorder": {"reference": "Practitioner/d"},
    "outcome": concept(HL7 + "adverse-event-outcome", "resolved"),
}
WITHOUT = {name: PGA[name] for name in ("resourceType", "status", "code")}
EXTRACTED += [
    (MEASURED, "_profile", [("", "http://trial.example/StructureDefinition/result")]),
    (MEASURED, "_source", [("", "http://lab.example/lis")]),
    (MEASURED, "_tag", [("urn:tags", "demo")]),
    (MEASURED, "_security", [(CODES + "site", "NAN"), ("", "")]),
    (MEASURED, "based-on", [("ServiceRequest", "r")]),
    (MEASURED, "part-of", [("Procedure", "p")]),
    (MEASURED, "focus", [("Device", "cells")]),
    (MEASURED, "encounter", [("Encounter", "e")]),
    (MEASURED, "performer", [("", "http://elsewhere.example/fhir/Practitioner/d")]),
    (MEASURED, "method", [("", "")]),
    (MEASURED, "specimen", [("", "")]),
    (MEASURED, "specimen:identifier", [("urn:tubes", "T1")]),
    (MEASURED, "device", [("", "#within")]),
    (MEASURED, "has-member", [("Observation", "o-1")]),
    (MEASURED, "derived-from", [("Observation", "o-2")]),
    (MEASURED, "component-code", [("", ""), ("", "")]),
    (MEASURED, "component-value-quantity", [(1, Decimal("1.50"), "", UCUM, "cm", "cm", True)]),
    (MEASURED, "component-data-absent-reason", [(HL7 + "data-absent-reason", "unknown")]),
    (
        OBSERVATION,
        "value-quantity",
        [
            (0, Decimal("71.0"), "<", UCUM, "mg/dL", "mg/dL", True),
            (0, Decimal("0.710"), "<", UCUM, "g/L", "", False),
        ],
    ),
    (WITHOUT | {"dataAbsentReason": {"text": "lost"}}, "data-absent-reason", [("", "")]),
    (WITHOUT | {"valueString": "Énorme"}, "value-string", [("enorme", "Énorme")]),
    (WITHOUT | {"valueCodeableConcept": {"text": "Positif"}}, "value-string", [("positif", "Positif")]),
    (WITHOUT | {"valueDateTime": "2021-03"}, "value-date", [bounds("2021-03")]),
    (WITHOUT | {"valuePeriod": {"end": "2021"}}, "value-date", [(EARLIEST, bounds("2021")[1])]),
    (REPORTED, "location", [("Location", "ward")]),
    (REPORTED, "recorder", [("Practitioner", "d")]),
    (REPORTED, "outcome", [(HL7 + "adverse-event-outcome", "resolved")]),
    (REPORTED, "grade", [(0, Decimal(3), "", "", "", "", True)]),
    (INFUSED, "context", [("Encounter", "e")]),
    (INFUSED, "device", [("Device", "pump")]),
    (INFUSED, "performer", [("Practitioner", "d"), ("Device", "pump")]),
    (INFUSED, "reason-not-given", [("", "")]),
    (INFUSED, "request", [("MedicationRequest", "r")]),
    (INFUSED, "lot", [("", "UCL-UC-0007")]),
    (BY_REFERENCE, "lot", []),
    (ENROLLING, "category", [("urn:kinds", "therapy")]),
    (ENROLLING, "focus", [("urn:products", "uc-msc")]),
    (ENROLLING, "keyword", [("", "")]),
    (ENROLLING, "location", [("urn:iso:std:iso:3166", "FR")]),
    (ENROLLING, "principalinvestigator", [("Practitioner", "d")]),
    (ENROLLING, "protocol", [("PlanDefinition", "msc-sle")]),
    (ENROLLING, "site", [("Location", "l")]),
    (ENROLLING, "enrollment", [("Group", "g")]),
    (ENROLLING, "arm-name", [("cohort-2e6", "cohort-2e6"), ("cohort-4e6", "cohort-4e6")]),
    (RESEARCH_SUBJECT, "arm", [("", "cohort-2e6"), ("", "cohort-4e6")]),
    (RESEARCH_SUBJECT, "site", [(CODES + "site", "SLS")]),
    (PERSON, "active", [("", "true")]),
    (PERSON, "name", [("lefevre", "Lefèvre"), ("zoe", "Zoé"), ("anne", "Anne"), ("dr", "Dr")]),
    (PERSON, "family", [("lefevre", "Lefèvre")]),
    (PERSON, "given", [("zoe", "Zoé"), ("anne", "Anne")]),
    (PERSON, "telecom", [("", "+33 1 23"), ("", "Z@example.org"), ("", "")]),
    (PERSON, "phone", [("", "+33 1 23")]),
    (PERSON, "email", [("", "Z@example.org")]),
    (
        PERSON,
        "address",
        [
            (fold, written)
            for fold, written in [
                ("1 rue x", "1 rue X"),
                ("evry", "Évry"),
                ("idf", "IDF"),
                ("91000", "91000"),
                ("fr", "FR"),
                ("elsewhere", "elsewhere"),
            ]
        ],
    ),
    (PERSON, "address-city", [("evry", "Évry")]),
    (PERSON, "address-state", [("idf", "IDF")]),
    (PERSON, "address-postalcode", [("91000", "91000")]),
    (PERSON, "address-country", [("fr", "FR")]),
    (
        PERSON,
        "address-use",
        [("http://hl7.org/fhir/address-use", "home"), ("http://hl7.org/fhir/address-use", "old")],
    ),
    (PERSON, "language", [("urn:ietf:bcp:47", "fr")]),
    (PERSON, "general-practitioner", [("Practitioner", "d"), ("", "")]),
    (PERSON, "link", [("Patient", "p-9")]),
    (PERSON, "deceased", [("", "false")]),
    (PERSON | {"deceasedBoolean": False}, "deceased", [("", "false")]),
    (PERSON | {"deceasedBoolean": True}, "deceased", [("", "true")]),
    (PATIENT, "deceased", [("", "true")]),
]
EXTRACTED += CARE_FOUND_BY
EVERYWHERE = {"_profile", "_source", "_tag", "_security"}


def rows_of(found: IndexRows, name: str) -> list[tuple[Any, ...]]:
    """The rows of a parameter; of codes, dates and texts without their part, which is nearly always 0."""
    parted = (found.tokens, found.dates, found.strings)
    whole = (found.references, found.quantities)
    return [
        *(row[1:-1] for table in parted for row in table if row[0] == name),
        *(row[1:] for table in whole for row in table if row[0] == name),
    ]


def extracted(document: Json, name: str) -> Any:
    """What a parameter is found by: a column's value, or the rows of its own table."""
    found = rows(document)
    parameter = RESOURCES[document["resourceType"]].parameter(name)
    match parameter.column if parameter is not None else None:
        case Column.PATIENT:
            return found.patient
        case Column.STUDY:
            return found.study
        case Column.STATUS:
            return found.status
        case Column.DATE:
            return found.date_low, found.date_high
        case _:
            return rows_of(found, name)


@pytest.mark.parametrize(
    ("document", "name", "expected"), EXTRACTED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_parameter_finds_what_it_says(document: Json, name: str, expected: Any) -> None:
    assert extracted(document, name) == expected


def test_every_parameter_is_shown_to_find_something() -> None:
    shown = {(document["resourceType"], name) for document, name, expected in EXTRACTED if expected}
    declared = {
        (resource.name, parameter.name)
        for resource in MAPPED.values()
        for parameter in resource.search
        if parameter.column not in (Column.ID, Column.LAST_UPDATED)
        and not parameter.either
        and not parameter.components
        and (parameter.name not in EVERYWHERE or resource.name == "Observation")
    }

    assert declared - shown == set()


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_a_type_declares_itself_in_order(resource: Resource) -> None:
    names = [parameter.name for parameter in resource.search]

    assert len(names) == len(set(names))
    assert "identifier" in names
    assert {
        resource.parameter(name) for parameter in resource.search for name in parameter.components
    } <= set(resource.search)
    assert all(parameter.about.endswith(".") for parameter in resource.search)
    assert all(
        bool(parameter.targets) == (parameter.kind is SearchKind.REFERENCE) for parameter in resource.search
    )
    assert resource.about.startswith(resource.name)


def test_columns_are_not_rows_too() -> None:
    found = rows(OBSERVATION)
    tables = (found.tokens, found.references, found.dates, found.strings, found.quantities)
    named = {row[0] for table in tables for row in table}

    assert named == {"_security", "identifier", "category", "code", "visit", "value-quantity"}


def test_the_site_is_the_tag_of_its_own_system() -> None:
    other = {"system": "urn:other", "code": "X"}

    assert rows(OBSERVATION).site == "SLS"
    assert (
        rows(OBSERVATION, meta={"security": [other, {"system": CODES + "site", "code": "NAN"}]}).site == "NAN"
    )
    assert rows(OBSERVATION, meta={"security": [other]}).site is None
    assert rows(PGA).site is None


@pytest.mark.parametrize("document", [PATIENT, RESEARCH_STUDY])
def test_a_patient_and_a_study_belong_to_themselves(document: Json) -> None:
    fresh = {name: value for name, value in document.items() if name != "id"}
    resource = RESOURCES[document["resourceType"]]

    assert document["id"] in (rows(document).patient, rows(document).study)
    given = index_rows(resource, fresh, base=HERE, own_id="new")
    assert "new" in (given.patient, given.study)
    assert index_rows(resource, fresh, base=HERE).patient is None


@pytest.mark.parametrize(
    ("reference", "patient"),
    [
        ("Patient/p-1", "p-1"),
        ("Patient/p-1/_history/2", "p-1"),
        (f"{HERE}/Patient/p-1", "p-1"),
        ("http://elsewhere.example/fhir/Patient/p-1", None),
        ("Group/p-1", None),
        ("#p-1", None),
    ],
)
def test_a_resource_belongs_to_a_patient_of_ours_or_to_none(reference: str, patient: str | None) -> None:
    assert rows(PGA, subject={"reference": reference}).patient == patient


def test_dates_without_a_beginning_or_a_date_are_open_or_missing() -> None:
    ended = rows(RESEARCH_SUBJECT, period={"end": "2021-03-02"})
    undated = rows(RESEARCH_SUBJECT, period={})

    assert (ended.date_low, ended.date_high) == (EARLIEST, bounds("2021-03-02")[1])
    assert (undated.date_low, undated.date_high) == (None, None)


def test_a_boolean_is_found_by_its_name() -> None:
    parameter = SearchParameter(name="active", kind=SearchKind.TOKEN, paths=("active",), about="In use.")
    resource = replace(RESOURCES["Patient"], search=(parameter,))

    assert index_rows(resource, {"active": True}, base=HERE).tokens == [("active", "", "true", 0)]
    assert index_rows(resource, {"active": False}, base=HERE).tokens == [("active", "", "false", 0)]


def test_no_key_grows_beyond_what_a_database_holds() -> None:
    found = rows(RESEARCH_STUDY, identifier=[{"value": "x" * (LONGEST + 1)}], title="É" * (LONGEST + 1))

    assert rows_of(found, "identifier") == [("", "")]
    assert rows_of(found, "title") == [("e" * LONGEST, "É" * (LONGEST + 1))]


def test_garbage_is_not_found_and_raises_nothing() -> None:
    study = rows(RESEARCH_STUDY, status=7, title=7, period=7, partOf=["x"], identifier=[7])
    subject = rows(RESEARCH_SUBJECT, individual=7, period=None, study=[])

    assert (study.status, study.date_low) == (None, None)
    assert not [row for name in ("title", "identifier", "partof") for row in rows_of(study, name)]
    assert rows_of(study, "sponsor") == [("Organization", "aphp")]
    assert (subject.patient, subject.study) == (None, None)
    assert rows(ADVERSE_EVENT, recordedDate="garbage").dates == []


def test_the_column_holds_the_first_study_and_rows_the_others() -> None:
    found = rows(
        ADVERSE_EVENT,
        study=[
            {"display": "?"},
            {"reference": "ResearchStudy/a"},
            {"reference": "ResearchStudy/b"},
            {"reference": "ResearchStudy/a"},
        ],
    )

    assert found.study == "a"
    assert rows_of(found, "study") == [("", ""), ("ResearchStudy", "b")]


def test_links_are_the_hosted_resources_mentioned_anywhere() -> None:
    document = {
        "resourceType": "Observation",
        "contained": [{"resourceType": "Specimen", "subject": {"reference": f"{HERE}/Patient/p-2"}}],
        "extension": [
            {"url": "urn:x", "extension": [{"url": "y", "valueReference": {"reference": "ResearchStudy/s"}}]}
        ],
        "subject": {"reference": "Patient/p-1/_history/3"},
        "performer": [{"reference": "Practitioner/d"}, {"reference": "#here"}, {"reference": "Patient/p-1"}],
        "derivedFrom": [
            {"reference": "Observation/o-1"},
            {"reference": "http://elsewhere.example/Observation/o-2"},
        ],
        "valueString": 'she wrote "reference":"Patient/p-9"',
    }

    assert dict(Mentions(document, base=HERE, hosted=HOSTED)) == {
        ("Patient", "p-2"): "Observation.contained[0].subject",
        ("ResearchStudy", "s"): "Observation.extension[0].extension[0].valueReference",
        ("Patient", "p-1"): "Observation.subject",
        ("Observation", "o-1"): "Observation.derivedFrom[0]",
    }
    assert dict(Mentions(document, base=HERE, hosted=frozenset({"Practitioner"}))) == {
        ("Practitioner", "d"): "Observation.performer[0]"
    }


def test_links_know_only_what_is_mentioned() -> None:
    links = rows(PGA).links

    assert len(links) == 1
    assert ("Patient", "p-014") in links
    with pytest.raises(KeyError):
        links["Patient", "somebody else"]


def test_an_absolute_reference_to_us_is_ours_in_the_records_too() -> None:
    document = {**SLEDAI, "subject": {"reference": f"{HERE}/Patient/p-1"}}
    resource = RESOURCES["Observation"]
    made = records(resource, document, source("Observation"), patient="p-1", study=None)

    assert len(made) == 4
    assert {record.patient for record in made if isinstance(record, Measurement)} == {"p-1"}


def test_an_absolute_reference_to_others_belongs_to_nobody_here() -> None:
    document = {**PGA, "subject": {"reference": "http://elsewhere.example/Patient/p-1"}}
    (made,) = records(RESOURCES["Observation"], document, source("Observation"), patient=None, study=None)

    assert isinstance(made, Measurement)
    assert made.patient == ""


@pytest.mark.parametrize("document", [RESEARCH_SUBJECT, ADVERSE_EVENT, INFUSION])
def test_the_study_of_a_record_is_the_one_it_is_found_by(document: Json) -> None:
    resource = RESOURCES[document["resourceType"]]
    whole = records(resource, document, source(resource.name), patient="p-014", study="msc-sle")
    (moved,) = records(resource, document, source(resource.name), patient="p-2", study="s-2")

    assert whole == resource.to_records(document, source(resource.name))
    assert (moved.patient, moved.study) == ("p-2", "s-2")  # type: ignore[union-attr]


@pytest.mark.parametrize("document", [PATIENT, RESEARCH_STUDY])
def test_a_person_and_a_study_are_themselves(document: Json) -> None:
    resource = RESOURCES[document["resourceType"]]
    here = Source(resource.name, "x", 1)

    assert records(resource, document, here, patient="p-1", study=None) == resource.to_records(document, here)


def test_instants_are_in_utc() -> None:
    low = rows(OBSERVATION).date_low

    assert low == datetime(2021, 9, 14, 6, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("subject", "under_subject", "under_patient"),
    [
        ({"reference": "Patient/p-1"}, [], []),
        ({"reference": f"{HERE}/Patient/p-1/_history/2"}, [], []),
        ({"reference": "Group/g"}, [("Group", "g")], []),
        (
            {"reference": "http://elsewhere.example/fhir/Patient/p-1"},
            [("", "http://elsewhere.example/fhir/Patient/p-1")],
            [("", "http://elsewhere.example/fhir/Patient/p-1")],
        ),
        (
            {"reference": "http://elsewhere.example/fhir/Group/g"},
            [("", "http://elsewhere.example/fhir/Group/g")],
            [],
        ),
        ({"display": "somebody"}, [("", "")], []),
        ({"type": "Patient", "display": "somebody"}, [("", "")], [("", "")]),
        ({"reference": "#within"}, [("", "#within")], [("", "#within")]),
        ({"reference": "#other"}, [("", "#other")], []),
    ],
)
def test_a_subject_is_a_patient_where_it_shows_that_it_is_one(
    subject: Json, under_subject: list[Any], under_patient: list[Any]
) -> None:
    contained = [{"resourceType": "Patient", "id": "within"}, {"resourceType": "Group", "id": "other"}]
    found = rows(PGA, subject=subject, contained=contained)

    assert rows_of(found, "subject") == under_subject
    assert rows_of(found, "patient") == under_patient


def test_the_identifier_of_a_reference_is_found_beside_what_it_leads_to() -> None:
    identifier = {"system": "urn:trial:subject", "value": "SLS-014"}
    found = rows(PGA, subject={"reference": "Patient/p-1", "identifier": identifier})
    unknown = rows(PGA, subject={"identifier": identifier, "type": "Group"})

    assert found.patient == "p-1"
    assert rows_of(found, "subject") == rows_of(found, "patient") == []
    for name in ("subject:identifier", "patient:identifier"):
        assert rows_of(found, name) == [("urn:trial:subject", "SLS-014")]
    assert rows_of(unknown, "subject:identifier") == [("urn:trial:subject", "SLS-014")]
    assert rows_of(unknown, "patient:identifier") == []


C3, PLATELETS, HAEMOGLOBIN, TEMPERATURE = "4485-9", "777-3", "718-7", "8310-5"
MEASURED_IN: list[tuple[str, Json, list[tuple[Any, ...]]]] = [
    (C3, quantity("0.720", "g/L"), [(Decimal("0.720"), "", UCUM, "g/L", "g/L")]),
    (
        C3,
        quantity("85", "mg/dL"),
        [(Decimal(85), "", UCUM, "mg/dL", "mg/dL"), (Decimal("0.85"), "", UCUM, "g/L", "")],
    ),
    (
        C3,
        quantity("0.123456789", "mg/L"),
        [
            (Decimal("0.123456789"), "", UCUM, "mg/L", "mg/L"),
            (Decimal("0.000123456789"), "", UCUM, "g/L", ""),
        ],
    ),
    (C3, {"value": 1, "unit": "g/l"}, [(Decimal(1), "", "", "", "g/l"), (Decimal(1), "", UCUM, "g/L", "")]),
    (
        PLATELETS,
        {"value": 250, "unit": "G/L", "comparator": ">="},
        [(Decimal(250), ">=", "", "", "G/L"), (Decimal(250), ">=", UCUM, "10*9/L", "")],
    ),
    (
        PLATELETS,
        quantity("250000", "/mm3"),
        [(Decimal(250000), "", UCUM, "/mm3", "/mm3"), (Decimal(250), "", UCUM, "10*9/L", "")],
    ),
    (
        HAEMOGLOBIN,
        quantity("7", "mmol/L"),
        [(Decimal(7), "", UCUM, "mmol/L", "mmol/L"), (Decimal("11.2798"), "", UCUM, "g/dL", "")],
    ),
    (
        TEMPERATURE,
        quantity("98.6", "[degF]"),
        [(Decimal("98.6"), "", UCUM, "[degF]", "[degF]"), (Decimal(37), "", UCUM, "Cel", "")],
    ),
    (
        TEMPERATURE,
        {"value": 5, "unit": "mm"},
        [(Decimal(5), "", "", "", "mm"), (Decimal(5), "", UCUM, "mm", "")],
    ),
    ("unknown", {"value": 5, "unit": "UI/L"}, [(Decimal(5), "", "", "", "UI/L")]),
    (
        "unknown",
        {"value": 5, "unit": "mL/mn"},
        [(Decimal(5), "", "", "", "mL/mn"), (Decimal(5), "", UCUM, "mL/min", "")],
    ),
    ("unknown", quantity("5", "{score}"), [(Decimal(5), "", UCUM, "{score}", "{score}")]),
    ("unknown", {"value": 5}, [(Decimal(5), "", "", "", "")]),
    (C3, {"unit": "g/L", "system": UCUM, "code": "g/L"}, [(None, "", UCUM, "g/L", "g/L")]),
    (C3, quantity("5", "fish"), [(Decimal(5), "", UCUM, "fish", "fish")]),
    (
        C3,
        {"value": 5, "system": "urn:units", "code": "mg", "unit": "mg/dL"},
        [
            (Decimal(5), "", "urn:units", "mg", "mg/dL"),
            (Decimal(5), "", UCUM, "mg/dL", ""),
            (Decimal("0.05"), "", UCUM, "g/L", ""),
        ],
    ),
]


@pytest.mark.parametrize(("code", "value", "expected"), MEASURED_IN)
def test_a_quantity_is_found_as_sent_and_in_the_units_it_surely_is_in(
    code: str, value: Json, expected: list[tuple[Any, ...]]
) -> None:
    what = {"code": concept(LOINC, code), "valueQuantity": value}
    expected = [(*row, row == expected[0]) for row in expected]
    own = rows(PGA, **what)
    within = rows(PGA, component=[{"code": {"text": "?"}, "valueQuantity": value}, what])

    assert sorted(rows_of(own, "value-quantity"), key=repr) == sorted(
        [(0, *row) for row in expected], key=repr
    )
    of_component = [row for row in rows_of(within, "component-value-quantity") if row[0] == 2]
    assert sorted(of_component, key=repr) == sorted([(2, *row) for row in expected], key=repr)


def test_what_stands_in_one_component_is_of_one_part() -> None:
    found = rows(
        PGA,
        component=[
            {"code": concept("urn:x", "a"), "valueQuantity": quantity("1", "cm")},
            {"code": concept("urn:x", "b"), "valueCodeableConcept": concept("urn:x", "yes")},
        ],
    )
    parts = [(row[0], row[2], row[3]) for row in found.tokens if row[0].startswith(("code", "component"))]

    assert parts == [
        ("code", "pga", 0),
        ("component-code", "a", 1),
        ("component-code", "b", 2),
        ("component-value-concept", "yes", 2),
    ]
    assert [(row[0], row[1]) for row in found.quantities] == [
        ("value-quantity", 0),
        ("component-value-quantity", 1),
    ]


ELEMENTS: dict[str, Any] = {
    "category": [[{"text": "x"}], [{"coding": [{"display": "x"}]}], [concept("urn:x", "a")]],
    "identifier": [[{"system": "urn:x"}], [{"value": "1"}]],
    "subject": [{"display": "x"}, {"reference": "Patient/p"}, {"reference": "Group/g"}, {"reference": "#x"}],
    "performer": [[{"identifier": {"value": "1"}}], [{"reference": "urn:uuid:x"}]],
    "valueQuantity": [{"unit": "g"}, {"value": 1}],
    "valueString": ["x"],
    "effectiveDateTime": ["2021"],
    "effectivePeriod": [{"start": "2021"}],
    "method": [{"text": "x"}],
}
FOUND_BY = {
    "valueQuantity": "value-quantity",
    "valueString": "value-string",
    "effectiveDateTime": "date",
    "effectivePeriod": "date",
}


@given(st.fixed_dictionaries({}, optional={name: st.sampled_from(few) for name, few in ELEMENTS.items()}))
def test_a_parameter_has_a_row_or_a_column_exactly_where_its_element_is(elements: Json) -> None:
    found = rows(WITHOUT | elements)
    there = {FOUND_BY.get(name, name) for name in elements}

    for name in {FOUND_BY.get(name, name) for name in ELEMENTS}:
        parameter = RESOURCES["Observation"].parameter(name)
        assert parameter is not None
        in_column = {Column.PATIENT: found.patient, Column.DATE: found.date_low}.get(
            parameter.column or Column.ID
        )
        assert (in_column is not None or bool(rows_of(found, name))) == (name in there)
