"""The physician's global assessment: scales, and worsening by exactly 0.3."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.interval import Interval
from app.clinical.scores.pga import Pga, assessments, merged, on_0_to_3, worsened
from app.clinical.truth import Truth
from app.protocol.loader import load_all
from tests.clinical.make import Measurements, day, pga

PROTOCOL = load_all()["MSC-SLE"]
assert PROTOCOL.sri is not None
RULE = PROTOCOL.sri.rules[0]
TENTHS = st.decimals(min_value=0, max_value=3, places=1)


def read(*observations: Measurements) -> Pga:
    """What these observations of one time say together."""
    found = merged(assessments(PROTOCOL, [one for part in observations for one in part]))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "scale", "worse"),
    [
        pytest.param("2.0", "2.3", None, Truth.YES, id="PGA-float-trap"),
        pytest.param("1.5", "1.79", None, Truth.NO, id="PGA-just-less"),
        pytest.param("4.0", "5.0", "10", Truth.YES, id="PGA-scale-10"),
        pytest.param("40", "49", "100", Truth.NO, id="PGA-scale-100-less"),
        pytest.param("40", "50", "100", Truth.YES, id="PGA-scale-100"),
        pytest.param("2.0", "1.2", None, Truth.NO, id="PGA-better"),
        pytest.param("1.0", "<1.2", None, Truth.NO, id="PGA-below-a-limit"),
        pytest.param("1.0", ">1.2", None, Truth.UNKNOWN, id="PGA-above-a-limit"),
    ],
)
def test_a_rise_of_three_tenths_is_a_worsening(
    before: str, after: str, scale: str | None, worse: Truth
) -> None:
    assert worsened(RULE, read(pga(before, of=scale)).score, read(pga(after, of=scale)).score) is worse


def test_a_rule_may_ask_for_more_than_the_threshold() -> None:
    strict = RULE.model_copy(update={"pga_worsening_op": ">"})

    assert worsened(strict, Interval.of(2), Interval.of(Decimal("2.3"))) is Truth.NO
    assert worsened(strict, Interval.of(2), Interval.of(Decimal("2.31"))) is Truth.YES


@given(TENTHS, TENTHS)
def test_tenths_are_compared_as_whole_numbers_would_be(before: Decimal, after: Decimal) -> None:
    exact = int(after * 10) - int(before * 10) >= 3

    assert worsened(RULE, Interval.of(before), Interval.of(after)) is Truth.of(exact)


@pytest.mark.parametrize(
    ("value", "scale", "expected"),
    [
        ("4.0", "10", "1.20"),
        ("5.0", "10", "1.50"),
        ("50", "100", "1.5"),
        ("1", "7", "0.428571"),
        ("2.3", "3", "2.3"),
    ],
)
def test_a_value_of_another_scale_is_brought_to_0_to_3(value: str, scale: str, expected: str) -> None:
    assert on_0_to_3(Decimal(value), Decimal(scale)) == Decimal(expected)


def test_the_value_is_shown_as_sent_with_its_scale() -> None:
    assert read(pga("4.0", of="10")).received == "4.0 of 10"
    assert read(pga("2.0")).received == "2.0"
    assert read(pga("<0.3")).received == "<0.3"


@pytest.mark.parametrize(
    ("value", "scale"),
    [
        pytest.param("40", None, id="more than 3 on no named scale"),
        pytest.param("11", "10", id="more than its scale"),
        pytest.param("1", "0", id="a scale of nothing"),
    ],
)
def test_a_value_that_is_not_on_its_scale_is_never_guessed(value: str, scale: str | None) -> None:
    found = read(pga(value, of=scale))

    assert not found.valid
    assert found.reasons == ("unit-not-convertible",)
    assert value in found.notes[0]


def test_a_scale_that_cannot_be_read_is_not_taken_for_the_usual_one() -> None:
    whole, scale = pga("1.5", of="10")

    found = read((whole, replace(scale, value=None, problem="unit-not-convertible")))

    assert found.reasons == ("unit-not-convertible",)


def test_a_value_whose_unit_could_not_be_converted_says_so() -> None:
    found = read(pga(None, received="12", problem="unit-not-convertible"))

    assert found.reasons == ("unit-not-convertible",)
    assert found.received == "12"


def test_an_assessment_without_a_value_says_nothing() -> None:
    found = read(pga(None, absent="not-performed"))

    assert (found.valid, found.reasons, found.received) == (False, ("missing-observation",), "no value")


def test_two_of_the_same_time_that_agree_are_one() -> None:
    found = read(pga("1.0", on=day(0)), pga("1.00", on=day(0)))

    assert found.score == Interval.of(1)
    assert found.reasons == ()
    assert found.received == "1.0 and 1.00"


def test_two_of_the_same_time_that_differ_are_a_contradiction() -> None:
    found = read(pga("1.0", on=day(0)), pga("1.4", on=day(0)))

    assert found.reasons == ("conflicting-values",)
    assert found.score == Interval.of(0, 3)


def test_nothing_assessed_is_nothing() -> None:
    assert merged(()) is None
