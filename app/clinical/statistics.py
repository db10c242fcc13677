"""Statistics over the numeric results of one patient and one analyte (R4's `$stats`).

Numbers found among the results (minimum, sum, …) keep every digit; computed ones are rounded half-even to
six significant digits. Variance and standard deviation are those of a sample (n - 1), so they need two
results; percentiles lie on the line between neighbours, as in most laboratories' software.
Source: https://hl7.org/fhir/R4/valueset-observation-statistics.html
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from app.clinical.comparison import six_digits

_AT_LEAST: Final = {"variance": 2, "std-dev": 2, "count": 0, "total-count": 0}


def statistic(name: str, values: Sequence[Decimal], *, total: int) -> Decimal | None:
    """One statistic of these values; None where they are too few. `total` counts those left out, too."""
    if len(values) < _AT_LEAST.get(name, 1):
        return None
    if name == "total-count":
        return Decimal(total)
    return COMPUTED[name](values)


def _average(values: Sequence[Decimal]) -> Decimal:
    return six_digits(_mean(values))


def _mean(values: Sequence[Decimal]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0)) / len(values)


def _squares(values: Sequence[Decimal]) -> Fraction:
    mean = _mean(values)
    return sum(((Fraction(value) - mean) ** 2 for value in values), Fraction(0)) / (len(values) - 1)


def _deviation(values: Sequence[Decimal]) -> Decimal:
    spread = _squares(values)
    with localcontext(prec=40):
        root = (Decimal(spread.numerator) / Decimal(spread.denominator)).sqrt()
    return six_digits(Fraction(root))


def _sum(values: Sequence[Decimal]) -> Decimal:
    with localcontext(prec=200):
        return sum(values, Decimal(0))


def _percentile(share: Fraction) -> Callable[[Sequence[Decimal]], Decimal]:
    def found(values: Sequence[Decimal]) -> Decimal:
        ordered = sorted(values)
        place = share * (len(ordered) - 1)
        below, rest = divmod(place, 1)
        if not rest:
            return ordered[int(below)]
        low, high = Fraction(ordered[int(below)]), Fraction(ordered[int(below) + 1])
        return six_digits(low + (high - low) * rest)

    return found


COMPUTED: Final[Mapping[str, Callable[[Sequence[Decimal]], Decimal]]] = {
    "average": _average,
    "maximum": max,
    "minimum": min,
    "count": lambda values: Decimal(len(values)),
    "median": _percentile(Fraction(1, 2)),
    "std-dev": _deviation,
    "sum": _sum,
    "variance": lambda values: six_digits(_squares(values)),
    "20-percent": _percentile(Fraction(1, 5)),
    "80-percent": _percentile(Fraction(4, 5)),
}
"""By R4's code, the function of the values that can be counted."""

STATISTICS: Final = (*COMPUTED, "total-count")
"""The codes of http://terminology.hl7.org/CodeSystem/observation-statistics that are computed."""
