"""One measured quantity at a time: a lung volume, a rating on a scale, each result on its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce

from app.clinical.answers import Figure
from app.clinical.interval import Interval
from app.clinical.records import Coding, Measurement, Moment, Source
from app.clinical.scores.reading import Reading
from app.clinical.scores.sledai_labs import ANYTHING
from app.clinical.visits import Instrument, Results

NO_UNIT = frozenset({None, "{score}", "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One result in its canonical unit; `value` is None where there is none to compute with."""

    source: Source
    when: Moment | None
    visit: str | None
    value: Interval | None
    unit: str | None
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether it can be computed with."""
        return self.value is not None


def instrument(
    results: Results, name: str, codes: frozenset[Coding], *, unit: str | None
) -> Instrument[Quantity]:
    """Every result with one of these codes, in that unit; a score has none."""
    return results.instrument(name, codes, partial(quantities, codes, unit), merged)


def quantities(
    codes: frozenset[Coding], unit: str | None, measurements: Iterable[Measurement]
) -> tuple[Quantity, ...]:
    """The results among these measurements that have one of these codes."""
    return tuple(_quantity(one, unit) for one in measurements if not codes.isdisjoint(one.codings))


def merged(same_time: Sequence[Quantity]) -> Quantity | None:
    """What results of the same time say together; None where there is none."""
    return reduce(_both, same_time) if same_time else None


def reading(quantity: Quantity) -> Reading:
    """The value, or why there is none."""
    figure = Figure(name="total", value=_said(quantity.value), unit=quantity.unit, reasons=quantity.reasons)
    needs = () if quantity.value is not None else ("its value, in a unit that can be converted",)
    return Reading(scores=(figure,), reasons=quantity.reasons, missing=needs, notes=quantity.notes)


def _said(value: Interval | None) -> Interval | str | None:
    """The number; one only known to lie beyond another is said in words, and no change is made of it."""
    if value is None or (value.low.is_finite() and value.high.is_finite()):
        return value
    return f">= {value.low:f}" if value.low.is_finite() else f"<= {value.high:f}"


def _quantity(one: Measurement, unit: str | None) -> Quantity:
    value = None if one.value is None else ANYTHING.narrowed(one.value, one.comparator)
    problem = one.problem or ("missing-observation" if value is None else None)
    if value is not None and not (one.unit == unit or (unit is None and one.unit in NO_UNIT)):
        problem = "unit-not-convertible"
    return Quantity(
        source=one.source,
        when=one.when,
        visit=one.visit,
        value=None if problem else value,
        unit=unit,
        reasons=(problem,) if problem else (),
    )


def _both(one: Quantity, other: Quantity) -> Quantity:
    """Two results of the same time hold together, or contradict each other."""
    if one.value is None or other.value is None:
        known = one if one.value is not None else other
        return replace(known, notes=one.notes + other.notes)
    agreed = one.value & other.value
    if agreed is not None:
        return replace(one, value=agreed, notes=one.notes + other.notes)
    note = f"{one.source} and {other.source} are of the same time and disagree: {one.value} and {other.value}"
    conflict = ("conflicting-values",)
    return replace(one, value=None, reasons=conflict, notes=(*one.notes, *other.notes, note))
