"""Diagnoses, procedures and consents, read into records."""

from typing import Any

import pytest

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.records import Coding, Span
from app.fhir_mapping.condition import CONDITION as CONDITIONS
from app.fhir_mapping.consent import CONSENT as CONSENTS
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.procedure import PROCEDURE as PROCEDURES
from tests.fhir_mapping.care_documents import (
    AGED,
    CONDITION,
    CONSENT,
    CONSENT_URL,
    HL7,
    PROCEDURE,
    SNOMED,
    Json,
)
from tests.fhir_mapping.documents import source


def diagnosed(document: Json) -> Condition:
    (found,) = CONDITIONS.to_records(document, source("Condition"))
    assert isinstance(found, Condition)
    return found


def done(document: Json) -> Procedure:
    (found,) = PROCEDURES.to_records(document, source("Procedure"))
    assert isinstance(found, Procedure)
    return found


def agreed(document: Json) -> Consent:
    (found,) = CONSENTS.to_records(document, source("Consent"))
    assert isinstance(found, Consent)
    return found


def test_a_diagnosis_has_its_statuses_and_its_days() -> None:
    assert diagnosed(CONDITION) == Condition(
        source=source("Condition"),
        patient="p-014",
        codings=(Coding(SNOMED, "46177005"),),
        text="end-stage renal disease",
        clinical="inactive",
        verification="confirmed",
        onset=moment("2021-05-02"),
        abatement=moment("2022"),
        recorded=moment("2021-05-03"),
    )


@pytest.mark.parametrize(
    ("said", "onset", "abatement"),
    [
        ({"onsetPeriod": {"start": "2021-05", "end": "2021-06"}}, "2021-05", None),
        ({"onsetPeriod": {"end": "2021-06"}}, None, None),
        ({"abatementPeriod": {"start": "2021-05", "end": "2021-06"}}, None, "2021-06"),
        ({"onsetAge": {"value": 31}}, None, None),
        ({"onsetString": "in childhood", "abatementString": "at last"}, None, None),
        ({}, None, None),
    ],
)
def test_an_onset_is_a_day_only_where_a_date_says_so(
    said: Json, onset: str | None, abatement: str | None
) -> None:
    found = diagnosed(AGED | said)

    assert found.onset == (moment(onset) if onset else None)
    assert found.abatement == (moment(abatement) if abatement else None)


def test_a_procedure_says_when_and_why() -> None:
    assert done(PROCEDURE) == Procedure(
        source=source("Procedure"),
        patient="p-014",
        study="msc-sle",
        status="completed",
        codings=(Coding(SNOMED, "302497006"),),
        text=None,
        period=Span(moment("2021-05-04T08:00:00+02:00"), moment("2021-05-04T12:00:00+02:00")),
        reasons=(Coding(SNOMED, "46177005"),),
        reason_references=("Condition/c-1",),
    )


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ({"performedDateTime": "2021-05-04"}, "2021-05-04"),
        ({"performedString": "last spring"}, None),
        ({"performedAge": {"value": 31}}, None),
        ({}, None),
    ],
)
def test_a_procedure_has_a_day_only_where_a_date_says_so(said: Json, day: str | None) -> None:
    bare = {name: PROCEDURE[name] for name in PROCEDURE if name != "performedPeriod"}
    at = moment(day) if day else None

    assert done(bare | said).period == Span(at, at)


def test_a_consent_names_the_study_agreed_to() -> None:
    assert agreed(CONSENT) == Consent(
        source=source("Consent"),
        patient="p-014",
        study="msc-sle",
        status="active",
        scope=(Coding(HL7 + "consentscope", "research"),),
        when=moment("2021-03-02T09:30:00+01:00"),
        provision="permit",
        period=Span(moment("2021-03-02"), None),
    )


@pytest.mark.parametrize(
    ("changed", "study", "provision"),
    [
        ({"provision": {"type": "deny"}}, None, "deny"),
        (
            {
                "provision": {"type": "permit"},
                "extension": [{"url": CONSENT_URL, "valueReference": {"reference": "ResearchStudy/other"}}],
            },
            "other",
            "permit",
        ),
    ],
)
def test_the_study_may_stand_on_the_consent_itself(
    changed: dict[str, Any], study: str | None, provision: str
) -> None:
    found = agreed(CONSENT | changed)

    assert (found.study, found.provision) == (study, provision)
