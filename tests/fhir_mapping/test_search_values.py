"""What a search value means, by the kind of its parameter (FHIR R4, search)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.query import CompositeValue, Measure, ReferenceValue, StringValue, TokenValue, Value
from app.fhir_mapping.search_values import (
    MalformedError,
    alternatives,
    beginning,
    composite,
    date,
    implied,
    number,
    quantity,
    reference,
    token,
    uri,
    value,
)
from tests.fhir_mapping.searching import BASE, OBSERVATION

LOINC = "http://loinc.org"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (r"a\,b,c", [r"a\,b", "c"]),
        (r"a\\,b", [r"a\\", "b"]),
        (",a,,b,", ["a", "b"]),
        (",", []),
        ("a\\", ["a\\"]),
    ],
)
def test_a_comma_separates_alternatives_unless_it_is_escaped(text: str, expected: list[str]) -> None:
    assert alternatives(text) == expected


@given(st.lists(st.text(min_size=1), min_size=1))
def test_escaped_values_come_back_as_they_were(written: list[str]) -> None:
    escaped = [
        "".join(f"\\{character}" if character in r"\,|$" else character for character in text)
        for text in written
    ]

    read = [token(part).code for part in alternatives(",".join(escaped))]

    assert read == written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("718-7", TokenValue(None, "718-7")),
        (f"{LOINC}|718-7", TokenValue(LOINC, "718-7")),
        ("|718-7", TokenValue("", "718-7")),
        (f"{LOINC}|", TokenValue(LOINC, None)),
        (r"a\|b", TokenValue(None, "a|b")),
        (r"sys\,tem|a\$b", TokenValue("sys,tem", "a$b")),
    ],
)
def test_a_code_has_four_forms(text: str, expected: TokenValue) -> None:
    assert token(text) == expected


@pytest.mark.parametrize("text", ["|", "a|b|c", "||"])
def test_bars_that_make_no_code_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match=r"system\|code"):
        token(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p-1", ReferenceValue(None, "p-1")),
        ("Patient/p-1", ReferenceValue("Patient", "p-1")),
        (f"{BASE}/Patient/p-1", ReferenceValue("Patient", "p-1")),
        ("Group/p-1", ReferenceValue("Group", "p-1")),
        ("Patient/p-1/_history/2", ReferenceValue("Patient", "p-1")),
        (f"{BASE}/Patient/p-1/_history/2", ReferenceValue("Patient", "p-1")),
        (
            "http://elsewhere.example/Patient/p-1",
            ReferenceValue("", "http://elsewhere.example/Patient/p-1"),
        ),
        (f"{BASE}X/Patient/p-1", ReferenceValue("", f"{BASE}X/Patient/p-1")),
        ("urn:uuid:1", ReferenceValue("", "urn:uuid:1")),
    ],
)
def test_a_reference_is_an_id_a_type_and_id_or_an_address(text: str, expected: ReferenceValue) -> None:
    assert reference(text, base=BASE) == expected


@pytest.mark.parametrize("text", ["Patient/", "Patient/a/b", "a b", "p" * 65, "patient/1", "#contained"])
def test_what_points_nowhere_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="Type/id"):
        reference(text, base=BASE)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", "2023-12-31T23:00:00Z", "2024-12-31T23:00:00Z"),
        ("2024-03", "2024-02-29T23:00:00Z", "2024-03-31T22:00:00Z"),
        ("2024-03-31", "2024-03-30T23:00:00Z", "2024-03-31T22:00:00Z"),
        ("2024-10-27", "2024-10-26T22:00:00Z", "2024-10-27T23:00:00Z"),
        ("2024-03-05T10:20", "2024-03-05T09:20:00Z", "2024-03-05T09:21:00Z"),
        ("2024-03-05T10:20Z", "2024-03-05T10:20:00Z", "2024-03-05T10:21:00Z"),
        ("2024-03-05T10:20:30+02:00", "2024-03-05T08:20:30Z", "2024-03-05T08:20:31Z"),
        ("2024-03-05T10:20:30.5Z", "2024-03-05T10:20:30.5Z", "2024-03-05T10:20:30.6Z"),
    ],
)
def test_a_date_means_every_instant_its_digits_leave_open(text: str, low: str, high: str) -> None:
    read = date(text)

    assert (read.low, read.high) == (datetime.fromisoformat(low), datetime.fromisoformat(high))


@pytest.mark.parametrize("prefix", ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
def test_every_prefix_is_read_before_a_date_and_before_a_number(prefix: str) -> None:
    assert date(f"{prefix}2024").prefix == prefix
    assert quantity(f"{prefix}5.4").prefix == prefix
    assert date("2024").prefix == quantity("-5.4").prefix == "eq"


@pytest.mark.parametrize(
    "text",
    [
        "2024-13",
        "2024-02-30",
        "2024-3-5",
        "24",
        "xx2024",
        "2024-03-05T24:00Z",
        "2024-03-05T10Z",
        "yesterday",
        "ge",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        date(text)


def test_a_plus_that_arrived_as_a_blank_is_explained() -> None:
    with pytest.raises(MalformedError, match="%2B"):
        date("2024-03-05T10:20:30 02:00")


@pytest.mark.parametrize(
    ("digits", "low", "high"),
    [
        ("100", "99.5", "100.5"),
        ("100.00", "99.995", "100.005"),
        ("1e2", "95", "105"),
        ("5.40e-3", "0.005395", "0.005405"),
        ("-5.4", "-5.45", "-5.35"),
        ("0", "-0.5", "0.5"),
        ("1234567890123456789012345678901234567890.1", None, None),
    ],
)
def test_a_number_stands_for_half_its_last_digit_to_either_side(
    digits: str, low: str | None, high: str | None
) -> None:
    bounds = implied(digits)

    if low is not None and high is not None:
        assert bounds == (Decimal(low), Decimal(high))
    assert bounds[0] < Decimal(digits) < bounds[1]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("ap100", "90", "110"),
        ("ap-5.0", "-5.5", "-4.5"),
        ("ap0", "0", "0"),
        ("100", "99.5", "100.5"),
        ("ge1e2", "95", "105"),
    ],
)
def test_a_number_has_no_unit_and_about_is_a_tenth_more_or_less(text: str, low: str, high: str) -> None:
    [measure] = number(text).measures

    assert (measure.low, measure.high) == (Decimal(low), Decimal(high))
    assert (measure.system, measure.unit) == (None, None)


@pytest.mark.parametrize("text", ["5||mg", "5x", "", "5$", "ge"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="number"):
        number(text)


CODE, AMOUNT = OBSERVATION.parameter("code"), OBSERVATION.parameter("value-quantity")
COMPONENTS = [one for one in (CODE, AMOUNT) if one is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("718-7$lt5", (TokenValue(None, "718-7"), quantity("lt5"))),
        (
            rf"{LOINC}|a\$b$5.4|http://unitsofmeasure.org|mg",
            (TokenValue(LOINC, "a$b"), quantity("5.4|http://unitsofmeasure.org|mg")),
        ),
    ],
)
def test_a_composite_is_a_value_for_each_of_its_components(text: str, expected: tuple[Value, ...]) -> None:
    assert composite(text, COMPONENTS, base=BASE) == CompositeValue(expected)


@pytest.mark.parametrize("text", ["718-7", "718-7$", "$5", "a$5$6", r"a\$5"])
def test_a_composite_needs_every_component(text: str) -> None:
    with pytest.raises(MalformedError, match=r"code\$value-quantity"):
        composite(text, COMPONENTS, base=BASE)


def test_a_component_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(MalformedError, match="a quantity is written"):
        composite("718-7$5x", COMPONENTS, base=BASE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://x.example/a|1.0", "http://x.example/a|1.0"),
        ("urn:oid:1.2", "urn:oid:1.2"),
        (r"http://x.example/a\,b", "http://x.example/a,b"),
    ],
)
def test_a_uri_is_taken_whole(text: str, expected: str) -> None:
    assert uri(text) == TokenValue(None, expected)


def test_a_text_of_accents_alone_cannot_be_looked_for() -> None:
    with pytest.raises(MalformedError, match="letter"):
        beginning("\u0301")


@pytest.mark.parametrize(
    ("text", "system", "unit"),
    [
        ("5.4", None, None),
        ("5.4||mg", None, "mg"),
        ("5.4|http://unitsofmeasure.org|mg", "http://unitsofmeasure.org", "mg"),
        ("5.4|http://unitsofmeasure.org|", "http://unitsofmeasure.org", None),
    ],
)
def test_a_quantity_may_name_its_unit(text: str, system: str | None, unit: str | None) -> None:
    expected = Measure(Decimal("5.4"), Decimal("5.35"), Decimal("5.45"), system, unit)

    assert (quantity(text).prefix, quantity(text).measures[0]) == ("eq", expected)


@pytest.mark.parametrize(
    "text", ["abc", "5.4|mg", "5.4|a|b|c", "", "NaN", "Infinity", "1e999", "5,4", "0x1", "٣", "1_0", "9" * 65]
)
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        quantity(text)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("code", "718-7", TokenValue(None, "718-7")),
        ("patient", "p-1", ReferenceValue(None, "p-1")),
        ("date", "ge2024", date("ge2024")),
        ("value-quantity", "5.4", quantity("5.4")),
        ("value-string", "MÜLLER", StringValue("muller")),
    ],
)
def test_the_kind_of_the_parameter_decides_how_a_value_is_read(name: str, text: str, expected: Value) -> None:
    parameter: Any = OBSERVATION.parameter(name)

    assert value(parameter, text, base=BASE) == expected
