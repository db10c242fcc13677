"""Statistics of one patient's results, exact."""

import statistics
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.comparison import SIX_DIGITS
from app.clinical.records import Coding, Measurement, Source
from app.clinical.statistics import STATISTICS, Sample, sample, statistic

NUMBERS = st.lists(
    st.decimals(min_value=-1000, max_value=1000, places=3, allow_nan=False), min_size=2, max_size=30
)


def decimals(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("average", "0.775"),
        ("maximum", "1.10"),
        ("minimum", "0.40"),
        ("count", "4"),
        ("total-count", "5"),
        ("median", "0.8"),
        ("sum", "3.10"),
        ("variance", "0.0891667"),
        ("std-dev", "0.298608"),
        ("20-percent", "0.58"),
        ("80-percent", "0.98"),
        ("4-lower", "0.625"),
        ("4-upper", "0.95"),
    ],
)
def test_four_results_of_c3_and_one_left_out(name: str, expected: str) -> None:
    assert statistic(name, decimals("0.40", "0.90", "1.10", "0.70"), total=5) == Decimal(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("count", "0"), ("total-count", "2"), ("average", None), ("maximum", None), ("sum", None)],
)
def test_of_nothing_only_the_number_is_known(name: str, expected: str | None) -> None:
    assert statistic(name, [], total=2) == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("name", ["variance", "std-dev"])
def test_one_result_has_no_spread(name: str) -> None:
    assert statistic(name, decimals("1.0"), total=1) is None


def test_what_was_measured_keeps_its_digits() -> None:
    assert str(statistic("maximum", decimals("1.10", "0.9"), total=2)) == "1.10"
    assert str(statistic("sum", decimals("0.1", "0.2"), total=2)) == "0.3"


@given(NUMBERS)
def test_they_are_those_of_the_standard_library(values: list[Decimal]) -> None:
    def rounded(number: Decimal) -> Decimal:
        return SIX_DIGITS.plus(number)

    def near(name: str, expected: Decimal) -> bool:
        found = statistic(name, values, total=len(values))
        assert found is not None
        return abs(rounded(found) - rounded(expected)) <= abs(rounded(expected)) * Decimal("0.00001")

    assert near("average", statistics.mean(values))
    assert near("median", statistics.median(values))
    assert near("variance", statistics.variance(values))


@given(NUMBERS, st.randoms(use_true_random=False))
def test_their_order_does_not_matter(values: list[Decimal], random: "object") -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    for name in STATISTICS:
        assert statistic(name, values, total=9) == statistic(name, shuffled, total=9)


C3 = Coding("http://loinc.org", "4485-9")


def sampled(*told: tuple[str, str | None, str, str | None]) -> Sample:
    """The sample of results told by status, value, unit and comparator."""
    return sample(
        C3,
        [
            Measurement(
                source=Source("Observation", str(number), 1),
                part=0,
                patient="p",
                status=status,
                codings=(C3,),
                value=None if value is None else Decimal(value),
                unit=unit,
                comparator=comparator,
            )
            for number, (status, value, unit, comparator) in enumerate(told)
        ],
    )


def test_what_cannot_be_counted_is_left_out_and_said() -> None:
    found = sampled(
        ("final", "0.9", "g/L", None),
        ("corrected", "0.9", "g/L", None),
        ("preliminary", "0.7", "g/L", None),
        ("entered-in-error", "7", "g/L", None),
        ("final", None, "g/L", None),
        ("final", "0.1", "g/L", "<"),
        ("final", "90", "mg/dL", None),
    )

    assert (found.unit, found.values, found.total) == ("g/L", (Decimal("0.9"), Decimal("0.9")), 7)
    assert found.left_out == (
        "2 not final",
        "1 without a number in a known unit",
        "1 with a comparator",
        "1 in another unit",
    )


def test_of_nothing_that_counts_there_is_no_unit() -> None:
    assert sampled(("preliminary", "1", "g/L", None)).unit is None
