"""Statistics over the numeric results of one patient and one analyte (R4's `$stats`).

Numbers found among the results (minimum, sum, …) keep every digit; computed ones are rounded half-even to
six significant digits. Variance and standard deviation are those of a sample (n - 1), so they need two
results; percentiles lie on the line between neighbours, as in most laboratories' software.
Source: https://hl7.org/fhir/R4/valueset-observation-statistics.html
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from app.clinical.comparison import six_digits
from app.clinical.records import Coding, Measurement
from app.clinical.timeline import FINAL

_AT_LEAST: Final = {"variance": 2, "std-dev": 2, "count": 0, "total-count": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The results of one code: those that are counted, in one unit, and why others are not."""

    code: Coding
    unit: str | None
    values: tuple[Decimal, ...]
    total: int
    left_out: tuple[str, ...]
    first: datetime | None
    last: datetime | None


def sample(code: Coding, found: Sequence[Measurement]) -> Sample:
    """What can be counted among the results of a code.

    The unit is that of most results, the analyte's own where it is known. Left out are results that are not
    final, that have a comparator, no number, or another unit.
    """
    units = Counter(one.unit for one in found if _objection(one) is None)
    unit = max(units, key=lambda name: units[name], default=None)
    judged = [(one, _objection(one) or (None if one.unit == unit else "in another unit")) for one in found]
    counted = [one for one, objection in judged if objection is None]
    objections = Counter(objection for _, objection in judged if objection is not None)
    moments = [one.when for one in counted if one.when is not None]
    return Sample(
        code=code,
        unit=unit,
        values=tuple(one.value for one in counted if one.value is not None),
        total=len(found),
        left_out=tuple(f"{times} {objection}" for objection, times in objections.items()),
        first=min((moment.start for moment in moments), default=None),
        last=max((moment.end for moment in moments), default=None),
    )


def _objection(one: Measurement) -> str | None:
    if one.status not in FINAL:  # a preliminary result may still change
        return "not final"
    if one.value is None:
        return "without a number in a known unit"
    return "with a comparator" if one.comparator is not None else None


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
    "4-lower": _percentile(Fraction(1, 4)),
    "4-upper": _percentile(Fraction(3, 4)),
}
"""By R4's code, the function of the values that can be counted."""

STATISTICS: Final = (*COMPUTED, "total-count")
"""The codes of http://terminology.hl7.org/CodeSystem/observation-statistics that are computed."""
