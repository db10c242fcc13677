"""A number that is only known to lie between two bounds, both included.

Scores with unknown items and results such as `<0.3` are intervals. Bounds that were open are closed,
which can leave a question open but never settles one wrongly.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from operator import ge, gt, le, lt

from app.clinical.truth import Truth

COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {">=": ge, ">": gt, "<=": le, "<": lt}


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; a number known exactly has both equal."""

    low: Decimal
    high: Decimal

    @staticmethod
    def of(low: Decimal | int, high: Decimal | int | None = None) -> "Interval":
        """The number itself, or the range between two."""
        return Interval(Decimal(low), Decimal(low if high is None else high))

    def narrowed(self, value: Decimal, comparator: str | None) -> "Interval | None":
        """What is left of this range by a result as received (`<0.3`); None where nothing is."""
        low = value if comparator in (None, ">", ">=") else self.low
        high = value if comparator in (None, "<", "<=") else self.high
        return self & Interval(low, high) if low <= high else None

    def __and__(self, other: "Interval") -> "Interval | None":
        """What both allow; None where they contradict each other."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Interval(low, high) if low <= high else None

    def __sub__(self, other: "Interval") -> "Interval":
        return Interval(self.low - other.high, self.high - other.low)

    def __str__(self) -> str:
        return f"{self.low:f}" if self.low == self.high else f"{self.low:f} to {self.high:f}"

    def holds(self, op: str, threshold: Decimal | int) -> Truth:
        """Whether the number passes the threshold: known only if the whole range agrees."""
        verdicts = {COMPARE[op](bound, Decimal(threshold)) for bound in (self.low, self.high)}
        return Truth.UNKNOWN if len(verdicts) > 1 else Truth.of(verdicts.pop())

    def against(self, op: str, other: "Interval") -> Truth:
        """Whether this number passes a threshold that is itself only known to lie between two bounds."""
        rising = op in (">=", ">")
        sure, perhaps = (other.high, other.low) if rising else (other.low, other.high)
        nearest, farthest = (self.low, self.high) if rising else (self.high, self.low)
        if COMPARE[op](nearest, sure):
            return Truth.YES
        return Truth.UNKNOWN if COMPARE[op](farthest, perhaps) else Truth.NO
