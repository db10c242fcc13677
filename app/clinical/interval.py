"""A number that is only known to lie between two bounds.

Scores with unknown items and results such as `<0.3` are intervals. A bound belongs to the interval unless it
is said to be open: what is `<2.3` can be anything below, and never 2.3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import ge, gt, le, lt

from app.clinical.truth import Truth

COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {">=": ge, ">": gt, "<=": le, "<": lt}


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; a number known exactly has both equal. An open bound is not in it itself."""

    low: Decimal
    high: Decimal
    low_open: bool = False
    high_open: bool = False

    @staticmethod
    def of(low: Decimal | int, high: Decimal | int | None = None) -> "Interval":
        """The number itself, or the range between two."""
        return Interval(Decimal(low), Decimal(low if high is None else high))

    @property
    def is_empty(self) -> bool:
        """Whether no number lies in it."""
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))

    def narrowed(self, value: Decimal, comparator: str | None) -> "Interval | None":
        """What is left of this range by a result as received (`<0.3`); None where nothing is."""
        low = value if comparator in (None, ">", ">=") else self.low
        high = value if comparator in (None, "<", "<=") else self.high
        return self & Interval(low, high, low_open=comparator == ">", high_open=comparator == "<")

    def __and__(self, other: "Interval") -> "Interval | None":
        """What both allow; None where they contradict each other."""
        both = (self, other)
        low, high = max(one.low for one in both), min(one.high for one in both)
        shared = Interval(
            low,
            high,
            low_open=any(one.low_open and one.low == low for one in both),
            high_open=any(one.high_open and one.high == high for one in both),
        )
        return None if shared.is_empty else shared

    def times(self, factor: Decimal) -> "Interval":
        """So many times the number; the factor is not negative."""
        low, high = self.low * factor, self.high * factor
        if not factor:
            return Interval(low, high)
        return Interval(low, high, low_open=self.low_open, high_open=self.high_open)

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(
            self.low - other.high,
            self.high - other.low,
            low_open=self.low_open or other.high_open,
            high_open=self.high_open or other.low_open,
        )

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.low:f}"
        above, below = ("> " if self.low_open else ""), ("< " if self.high_open else "")
        return f"{above}{self.low:f} to {below}{self.high:f}"

    def holds(self, op: str, threshold: Decimal | int) -> Truth:
        """Whether the number passes the threshold: known only if the whole range agrees."""
        number = Decimal(threshold)
        upwards = op[0] == ">"
        least, most = (self.low, self.high) if upwards else (self.high, self.low)
        least_open, most_open = (
            (self.low_open, self.high_open) if upwards else (self.high_open, self.low_open)
        )
        if COMPARE[op](least, number) or (least == number and least_open):
            return Truth.YES
        passes = COMPARE[op](most, number) and not (most == number and most_open)
        return Truth.UNKNOWN if passes else Truth.NO

    def against(self, op: str, other: "Interval") -> Truth:
        """Whether this number passes a threshold that is itself only known to lie between two bounds."""
        return (self - other).holds(op, 0)
