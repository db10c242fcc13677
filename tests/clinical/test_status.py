"""The status: where a subject stands, in one answer that agrees with the others."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.clinical.answers import Answer, Result
from app.clinical.asked import Asked
from app.clinical.criteria.consent_gate import SIGNED
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.questions import QUESTIONS
from app.clinical.records import Coding
from app.clinical.subjects import status
from app.clinical.subjects.not_understood import read_by
from app.protocol.loader import load_all
from app.protocol.words import Code
from tests.clinical.make import DAY_0, at, bilag, day, infusion, observation, pga, sledai
from tests.clinical.make_candidate import ON, candidate
from tests.clinical.make_course import consented, fell_ill, prednisone, told

SLE = load_all()["MSC-SLE"]


def asked(on: int, hour: str | None = None) -> Asked:
    instant = None if hour is None else datetime.fromisoformat(f"{day(on)}T{hour}:00+00:00")
    return Asked(today=DAY_0 + timedelta(days=on), at=instant)


def of(history: History, *, on: int, hour: str | None = None) -> Answer:
    return status.answer(SLE, history, asked(on, hour))


def named(answer: Answer, name: str) -> list[Result]:
    return [one for one in answer.results if one.name == name]


def answering(answer: Answer, question: str) -> list[Result]:
    return [one for one in answer.results if one.question == question]


def said(result: Result) -> dict[str, Any]:
    return {figure.name: figure.value for figure in result.figures}


def treated(*more: Any) -> History:
    """Assessed before the infusion and at M3."""
    before = (sledai(14, on=day(-1)), bilag({"renal": "C"}, on=day(-1)), pga("2.0", on=day(-1)))
    after = (sledai(6, on=day(91)), bilag({"renal": "C"}, on=day(91)), pga("1.0", on=day(91)))
    return told(infusion(), *before, *after, prednisone("10", -60, 400), *more, since=day(-20))


def test_the_state_says_arm_consent_and_what_may_follow() -> None:
    enrolled = treated()
    assigned = replace(enrolled, enrolment=replace(enrolled.enrolment, assigned_arm="cohort-2e6"))

    [state] = named(of(assigned, on=100), "state")

    assert said(state)["assigned-arm"] == "cohort-2e6"
    assert "off-study" in said(state)["may-become"]
    assert state.missing == ("a consent in force",)


def test_the_state_began_when_the_state_says_so_not_with_the_part_in_the_study() -> None:
    history = treated()
    entered = replace(history.enrolment, since=at(day(-5)))

    [state] = named(of(replace(history, enrolment=entered), on=0), "state")
    [unsaid] = named(of(history, on=0), "state")

    assert said(state)["since"] == DAY_0 - timedelta(days=5)
    assert said(state)["period-start"] == DAY_0 - timedelta(days=20)
    assert [one.reasons for one in unsaid.figures if one.name == "since"] == [("missing-observation",)]


MISSING = ("missing-observation",)


@pytest.mark.parametrize(
    ("consents", "expected", "reasons"),
    [
        ((), None, MISSING),
        ((consented(day(-20)),), True, ()),
        ((consented(day(-20), status="inactive"),), False, ()),
        ((replace(consented(day(-20)), study="msc-ssc"),), None, MISSING),
        ((consented(day(-20), status="entered-in-error"),), None, MISSING),
        (
            (observation(SIGNED, on=day(-20), truth=True, status="preliminary"),),
            None,
            MISSING,
        ),
        ((observation(SIGNED, on=day(-20), truth=True),), True, ()),
    ],
)
def test_a_consent_that_was_never_recorded_is_not_known_rather_than_refused(
    consents: tuple[Any, ...], expected: bool | None, reasons: tuple[str, ...]
) -> None:
    [state] = named(of(told(*consents), on=0), "state")

    consent = next(one for one in state.figures if one.name == "consent")
    assert (consent.value, consent.reasons) == (expected, reasons)


def test_the_infusion_says_when_and_how_many_hours_ago() -> None:
    [result] = named(of(treated(), on=1, hour="12:00"), "infusion")

    assert (said(result)["infused"], said(result)["study-day"], said(result)["hours-since"]) == (True, 1, 27)


def test_without_an_infusion_the_answer_says_so_and_what_it_needs() -> None:
    answer = of(told(), on=0)

    [result] = named(answer, "infusion")
    assert said(result) == {"infused": False}
    assert result.missing
    assert not named(answer, "next-visit")


def test_an_infusion_without_its_day_is_not_known_as_none() -> None:
    [result] = named(of(told(infusion("2021-03")), on=100), "infusion")

    assert (said(result), result.reasons) == ({"infused": None}, ("partial-date",))


def test_the_last_visit_the_next_one_and_those_missed_are_told() -> None:
    answer = of(treated(), on=120)

    [last], [following] = named(answer, "last-visit"), named(answer, "next-visit")
    assert (last.visit, said(last)["study-day"]) == ("M3", 91)
    assert (following.visit, said(following)["due-from"], said(following)["days-left"]) == (
        "M6",
        DAY_0 + timedelta(days=169),
        77,
    )
    missed = {one.visit: said(one)["state"] for one in named(answer, "missing-assessments")}
    assert missed == {"M0": "incomplete", "M1": "missed", "M3": "incomplete"}
    assert "pga" not in named(answer, "missing-assessments")[-1].missing


def test_adverse_events_are_counted_and_those_of_concern_listed() -> None:
    history = treated(
        fell_ill("rash", 3, outcome="ongoing"),
        fell_ill("sepsis", 20, grade=4, serious=True),
        fell_ill("cough", 30),
        fell_ill("later", 300, outcome="ongoing"),
    )

    answer = of(history, on=120)

    [counts] = named(answer, "adverse-events")
    assert said(counts) == {"events": 3, "open": 1, "serious": 1, "max-grade": Interval.of(4)}
    assert [said(one)["title"] for one in named(answer, "adverse-event")] == ["rash", "sepsis"]


def test_a_serious_event_says_by_when_it_must_be_reported() -> None:
    aware = at(day(21))
    history = treated(fell_ill("sepsis", 20, grade=4, serious=True, site_aware=aware, criteria=("death",)))

    [event] = named(of(history, on=40), "adverse-event")

    [to_sponsor] = [one for one in event.findings if one.id == "sponsor-initial"]
    deadline = {one.name: one.value for one in to_sponsor.figures}
    assert (deadline["state"], deadline["due"]) == ("overdue", DAY_0 + timedelta(days=22))


def test_an_event_is_open_until_the_day_it_ended() -> None:
    history = treated(fell_ill("rash", 3, outcome="resolved", ended=at(day(50))))

    assert [said(named(of(history, on=on), "adverse-events")[0])["open"] for on in (49, 50)] == [1, 0]


def test_a_grade_that_is_not_known_leaves_the_worst_one_open() -> None:
    [counts] = named(of(treated(fell_ill("x", 3, grade=None)), on=10), "adverse-events")

    assert said(counts)["max-grade"].low < said(counts)["max-grade"].high


def test_scores_are_the_last_ones_known_with_their_change() -> None:
    answer = of(treated(), on=200)

    found = {one.name: (one.visit, said(one)) for one in answering(answer, "disease-activity")}
    visit, figures = found["selena-sledai"]
    assert visit == "M3"
    assert (figures["total"], figures["change-from-baseline"]) == (Interval.of(6), Interval.of(-8))
    assert "seizure" not in figures


def test_the_response_is_that_of_the_last_visit_reached_as_the_other_question_gives_it() -> None:
    history = treated()
    answer = of(history, on=120)

    direct = QUESTIONS["sri-status"](SLE, history, asked(120)).results
    expected = [(one.visit, one.rule, one.verdict) for one in direct if one.visit == "M3"]
    assert [(one.visit, one.rule, one.verdict) for one in answering(answer, "sri-status")] == expected


def test_a_response_that_is_open_says_on_which_criterion() -> None:
    history = told(infusion(), sledai(14, on=day(-1)), sledai(6, on=day(91)))

    [first, *_] = answering(of(history, on=120), "sri-status")

    assert first.verdict == "undetermined"
    assert "no-pga-worsening" in said(first)["decided-by"]
    assert first.missing


def test_corticosteroids_are_compared_with_those_before() -> None:
    found = answering(of(treated(), on=120), "steroid-exposure")

    assert [one.visit for one in found] == ["M0", "M3"]
    assert said(found[-1])["mean-daily-dose"] == Interval.of(10)


def test_eligibility_names_the_criteria_that_stand_against_it_or_leave_it_open() -> None:
    def decided(person: History) -> tuple[str | None, Any]:
        [found] = answering(status.answer(SLE, person, Asked(today=ON, on=ON)), "eligibility")
        return found.verdict, said(found).get("decided-by")

    assert decided(candidate()) == ("eligible", None)
    assert decided(candidate(birth_date="1940-01-01")) == ("ineligible", "I1")
    assert decided(candidate(attested={"consent-signed": None})) == ("undetermined", "I8")


def test_results_whose_unit_is_not_understood_are_listed() -> None:
    odd = observation(
        Coding("http://loinc.org", "4485-9"),
        on=day(91),
        received="7",
        received_unit="furlong",
        problem="unit-not-convertible",
    )

    [result] = named(of(treated(odd), on=120), "unit-not-understood")

    assert result.evidence == (odd[0].source,)
    assert "furlong" in result.notes[0]


def test_results_whose_code_no_question_reads_are_listed() -> None:
    strange = observation(Coding("urn:local", "K17"), on=day(91), value=1)

    [result] = named(of(treated(strange), on=120), "code-not-read")

    assert (result.evidence, "urn:local|K17" in result.notes[0]) == ((strange[0].source,), True)


def test_what_is_understood_is_not_listed() -> None:
    answer = of(treated(), on=120)

    assert not named(answer, "unit-not-understood")
    assert not named(answer, "code-not-read")


def test_every_code_of_the_protocol_is_found() -> None:
    codes = set(read_by(SLE))

    markers = {code for marker in SLE.markers for code in marker.codes}
    assert markers <= codes
    assert Code(system="http://loinc.org", code="777-3") in codes


def test_a_remark_on_a_record_is_a_data_query() -> None:
    twice = pga("1.0", on=day(92))

    [queries] = named(of(treated(twice), on=120), "data-queries")

    assert any("also belongs to M3" in note for note in queries.notes)


def test_an_adverse_event_entered_in_error_is_not_counted() -> None:
    history = treated(fell_ill("x", 3, grade=4, status="entered-in-error"))

    assert said(named(of(history, on=10), "adverse-events")[0])["events"] == 0


@pytest.mark.parametrize(
    ("outcome", "goes_on"),
    [
        ("resolved", False),
        ("resolvedWithSequelae", False),
        ("fatal", False),
        ("C49498", False),
        ("C49495", False),
        ("C48275", False),
        ("recovering", True),
        ("C49494", True),
        (None, True),
    ],
)
def test_an_event_goes_on_until_its_outcome_says_otherwise_in_either_vocabulary(
    outcome: str | None, goes_on: bool
) -> None:
    [found] = named(of(told(infusion(), fell_ill("fever", 3, outcome=outcome)), on=30), "adverse-events")

    assert said(found)["open"] == int(goes_on)
