"""Adverse events: grade and seriousness apart, every opinion kept."""

from typing import Any

import pytest

from app.clinical.records import AdverseEvent, Coding
from app.fhir_mapping.adverse_event import ADVERSE_EVENT as RESOURCE
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.extensions import GRADES
from tests.fhir_mapping.documents import ADVERSE_EVENT, GRADE_URL, HL7, NCIT, Json, concept, source


def event(document: Json) -> AdverseEvent:
    (found,) = RESOURCE.to_records(document, source("AdverseEvent"))
    assert isinstance(found, AdverseEvent)
    return found


def test_an_event_says_what_was_reported() -> None:
    assert event(ADVERSE_EVENT) == AdverseEvent(
        source=source("AdverseEvent"),
        patient="p-014",
        study="msc-sle",
        actuality="actual",
        codings=(Coding(HL7 + "MDRAE", "10016256"),),
        text="asthénie",
        when=moment("2021-03-16T12:00:00+01:00"),
        recorded=moment("2021-03-17"),
        grade=3,
        severity="severe",
        serious=False,
        outcome="resolved",
        causality=(
            ("MedicationAdministration/inf-1", "C53258"),
            ("MedicationAdministration/inf-1", "C53257"),
            ("MedicationAdministration/inf-1", "unlikely"),
        ),
        identifiers=(Coding("urn:ae", "AE1"),),
    )


def test_an_event_of_which_little_is_said_is_still_one() -> None:
    found = event({"resourceType": "AdverseEvent", "actuality": "actual", "subject": {"display": "?"}})

    assert (found.patient, found.study, found.grade, found.serious, found.causality) == (
        "",
        None,
        None,
        None,
        (),
    )


def _graded(*extensions: tuple[str, Json]) -> Json:
    return {**ADVERSE_EVENT, "extension": [{"url": url, **value} for url, value in extensions]}


@pytest.mark.parametrize("url", GRADES)
@pytest.mark.parametrize(
    ("value", "grade"),
    [
        ({"valueInteger": 0}, 0),
        ({"valueInteger": 5}, 5),
        ({"valueCode": "3"}, 3),
        ({"valueCode": "C41340"}, 3),
        ({"valueString": "Grade 4"}, 4),
        ({"valueString": "G2"}, 2),
        ({"valueQuantity": {"value": 1}}, 1),
        ({"valueCoding": {"system": NCIT, "code": "C48275"}}, 5),
        ({"valueCodeableConcept": concept(NCIT, "C41338")}, 1),
        ({"valueCodeableConcept": concept("urn:ctcae", "grade-2")}, 2),
        ({"valueCodeableConcept": {"text": "grade 3"}}, 3),
        ({"valueCodeableConcept": {"coding": [{"code": "x"}, {"system": NCIT, "code": "C41337"}]}}, 4),
    ],
)
def test_a_grade_is_read_however_it_is_written(url: str, value: Json, grade: int) -> None:
    document = _graded((url, value))

    assert event(document).grade == grade
    assert RESOURCE.review(document) == ()


def test_the_canonical_grade_comes_first() -> None:
    assert event(_graded((GRADES[1], {"valueInteger": 2}), (GRADES[0], {"valueInteger": 3}))).grade == 3


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 6},
        {"valueInteger": -1},
        {"valueCode": "severe"},
        {"valueString": "grade 3 or 4"},
        {"valueQuantity": {"unit": "1"}},
        {"valueCodeableConcept": concept(NCIT, "C99999")},
        {"valueBoolean": True},
        {},
    ],
)
def test_a_grade_that_is_none_is_refused_rather_than_lost(value: Json) -> None:
    document = _graded((GRADE_URL, value))
    (issue,) = RESOURCE.review(document)

    assert event(document).grade is None
    assert issue.expression == f"AdverseEvent.extension('{GRADE_URL}')"


@pytest.mark.parametrize(
    ("codes", "serious"),
    [
        (["Serious"], True),
        (["serious"], True),
        (["SeriousResultsInDeath"], True),
        (["Non-serious"], False),
        (["non-serious"], False),
        (["Serious", "SeriousIsLifeThreatening"], True),
        (["Serious", "Non-serious"], None),
        (["other"], None),
        ([], None),
    ],
)
def test_seriousness_is_what_was_said_of_it(codes: list[str], serious: bool | None) -> None:
    found = [{"system": HL7 + "adverse-event-seriousness", "code": code} for code in codes]
    seriousness: dict[str, Any] = {"coding": found} if found else {"text": "serious"}

    assert event({**ADVERSE_EVENT, "seriousness": seriousness}).serious is serious


def test_seriousness_in_a_system_we_do_not_know_is_not_guessed() -> None:
    assert event({**ADVERSE_EVENT, "seriousness": concept("urn:local", "Serious")}).serious is None


def test_grade_and_seriousness_are_never_derived_from_each_other() -> None:
    only_serious = {name: value for name, value in ADVERSE_EVENT.items() if name != "extension"}
    only_graded = {name: value for name, value in ADVERSE_EVENT.items() if name != "seriousness"}

    assert (event(only_serious).grade, event(only_serious).serious) == (None, False)
    assert (event(only_graded).grade, event(only_graded).serious) == (3, None)
