"""A quantity asked for in one unit means the same in every other, to the last digit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.query import Measure
from app.fhir_mapping.search_units import ways
from app.fhir_mapping.search_values import quantity
from app.fhir_mapping.unit_tables import DIMENSIONS
from app.fhir_mapping.units import UCUM


def measures(text: str) -> dict[tuple[str | None, str | None], Measure]:
    return {(one.system, one.unit): one for one in quantity(text).measures}


@pytest.mark.parametrize(
    ("text", "unit", "value", "low", "high"),
    [
        ("lt90||mg/dL", "g/L", "0.9", "0.895", "0.905"),
        ("0.85||g/L", "mg/dL", "85", "84.5", "85.5"),
        ("0.85||g/l", "g/L", "0.85", "0.845", "0.855"),
        ("150||G/L", "/uL", "150000", "149500", "150500"),
        (f"1.5|{UCUM}|10*9/L", "10*3/uL", "1.5", "1.45", "1.55"),
        ("ap100||mg/dL", "g/L", "1", "0.9", "1.1"),
        ("ap-10||Cel", "[degF]", "14", "12.2", "15.8"),
        ("98.6||[degF]", "Cel", "37", None, None),
        ("300||K", "Cel", "26.85", "26.35", "27.35"),
        ("0.5||1", "%", "50", "45", "55"),
        ("2||[IU]/mL", "[IU]/L", "2000", "1500", "2500"),
        ("3.5||UI/mL", "[IU]/mL", "3.5", "3.45", "3.55"),
    ],
)
def test_a_quantity_is_looked_for_in_other_units(
    text: str, unit: str, value: str, low: str | None, high: str | None
) -> None:
    found = measures(text)[UCUM, unit]

    assert found.value == Decimal(value)
    if low is not None and high is not None:
        assert (found.low, found.high) == (Decimal(low), Decimal(high))


@pytest.mark.parametrize(
    "text",
    ["5.4", "5.4||", "5.4||furlong", "5.4|http://snomed.info/sct|258796002", "5|http://x.example|mg/dL"],
)
def test_what_has_no_unit_we_know_is_looked_for_as_asked_alone(text: str) -> None:
    assert len(quantity(text).measures) == 1


def test_the_quantity_as_asked_comes_first_and_none_twice() -> None:
    found = quantity("5.4||mg/dL").measures

    assert found[0] == Measure(Decimal("5.4"), Decimal("5.35"), Decimal("5.45"), None, "mg/dL")
    assert (
        len({(one.system, one.unit) for one in found}) == len(found) == len(DIMENSIONS["mass concentration"])
    )


UNITS = st.sampled_from(sorted({unit for units in DIMENSIONS.values() for unit in units}))


@given(UNITS, st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-1000, max_value=1000))
def test_there_and_back_is_the_same(unit: str, number: Decimal) -> None:
    for way in ways(unit):
        there = way(number)
        assert any(
            abs(back(there) - number) < Decimal("1e-20") for back in ways(way.unit) if back.unit == unit
        )
