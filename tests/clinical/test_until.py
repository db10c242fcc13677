"""The clinical day a question is asked for (`on`): nothing dated after it decides the answer."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.clinical.asked import Asked
from app.clinical.composites import COMPOSED
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.clinical.records import Administration, GradeChange, ReportSent
from app.clinical.study_questions import STUDY_QUESTIONS
from app.clinical.until import until
from tests.clinical.make import DAY_0, at, bilag, day, infusion, pga, sledai
from tests.clinical.make_course import consented, fell_ill, told
from tests.clinical.make_kidneys import TRANSPLANTATION, done
from tests.clinical.make_safety import LUPUS, event, infused

ASKED: dict[str, Any] = {**QUESTIONS, **COMPOSED}
OPEN, NOT_MET = "undetermined", "not-met"
FAR = DAY_0 + timedelta(days=700)


def on(number: int) -> Asked:
    named = DAY_0 + timedelta(days=number)
    return Asked(today=named, on=named)


def verdicts(question: str, history: History, asked: Asked) -> dict[tuple[Any, ...], str | None]:
    results = ASKED[question](LUPUS, history, asked).results
    return {(one.question, one.name, one.visit, one.rule): one.verdict for one in results}


def test_an_event_of_day_8_says_nothing_of_the_tolerance_on_day_5() -> None:
    history = told(infused(), event(3, on=8, cause="certain"))
    which = (None, "tolerance", "D10", "related")

    assert verdicts("tolerance", history, on(5))[which] == OPEN
    assert verdicts("tolerance", history, on(8))[which] == NOT_MET
    assert verdicts("tolerance", history, Asked(today=FAR))[which] == NOT_MET


def test_a_transplantation_of_day_119_is_no_failure_on_day_100() -> None:
    history = told(infusion(), done(TRANSPLANTATION, 119))
    which = (None, "treatment-failure", None, None)

    assert verdicts("treatment-failure", history, on(100))[which] == OPEN
    assert verdicts("treatment-failure", history, on(119))[which] == "met"


def test_the_index_of_a_visit_waits_for_what_was_assessed_after_the_day() -> None:
    seen = (sledai(14, on=day(-1)), bilag({"renal": "B"}, on=day(-1)), pga("2.0", on=day(-1)))
    later = (sledai(14, on=day(95)), bilag({"renal": "B"}, on=day(95)), pga("2.0", on=day(95)))
    history = told(infusion(), *seen, *later)

    m3 = [verdicts("sri-status", history, on(number)) for number in (90, 95)]

    assert {verdict for (_, _, visit, _), verdict in m3[0].items() if visit == "M3"} == {OPEN}
    assert NOT_MET in {verdict for (_, _, visit, _), verdict in m3[1].items() if visit == "M3"}


def test_the_status_on_a_day_counts_the_events_up_to_it() -> None:
    history = told(infusion(), fell_ill("fever", 3), fell_ill("cough", 30))

    def events(number: int) -> Any:
        results = COMPOSED["status"](LUPUS, history, on(number)).results
        [found] = [one for one in results if one.name == "adverse-events"]
        return next(figure.value for figure in found.figures if figure.name == "events")

    assert (events(2), events(3), events(30)) == (0, 1, 2)


@pytest.mark.parametrize(
    ("said", "stays"),
    [(None, True), (2021, True), ("2021-03", True), ("2021-04", False), (11, False), (10, True)],
)
def test_what_may_have_happened_by_the_day_stays(said: Any, stays: bool) -> None:
    when = None if said is None else at(day(said) if isinstance(said, int) and said < 99 else str(said))
    known = until(told(replace(event(1, on=0), when=when)), DAY_0 + timedelta(days=10))

    assert bool(known.adverse_events) is stays


def test_a_death_an_end_and_a_change_of_grade_that_are_to_come_are_not_known_yet() -> None:
    worse = replace(
        event(1, on=2),
        changes=(GradeChange(2, at(day(5))), GradeChange(4, at(day(20)))),
        reports=(ReportSent("sponsor", at(day(21))),),
    )
    history = told(infusion(), worse, died=day(30))
    assert history.person is not None
    ended = replace(history.enrolment, period=replace(history.enrolment.period, end=at(day(30))))

    known, later = (until(replace(history, enrolment=ended), date_of(number)) for number in (10, 30))

    assert [change.grade for change in known.adverse_events[0].changes] == [2]
    assert known.adverse_events[0].reports == ()
    assert (known.person and known.person.deceased, known.enrolment.period.end) == (False, None)
    assert later == replace(history, enrolment=ended)


def date_of(number: int) -> date:
    return DAY_0 + timedelta(days=number)


def test_rows_of_a_study_are_of_the_day_too() -> None:
    history = told(infused(), event(3, on=8, cause="certain"), consented(day(-10)))

    row = STUDY_QUESTIONS["overdue"].row
    assert row(LUPUS, history, on(5)) == row(LUPUS, told_of(history, 5), Asked(today=date_of(5)))
    assert STUDY_QUESTIONS["enrolment"].row(LUPUS, history, on(-1)).own.infused is False


def told_of(history: History, number: int) -> History:
    """The obvious way to leave out what came later, of records with exact days."""
    limit = date_of(number)
    return replace(
        history,
        adverse_events=tuple(
            one for one in history.adverse_events if one.when is not None and one.when.last_day <= limit
        ),
        measurements=tuple(
            one for one in history.measurements if one.when is not None and one.when.last_day <= limit
        ),
        administrations=tuple(one for one in history.administrations if _started(one, limit)),
    )


def _started(one: Administration, limit: date) -> bool:
    return one.period.start is not None and one.period.start.last_day <= limit


days = st.integers(-40, 380)
facts = st.one_of(
    st.builds(lambda total, number: sledai(total, on=day(number)), st.integers(0, 24), days),
    st.builds(lambda value, number: pga(str(value), on=day(number)), st.integers(0, 3), days),
    st.builds(lambda grade, number: bilag({"renal": grade}, on=day(number)), st.sampled_from("ABCD"), days),
    st.builds(lambda grade, number: event(grade, on=number, cause="certain"), st.integers(1, 4), days),
    st.builds(infused),
)


@pytest.mark.parametrize("question", sorted(ASKED))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(facts=st.lists(facts, max_size=8), number=st.integers(-20, 400))
def test_an_answer_for_a_day_is_that_of_the_history_without_later_records(
    question: str, facts: list[Any], number: int
) -> None:
    history = told(*facts)

    whole = ASKED[question](LUPUS, history, on(number))
    short = ASKED[question](LUPUS, told_of(history, number), on(number))

    assert whole == short


def test_nothing_is_cut_where_no_day_is_named() -> None:
    history = told(infused(), event(3, on=8, cause="certain"))

    assert (
        verdicts("tolerance", history, Asked(today=date_of(5)))[(None, "tolerance", "D10", "related")]
        == NOT_MET
    )
