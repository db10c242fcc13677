"""Patients, studies, and the part a patient takes in a study."""

import pytest

from app.clinical.records import Coding, Enrolment, Person, Span, Study
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.patient import PATIENT as PATIENTS
from app.fhir_mapping.research_study import RESEARCH_STUDY as STUDIES
from app.fhir_mapping.research_subject import RESEARCH_SUBJECT as SUBJECTS
from tests.fhir_mapping.documents import PATIENT, RESEARCH_STUDY, RESEARCH_SUBJECT, Json, source


def test_a_person_has_a_year_of_birth_and_no_name() -> None:
    assert PATIENTS.to_records(PATIENT, source("Patient")) == (
        Person(
            source=source("Patient"),
            birth_date=moment("1985"),
            gender="female",
            deceased=True,
            deceased_at=moment("2024-02"),
        ),
    )


@pytest.mark.parametrize(
    ("said", "deceased"), [({"deceasedBoolean": False}, False), ({"deceasedBoolean": True}, True), ({}, None)]
)
def test_whether_a_person_died_may_be_unsaid(said: Json, deceased: bool | None) -> None:
    (found,) = PATIENTS.to_records({"resourceType": "Patient", **said}, source("Patient"))

    assert isinstance(found, Person)
    assert (found.deceased, found.deceased_at, found.birth_date) == (deceased, None, None)


def test_a_study_is_known_by_its_registry_number() -> None:
    assert STUDIES.to_records(RESEARCH_STUDY, source("ResearchStudy")) == (
        Study(
            source=source("ResearchStudy"),
            identifiers=(Coding("https://clinicaltrials.gov", "NCT03562065"),),
            status="active",
            title="Étude MSC-SLE",
            arms=("cohort-2e6", "cohort-4e6"),
        ),
    )


def test_a_subject_joins_a_patient_to_a_study() -> None:
    assert SUBJECTS.to_records(RESEARCH_SUBJECT, source("ResearchSubject")) == (
        Enrolment(
            source=source("ResearchSubject"),
            patient="p-014",
            study="msc-sle",
            status="on-study",
            period=Span(moment("2021-03-02"), None),
            identifiers=(Coding("urn:trial:subject", "MSCSLE-SLS-014"),),
            assigned_arm="cohort-2e6",
            actual_arm="cohort-4e6",
            consent="Consent/c-014",
        ),
    )


def test_a_subject_whose_patient_is_elsewhere_belongs_to_none_of_ours() -> None:
    document = {**RESEARCH_SUBJECT, "individual": {"display": "?"}, "consent": {"display": "paper"}}
    (found,) = SUBJECTS.to_records(document, source("ResearchSubject"))

    assert isinstance(found, Enrolment)
    assert (found.patient, found.consent) == ("", None)
