"""Failures read from a series of results: each positive day with its confirmations (conventions §1.10)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from app.clinical.case import Judged, once, unknown
from app.clinical.failures.confirmation import Event, Spacing, confirmed_events
from app.clinical.failures.failure_criteria import Observed
from app.clinical.failures.levels import Level, dated, points
from app.clinical.records import Source
from app.clinical.truth import Truth


@dataclass(frozen=True, slots=True)
class Series:
    """The events of a series, what leaves it open beside them, and all it was read from."""

    events: tuple[Event, ...]
    gaps: tuple[Judged, ...]
    looked_at: tuple[Source, ...]


def series(
    observed: Observed,
    found: Sequence[Level],
    judge: Callable[[Level], Judged],
    *,
    name: str,
    what: str,
    spacing: Spacing,
    asked: bool = True,
) -> Series:
    """Every positive day after the infusion; without any result, or on a day not known, it stays open.

    Where it is not `asked` for, because something else rules it out, no result is missed.
    """
    by_day, vague = dated(found, observed.t0)
    events = confirmed_events(
        name,
        points(by_day, judge, what=what, t0=observed.t0),
        replace(spacing, what=what, died=observed.died),
        until=observed.until,
        today=observed.today,
    )
    counted = [level for day, same in by_day.items() if day <= observed.until for level in same]
    nothing = unknown("missing-observation", f"{what} since the infusion{observed.until_death()}")
    missing = () if counted or vague or not asked else (nothing,)
    gaps = (*missing, *_undated(observed, vague, judge), *observed.still_open())
    return Series(tuple(events), gaps, once(level.source for level in counted))


def _undated(
    observed: Observed, vague: Sequence[Level], judge: Callable[[Level], Judged]
) -> Iterator[Judged]:
    """Results that may be positive and may lie in the time, but whose day is not known."""
    for level in vague:
        if observed.holds(level.when) is not Truth.NO and judge(level).truth is not Truth.NO:
            needs = f"record the exact date of {level.source}"
            yield unknown("partial-date", needs, evidence=(level.source,))
