"""The body weight a dose of cells is counted with: the last of the days before the infusion (§1.14)."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from app.clinical.case import Case, once
from app.clinical.comparison import plain, six_digits
from app.clinical.interval import Interval
from app.clinical.records import Measurement, Source
from app.clinical.timeline import Infusion


@dataclass(frozen=True, slots=True)
class PerKg:
    """An exact number, or the two it lies between: kilograms, millions of cells, or cells per kg."""

    low: Fraction
    high: Fraction

    def times(self, other: "PerKg") -> "PerKg":
        """The product; all numbers here are positive."""
        return PerKg(self.low * other.low, self.high * other.high)

    def by(self, other: "PerKg") -> "PerKg":
        """The quotient."""
        return PerKg(self.low / other.high, self.high / other.low)

    def percent_off(self, planned: Fraction) -> "PerKg":
        """How much more it is than planned, in per cent."""
        return PerKg((self.low / planned - 1) * 100, (self.high / planned - 1) * 100)

    def shown(self) -> Interval:
        """To six significant digits."""
        return Interval(six_digits(self.low), six_digits(self.high))

    def __str__(self) -> str:
        low, high = (plain(six_digits(bound)) for bound in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


def span(value: Decimal) -> PerKg:
    """A number that is known."""
    return PerKg(Fraction(value), Fraction(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """The weight, how many days old it was at the infusion, and why there is none.

    `each` are the weights it may be, where those recorded disagree.
    """

    kg: PerKg | None = None
    each: tuple[Fraction, ...] = ()
    age: int | None = None
    evidence: tuple[Source, ...] = ()
    reasons: tuple[str, ...] = ()
    needs: str | None = None


def weight_before(case: Case, t0: Infusion, *, used: Decimal | None) -> Weight:
    """The last weight in the days that count; else the one the cells were prepared for, if that was said."""
    limit = case.protocol.parameters.dose.weight_lookback
    recorded = [item for item in case.coded(case.protocol.body.weight) if _may_precede(t0, item)]
    usable = [item for item in recorded if _kg(item) is not None and item.when and item.when.day]
    recent = [item for item in usable if _age(t0, item) <= limit]
    vague = [item for item in recorded if _kg(item) is not None and _may_lie(t0, item, limit)]
    if recent:
        return _or_another(_last(t0, recent), [item for item in vague if _may_be_later(item, recent)])
    if used is not None and used > 0:
        as_used = Weight(kg=span(used), each=(Fraction(used),), evidence=(t0.source,))
        return _or_another(as_used, vague)
    reasons = {
        "missing-observation": not recorded,
        "unit-not-convertible": any(item.problem is not None for item in recorded),
        "partial-date": any(item.when is None or item.when.day is None for item in recorded),
        "outside-window": bool(usable),
    }
    return Weight(
        reasons=tuple(reason for reason, applies in reasons.items() if applies) or ("missing-observation",),
        needs=f"a body weight in kg from at most {limit} days before the infusion"
        f"{''.join(f', or the exact day of {item.source}' for item in vague)}",
        evidence=once(item.source for item in usable),
    )


def _last(t0: Infusion, recent: list[Measurement]) -> Weight:
    """The latest; where several are of that time and disagree, the range of them."""
    latest = max(item.when.start for item in recent if item.when is not None)
    same = [item for item in recent if item.when is not None and item.when.end > latest]
    values = [kg for item in same if (kg := _kg(item)) is not None]
    return Weight(
        kg=PerKg(min(values), max(values)),
        each=once(sorted(values)),
        age=min(_age(t0, item) for item in same),
        evidence=once(item.source for item in sorted(same, key=lambda item: str(item.source))),
    )


def _or_another(known: Weight, vague: list[Measurement]) -> Weight:
    """The weight, or one of those whose dates leave open whether they are the one that counts."""
    values = once(sorted((*known.each, *(kg for item in vague if (kg := _kg(item)) is not None))))
    if values == known.each:
        return known
    return replace(
        known,
        kg=PerKg(min(values), max(values)),
        each=values,
        evidence=once((*known.evidence, *(item.source for item in vague))),
        reasons=("partial-date",),
        needs=f"the exact day of {' and '.join(str(item.source) for item in vague)}",
    )


def _may_lie(t0: Infusion, item: Measurement, limit: int) -> bool:
    """Whether it has a date too vague to say that it is not of the days that count."""
    when = item.when
    if when is None or when.day is not None:
        return when is None
    return when.first_day <= t0.day and when.last_day >= t0.date_of(-limit)


def _may_be_later(item: Measurement, recent: list[Measurement]) -> bool:
    latest = max(one.when.start for one in recent if one.when is not None)
    return item.when is None or item.when.end > latest


def _may_precede(t0: Infusion, item: Measurement) -> bool:
    if item.when is None or item.when.day is None:
        return True
    return not t0.precedes(item.when)


def _age(t0: Infusion, item: Measurement) -> int:
    return -(t0.study_day(item.when) or 0)


def _kg(item: Measurement) -> Fraction | None:
    if item.comparator is not None or item.value is None or item.value <= 0:
        return None
    return Fraction(item.value)
