"""The same exact values on both databases."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.types import decimal_from_text, decimal_to_text, instant_from_text, instant_to_text

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(
    lambda number: abs(number.adjusted()) < 4000
)


@given(decimals)
def test_a_number_comes_back_as_the_same_number(number: Decimal) -> None:
    assert decimal_from_text(decimal_to_text(number).encode()) == number


@given(decimals, decimals)
def test_texts_sort_as_their_numbers_do(one: Decimal, other: Decimal) -> None:
    texts = decimal_to_text(one), decimal_to_text(other)
    assert (texts[0] < texts[1]) == (one < other)
    assert (texts[0] == texts[1]) == (one == other)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("-10", "-9.99"), ("-0.1", "0"), ("0", "0.0000001"), ("0.299999", "0.3"), ("9", "10"), ("99.9", "100")],
)
def test_the_order_holds_where_texts_usually_fail(lower: str, higher: str) -> None:
    assert decimal_to_text(Decimal(lower)) < decimal_to_text(Decimal(higher))


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_instants_come_back_and_sort(one: datetime, other: datetime) -> None:
    texts = instant_to_text(one), instant_to_text(other)
    assert instant_from_text(texts[0].encode()) == one
    assert (texts[0] < texts[1]) == (one < other)
