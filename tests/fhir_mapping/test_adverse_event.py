"""Adverse events: grade and seriousness apart, every opinion kept."""

from typing import Any

import pytest

from app.clinical.records import AdverseEvent, Coding, GradeChange, Opinion, ReportSent
from app.fhir_mapping.adverse_event import ADVERSE_EVENT as RESOURCE
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.extensions import GRADES
from tests.fhir_mapping.documents import ADVERSE_EVENT, GRADE_URL, HL7, NCIT, Json, concept, source

INFUSION = "MedicationAdministration/inf-1"
OURS = "https://trialbridge.example/fhir/StructureDefinition/"
GUIDE = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/"


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
        opinions=(
            Opinion(suspect=INFUSION, assessment="C53258", author="Practitioner/site"),
            Opinion(suspect=INFUSION, assessment="C53257", author="Practitioner/sponsor"),
            Opinion(suspect=INFUSION, assessment="unlikely"),
        ),
        identifiers=(Coding("urn:ae", "AE1"),),
        categories=(Coding(HL7 + "adverse-event-category", "product-use-error"),),
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


def _said(*extensions: Json) -> AdverseEvent:
    return event({**ADVERSE_EVENT, "extension": list(extensions)})


def _change(grade: Json, date: str | None) -> Json:
    when = [] if date is None else [{"url": "date", "valueDateTime": date}]
    return {"url": OURS + "grade-change", "extension": [{"url": "grade", **grade}, *when]}


def test_a_later_grade_counts_from_its_date() -> None:
    document = {**ADVERSE_EVENT, "extension": [_change({"valueInteger": 3}, "2021-03-27")]}

    assert event(document).changes == (GradeChange(3, moment("2021-03-27")),)
    assert RESOURCE.review(document) == ()


def test_a_later_grade_that_is_none_is_refused() -> None:
    document = {**ADVERSE_EVENT, "extension": [_change({"valueInteger": 7}, "2021-03-27")]}
    (issue,) = RESOURCE.review(document)

    assert issue.expression == f"AdverseEvent.extension('{OURS}grade-change')"


@pytest.mark.parametrize(
    ("system", "code", "criterion"),
    [
        (NCIT, "C48275", "death"),
        (NCIT, "C84266", "life-threatening"),
        ("urn:oid:2.16.840.1.113883.3.989.2.1.1.19", "33", "hospitalisation"),
        (NCIT, "C113380", "disability"),
    ],
)
def test_why_it_is_serious_is_read_where_it_is_present(system: str, code: str, criterion: str) -> None:
    def sent(present: bool) -> Json:
        coded = {"url": "criterionCode", "valueCodeableConcept": concept(system, code)}
        is_present = {"url": "criterionPresent", "valueBoolean": present}
        return {"url": GUIDE + "seriousness-criteria", "extension": [coded, is_present]}

    assert _said(sent(True)).criteria == (criterion,)
    assert _said(sent(False)).criteria == ()


def test_the_clocks_of_reporting_and_the_reports_sent_are_read() -> None:
    clock = {
        "url": OURS + "reporting-clock",
        "extension": [
            {"url": "siteAware", "valueDateTime": "2021-03-17T09:00:00+01:00"},
            {"url": "sponsorAware", "valueDateTime": "2021-03-18"},
        ],
    }
    sent = {
        "url": OURS + "reported",
        "extension": [
            {"url": "recipient", "valueCode": "authority"},
            {"url": "date", "valueDateTime": "2021-03-20"},
        ],
    }
    expected = {"url": GUIDE + "expected-in-research-study", "valueBoolean": False}
    found = _said(clock, sent, expected)

    assert found.site_aware == moment("2021-03-17T09:00:00+01:00")
    assert found.sponsor_aware == moment("2021-03-18")
    assert found.reports == (ReportSent("authority", moment("2021-03-20")),)
    assert found.expected is False


def test_a_period_of_r5_says_when_it_began_and_ended() -> None:
    occurred = {
        "url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-AdverseEvent.occurrence",
        "valuePeriod": {"start": "2021-03-16", "end": "2021-03-19"},
    }
    undated = {name: value for name, value in ADVERSE_EVENT.items() if name != "date"}
    found = event({**undated, "extension": [occurred]})

    assert (found.when, found.ended) == (moment("2021-03-16"), moment("2021-03-19"))


@pytest.mark.parametrize("where", ["extension", "modifierExtension"])
def test_a_report_taken_back_says_so(where: str) -> None:
    taken_back = {"url": GUIDE + "status", "valueCode": "entered-in-error"}

    assert event({**ADVERSE_EVENT, where: [taken_back]}).status == "entered-in-error"


def test_a_suspect_contained_in_the_report_is_known_by_its_codes() -> None:
    medication = {"resourceType": "Medication", "id": "m", "code": concept("urn:atc", "H02AB07")}
    found = event(
        {**ADVERSE_EVENT, "contained": [medication], "suspectEntity": [{"instance": {"reference": "#m"}}]}
    )

    assert found.opinions == (
        Opinion(suspect="#m", assessment=None, product=(Coding("urn:atc", "H02AB07"),)),
    )


def test_the_version_of_the_grading_is_kept() -> None:
    coded = {"coding": [{"system": NCIT, "code": "C146753", "version": "CTCAE 5.0"}]}

    assert event({**ADVERSE_EVENT, "event": coded}).scale == "CTCAE 5.0"
    assert event(ADVERSE_EVENT).scale is None
