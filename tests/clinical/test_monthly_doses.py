"""Months in a row with enough of a drug: the quick way says what adding up each month anew says."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from app.clinical.comparison import six_digits
from app.clinical.criteria.treatment import MONTH, enough_each_month
from app.protocol.questions import MonthlyDose
from app.protocol.words import Sentence

DAY_0 = date(2020, 1, 1)
DOSES = st.dictionaries(
    st.integers(0, 100).map(lambda number: DAY_0 + timedelta(days=number)),
    st.sampled_from([Fraction(0), Fraction(1000, 3), Fraction(250), Fraction(500)]),
    max_size=8,
)


def criterion(months: int) -> MonthlyDose:
    return MonthlyDose(
        id="cyc",
        text=Sentence(en="enough", fr="assez"),
        kind="monthly-dose",
        drugs=("cyclophosphamide",),
        dose=Decimal(500),
        unit="mg",
        months=months,
    )


def slowly(asked: MonthlyDose, doses: dict[date, Fraction]) -> list[date] | None:
    """Every month of every beginning is added up from all the doses."""
    starts = {day - timedelta(days=before) for day in doses for before in range(MONTH)}
    for first in sorted(starts):
        months = [[day for day in doses if (day - first).days // MONTH == n] for n in range(asked.months)]
        sums = [six_digits(sum((doses[day] for day in month), Fraction())) for month in months]
        if all(one >= asked.dose for one in sums):
            return [day for month in months for day in month]
    return None


@given(doses=DOSES, months=st.integers(1, 3))
def test_the_months_are_those_found_by_adding_up_each_anew(doses: dict[date, Fraction], months: int) -> None:
    ordered = {day: doses[day] for day in sorted(doses)}
    asked = criterion(months)

    assert enough_each_month(asked, doses) == slowly(asked, ordered)


def test_twenty_years_of_daily_doses_are_looked_at_in_a_moment() -> None:
    doses = {DAY_0 + timedelta(days=number): Fraction(10) for number in range(20 * 365)}

    began = process_time()
    found = enough_each_month(criterion(3), doses)

    assert found is None
    assert process_time() - began < 2
