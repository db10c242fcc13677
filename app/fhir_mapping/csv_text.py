"""Rows as CSV (RFC 4180): what a spreadsheet would take for a formula is made harmless.

Source for the latter: https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Final

from app.clinical.comparison import plain
from app.clinical.studies.table import Cell

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a formula begins with; numbers of ours do not come as text."""


def lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The rows, each ended by CRLF, in UTF-8."""
    text = StringIO(newline="")
    csv.writer(text).writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case Decimal():
            return plain(cell)
        case int():
            return str(cell)
        case date():
            return cell.isoformat()
        case str():
            return f"'{cell}" if cell.startswith(FORMULA) else cell
