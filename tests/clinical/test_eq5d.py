"""The EQ-5D in its three readings, side by side (§1.8)."""

from decimal import Decimal
from typing import Any

import pytest

from app.clinical.criteria.presence import SNOMED
from app.clinical.scores.eq5d import LAYOUT, index, reading
from tests.clinical.make import day, infusion
from tests.clinical.make_forms import SLE, activity, eq5d, measured, read, shown

READINGS = ("lss-seed", "lss", "lss-0-based", "index")


def readings(state: str) -> tuple[str, ...]:
    """The readings of one state."""
    made = reading(SLE, read(LAYOUT, eq5d(state))).scores
    assert tuple(one.name for one in made) == READINGS
    return tuple(str(one.value or ", ".join(one.reasons)) for one in made)


@pytest.mark.parametrize(
    ("state", "seed", "zero_based", "french_index"),
    [
        pytest.param("11111", "5", "0", "1", id="EQ-5D 11111"),
        pytest.param("21232", "10", "5", "0.86178", id="EQ-5D 21232"),
        pytest.param("12345", "15", "10", "0.40188", id="EQ-5D 12345"),
        pytest.param("31343", "14", "9", "0.60190", id="EQ-5D 31343"),
        pytest.param("55555", "25", "20", "-0.52549", id="EQ-5D 55555"),
    ],
)
def test_a_state_has_three_readings(state: str, seed: str, zero_based: str, french_index: str) -> None:
    made = readings(state)

    assert made[:3] == (seed, seed, zero_based)
    # the paper rounds to five digits; the value set has six for self-care
    assert abs(Decimal(made[3]) - Decimal(french_index)) <= Decimal("0.000005")


def test_the_index_falls_with_every_level_of_every_dimension() -> None:
    for place in range(5):
        states = [tuple(level if one == place else 1 for one in range(5)) for level in range(1, 6)]
        values = [index(state, "FR") for state in states]

        assert values == sorted(values, reverse=True)
        assert len(set(values)) == 5


@pytest.mark.parametrize("state", ["2123.", ".1232", "....."])
def test_with_a_dimension_missing_nothing_is_known(state: str) -> None:
    assert set(readings(state)) == {"missing-observation"}


def test_the_registrys_level_0_gives_its_sum_and_no_other_reading() -> None:
    assert readings("01234") == ("10", "not-applicable", "not-applicable", "not-applicable")


@pytest.mark.parametrize(
    ("where", "name"),
    [
        pytest.param({"system": SNOMED, "code": "736535009"}, "eq5d-vas", id="SNOMED VAS"),
        pytest.param({"system": SNOMED, "code": "736534008"}, "eq5d-index", id="SNOMED index"),
    ],
)
def test_the_rating_scale_and_an_index_are_told_where_recorded(where: dict[str, Any], name: str) -> None:
    recorded = measured(where["code"], "70", "{score}", system=where["system"], on=day(91))

    found = activity(infusion(), recorded)

    assert shown(found[name, "M3"]) == "70"
    assert (name, "M6") not in found


def test_a_missing_eq5d_is_missed() -> None:
    found = activity(infusion(), eq5d("11111", on=day(-1)))["eq5d-5l", "M3"]

    assert found.reasons == ("missing-observation",)
    assert found.missing == ("the eq5d-5l at M3 (2021-05-17 to 2021-06-14)",)
