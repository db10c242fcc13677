"""Which record answers a question: the latest one in a window of days.

Where several could be the latest, because they are of the same time or their dates are vague, they must
agree; where they contradict each other nothing is known but that.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from app.clinical.answers import Figure
from app.clinical.calendar import shifted
from app.clinical.case import Judged, once, unknown
from app.clinical.criteria.presence import in_words
from app.clinical.interval import Interval
from app.clinical.records import Measurement, Moment, Source
from app.clinical.truth import Truth

Dated = tuple[Measurement, Moment]


@dataclass(frozen=True, slots=True)
class Window:
    """The days a record may be of: `within_days` before the last day, or any day up to it."""

    last: date
    within_days: int | None = None

    @property
    def first(self) -> date:
        """The first day that still counts."""
        return date.min if self.within_days is None else shifted(self.last, -self.within_days)

    def holds(self, when: Moment) -> bool:
        """Whether every day a date may mean lies in the window."""
        return self.first <= when.first_day and when.last_day <= self.last

    def may_hold(self, when: Moment) -> bool:
        """Whether some day a date may mean lies in the window."""
        return when.first_day <= self.last and self.first <= when.last_day

    def distance(self, when: Moment) -> int:
        """How many days a date lies outside the window."""
        return max((when.first_day - self.last).days, (self.first - when.last_day).days)


def judge(
    items: Iterable[Measurement],
    window: Window,
    read: Callable[[Measurement], Judged],
    *,
    order: str,
    missing: str = "missing-observation",
) -> Judged:
    """What the latest record in the window says, as `read` reads one; `order` is what to ask for."""
    told = [item for item in items if _says_something(item)]
    candidates = could_be_latest(told, window)
    if not candidates:
        return _nothing(told, window, order=order, missing=missing)
    each = [read(item) for item, _ in candidates]
    return replace(
        agreed(each, candidates),
        observed=", ".join(f"{shown(item)} ({dated(when, window.last)})" for item, when in candidates),
        normalised=", ".join(_normalised(each, candidates)) or None,
        evidence=tuple(item.source for item, _ in candidates),
        figures=aged([when for _, when in candidates], window),
    )


def aged(times: Sequence[Moment], window: Window) -> tuple[Figure, ...]:
    """How many days old the evidence is, and how old it may be, where there is such a limit."""
    if not times:
        return ()
    days = [(window.last - day).days for when in times for day in (when.first_day, when.last_day)]
    age = Figure(name="age-of-evidence", value=Interval.of(min(days), max(days)), unit="d")
    if window.within_days is None:
        return (age,)
    return (age, Figure(name="age-allowed", value=window.within_days, unit="d"))


def could_be_latest(items: Sequence[Measurement], window: Window) -> tuple[Dated, ...]:
    """The records in the window that no other is certainly later than, in a fixed order."""
    timed = [(item, item.when) for item in items if item.when is not None]
    inside = [when for _, when in timed if window.holds(when)]
    if not inside:
        return ()
    newest = max(when.start for when in inside)
    last = [(item, when) for item, when in timed if window.may_hold(when) and when.end > newest]
    return tuple(sorted(last, key=lambda pair: (str(pair[0].source), pair[0].part)))


def agreed(each: Sequence[Judged], candidates: Sequence[Dated]) -> Judged:
    """What judgements of the same question say together."""
    truths = {judged.truth for judged in each}
    if len(truths) == 1:
        return replace(each[0], reasons=once(reason for judged in each for reason in judged.reasons))
    if Truth.UNKNOWN in truths:
        return next(judged for judged in each if judged.truth is Truth.UNKNOWN)
    vague = any(when.day is None for _, when in candidates)
    reason = "partial-date" if vague else "conflicting-values"
    sources = ", ".join(str(item.source) for item, _ in candidates)
    return replace(
        unknown(reason, f"find out which of {sources} is right or later: they contradict each other"),
        threshold=each[0].threshold,
    )


def shown(item: Measurement) -> str:
    """The value as it was received."""
    if item.received is not None:
        return " ".join(filter(None, (f"{item.comparator or ''}{item.received}", item.received_unit)))
    if item.truth is not None:
        return str(item.truth).lower()
    words = [in_words(answer) for answer in item.answers] or list(item.interpretations)
    return ", ".join(words) or item.text or "a value that could not be read"


def to_resend(source: Source, received: str, unit: str) -> str:
    """What to do about a result in a unit that cannot be converted."""
    return f"send {source} in {unit} (received {received})"


def unread(item: Measurement, unit: str, *, order: str) -> Judged:
    """That a result has no value in the unit it is compared in: it came in another, or has no number."""
    other = item.received is not None and (item.unit != unit or item.problem is not None)
    needs = to_resend(item.source, shown(item), unit) if other else f"{order} in {unit}"
    return unknown(item.problem or "unit-not-convertible", needs)


def normalised(item: Measurement) -> str | None:
    """The value in the canonical unit of what was measured, if it is a number."""
    if item.value is None:
        return None
    return " ".join(filter(None, (f"{item.comparator or ''}{item.value:f}", item.unit)))


def _normalised(each: Sequence[Judged], candidates: Sequence[Dated]) -> Iterator[str]:
    """What each record was normalised to: what was computed from it, or its own value."""
    for judged, (item, _) in zip(each, candidates, strict=True):
        words = judged.normalised or normalised(item)
        if words is not None:
            yield words


def dated(when: Moment, last: date) -> str:
    """The date, and how far it is from the last day of the window."""
    if when.day is None:
        return when.text
    days = (last - when.day).days
    if days == 0:
        return f"{when.day}, the same day"
    count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
    return f"{when.day}, {count} {'before' if days > 0 else 'after'}"


def _says_something(item: Measurement) -> bool:
    told = (item.value, item.problem, item.truth, item.text)
    return item.absent is None and bool(
        any(value is not None for value in told) or item.answers or item.interpretations
    )


def _nothing(told: Sequence[Measurement], window: Window, *, order: str, missing: str) -> Judged:
    """Why no record answers: vague dates, dates outside the window, or no record at all."""
    if not told:
        return unknown(missing, order)
    vague = tuple(item.source for item in told if item.when is None or window.may_hold(item.when))
    if vague:
        needs = f"record the exact date of {', '.join(map(str, vague))}"
        return unknown("partial-date", needs, evidence=vague)
    timed = [(item, item.when) for item in told if item.when is not None]
    nearest, when = min(timed, key=lambda pair: (window.distance(pair[1]), str(pair[0].source)))
    judged = unknown("outside-window", f"{order}: {_too_far(when, window)}", evidence=(nearest.source,))
    observed = f"{shown(nearest)} ({dated(when, window.last)})"
    figures = aged([when], window)
    return replace(judged, observed=observed, normalised=normalised(nearest), figures=figures)


def _too_far(when: Moment, window: Window) -> str:
    if when.first_day > window.last:
        return f"the one of {when.text} is later than the day asked for, {window.last}"
    age = (window.last - when.last_day).days
    return f"the last one is {age} days old, {window.within_days} are allowed"
