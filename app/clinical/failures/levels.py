"""Results of one analyte over time, as numbers that may be known only between two bounds."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import reduce

from app.clinical.case import Case, Judged, once
from app.clinical.criteria.latest import shown
from app.clinical.failures.confirmation import Point
from app.clinical.interval import Interval
from app.clinical.records import Measurement, Moment, Source
from app.clinical.schedule import baseline
from app.clinical.timeline import Infusion
from app.clinical.truth import Truth
from app.protocol.words import Code

UNKNOWN = Interval(Decimal(0), Decimal("Infinity"))
"""An amount of which nothing is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One result; `reasons` say why its value is not known."""

    source: Source
    when: Moment | None
    visit: str | None
    value: Interval
    shown: str
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether it says anything that can be used."""
        return not self.reasons

    @property
    def unread(self) -> bool:
        """Whether it came in a unit that cannot be converted."""
        return "unit-not-convertible" in self.reasons


def levels(case: Case, codes: Iterable[Code], unit: str, *, note: str | None = None) -> tuple[Level, ...]:
    """The results with these codes; one in a unit that cannot be converted has no value."""
    told = [item for item in case.coded(codes) if item.value is not None or item.problem is not None]
    return tuple(_level(item, unit, note) for item in told)


def reference(case: Case, t0: Infusion, found: Sequence[Level], *, label: str) -> Level | None:
    """The level at baseline; None where there is none."""
    choice = baseline(case.protocol, t0, found, label=label)
    return reduce(_agreed, choice.chosen) if choice.chosen else None


def unmeasured(t0: Infusion) -> Level:
    """In the place of a level before the infusion that is not recorded: it may have been anything."""
    return Level(
        source=t0.source,
        when=None,
        visit=None,
        value=UNKNOWN,
        shown="a baseline that is not recorded",
        reasons=("baseline-missing",),
    )


def dated(found: Iterable[Level], t0: Infusion) -> tuple[dict[date, list[Level]], list[Level]]:
    """The levels after the infusion by their days, and those that may be after it on a day not known."""
    by_day: defaultdict[date, list[Level]] = defaultdict(list)
    vague: list[Level] = []
    for level in found:
        day = None if level.when is None else level.when.day
        if day is None or level.when is None:
            if level.when is None or level.when.last_day > t0.day:
                vague.append(level)
        elif t0.precedes(level.when):
            by_day[day].append(level)
    return dict(by_day), vague


def points(
    by_day: dict[date, list[Level]], judge: Callable[[Level], Judged], *, what: str, t0: Infusion
) -> list[Point]:
    """What each day says; results of one day that disagree leave it open."""
    return [
        Point(day=day, judged=_of_day(found, judge, f"{what} on {day}, day {(day - t0.day).days}"))
        for day, found in sorted(by_day.items())
    ]


def _of_day(found: Sequence[Level], judge: Callable[[Level], Judged], where: str) -> Judged:
    each = [(level, judge(level)) for level in sorted(found, key=lambda level: str(level.source))]
    truths = {judged.truth for _, judged in each}
    first = each[0][1]
    torn = {Truth.YES, Truth.NO} <= truths
    sources = tuple(level.source for level, _ in each)
    named = " and ".join(map(str, sources))
    open_ = [judged for _, judged in each if judged.truth is Truth.UNKNOWN]
    return Judged(
        truth=truths.pop() if len(truths) == 1 else Truth.UNKNOWN,
        reasons=("conflicting-values",) if torn else once(one for judged in open_ for one in judged.reasons),
        needs=f"find out which of {named} is right" if torn else next((one.needs for one in open_), None),
        observed=f"{' and '.join(once(level.shown for level, _ in each))} ({where})",
        threshold=first.threshold,
        evidence=once((*sources, *(source for _, judged in each for source in judged.evidence))),
        notes=once(note for level, judged in each for note in (*level.notes, *judged.notes)),
    )


def _level(item: Measurement, unit: str, note: str | None) -> Level:
    value = None
    if item.value is not None and item.unit == unit:
        value = UNKNOWN.narrowed(item.value, item.comparator)
    return Level(
        source=item.source,
        when=item.when,
        visit=item.visit,
        value=value or UNKNOWN,
        shown=shown(item),
        reasons=() if value is not None else (item.problem or "unit-not-convertible",),
        notes=() if note is None else (note,),
    )


def _agreed(one: Level, other: Level) -> Level:
    """Two results of the same time hold together, or contradict each other."""
    both = one.value & other.value
    return replace(
        one,
        value=both or UNKNOWN,
        shown=one.shown if one.shown == other.shown else f"{one.shown} and {other.shown}",
        reasons=once((*one.reasons, *other.reasons, *(() if both else ("conflicting-values",)))),
        notes=once((*one.notes, *other.notes)),
    )
