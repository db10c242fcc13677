"""Dates at the ends of the calendar, which R4 allows and which may be placeholders: no answer fails."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.calendar import anniversary, shifted
from app.clinical.criteria.eligibility import assess
from app.clinical.history import History
from app.clinical.records import Span
from app.clinical.responses.sri import status
from tests.clinical.make import at, bilag, enrolment, infusion, person, pga, sledai, subject
from tests.clinical.make_candidate import MSC_SLE, candidate, dose, number, result, treatment

EXTREMES = [
    "0001",
    "0001-01",
    "0001-01-01",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-01-20",
    "2020-02-29",
    "2021-03-01T10:00:00+01:00",
    "9999",
    "9999-12",
    "9999-12-20",
    "9999-12-31",
    "9999-12-31T23:59:59.999999-14:00",
]
DATES = st.sampled_from(EXTREMES)
DAYS = st.sampled_from([date.min, date(1, 1, 20), date(2021, 3, 1), date(9999, 12, 20), date.max])
FEW = settings(max_examples=30, deadline=None)


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        (date(2021, 3, 1), -1, date(2021, 2, 28)),
        (date(2020, 2, 28), 1, date(2020, 2, 29)),
        (date(1, 1, 20), -30, date.min),
        (date(9999, 12, 20), 30, date.max),
        (date.min, 0, date.min),
        (date.max, 10**9, date.max),
    ],
)
def test_a_shifted_day_stays_on_the_calendar(day: date, days: int, expected: date) -> None:
    assert shifted(day, days) == expected


@pytest.mark.parametrize(
    ("day", "years", "expected"),
    [
        (date(2003, 3, 14), 18, date(2021, 3, 14)),
        (date(2004, 2, 29), 18, date(2022, 3, 1)),
        (date(2004, 2, 29), 20, date(2024, 2, 29)),
        (date(9999, 1, 1), 18, date.max),
    ],
)
def test_an_anniversary_stays_on_the_calendar(day: date, years: int, expected: date) -> None:
    assert anniversary(day, years) == expected


@FEW
@given(infused=DATES, seen=DATES, again=DATES, died=DATES, since=st.none() | DATES, today=st.none() | DAYS)
def test_the_index_is_answered_whatever_the_dates(
    *, infused: str, seen: str, again: str, died: str, since: str | None, today: date | None
) -> None:
    history = subject(
        infusion(infused),
        *(sledai(10, on=when) for when in (seen, again)),
        *(bilag({"renal": "B"}, on=when) for when in (seen, again)),
        *(pga("1", on=when) for when in (seen, again)),
        died=died,
        since=since,
    )

    assert {one.verdict for one in status(MSC_SLE, history, today=today).results} <= {
        "met",
        "not-met",
        "undetermined",
    }


@FEW
@given(born=DATES, infused=st.none() | DATES, seen=DATES, dosed=DATES, on=DAYS)
def test_eligibility_is_answered_whatever_the_dates(
    born: str, infused: str | None, seen: str, dosed: str, on: date
) -> None:
    assert assess(MSC_SLE, extreme(born, infused, seen, dosed), on=on).results[0].verdict in {
        "eligible",
        "ineligible",
        "undetermined",
    }


def extreme(born: str, infused: str | None, seen: str, dosed: str) -> History:
    """A candidate whose birth, infusion, results and single doses are of these days."""
    start = at(dosed)
    drugs = [drug.name for drug in MSC_SLE.drugs]
    made = candidate(
        birth_date=born,
        treatments={
            drug: [] for drug in MSC_SLE.candidate.treatments
        },  # one going on to 9999 has millions of days
        extra=(
            *(replace(result(code, number(5)), when=at(seen)) for code in MSC_SLE.candidate.results),
            *(
                replace(treatment(drug, dose(5, -3)), period=Span(start, start), has_period=False)
                for drug in drugs
            ),
            *(() if infused is None else (infusion(infused),)),
        ),
    )
    return replace(made, enrolment=enrolment(since=seen), person=replace(person(), birth_date=at(born)))
