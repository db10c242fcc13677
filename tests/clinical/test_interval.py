"""Numbers known only between two bounds."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.interval import COMPARE, Interval
from app.clinical.truth import Truth

NUMBERS = st.decimals(min_value=-50, max_value=50, places=1)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Interval, Decimal]:
    """An interval, and a number that lies in it; a bound may be open where it is not that number."""
    low, inside, high = sorted(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    low_open = low < inside and draw(st.booleans())
    high_open = inside < high and draw(st.booleans())
    return Interval(low, high, low_open=low_open, high_open=high_open), inside


@given(intervals(), st.sampled_from(sorted(COMPARE)), NUMBERS)
def test_a_settled_comparison_holds_for_every_number_inside(
    known: tuple[Interval, Decimal], op: str, threshold: Decimal
) -> None:
    interval, inside = known

    assert interval.holds(op, threshold) in (Truth.UNKNOWN, Truth.of(COMPARE[op](inside, threshold)))


@given(
    intervals(), st.decimals(min_value=0, max_value=5, places=1), st.sampled_from(sorted(COMPARE)), NUMBERS
)
def test_a_multiple_is_as_sure_as_the_number_itself(
    known: tuple[Interval, Decimal], factor: Decimal, op: str, threshold: Decimal
) -> None:
    interval, inside = known
    multiple = interval.times(factor)

    assert multiple.holds(op, threshold) in (Truth.UNKNOWN, Truth.of(COMPARE[op](inside * factor, threshold)))
    if factor:
        assert multiple.holds(op, threshold * factor) is interval.holds(op, threshold)


def test_twice_what_is_below_a_bound_is_below_twice_the_bound() -> None:
    below = Interval(Decimal(0), Decimal("2.3"), high_open=True)

    assert below.times(Decimal(2)).holds(">=", Decimal("4.6")) is Truth.NO
    assert below.times(Decimal(0)) == Interval.of(0)


@given(intervals(), intervals())
def test_a_difference_contains_the_difference_of_any_two_numbers_inside(
    one: tuple[Interval, Decimal], other: tuple[Interval, Decimal]
) -> None:
    difference = one[0] - other[0]

    assert difference.low <= one[1] - other[1] <= difference.high


@given(intervals(), intervals())
def test_what_two_intervals_share_is_what_both_allow(
    one: tuple[Interval, Decimal], other: tuple[Interval, Decimal]
) -> None:
    shared = one[0] & other[0]

    if shared is None:
        assert one[0].high <= other[0].low or other[0].high <= one[0].low
    else:
        assert shared & one[0] == shared & other[0] == shared


@pytest.mark.parametrize(
    ("comparator", "left"),
    [
        (None, (4, 4)),
        ("<", (0, 4, False, True)),
        ("<=", (0, 4)),
        (">", (4, 10, True, False)),
        (">=", (4, 10)),
    ],
)
def test_a_comparator_leaves_the_part_of_the_range_it_allows(
    comparator: str | None, left: tuple[Decimal, Decimal, bool, bool]
) -> None:
    assert Interval.of(0, 10).narrowed(Decimal(4), comparator) == Interval(*left)


@pytest.mark.parametrize(
    ("comparator", "op", "threshold", "expected"),
    [
        ("<", "<", 4, Truth.YES),
        ("<", ">=", 4, Truth.NO),
        ("<=", "<", 4, Truth.UNKNOWN),
        (">", ">", 4, Truth.YES),
        (">", "<=", 4, Truth.NO),
        (">=", ">", 4, Truth.UNKNOWN),
        ("<", "<", 3, Truth.UNKNOWN),
        (">", ">", 5, Truth.UNKNOWN),
    ],
)
def test_what_lies_below_a_number_is_never_that_number(
    comparator: str, op: str, threshold: int, expected: Truth
) -> None:
    left = Interval.of(0, 10).narrowed(Decimal(4), comparator)

    assert left is not None
    assert left.holds(op, threshold) is expected


def test_nothing_lies_below_the_lowest_number_of_a_range() -> None:
    assert Interval.of(0, 10).narrowed(Decimal(0), "<") is None


@pytest.mark.parametrize(("value", "comparator"), [("11", None), ("-1", None), ("-1", "<"), ("11", ">")])
def test_a_value_that_the_range_does_not_have_leaves_nothing(value: str, comparator: str | None) -> None:
    assert Interval.of(0, 10).narrowed(Decimal(value), comparator) is None


def test_an_exact_number_reads_as_one_and_a_range_as_two() -> None:
    assert str(Interval.of(4)) == "4"
    assert str(Interval.of(4, 7)) == "4 to 7"
