"""Cells as they stand in a CSV file."""

from datetime import date
from decimal import Decimal

import pytest

from app.clinical.studies.table import Cell
from app.fhir_mapping.csv_text import lines


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-3, "-3"),
        (Decimal("-0.50"), "-0.5"),
        (Decimal("1E+3"), "1000"),
        (date(2021, 3, 1), "2021-03-01"),
        ("plain", "plain"),
        ("with, comma", '"with, comma"'),
        ('with "quotes"', '"with ""quotes"""'),
        ("two\nlines", '"two\nlines"'),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("\tcmd", "'\tcmd"),
        ("\rcmd", '"\'\rcmd"'),
        ("é", "é"),
    ],
)
def test_a_cell_is_written_as_itself_and_never_as_a_formula(cell: Cell, text: str) -> None:
    assert lines([("first", cell)]).decode() == f"first,{text}\r\n"
