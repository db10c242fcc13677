"""Which Consents count, and whether the subject agrees: one reading for the gate and for every question."""

from dataclasses import replace
from typing import Any

import pytest

from app.clinical.care import Consent
from app.clinical.criteria.consent_gate import SIGNED, agrees
from app.clinical.records import Coding, Measurement, Span
from app.clinical.truth import Truth
from tests.clinical.make import at, day, enrolment, observation, source
from tests.clinical.make_course import consented

YES, NO, OPEN = Truth.YES, Truth.NO, Truth.UNKNOWN
ON = 0


def consent(on: int = -9, **said: Any) -> Consent:
    return replace(consented(day(on)), **said)


def signed(truth: bool, on: int = -5) -> Measurement:
    [one] = observation(SIGNED, on=day(on), truth=truth)
    return one


def agreed(*records: Consent | Measurement, named: str | None = None) -> Truth:
    return agrees(
        replace(enrolment(), consent=named),
        consents=[one for one in records if isinstance(one, Consent)],
        results=[one for one in records if isinstance(one, Measurement)],
        on=at(day(ON)).first_day,
    )


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], OPEN),
        ([consent()], YES),
        ([consent(ON)], YES),
        ([consent(ON + 1)], NO),
        ([consent(when=None)], OPEN),
        ([consent(when=at("2021-03"))], OPEN),
        ([consent(status="draft")], OPEN),
        ([consent(status="inactive")], NO),
        ([consent(status="rejected")], NO),
        ([consent(provision="deny")], NO),
        ([consent(provision=None)], YES),
        ([consent(status="entered-in-error")], OPEN),
        ([consent(study="msc-ssc")], OPEN),
        ([consent(study=None)], OPEN),
        ([consent(study=None, scope=(Coding("s", "research"),))], YES),
        ([consent(patient="another")], OPEN),
        ([consent(period=Span(at(day(-9)), at(day(9))))], YES),
        ([consent(period=Span(None, at(day(-1))))], NO),
        ([consent(period=Span(at(day(1)), None))], NO),
        ([consent(period=Span(at("2021-03"), None))], OPEN),
        ([consent(-30, status="inactive"), consent()], YES),
        ([signed(True)], YES),
        ([signed(False)], NO),
        ([signed(True), signed(False, -4)], NO),
        ([signed(True), signed(False)], OPEN),
        ([signed(True, ON + 1)], OPEN),
        ([consent(status="inactive"), signed(True)], NO),
        ([consent(), signed(False)], YES),
        ([consent(study="msc-ssc", status="inactive"), signed(True)], YES),
        ([consent(status="entered-in-error"), signed(True)], YES),
        ([consent(status="draft"), signed(True)], YES),
    ],
)
def test_a_subject_agrees_as_what_counts_says(records: list[Consent | Measurement], expected: Truth) -> None:
    assert agreed(*records) is expected
    assert agreed(*reversed(records)) is expected


@pytest.mark.parametrize(
    "reference",
    [
        "Consent/mine",
        "https://trial.example/fhir/Consent/mine",
        "Consent/mine/_history/2",
    ],
)
def test_of_several_the_one_the_subject_names_counts(reference: str) -> None:
    mine = consent(source=source("Consent", "mine"))
    not_mine = consent(source=source("Consent", "notmine"), status="inactive")

    assert agreed(mine, not_mine, named=reference) is YES
    assert agreed(not_mine, named=reference) is OPEN
    assert agreed(replace(mine, study="msc-ssc"), named=reference) is OPEN
