"""A patient's weight, height and body surface near a treatment, for doses per kg and per m²."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

from app.clinical.case import Case
from app.clinical.records import Measurement
from app.protocol.words import Code

MOSTELLER = 3600  # m² of surface = √(cm × kg / 3600)
DIGITS = 28


def size(case: Case, per: str, *, first: date, last: date) -> Fraction | None:
    """The kg or the m² in force from one day to another; None where they are not known."""
    return weight(case, first, last) if per == "kg" else surface(case, first, last)


def weight(case: Case, first: date, last: date) -> Fraction | None:
    """The body weight in kg measured nearest to these days."""
    body = case.protocol.body
    return _nearest(case, body.weight, first, last, limit=body.within_days)


def surface(case: Case, first: date, last: date) -> Fraction | None:
    """The body surface in m² measured nearest to these days, or computed from weight and height."""
    body = case.protocol.body
    measured = _nearest(case, body.surface, first, last, limit=body.within_days)
    if measured is not None:
        return measured
    height = _nearest(case, body.height, first, last, limit=None)  # an adult keeps the same height
    kg = weight(case, first, last)
    return None if height is None or kg is None else _root(height * kg / MOSTELLER)


def _nearest(
    case: Case, codes: Sequence[Code], first: date, last: date, *, limit: int | None
) -> Fraction | None:
    """The value nearest to a span of days; None where there is none near enough, or two disagree."""
    near: dict[tuple[int, int], set[Decimal]] = {}
    for item in case.coded(codes):
        day = _exact_day(item)
        if day is None or item.value is None or not item.value:
            continue
        distance = max((first - day).days, (day - last).days, 0)
        if limit is None or distance <= limit:
            near.setdefault((distance, abs((day - first).days)), set()).add(item.value)
    if not near:
        return None
    values = near[min(near)]
    return Fraction(values.pop()) if len(values) == 1 else None


def _exact_day(item: Measurement) -> date | None:
    return None if item.when is None or item.comparator is not None else item.when.day


def _root(square: Fraction) -> Fraction:
    with localcontext(prec=DIGITS):
        return Fraction((Decimal(square.numerator) / Decimal(square.denominator)).sqrt())
