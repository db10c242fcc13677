"""A measured number against a threshold, a result such as `<0.3` included.

A result with a comparator is only known to lie on one side of a number: it passes a threshold, or fails
it, only if everything it may stand for does.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from app.clinical.interval import COMPARE
from app.clinical.truth import Truth

OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
SIX_DIGITS = Context(prec=6, rounding=ROUND_HALF_EVEN)


def passes(value: Decimal, comparator: str | None, op: str, threshold: Decimal) -> Truth:
    """Whether a result passes `op threshold`."""
    if comparator is None:
        return Truth.of(COMPARE[op](value, threshold))
    if _always(value, comparator, op, threshold):
        return Truth.YES
    return Truth.NO if _always(value, comparator, OPPOSITE[op], threshold) else Truth.UNKNOWN


def six_digits(number: Fraction) -> Decimal:
    """A computed number as it is compared: half-even to six significant digits (conventions §0.3)."""
    return SIX_DIGITS.divide(Decimal(number.numerator), Decimal(number.denominator))


def plain(number: Decimal) -> str:
    """A number as a reader writes it, without trailing zeros or an exponent."""
    return f"{number.normalize():f}"


def _always(value: Decimal, comparator: str, op: str, threshold: Decimal) -> bool:
    """Whether every number that is `comparator value` is also `op threshold`."""
    if comparator[0] != op[0]:
        return False
    if op == comparator[0] and comparator.endswith("="):  # <= 30 lies below 31, not below 30
        return COMPARE[op](value, threshold)
    return COMPARE[f"{op[0]}="](value, threshold)
