"""The timeline: every event of a subject in order, with its study day and visit."""

from datetime import date
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.records import GradeChange
from app.clinical.subjects import chronicle
from app.protocol.loader import load_all
from tests.clinical.make import at, bilag, day, infusion, observation, pga, sledai
from tests.clinical.make_course import consented, diagnosis, done, fell_ill, prednisone, results, told

PROTOCOL = load_all()["MSC-SLE"]


def events(history: History, *kinds: str) -> tuple[Result, ...]:
    asked = Asked(today=date(2022, 1, 1), names=kinds or None)
    return chronicle.answer(PROTOCOL, history, asked).results


def said(result: Result) -> dict[str, Any]:
    return {figure.name: figure.value for figure in result.figures}


def kinds_and_days(history: History, *kinds: str) -> list[tuple[str | None, Any]]:
    return [(one.name, said(one).get("study-day")) for one in events(history, *kinds)]


def test_everything_that_happened_is_told_in_order_with_its_study_day() -> None:
    history = told(
        fell_ill("fever", 2),
        pga("1.5", on=day(91)),
        infusion(),
        results({"4485-9": "0.71"}, on=day(-3)),
        consented(day(-20)),
        diagnosis("lupus nephritis", day(-400)),
        done("renal biopsy", day(-15)),
        prednisone("10", -30, 45),
        died=day(300),
        since=day(-25),
    )

    assert kinds_and_days(history) == [
        ("diagnosis", -400),
        ("treatment-started", -30),
        ("enrolment", -25),
        ("consent", -20),
        ("procedure", -15),
        ("results", -3),
        ("infusion", 0),
        ("adverse-event", 2),
        ("treatment-stopped", 45),
        ("assessment", 91),
        ("death", 300),
    ]


def test_an_event_says_the_visit_it_was_recorded_for_or_falls_in() -> None:
    history = told(infusion(), pga("1.5", on=day(120), visit="M3"), sledai(8, on=day(183)), fell_ill("x", 60))

    found = {str(said(one)["title"]): one.visit for one in events(history, "assessment", "adverse-event")}

    assert found == {"pga": "M3", "selena-sledai": "M6", "x": None}


def test_laboratory_results_of_one_day_are_one_event_with_each_value_and_its_evidence() -> None:
    history = told(infusion(), results({"4485-9": "0.71", "4498-2": "0.10"}, on=day(91)))

    [event] = events(history, "results")

    assert [(one.name, str(one.value), one.unit) for one in event.figures[-2:]] == [
        ("c3", "0.71", "g/L"),
        ("c4", "0.10", "g/L"),
    ]
    assert len(event.evidence) == 2


def test_a_value_below_the_limit_keeps_its_sign_and_one_that_cannot_be_converted_says_so() -> None:
    odd = observation(
        results({"1": "1"}, on=None)[0][0].codings[0],
        on=day(91),
        received="7",
        received_unit="furlong",
        problem="unit-not-convertible",
    )
    history = told(infusion(), results({"4485-9": "<0.3"}, on=day(91)), odd)

    [event] = events(history, "results")

    assert [(one.value, one.reasons) for one in event.figures[-2:]] == [
        ("7 furlong", ("unit-not-convertible",)),
        ("<0.3", ()),
    ]


def treatments(*records: Any) -> list[tuple[str | None, Any]]:
    kinds = [one for one in chronicle.KINDS if one.startswith("treatment")]
    return kinds_and_days(told(infusion(), *records), *kinds)


def test_a_treatment_is_started_changed_and_stopped() -> None:
    courses = (prednisone("20", -30, 9), prednisone("10", 10, 19), prednisone("10", 20, 40))

    assert treatments(*courses) == [
        ("treatment-started", -30),
        ("treatment-changed", 10),
        ("treatment-stopped", 40),
    ]


def test_a_gap_of_a_day_ends_a_course_and_starts_another() -> None:
    assert treatments(prednisone("10", 0, 9), prednisone("10", 11, 20)) == [
        ("treatment-started", 0),
        ("treatment-stopped", 9),
        ("treatment-started", 11),
        ("treatment-stopped", 20),
    ]


def test_a_treatment_that_goes_on_is_not_stopped() -> None:
    assert treatments(prednisone("10", 5, None, status="in-progress")) == [("treatment-started", 5)]


def test_a_single_dose_is_given() -> None:
    assert treatments(prednisone("10", 5, None, has_period=False)) == [("treatment-given", 5)]


def test_what_was_not_given_is_no_treatment() -> None:
    assert treatments(prednisone("10", 5, 9, status="not-done")) == []


def test_what_has_no_exact_day_stands_at_the_end_and_says_why() -> None:
    history = told(
        infusion(),
        fell_ill("late", 200),
        fell_ill("never dated", None),
        diagnosis("lupus", "2012"),
        since=day(0),
    )

    *exact, first, last = events(history)

    assert [said(one)["title"] for one in exact] == ["enrolled", "infusion, day 0", "late"]
    assert (first.reasons, last.reasons) == (("partial-date",), ("partial-date",))
    assert {said(first)["title"], said(last)["title"]} == {"never dated", "lupus"}
    assert "2012" in {said(first).get("date"), said(last).get("date")}


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered"])
def test_what_does_not_count_is_no_event(status: str) -> None:
    assert events(told(pga("2.0", on=day(91), status=status)), "assessment") == ()


def test_what_was_entered_in_error_or_refuted_is_no_event_anywhere() -> None:
    history = told(
        infusion(status="entered-in-error"),
        diagnosis("x", day(1), verification="entered-in-error"),
        diagnosis("y", day(1), verification="refuted"),
        done("z", day(1), status="entered-in-error"),
        consented(day(1), status="entered-in-error"),
        fell_ill("u", 1, actuality="potential"),
        fell_ill("v", 1, status="entered-in-error"),
    )

    assert [one.name for one in events(history)] == ["enrolment"]


def test_without_an_infusion_the_days_are_told_and_the_answer_says_what_study_days_need() -> None:
    answer = chronicle.answer(PROTOCOL, told(pga("2.0", on=day(0))), Asked(today=date(2022, 1, 1)))

    assert all("study-day" not in said(one) for one in answer.results)
    assert "not-infused" in answer.notes[0]


def test_only_the_kinds_asked_for_are_told_and_an_unknown_one_is_refused() -> None:
    history = told(infusion(), pga("2.0", on=day(0)), fell_ill("x", 1))

    assert [one.name for one in events(history, "adverse-event")] == ["adverse-event"]
    with pytest.raises(CannotAnswer, match="fireworks"):
        events(history, "fireworks")


@given(st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(random: Random) -> None:
    records = [
        infusion(name="i"),
        pga("2.0", on=day(0), name="a"),
        pga("1.0", on=day(91), name="b"),
        bilag({"renal": "B"}, on=day(91), name="c"),
        *results({"4485-9": "0.7"}, on=day(91), name="d"),
        *results({"4498-2": "0.1"}, on=day(91), name="e"),
        prednisone("10", 0, 5, source=infusion(name="f").source),
        prednisone("5", 6, 9, source=infusion(name="g").source),
    ]
    shuffled = random.sample(records, k=len(records))

    assert events(told(*shuffled)) == events(told(*records))


@given(st.lists(st.integers(-400, 400), max_size=8))
def test_events_are_in_the_order_of_their_days(days: list[int]) -> None:
    found = events(told(infusion(), *(fell_ill("x", one) for one in days)), "adverse-event")

    assert all(said(one)["study-day"] <= said(other)["study-day"] for one, other in pairwise(found))
    assert len(found) == len(days)


def test_a_grade_that_changed_is_an_event_of_its_own() -> None:
    change = GradeChange(3, at(day(11)))
    history = told(infusion(), fell_ill("reaction", 0, changes=(change,), ended=at(day(20))))

    found = [said(one) for one in events(history, "adverse-event")]

    assert [(one["study-day"], one["grade"]) for one in found] == [(0, 1), (11, 3)]
    assert found[0]["until"] == date(2021, 3, 21)


def test_a_time_of_day_is_told_beside_the_day() -> None:
    [event] = events(told(fell_ill("x", 0, when=at("2021-03-01T15:20:00+01:00"))), "adverse-event")

    assert (said(event)["date"], said(event)["time"]) == (date(2021, 3, 1), "2021-03-01T15:20:00+01:00")
