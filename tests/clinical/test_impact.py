"""What a change of the record changes: exactly what the answers before and after differ in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Answer, Figure, Finding, Result
from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.impact import OWN_DAY, Proposed, answers, changes, impact, is_changed
from app.clinical.interval import Interval
from app.clinical.records import Source
from app.clinical.truth import Truth
from app.protocol.loader import load_all
from tests.clinical.make import DAY_0, bilag, day, infusion, pga, sledai, source
from tests.clinical.make_course import fell_ill, prednisone, results, told

SLE = load_all()["MSC-SLE"]
ASKED = Asked(today=DAY_0 + timedelta(days=120))
PGA = Source("Observation", "pga-m3", 1)


def subject(*more: Any, pga_m3: str = "1.0", status: str = "final") -> History:
    """A responder at M3, unless the PGA there says otherwise."""
    return told(
        infusion(name="i"),
        sledai(14, on=day(-1), name="s0"),
        sledai(6, on=day(91), name="s3"),
        bilag({"renal": "C"}, on=day(-1), name="b0"),
        bilag({"renal": "C"}, on=day(91), name="b3"),
        pga("2.0", on=day(-1), name="p0"),
        pga(pga_m3, on=day(91), name="pga-m3", status=status),
        *more,
    )


def changed(before: History, after: History) -> list[Result]:
    found = impact(SLE, Proposed(before=before, after=after, record=PGA, notes=()), ASKED)
    return [one for one in found.results[1:] if is_changed(one)]


def said(part: Result | Finding) -> dict[str, Any]:
    return {figure.name: figure.value for figure in part.figures}


def test_a_corrected_pga_says_which_criterion_which_verdict_and_which_score_change() -> None:
    found = changed(subject(), subject(pga_m3="2.3"))

    by_question = {(one.question, one.visit, one.rule): one for one in found}
    flipped = by_question["sri-status", "M3", "registry"]
    assert (said(flipped)["verdict-before"], said(flipped)["verdict-after"]) == ("met", "not-met")
    [criterion] = flipped.findings
    assert criterion.id == "no-pga-worsening"
    assert said(criterion)["observed-before"] == "M0 2.0, M3 1.0"
    assert criterion.observed == "M0 2.0, M3 2.3"
    score = next(one for one in found if one.name == "pga" and one.visit == "M3")
    assert (said(score)["total-before"], said(score)["total-after"]) == (
        Interval.of(1),
        Interval.of(Decimal("2.3")),
    )


def test_nothing_changes_between_a_history_and_itself() -> None:
    assert changed(subject(), subject()) == []


def test_another_version_of_the_evidence_is_no_change() -> None:
    before = subject()
    later = replace(
        before,
        measurements=tuple(
            replace(one, source=one.source._replace(version=2)) for one in before.measurements
        ),
    )

    assert changed(before, later) == []


def test_what_rests_on_a_record_is_named_though_it_does_not_change() -> None:
    found = impact(SLE, Proposed(before=subject(), after=subject(), record=PGA, notes=("x",)), ASKED)

    summary, *unchanged = found.results
    assert said(summary)["changed"] == 0
    assert said(summary)["unchanged"] == len(unchanged)
    assert {(one.question, one.visit) for one in unchanged} >= {("sri-status", "M3"), ("visit-matrix", "M3")}
    assert found.notes == ("x", OWN_DAY)
    assert found.on is None


def test_a_record_nothing_rests_on_changes_nothing() -> None:
    nothing = Source("Observation", "other", 1)
    found = impact(SLE, Proposed(before=subject(), after=subject(), record=nothing, notes=()), ASKED)

    assert len(found.results) == 1


def test_entering_in_error_is_the_same_as_taking_away() -> None:
    without = subject()
    without = replace(
        without, measurements=tuple(one for one in without.measurements if one.source.id != "pga-m3")
    )

    mistaken, gone = (changed(subject(), after) for after in (subject(status="entered-in-error"), without))

    def verdicts(found: Sequence[Result]) -> list[tuple[Any, ...]]:
        return [(one.question, one.name, one.visit, one.rule, one.verdict) for one in found]

    assert verdicts(mistaken) == verdicts(gone)
    assert any(one.verdict == "undetermined" for one in mistaken)


def test_a_new_severe_event_changes_the_tolerance() -> None:
    cells = fell_ill("shock", 1, grade=4)

    found = changed(subject(), subject(cells))

    assert {one.question for one in found} >= {"tolerance"}


def answer(*found: Result) -> Mapping[str, Answer]:
    return {
        "q": Answer(
            question="q", subject=source("ResearchSubject"), protocol="P", protocol_version="1", results=found
        )
    }


def compared(before: Result, after: Result) -> Result | None:
    return next(iter(changes(answer(before), answer(after))), None)


def criterion(name: str, verdict: Truth, *parts: Finding, **more: Any) -> Finding:
    return Finding(id=name, verdict=verdict, parts=parts, **more)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Result(verdict="met"), Result(verdict="not-met"), {"verdict"}),
        (Result(reasons=("a",)), Result(reasons=("b",)), {"reasons"}),
        (Result(missing=("a",)), Result(), {"missing"}),
        (Result(notes=("x",)), Result(notes=("y",)), {"notes"}),
        (Result(figures=(Figure(name="n", value=1),)), Result(figures=(Figure(name="n", value=2),)), {"n"}),
        (
            Result(figures=(Figure(name="n", value=1, unit="g"),)),
            Result(figures=(Figure(name="n", value=1, unit="kg"),)),
            {"n"},
        ),
        (Result(figures=(Figure(name="n", value=1),)), Result(), {"n"}),
    ],
)
def test_each_part_of_a_result_is_compared(before: Result, after: Result, expected: set[str]) -> None:
    found = compared(before, after)

    assert found is not None
    named = {figure.name.rpartition("-")[0] for figure in found.figures[1:]}
    assert named == expected


def test_a_part_of_a_criterion_is_compared_too() -> None:
    before = Result(findings=(criterion("a", Truth.YES, criterion("a1", Truth.YES)),))
    after = Result(findings=(criterion("a", Truth.YES, criterion("a1", Truth.NO)),))

    found = compared(before, after)

    assert found is not None
    assert [(one.id, said(one)["verdict-before"]) for one in found.findings] == [("a1", "met")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Figure(name="n", value=Interval.of(6)), Figure(name="n", value=Interval.of(6).low)),
        (
            Figure(name="n", value=1, evidence=(Source("Observation", "x", 1),)),
            Figure(name="n", value=1, evidence=(Source("Observation", "x", 2),)),
        ),
    ],
)
def test_the_same_said_otherwise_is_no_change(one: Figure, other: Figure) -> None:
    assert compared(Result(figures=(one,)), Result(figures=(other,))) is None


def test_a_result_that_is_only_there_on_one_side_is_a_change() -> None:
    [appeared] = changes({}, answer(Result(name="x", verdict="met")))
    [vanished] = changes(answer(Result(name="x", verdict="met")), {})

    assert said(appeared)["verdict-after"] == "met"
    assert (vanished.verdict, said(vanished)["verdict-before"]) == (None, "met")


MORE = st.lists(
    st.one_of(
        st.builds(lambda on, to: pga(str(to), on=day(on)), st.integers(-20, 200), st.integers(0, 3)),
        st.builds(lambda on, to: sledai(to, on=day(on)), st.integers(-20, 200), st.integers(0, 20)),
        st.builds(lambda on, to: fell_ill("x", on, grade=to), st.integers(0, 100), st.integers(1, 5)),
        st.builds(lambda on: results({"4485-9": "0.4"}, on=day(on)), st.integers(-20, 200)),
        st.builds(lambda on: prednisone("40", on, on + 20), st.integers(-20, 200)),
    ),
    max_size=3,
)


@settings(max_examples=25, deadline=None)
@given(MORE, MORE)
def test_a_verdict_is_named_exactly_where_it_differs(some: list[Any], others: list[Any]) -> None:
    before, after = told(infusion(name="i"), *some), told(infusion(name="i"), *others)

    def verdicts(history: History) -> dict[tuple[Any, ...], Any]:
        return {
            (question, one.name, one.arm, one.visit, one.rule): one.verdict
            for question, answered in answers(SLE, history, ASKED).items()
            for one in answered.results
        }

    now, then = verdicts(before), verdicts(after)
    named = {
        (one.question, one.name, one.arm, one.visit, one.rule)
        for one in changed(before, after)
        if {"verdict-before", "verdict-after"} & said(one).keys()
    }
    assert named == {key for key in now.keys() | then.keys() if now.get(key) != then.get(key)}
