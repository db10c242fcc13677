"""Exact confidence intervals: those printed in clinical conventions §4."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.studies.proportion import exact

PUBLISHED = [
    (0, 8, "0", "36.94"),
    (0, 5, "0", "52.18"),
    (0, 3, "0", "70.76"),
    (2, 8, "3.19", "65.09"),
    (1, 8, "0.32", "52.65"),
    (0, 20, "0", "16.84"),
    (2, 20, "1.23", "31.70"),
    (14, 20, "45.72", "88.11"),
    (5, 6, "35.88", "99.58"),
]


@pytest.mark.parametrize(("met", "of", "low", "high"), PUBLISHED)
def test_the_published_intervals_come_out(met: int, of: int, low: str, high: str) -> None:
    percent = [(100 * bound).quantize(Decimal("0.01")) for bound in exact(met, of)]
    assert percent == [Decimal(low), Decimal(high)]


def test_of_nobody_anything_may_be_true() -> None:
    assert exact(0, 0) == (Decimal(0), Decimal(1))


@given(st.integers(0, 40), st.integers(1, 40))
def test_the_interval_holds_the_share_and_mirrors_its_complement(met: int, more: int) -> None:
    of = met + more
    low, high = exact(met, of)
    assert low <= Decimal(met) / of <= high
    other_low, other_high = exact(of - met, of)
    assert abs(low - (1 - other_high)) <= Decimal("0.000001")
    assert abs(high - (1 - other_low)) <= Decimal("0.000001")
