"""LOINC's check digit: the real codes of the clinical reference pass, every slip of a finger is caught."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.loinc import check_digit, is_possible
from app.fhir_mapping.units import BY_LOINC

NUMBERS = st.integers(1, 99_999_999).map(str)

# clinical reference §3.1, the codes whose unit we do not need
FURTHER = (
    *("5794-3", "20454-5", "5804-0", "8061-4", "31348-6", "2106-3", "2118-8", "2110-5", "82810-3", "56888-1"),
    *(
        "7918-6",
        "22362-8",
        "5196-1",
        "13955-0",
        "11259-9",
        "24110-9",
        "20507-0",
        "76284-9",
        "85354-9",
        "64392-4",
    ),
)


@pytest.mark.parametrize("code", [*BY_LOINC, *FURTHER])
def test_the_codes_of_the_clinical_reference_are_possible(code: str) -> None:
    assert is_possible(code)


@pytest.mark.parametrize("code", ["8414-1", "8440-6"])
def test_the_two_misremembered_codes_of_the_reference_are_caught(code: str) -> None:
    assert not is_possible(code)


@pytest.mark.parametrize(
    "code", ["", "4485", "4485-", "-9", "4485-9 ", "4485-99", "C3", "٤485-9", "123456789-7"]
)
def test_what_has_not_the_form_of_a_code_is_none(code: str) -> None:
    assert not is_possible(code)


@given(NUMBERS.filter(lambda number: len(number) <= 7))
def test_exactly_one_digit_makes_a_number_a_code(number: str) -> None:
    assert [digit for digit in "0123456789" if is_possible(f"{number}-{digit}")] == [check_digit(number)]


@given(NUMBERS, st.data())
def test_one_wrong_digit_is_always_caught(number: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    wrong = number[:place] + other + number[place + 1 :]

    assert check_digit(wrong) != check_digit(number)


@given(NUMBERS, st.data())
def test_two_neighbours_exchanged_are_caught_unless_they_are_nought_and_nine(
    number: str, data: st.DataObject
) -> None:
    number = "1" + number
    place = data.draw(st.integers(0, len(number) - 2))
    one, two = number[place], number[place + 1]
    wrong = number[:place] + two + one + number[place + 2 :]

    caught = check_digit(wrong) != check_digit(number)
    assert caught == (one != two and {one, two} != {"0", "9"})


def test_every_loinc_code_the_protocols_name_is_possible() -> None:
    library = Path(__file__).parents[2] / "app" / "protocol" / "library"
    named = {
        code
        for file in library.glob("*.toml")
        for code in re.findall(r'"loinc:([^"]+)"', file.read_text(encoding="utf-8"))
    }

    assert named
    assert [code for code in sorted(named) if not is_possible(code)] == []
