"""Column types that hold the same Python values exactly on both databases.

SQLite has neither instants nor exact decimals: an instant is kept as fixed-width UTC text, a
decimal in a text that sorts as the number does (decision 30: never REAL). The declared type names
tell the sqlite3 driver how to read them back; they contain none of SQLite's affinity words but
TEXT, so that nothing is ever turned into a float on the way.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql


class InstantText(types.UserDefinedType[datetime]):
    """An instant on SQLite."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The declared type."""
        return "INSTANT_TEXT"


class ExactText(types.UserDefinedType[Decimal]):
    """An exact number on SQLite."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The declared type."""
        return "EXACT_TEXT"


INSTANT = postgresql.TIMESTAMP(timezone=True).with_variant(InstantText(), "sqlite")
EXACT = types.Numeric().with_variant(ExactText(), "sqlite")
TEXT = types.Text()
KEY = types.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""Ids and codes: compared byte by byte, so that both databases page in the same order."""
DOCUMENT = types.LargeBinary()
DAY = types.Date()
FLAG = types.Boolean()
NUMBER = types.Integer()


@lru_cache(maxsize=4096)  # the instants of one commit are the same, the days of a feed few
def instant_to_text(instant: datetime) -> str:
    """Fixed width, UTC, microseconds: sorts as time does."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"


def instant_from_text(text: bytes) -> datetime:
    """The instant a text stands for."""
    return datetime.fromisoformat(text.decode())


def computed_instant(value: datetime | str) -> datetime:
    """The instant a statement computed, such as the earliest of several: SQLite gives it as its text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_BIAS = 5000
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


@lru_cache(maxsize=4096)  # results repeat, and each is kept in several rows
def decimal_to_text(number: Decimal) -> str:
    """A text that sorts as the number: `p`, biased exponent, digits; negatives complemented.

    Zero is `o`, so that `n… < o < p…`. Trailing zeros are not kept: the digits as received stand in
    a column of their own.
    """
    if number.is_zero():
        return "o"
    sign, digits, _exponent = number.as_tuple()
    body = f"{number.adjusted() + _BIAS:04d}" + "".join(map(str, digits)).rstrip("0")
    return f"n{body.translate(_COMPLEMENT)}~" if sign else f"p{body}"


def decimal_from_text(text: bytes) -> Decimal:
    """The number a sortable text stands for."""
    kind, body = text[:1], text[1:].decode().rstrip("~")
    if kind == b"o":
        return Decimal(0)
    if kind == b"n":
        body = body.translate(_COMPLEMENT)
    exponent, digits = int(body[:4]) - _BIAS, body[4:]
    return Decimal((int(kind == b"n"), tuple(map(int, digits)), exponent - len(digits) + 1))
