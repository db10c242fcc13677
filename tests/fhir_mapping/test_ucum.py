"""UCUM by its grammar: what laboratories measure in is a unit, what they merely write is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.ucum import is_unit
from app.fhir_mapping.unit_tables import DIMENSIONS

OURS = sorted({unit for units in DIMENSIONS.values() for unit in units})


@pytest.mark.parametrize(
    "unit",
    [
        *OURS,
        *("fL", "pg", "mosm/kg", "10*6/kg", "10*6{cells}/kg", "{score}", "kat/L", "ng/mL{FEU}", "10^9/L"),
        *("L/min/m2", "m2", "%", "[pH]", "meq/L", "ug/L{FEU}", "1", "10*-3", "/100{WBCs}", "mg/(24.h)"),
    ],
)
def test_a_unit_is_one(unit: str) -> None:
    assert is_unit(unit)


@pytest.mark.parametrize(
    "text",
    [
        # French and other spellings, trial-domain §3.4: none of them is UCUM
        *("UI/L", "10e9/L", "G/L", "g/24h", "mL/min/1.73m2", "µmol/l", "mmHg", "UI/mL", "g/j", "mg/jour"),
        *("T/L", "Giga/L", "cells/uL", "mmol/l créat", "g/dl "),
        *("", "/", ".", "g/", "a//b", "(", ")", "g)", "(g", "{a b}", "g/(L", "{", "0", "-1", "g2g"),
    ],
)
def test_what_is_no_unit_is_none(text: str) -> None:
    assert not is_unit(text)


@given(st.text(max_size=30))
def test_no_text_is_too_odd_to_be_asked_about(text: str) -> None:
    assert is_unit(text) in (True, False)


@given(st.sampled_from([unit for unit in OURS if "(" not in unit]), st.sampled_from(OURS))
def test_units_divided_by_units_are_units(one: str, other: str) -> None:
    assert is_unit(f"{one}/({other.removeprefix('/')})")
