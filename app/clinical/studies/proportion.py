"""A share of subjects and how surely it is known: exact (Clopper-Pearson) 95 % confidence intervals.

Source: Clopper & Pearson, Biometrika 1934;26:404-413; clinical conventions §1.11.1 and §4.
"""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from app.clinical.comparison import six_digits
from app.clinical.interval import Interval

TAIL: Final = 0.025
DIGITS: Final = Decimal("0.000001")


def exact(met: int, of: int) -> tuple[Decimal, Decimal]:
    """The exact 95 % confidence interval of a proportion, as two numbers from 0 to 1."""
    from scipy.special import betaincinv  # noqa: PLC0415 - only when first needed: it is slow to load

    low = betaincinv(met, of - met + 1, TAIL) if met else 0
    high = betaincinv(met + 1, of - met, 1 - TAIL) if met < of else 1
    return rounded(float(low)), rounded(float(high))


def per_cent(met: int, of: int) -> Decimal:
    """A share in per cent."""
    return six_digits(Fraction(100 * met, of))


def limits(surely: int, perhaps: int, of: int) -> Interval:
    """The exact limits in per cent of a share of which the number is known to lie between two."""
    low, high = (six_digits(100 * Fraction(bound)) for bound in (exact(surely, of)[0], exact(perhaps, of)[1]))
    return Interval(low, high)


def rounded(number: float) -> Decimal:
    """A probability out of a statistical function, to six decimals."""
    return Decimal(number).quantize(DIGITS)
