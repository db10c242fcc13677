"""Events that count only once they are confirmed: seen again, so many days later (conventions §1.10).

A value that is not positive in the time for the confirmation leaves the event unconfirmed. With no value, it
is pending as long as that time lasts, and missing afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.clinical.calendar import shifted
from app.clinical.case import Judged, joined, once
from app.clinical.truth import Truth


@dataclass(frozen=True, slots=True)
class Spacing:
    """How many confirmations are asked for, each so many days after the one before.

    `what` is to be measured again, which could be done as long as the subject lived.
    """

    times: int
    first: int
    last: int
    what: str = "a measurement"
    died: date | None = None

    def __str__(self) -> str:
        again = "again" if self.times == 1 else f"again {self.times} times, each"
        return f"{again} {self.first} to {self.last} days later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was seen on one day: whether it is positive, and what it rests on."""

    day: date
    judged: Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that may be a failure: since when, what is known of it, and the days it was confirmed on."""

    id: str
    day: date | None
    judged: Judged
    confirmed: tuple[date, ...] = ()


def confirmed_events(
    name: str, points: Sequence[Point], spacing: Spacing, *, until: date, today: date
) -> tuple[Event, ...]:
    """Every day that is positive, or may be, with its confirmations.

    A day that confirms an earlier one is no event of its own, unless it is the more certain of the two.
    """
    ordered = sorted(points, key=lambda point: point.day)
    events: list[Event] = []
    for point in ordered:
        if point.judged.truth is Truth.NO or point.day > until:
            continue
        event = _event(name, point, ordered, spacing, today)
        told = [one for one in events if point.day in one.confirmed]
        if all(event.judged.truth.value > one.judged.truth.value for one in told):
            events.append(event)
    return tuple(events)


def _event(name: str, point: Point, ordered: Sequence[Point], spacing: Spacing, today: date) -> Event:
    judged, days = _chain(point, ordered, spacing, spacing.times, today)
    threshold = f"{point.judged.threshold}, {spacing}"
    shown = replace(judged, observed=point.judged.observed, threshold=threshold)
    return Event(id=f"{name} {point.day}", day=point.day, judged=shown, confirmed=days)


def _chain(
    point: Point, ordered: Sequence[Point], spacing: Spacing, times: int, today: date
) -> tuple[Judged, tuple[date, ...]]:
    """A positive point with the confirmations that follow it; the best of several ways counts."""
    if times == 0:
        return point.judged, ()
    opens, closes = shifted(point.day, spacing.first), shifted(point.day, spacing.last)
    following = [other for other in ordered if opens <= other.day <= closes]
    ways = [
        (later.judged.truth, _chain(later, ordered, spacing, times - 1, today), later) for later in following
    ]
    if not ways:
        return _unseen(point, spacing, opens, closes, today=today), ()
    rated = [(_both(point.judged, chain[0], truth), (later.day, *chain[1])) for truth, chain, later in ways]
    return max(rated, key=lambda way: (way[0].truth.value, -way[1][0].toordinal()))


def _both(point: Judged, later: Judged, seen: Truth) -> Judged:
    """The point and what follows it, as one."""
    truth = point.truth & later.truth & seen
    parts = [part for part in (point, later) if part.truth is Truth.UNKNOWN]
    return Judged(
        truth=truth,
        reasons=once(reason for part in parts for reason in part.reasons),
        needs=joined(part.needs for part in parts),
        evidence=once((*point.evidence, *later.evidence)),
        notes=once((*point.notes, *later.notes, *(() if truth is not Truth.NO else ("not confirmed",)))),
    )


def _unseen(point: Point, spacing: Spacing, opens: date, closes: date, *, today: date) -> Judged:
    """Nothing was measured when a confirmation was due."""
    reason, needs = _still_needed(point, spacing, opens, closes, today=today)
    is_open = point.judged.truth is Truth.UNKNOWN
    first = point.judged.needs if is_open else None
    return Judged(
        truth=Truth.UNKNOWN,
        reasons=once((reason, *(point.judged.reasons if is_open else ()))),
        needs=joined((first, needs)),
        evidence=point.judged.evidence,
        notes=point.judged.notes,
    )


def _still_needed(
    point: Point, spacing: Spacing, opens: date, closes: date, *, today: date
) -> tuple[str, str]:
    """Why there is no confirmation, and what would be one: a result to come, or one not yet sent."""
    confirms = f"that confirms the one of {point.day}"
    if spacing.died is not None and spacing.died < opens:
        return "confirmation-missing", (
            f"an investigator's judgement of {spacing.what} of {point.day}: the subject died before it could "
            f"be confirmed ({opens} to {closes})"
        )
    if today <= closes and spacing.died is None:
        return "confirmation-pending", f"{spacing.what} from {opens} to {closes} {confirms}"
    return "confirmation-missing", (
        f"{spacing.what} measured from {opens} to {closes} {confirms}, if there is a result not sent yet: "
        "that time is over"
    )
