"""A quantity asked for in one unit is looked for in every other unit it can be put in, exactly.

Unlike `units`, which rounds what is shown to people, a boundary here must stay where it was asked: 85 mg/dL
is 0.85 g/L to the last digit. What the analyte alone can say (mass to amount of substance) is not known to
a question; the index keeps the analyte's own unit for that.
"""

from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache

from app.fhir_mapping.units import FACTORS, OFFSETS, ucum, unit_of

_EXACT = Context(prec=200)
_NO_OFFSET = (Decimal(0), Decimal(1))


@dataclass(frozen=True, slots=True)
class Way:
    """How a number becomes the same in `unit`: (number - zero) * multiply / divide + own_zero."""

    unit: str
    multiply: Decimal
    divide: Decimal
    zero: Decimal
    own_zero: Decimal

    def __call__(self, number: Decimal) -> Decimal:
        """The number in the other unit, exact wherever a decimal can be."""
        moved = _EXACT.multiply(_EXACT.subtract(number, self.zero), self.multiply)
        return _EXACT.add(_EXACT.divide(moved, self.divide), self.own_zero)


@lru_cache(maxsize=1024)
def ways(unit: str) -> tuple[Way, ...]:
    """The ways to every UCUM unit of every dimension this unit belongs to, its own UCUM spelling first."""
    uniform = ucum(unit)
    found: dict[Way, None] = {}
    for dimension in FACTORS:
        own = unit_of(dimension, uniform)
        if own is not None:
            others = (other for other in FACTORS[dimension] if other != own)
            found |= dict.fromkeys(_way(dimension, own, other) for other in (own, *others))
    return tuple(found)


def _way(dimension: str, unit: str, other: str) -> Way:
    factors = FACTORS[dimension]
    zero, step = OFFSETS.get(unit, _NO_OFFSET)
    own_zero, own_step = OFFSETS.get(other, _NO_OFFSET)
    if unit == other:
        return Way(other, Decimal(1), Decimal(1), Decimal(0), Decimal(0))
    return Way(other, factors[unit] * own_step, factors[other] * step, zero, own_zero)
