"""The safety of a study: the published cohorts of clinical conventions §4.1 and §4.2."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.clinical.answers import Answer, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import AdverseEvent, Source, Study
from app.clinical.safety import overdue, safety_summary
from app.protocol.definition import Protocol
from tests.clinical.make import at, day
from tests.clinical.make_safety import LUPUS, SCLEROSIS, event, treated

STUDY = Study(source=Source("ResearchStudy", "s", 1), identifiers=(), status="active", title=None, arms=())
TODAY = date(2026, 1, 1)
SEVERE = dict(enumerate([5, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1], 1))


def subject(name: str, arm: str, *events: AdverseEvent, product: str = "uc-msc") -> History:
    history = treated(*events)
    given = history.administrations[0]
    cells = replace(given, codings=tuple(one._replace(code=product) for one in given.codings))
    enrolment = replace(
        history.enrolment, source=Source("ResearchSubject", name, 1), actual_arm=arm, assigned_arm=arm
    )
    return replace(history, enrolment=enrolment, administrations=(cells,))


def lupus_cohort(**p2: Any) -> list[History]:
    """Cohort R1; grades, weights and follow-up are synthetic."""
    fever = {"grade": 2, "on": day(2), "cause": "possible", **p2}
    events: dict[str, list[AdverseEvent]] = {
        "P1": [event(1, on=day(0), cause="possible"), event(1, on=day(1), cause="possible")],
        "P2": [event(fever.pop("grade"), **fever)],
        "P3": [
            event(3, on=day(200), cause="unlikely", code="10061229"),
            event(3, on=day(215), cause="unlikely", code="10069339"),
            event(3, on=day(240), cause="unlikely", code="10040047"),
        ],
    }
    arms = ["cohort-2e6"] * 5 + ["cohort-4e6"] * 3
    return [subject(f"P{number}", arm, *events.get(f"P{number}", ())) for number, arm in enumerate(arms, 1)]


def sclerosis_cohort() -> list[History]:
    """Cohort R2; which subject had which event is synthetic."""
    found = []
    for number in range(1, 21):
        events = [event(3, on=day(100 + one), cause="unlikely") for one in range(SEVERE.get(number, 0))]
        if number == 3:
            events.append(event(1, on=day(0), cause="possible", code="10016825"))
        if number == 7:
            events.append(event(1, on=day(0), cause="possible", code="10028813"))
            events.append(event(2, on=day(1), cause="possible", code="10016256"))
        arm = "cohort-1e6" if number <= 10 else "cohort-3e6"
        found.append(subject(f"S{number:02}", arm, *events, product="bm-msc"))
    return found


def summary(histories: list[History], protocol: Protocol = LUPUS) -> Answer:
    asked = Asked(today=TODAY)
    rows = [safety_summary.SUMMARY.row(protocol, one, asked) for one in histories]
    return safety_summary.SUMMARY.answer(protocol, STUDY, rows, asked)


def found(answer: Answer, name: str, *, rule: str | None = None, arm: str | None = None) -> Result:
    return next(
        one for one in answer.results if (one.name, one.arm) == (name, arm) and rule in (None, one.rule)
    )


def figures(result: Result) -> dict[str, Any]:
    return {
        one.name: one.value.low
        if isinstance(one.value, Interval) and one.value.low == one.value.high
        else one.value
        for one in result.figures
    }


def percent(result: Result) -> tuple[str, str, str]:
    shown = figures(result)
    limits = shown["share-95"]
    two = Decimal("0.01")
    return tuple(str(Decimal(one).quantize(two)) for one in (shown["share"], limits.low, limits.high))  # type: ignore[return-value]


def test_nobody_of_the_lupus_cohort_did_not_tolerate_it() -> None:
    answer = summary(lupus_cohort())

    for arm, of, high in ((None, 8, "36.94"), ("cohort-2e6", 5, "52.18"), ("cohort-4e6", 3, "70.76")):
        result = found(answer, "not-tolerated", rule="related", arm=arm)
        assert (figures(result)["subjects"], figures(result)["of"]) == (0, of)
        assert percent(result) == ("0.00", "0.00", high)


def test_the_event_of_a_donor_is_in_no_rate_of_those_infused() -> None:
    cohort = sclerosis_cohort()
    pain = event(3, on=day(0), cause="certain", serious=True)
    donor = replace(subject("D1", "donor", pain, product="bm-msc"), administrations=())

    without, beside = summary(cohort, SCLEROSIS), summary([*cohort, donor], SCLEROSIS)

    counted = [one for one in beside.results if one.name != "serious-event"]
    assert counted == [one for one in without.results if one.name != "serious-event"]
    told = [one for one in beside.results if one.name == "serious-event" and one.arm == "donor"]
    assert [one.evidence[0] for one in told] == [pain.source]
    assert any("not to be infused" in note for note in beside.notes)


def test_the_related_events_of_the_first_days() -> None:
    result = found(summary(lupus_cohort()), "events-first-days", rule="related")
    shown = figures(result)

    assert (shown["events"], shown["subjects"], shown["max-grade"]) == (3, 2, 2)
    assert percent(result) == ("25.00", "3.19", "65.09")
    assert (shown["events-grade-1"], shown["events-grade-2"], shown["events-grade-3"]) == (2, 1, 0)


def test_the_unrelated_events_lie_after_the_first_days() -> None:
    answer = summary(lupus_cohort())
    result = found(answer, "events-later", rule="unrelated")

    assert (figures(result)["events"], figures(result)["subjects"], figures(result)["events-grade-3"]) == (
        3,
        1,
        3,
    )
    assert percent(result) == ("12.50", "0.32", "52.65")
    assert figures(found(answer, "events-first-days", rule="unrelated"))["events"] == 0
    assert figures(found(answer, "events-whole-follow-up", rule="related"))["events-grade-3"] == 0
    assert figures(found(answer, "organ-renal"))["max-grade"] == 3
    assert figures(found(answer, "class-infections-and-infestations"))["events"] == 2


def test_a_cause_that_is_missing_makes_the_count_a_range_and_leaves_the_endpoint() -> None:
    answer = summary(lupus_cohort(cause=None))
    shown = figures(found(answer, "events-first-days", rule="related"))

    assert (shown["events"], shown["subjects"]) == (Interval.of(2, 3), Interval.of(1, 2))
    assert figures(found(answer, "events-first-days", rule="not-assessed"))["events"] == 1
    assert figures(found(answer, "not-tolerated", rule="related"))["subjects"] == 0


def test_a_grade_that_is_missing_leaves_the_endpoint_open() -> None:
    shown = figures(found(summary(lupus_cohort(grade=None)), "not-tolerated", rule="related"))

    assert (shown["subjects"], shown["undetermined"]) == (Interval.of(0, 1), 1)


def test_the_sclerosis_cohort() -> None:
    answer = summary(sclerosis_cohort(), SCLEROSIS)
    early, later = (found(answer, f"events-{period}", rule="related") for period in ("first-days", "later"))
    severe = found(answer, "events-later", rule="unrelated")

    assert percent(found(answer, "not-tolerated", rule="related")) == ("0.00", "0.00", "16.84")
    assert (figures(early)["events"], figures(early)["subjects"]) == (3, 2)
    assert [figures(early)[f"events-grade-{grade}"] for grade in (1, 2, 3)] == [2, 1, 0]
    assert percent(early) == ("10.00", "1.23", "31.70")
    assert figures(later)["events"] == 0
    assert (figures(severe)["events"], figures(severe)["subjects"]) == (36, 14)
    assert percent(severe) == ("70.00", "45.72", "88.11")
    assert figures(found(answer, "events-first-days", rule="unrelated"))["events"] == 0


def test_grade_and_seriousness_are_counted_apart() -> None:
    shown = figures(found(summary(lupus_cohort()), "events-later", rule="any"))

    assert (shown["events-grade-3"], shown["serious-events"]) == (3, Interval.of(0, 3))


def serious(**said: Any) -> AdverseEvent:
    return event(4, on=day(3), cause="possible", serious=True, criteria=("death",), expected=False, **said)


def test_a_serious_event_is_listed_with_its_clocks() -> None:
    one = serious(site_aware=at("2021-03-05"), sponsor_aware=at("2021-03-06"), text="Anaphylaxis")
    result = found(summary([subject("P1", "cohort-2e6", one)]), "serious-event", arm="cohort-2e6")

    assert (result.rule, result.verdict) == ("eu-ctr", "not-met")
    assert [criterion.id for criterion in result.findings] == [
        "sponsor-initial",
        "authority-initial",
        "authority-follow-up",
    ]
    assert figures(result)["event"] == "Anaphylaxis"


def test_an_event_before_the_infusion_is_counted_apart() -> None:
    answer = summary([subject("P1", "cohort-2e6", event(2, on=day(-4), cause="unlikely"))])

    assert figures(found(answer, "events-before-infusion", rule="any"))["events"] == 1
    assert figures(found(answer, "events-whole-follow-up", rule="any"))["events"] == 0


def test_the_order_of_the_subjects_never_matters_to_a_number() -> None:
    cohort = lupus_cohort()
    one, other = summary(cohort), summary(cohort[::-1])

    assert [figures(result) for result in one.results] == [figures(result) for result in other.results]


# ---- What is overdue -----------------------------------------------------------------------------------


def behind(history: History, today: date, **more: Any) -> Answer:
    asked = Asked(today=today, **more)
    return overdue.SUMMARY.answer(LUPUS, STUDY, [overdue.SUMMARY.row(LUPUS, history, asked)], asked)


def test_a_report_not_sent_is_due_and_then_overdue() -> None:
    one = serious(site_aware=at("2021-03-05"), sponsor_aware=at("2021-03-05"))
    history = subject("P1", "cohort-2e6", one)
    early, late = (behind(history, date(2021, 3, number), names=("report",)) for number in (5, 13))

    assert [figures(result)["state"] for result in early.results] == ["due", "due", "due"]
    assert [figures(result)["state"] for result in late.results] == ["overdue", "overdue", "due"]
    assert [figures(result)["due"].day for result in late.results] == [6, 12, 20]


def test_a_visit_nothing_is_recorded_of_is_missed_once_its_window_is_over() -> None:
    history = subject("P1", "cohort-2e6")
    m1 = [one for one in behind(history, date(2021, 4, 20), names=("visit",)).results if one.visit == "M1"]
    before = [one for one in behind(history, date(2021, 4, 2), names=("visit",)).results if one.visit == "M1"]

    assert [figures(one)["state"] for one in m1] == ["missed"]
    assert before == []


def test_only_what_it_knows_may_be_named() -> None:
    with pytest.raises(CannotAnswer):
        behind(subject("P1", "cohort-2e6"), TODAY, names=("invoices",))
