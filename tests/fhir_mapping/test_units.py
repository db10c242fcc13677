"""Every analyte in one unit: the factors of the clinical reference §3.1, the spellings in use."""

from decimal import Context, Decimal, Inexact
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.records import Coding
from app.fhir_mapping.unit_tables import ANALYTES, BRIDGES, DIMENSIONS, SPELLINGS
from app.fhir_mapping.units import (
    BY_LOINC,
    LOINC,
    NOT_CONVERTIBLE,
    UCUM,
    Amount,
    amount,
    analyte,
    conversion,
    rate_unit,
    written_unit,
)


def sent(value: str, unit: str, *, system: str | None = UCUM) -> dict[str, Any]:
    """A Quantity coded in UCUM, or with nothing but a text for its unit."""
    coded = {"system": system, "code": unit} if system else {}
    return {"value": Decimal(value), "unit": unit, **coded}


ROWS = [
    # LOINC, as sent, canonical value and unit
    ("2160-0", "1.0", "mg/dL", "88.4", "umol/L"),
    ("2160-0", "88", "umol/L", "88", "umol/L"),
    ("14682-9", "0.088", "mmol/L", "88", "umol/L"),
    ("14682-9", "1.0", "mg/dL", "88.4", "umol/L"),
    ("2160-0", "10", "mg/L", "88.4", "umol/L"),
    ("2164-2", "1.5", "mL/s", "90", "mL/min"),
    ("35591-7", "90", "mL/min", "90", "mL/min"),
    ("98979-8", "90", "mL/min/{1.73_m2}", "90", "mL/min/{1.73_m2}"),
    ("62238-1", "1.5", "mL/s/{1.73_m2}", "90", "mL/min/{1.73_m2}"),
    ("33914-3", "90", "mL/min/{1.73_m2}", "90", "mL/min/{1.73_m2}"),
    ("2889-4", "0.5", "g/d", "0.5", "g/(24.h)"),
    ("2889-4", "500", "mg/(24.h)", "0.5", "g/(24.h)"),
    ("2889-4", "500", "mg/d", "0.5", "g/(24.h)"),
    ("21482-5", "50", "mg/dL", "0.5", "g/L"),
    ("2890-2", "500", "mg/g", "0.5", "g/g"),
    ("2890-2", "56.56", "mg/mmol", "0.5", "g/g"),
    ("34366-5", "56.56", "g/mol", "0.5", "g/g"),
    ("13801-6", "50", "mg/mmol", "0.442008", "g/g"),
    ("40486-3", "1", "mg/mg", "1", "g/g"),
    ("13945-1", "6", "/[HPF]", "6", "/[HPF]"),
    ("5821-4", "6", "/[HPF]", "6", "/[HPF]"),
    ("5807-3", "1", "/[LPF]", "1", "/[LPF]"),
    ("5793-5", "1", "/[LPF]", "1", "/[LPF]"),
    ("718-7", "95", "g/L", "9.5", "g/dL"),
    ("59260-0", "7.5", "mmol/L", "12.0855", "g/dL"),
    ("718-7", "7.5", "mmol/L", "12.0855", "g/dL"),
    ("777-3", "150", "10*3/uL", "150", "10*9/L"),
    ("26515-7", "150000", "/uL", "150", "10*9/L"),
    ("751-8", "500", "/uL", "0.5", "10*9/L"),
    ("26499-4", "0.5", "10*9/L", "0.5", "10*9/L"),
    ("6690-2", "3.0", "10*9/L", "3.0", "10*9/L"),
    ("26464-8", "3000", "/mm3", "3", "10*9/L"),
    ("731-0", "900", "10*6/L", "0.9", "10*9/L"),
    ("26474-7", "0.9", "10*9/L", "0.9", "10*9/L"),
    ("8122-4", "1.2", "10*9/L", "1200", "/uL"),
    ("24467-3", "0.2", "10*9/L", "200", "/uL"),
    ("24467-3", "200", "10*6/L", "200", "/uL"),
    ("14135-8", "200", "/uL", "200", "/uL"),
    ("8116-6", "0.2", "10*3/uL", "200", "/uL"),
    ("20402-4", "200", "/uL", "200", "/uL"),
    ("9728-7", "200", "/uL", "200", "/uL"),
    ("8123-2", "45", "%", "45", "%"),
    ("8124-0", "0.45", "1", "45", "%"),
    ("8117-4", "12", "%", "12", "%"),
    ("8112-5", "12", "%", "12", "%"),
    ("54218-3", "1.2", "1", "1.2", "1"),
    ("1742-6", "1", "ukat/L", "60", "U/L"),
    ("1743-4", "40", "U/L", "40", "U/L"),
    ("1920-8", "0.5", "ukat/L", "30", "U/L"),
    ("30239-8", "40", "[IU]/L", "40", "U/L"),
    ("2157-6", "1.2", "kU/L", "1200", "U/L"),
    ("1975-2", "1", "mg/dL", "17.104", "umol/L"),
    ("14631-6", "17", "umol/L", "17", "umol/L"),
    ("4485-9", "71", "mg/dL", "0.71", "g/L"),
    ("4498-2", "0.12", "g/L", "0.12", "g/L"),
    ("4532-8", "50", "[arb'U]/mL", "50", "[arb'U]/mL"),
    ("4532-8", "50", "U/mL", "50", "[arb'U]/mL"),
    ("5048-4", "80", "{titer}", "80", "{titer}"),
    ("5130-0", "30", "k[IU]/L", "30", "[IU]/mL"),
    ("32677-7", "30", "[iU]/mL", "30", "[IU]/mL"),
    ("33799-8", "30000", "[IU]/L", "30", "[IU]/mL"),
    ("2465-3", "1200", "mg/dL", "12", "g/L"),
    ("2458-8", "2", "g/L", "2", "g/L"),
    ("2472-9", "100", "mg/dL", "1", "g/L"),
    ("21198-7", "5", "m[IU]/mL", "5", "[IU]/L"),
    ("20447-9", "50", "{copies}/mL", "50", "{copies}/mL"),
    ("25836-8", "50", "{copies}/mL", "50", "{copies}/mL"),
    ("48398-2", "1.3", "{Log_IU}/mL", "1.3", "{Log_IU}/mL"),
    ("11011-4", "15", "[IU]/mL", "15", "[IU]/mL"),
    ("2703-7", "8", "kPa", "60.0049", "mm[Hg]"),
    ("2703-7", "6.7", "kPa", "50.2541", "mm[Hg]"),
    ("2019-8", "40", "mm[Hg]", "40", "mm[Hg]"),
    ("8414-5", "25", "mm[Hg]", "25", "mm[Hg]"),
    ("8440-0", "40", "mm[Hg]", "40", "mm[Hg]"),
    ("8385-7", "15", "mm[Hg]", "15", "mm[Hg]"),
    ("8480-6", "120", "mm[Hg]", "120", "mm[Hg]"),
    ("8462-4", "80", "mm[Hg]", "80", "mm[Hg]"),
    ("10230-1", "0.55", "1", "55", "%"),
    ("8806-2", "55", "%", "55", "%"),
    ("19868-9", "3200", "mL", "3.2", "L"),
    ("19870-5", "3.2", "L", "3.2", "L"),
    ("19869-7", "3.2", "L", "3.2", "L"),
    ("19872-1", "70", "%", "70", "%"),
    ("98130-8", "70", "%", "70", "%"),
    ("19911-7", "5", "mmol/min/kPa", "14.94", "mL/min/mm[Hg]"),
    ("19910-9", "25", "mL/min/mm[Hg]", "25", "mL/min/mm[Hg]"),
    ("19913-3", "25", "mL/min/mm[Hg]", "25", "mL/min/mm[Hg]"),
    ("29463-7", "100", "[lb_av]", "45.3592", "kg"),
    ("3141-9", "64000", "g", "64", "kg"),
    ("8302-2", "1.65", "m", "165", "cm"),
    ("3140-1", "1.7", "m2", "1.7", "m2"),
    ("8277-6", "1.7", "m2", "1.7", "m2"),
    ("8310-5", "100.4", "[degF]", "38", "Cel"),
    ("8310-5", "310.15", "K", "37", "Cel"),
    ("8310-5", "37.5", "Cel", "37.5", "Cel"),
    ("26881-3", "12", "ng/L", "12", "pg/mL"),
    ("26848-2", "12", "pg/mL", "12", "pg/mL"),
    ("3074-2", "0.012", "ug/L", "12", "pg/mL"),
    ("27415-9", "12", "pg/mL", "12", "pg/mL"),
    ("34939-9", "1.2", "nmol/L", "1200", "pmol/L"),
]


@pytest.mark.parametrize(("loinc", "value", "unit", "expected", "canonical"), ROWS)
def test_every_analyte_is_compared_in_its_own_unit(
    loinc: str, value: str, unit: str, expected: str, canonical: str
) -> None:
    assert amount(BY_LOINC[loinc], sent(value, unit)) == Amount(Decimal(expected), canonical)


def test_every_analyte_has_a_worked_row() -> None:
    assert set(BY_LOINC) == {row[0] for row in ROWS}


@pytest.mark.parametrize(
    ("loinc", "spelt", "value", "expected"),
    [
        ("777-3", "G/L", "212", "212"),
        ("777-3", "10e9/L", "212", "212"),
        ("777-3", "10E9/l", "212", "212"),
        ("777-3", "x10^9/L", "212", "212"),
        ("777-3", "10⁹/L", "212", "212"),
        ("777-3", "10**9/L", "212", "212"),
        ("777-3", "10 ^ 9 / L", "212", "212"),
        ("777-3", "10³/µL", "212", "212"),
        ("777-3", "10^3/μL", "212", "212"),
        ("777-3", "K/µL", "212", "212"),
        ("777-3", "212000", "212", None),
        ("6690-2", "/mm3", "3000", "3"),
        ("6690-2", "/mm³", "3000", "3"),
        ("6690-2", "éléments/mm3", "3000", "3"),
        ("24467-3", "cellules/mm3", "200", "200"),
        ("24467-3", "1/uL", "200", "200"),
        ("24467-3", "{cells}/uL", "200", "200"),
        ("777-3", "10*9{cells}/L", "212", "212"),
        ("1742-6", "UI/L", "40", "40"),
        ("1742-6", "UI/l", "40", "40"),
        ("1742-6", "IU/L", "40", "40"),
        ("1742-6", "µkat/L", "1", "60"),
        ("5130-0", "UI/mL", "30", "30"),
        ("5130-0", "UI/ml", "30", "30"),
        ("5130-0", "UI/L", "30", "0.03"),
        ("5130-0", "kUI/L", "30", "30"),
        ("21198-7", "mUI/mL", "5", "5"),
        ("14682-9", "µmol/l", "88", "88"),
        ("14682-9", "μmol/L", "88", "88"),
        ("33914-3", "mL/min/1.73m2", "90", "90"),
        ("33914-3", "mL/min/1,73 m²", "90", "90"),
        ("2889-4", "g/24h", "0.5", "0.5"),
        ("2889-4", "g/24 h", "0.5", "0.5"),
        ("2889-4", "g/j", "0.5", "0.5"),
        ("2889-4", "mg/24h", "500", "0.5"),
        ("2889-4", "mg/jour", "500", "0.5"),
        ("2889-4", "mg/j", "500", "0.5"),
        ("2703-7", "mmHg", "60", "60"),
        ("8310-5", "°C", "37.5", "37.5"),
        ("8310-5", "°F", "100.4", "38"),
        ("4485-9", "mg/dl", "71", "0.71"),
        ("4485-9", "g/l", "0.71", "0.71"),
        ("4485-9", "µg/mL", "710", "0.71"),
        ("48398-2", "log10 UI/mL", "1.3", "1.3"),
    ],
)
def test_what_laboratories_write_is_understood(
    loinc: str, spelt: str, value: str, expected: str | None
) -> None:
    found = amount(BY_LOINC[loinc], sent(value, spelt, system=None))

    assert found.value == (None if expected is None else Decimal(expected))
    assert found.problem == (NOT_CONVERTIBLE if expected is None else None)


@pytest.mark.parametrize(
    ("loinc", "quantity"),
    [
        ("777-3", sent("212", "g/L")),  # a mass is no count
        ("777-3", sent("212", "g/L", system=None)),
        ("4485-9", sent("0.71", "G/L", system=None)),  # giga per litre is no mass
        ("4485-9", sent("0.71", "G/L")),
        ("4485-9", sent("0.71", "mmol/L")),  # no molar mass is given for C3
        ("4485-9", {"value": Decimal("0.71")}),  # no unit at all
        ("4485-9", {"value": Decimal("0.71"), "unit": "banana"}),
        ("4485-9", {"value": Decimal("0.71"), "system": UCUM, "code": "mg", "unit": "g/L"}),  # the code binds
        ("5130-0", sent("30", "U/mL")),  # arbitrary units are no international units
        ("35591-7", sent("90", "mL/min/{1.73_m2}")),  # a clearance is not normalised
        ("33914-3", sent("90", "mL/min")),
        ("13945-1", sent("6", "/[LPF]")),
        ("718-7", sent("12", "109/L", system=None)),
        ("1742-6", sent("40", "u/l", system=None)),
        ("2160-0", {"value": Decimal("1E+301"), "system": UCUM, "code": "mg/dL"}),
    ],
)
def test_nothing_is_guessed(loinc: str, quantity: dict[str, Any]) -> None:
    found = amount(BY_LOINC[loinc], quantity)

    assert (found.value, found.problem) == (None, NOT_CONVERTIBLE)


def test_a_unit_beside_a_code_of_another_system_is_read() -> None:
    quantity = {"value": Decimal(212), "system": "urn:lab:units", "code": "1234", "unit": "G/L"}

    assert amount(BY_LOINC["777-3"], quantity).value == 212


@pytest.mark.parametrize("loinc", ["54218-3", "5048-4"])
def test_what_has_no_dimension_needs_no_unit(loinc: str) -> None:
    assert amount(BY_LOINC[loinc], {"value": Decimal(80)}).value == 80


def test_an_unknown_analyte_keeps_its_value_and_its_unit() -> None:
    assert amount(None, sent("1.50", "mg/L")) == Amount(Decimal("1.50"), "mg/L")
    assert amount(None, {"value": 6}) == Amount(Decimal(6), None)
    assert amount(None, {"unit": "mg/L"}) == Amount(None, "mg/L")
    assert amount(None, {"value": Decimal("1E+301")}).problem == NOT_CONVERTIBLE


def test_a_quantity_without_a_value_is_no_problem() -> None:
    assert amount(BY_LOINC["4485-9"], {"unit": "g/L"}) == Amount(None, "g/L")


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        ("0.7100", "g/L", "0.7100"),  # as sent: nothing was converted
        ("0.71234567", "g/L", "0.712346"),  # six digits, as in any other unit
        ("1.50", "mg/mL", "1.50"),
        ("71.0", "mg/dL", "0.710"),
        ("71.2345678", "mg/dL", "0.712346"),  # six digits
        ("0.0005", "mg/dL", "0.000005"),
        ("12.34565", "mg/dL", "0.123456"),  # half to even
        ("12.34575", "mg/dL", "0.123458"),
    ],
)
def test_what_is_compared_has_six_digits_in_whatever_unit(value: str, unit: str, written: str) -> None:
    found = amount(BY_LOINC["4485-9"], sent(value, unit)).value

    assert found is not None
    assert f"{found:f}" == written


def test_the_float_traps_of_the_clinical_reference_do_not_spring() -> None:
    assert amount(BY_LOINC["751-8"], sent("500", "/uL")).value == Decimal("0.5")
    assert amount(BY_LOINC["8310-5"], sent("100.4", "[degF]")).value == Decimal(38)
    assert amount(BY_LOINC["2160-0"], sent("1.1", "mg/dL")).value == Decimal("97.24")


def test_the_first_known_code_decides() -> None:
    local, c3, c4 = Coding("urn:lab", "777-3"), Coding(LOINC, "4485-9"), Coding(LOINC, "4498-2")

    assert analyte([local, c3, c4]) is BY_LOINC["4485-9"]
    assert analyte([local]) is None


EXACT_VALUES = st.builds(
    lambda number, places: Decimal(number).scaleb(-places), st.integers(1, 10**12), st.integers(0, 12)
)


def _units(loinc: str) -> list[str]:
    """Every unit that leads to the analyte's own."""
    known = BY_LOINC[loinc]
    dimensions = [known.dimension, *(bridge[0] for bridge in known.bridges)]
    return [unit for dimension in dimensions for unit in DIMENSIONS[dimension]]


WAYS = [(loinc, unit) for loinc in BY_LOINC for unit in _units(loinc)]


def _back(loinc: str, unit: str, value: Decimal) -> Decimal | None:
    """The canonical value in another unit, by the same table read backwards; None where no decimal is it."""
    way = conversion(BY_LOINC[loinc], unit)
    assert way is not None
    exact = Context(prec=200, traps=[Inexact])
    try:
        return exact.add(exact.divide(exact.multiply(value, way.divide), way.multiply), way.offset)
    except Inexact:
        return None


@given(value=EXACT_VALUES, way=st.sampled_from(WAYS))
def test_the_same_value_in_another_unit_is_the_same_value(value: Decimal, way: tuple[str, str]) -> None:
    """Of however many digits: whatever is compared is rounded once, in the one unit it is compared in."""
    loinc, unit = way
    known = BY_LOINC[loinc]
    other = _back(loinc, unit, value)

    if other is not None:
        there = {"value": other, "system": UCUM, "code": unit}
        assert amount(known, there).value == amount(known, sent(str(value), known.canonical)).value


@given(
    thousandths=st.integers(1, 999_999),
    way=st.sampled_from(WAYS),
)
def test_there_and_back_is_the_same_value(thousandths: int, way: tuple[str, str]) -> None:
    """What has six digits comes back from every unit, even where only a longer decimal comes near it."""
    loinc, unit = way
    known, value = BY_LOINC[loinc], Decimal(thousandths).scaleb(-3)
    forth = conversion(known, unit)
    assert forth is not None
    there = Context(prec=28).divide(value * forth.divide, forth.multiply) + forth.offset

    assert amount(known, {"value": there, "system": UCUM, "code": unit}).value == value


@given(st.text(max_size=12), st.sampled_from(sorted(BY_LOINC)))
def test_no_unit_raises(text: str, loinc: str) -> None:
    found = amount(BY_LOINC[loinc], sent("1", text, system=None))

    assert (found.value is None) == (found.problem is not None)


def test_the_tables_are_whole() -> None:
    codes = [code for _canonical, _dimension, codes in ANALYTES for code in codes.split()]

    assert len(codes) == len(set(codes))
    assert all(canonical in DIMENSIONS[dimension] for canonical, dimension, _codes in ANALYTES)
    assert all(unit in DIMENSIONS[dimension] for _codes, dimension, unit, _multiply, _divide in BRIDGES)
    assert all(set(spelt.values()) <= set(DIMENSIONS[dimension]) for dimension, spelt in SPELLINGS.items())


@pytest.mark.parametrize("loinc", sorted(BY_LOINC))
def test_every_loinc_code_has_its_check_digit(loinc: str) -> None:
    number, check = loinc.split("-")
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(number))]

    assert (10 - sum(sum(divmod(digit, 10)) for digit in doubled) % 10) % 10 == int(check)


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"unit": "mg/j"}, "mg/d"),
        ({"unit": "mg/jour"}, "mg/d"),
        ({"system": UCUM, "code": "mg/d", "unit": "mg/j"}, "mg/d"),
        ({"unit": "mg/24 h"}, "mg/(24.h)"),
        ({"unit": "comprimés/j"}, "comprimés/j"),
        ({}, None),
    ],
)
def test_a_daily_dose_is_read_in_ucum(quantity: dict[str, Any], unit: str | None) -> None:
    assert rate_unit(quantity) == unit


def test_a_unit_is_its_code_or_its_text() -> None:
    assert written_unit({"unit": "gram", "code": "g"}) == "g"
    assert written_unit({"unit": "gram"}) == "gram"
    assert written_unit({}) is None
