"""Criteria about a series of values: the same finding twice, or a change against an earlier value."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from app.clinical.calendar import shifted
from app.clinical.case import Case, Judged, once, unknown
from app.clinical.comparison import plain, six_digits
from app.clinical.criteria.latest import Dated, Window, aged, dated, judge, normalised, shown
from app.clinical.criteria.repeats import Reading, confirmed, unconfirmed
from app.clinical.criteria.results import compared
from app.clinical.records import Measurement
from app.clinical.truth import Truth
from app.protocol.measured import Changed, Repeated


def repeated(criterion: Repeated, case: Case) -> Judged:
    """Two values far enough apart that both pass; one alone waits for its confirmation."""
    order = f"order {criterion.order}"
    window = Window(case.on, criterion.within_days)
    items = case.coded(criterion.codes)
    series = _series(criterion, items, window, order)
    if not series:
        return judge(items, window, lambda item: compared(criterion, item, order), order=order)
    truth, deciding = confirmed(criterion, series)
    alone = unconfirmed(criterion, series) if truth is Truth.NO else []
    judged = Judged(truth=truth) if truth is not Truth.UNKNOWN else _unclear(criterion, once(deciding), order)
    if alone:
        judged = _unconfirmed(criterion, case, alone[-1], order)
    told = deciding or alone or series[-1:]
    return replace(
        judged,
        observed=", ".join(f"{shown(one.item)} ({dated(one.when, case.on)})" for one in told),
        normalised=", ".join(filter(None, (normalised(one.item) for one in told))) or None,
        threshold=f"{series[-1].judged.threshold or criterion.op}, twice, {_apart_words(criterion)} apart",
        evidence=tuple(one.item.source for one in told),
        figures=aged([one.when for one in told], window),
        notes=case.waiting(criterion.codes),
    )


def changed(criterion: Changed, case: Case) -> Judged:
    """The latest value against the one about a year earlier."""
    order = f"order {criterion.order}"
    items = case.coded(criterion.codes)
    earlier, reason = _earlier(criterion, case, items)
    words = "fallen" if criterion.direction == "fall" else "changed"
    unit = "%" if criterion.by == "relative" else "points"
    needs = f"record {criterion.order} of {criterion.to_days} to {criterion.from_days} days before {case.on}"

    def read(item: Measurement) -> Judged:
        if not earlier:
            return unknown(reason, needs)
        truths = {_moved(criterion, item, one) for one, _ in earlier}
        truth = truths.pop() if len(truths) == 1 else Truth.UNKNOWN
        return Judged(truth=truth, reasons=(reason,), needs=f"{order} and {needs}, as exact numbers")

    judged = judge(items, Window(case.on, criterion.within_days), read, order=order)
    return replace(
        judged,
        observed="; earlier ".join(
            filter(
                None,
                (judged.observed, ", ".join(f"{shown(one)} ({dated(at, case.on)})" for one, at in earlier)),
            )
        )
        or None,
        threshold=f"{words} by > {plain(criterion.more_than)} {unit}",
        evidence=once((*judged.evidence, *(one.source for one, _ in earlier))),
        notes=case.waiting(criterion.codes),
    )


def _series(
    criterion: Repeated, items: Sequence[Measurement], window: Window, order: str
) -> tuple[Reading, ...]:
    """The values that lie in the window, in the order of time."""
    timed = [(item, item.when) for item in items if item.when is not None and window.holds(item.when)]
    readings = [
        Reading(item, when, compared(criterion, item, order)) for item, when in timed if item.absent is None
    ]
    return tuple(sorted(readings, key=lambda one: (one.when.start, str(one.item.source))))


def _unclear(criterion: Repeated, deciding: Sequence[Reading], order: str) -> Judged:
    """Two values that may confirm each other: their numbers or their times are not exact."""
    reasons = once(
        reason for one in deciding for reason in one.judged.reasons if one.judged.truth is Truth.UNKNOWN
    )
    needs = f"{order} again, {_apart_words(criterion)} apart, with exact times"
    return Judged(truth=Truth.UNKNOWN, reasons=reasons or ("partial-date",), needs=needs)


def _unconfirmed(criterion: Repeated, case: Case, alone: Reading, order: str) -> Judged:
    """One value that passes, or may, and was not looked at again."""
    if alone.judged.truth is Truth.UNKNOWN:
        return alone.judged
    is_pending = shifted(alone.when.last_day, criterion.days_apart or 1) >= case.on
    reason = "confirmation-pending" if is_pending else "confirmation-missing"
    return unknown(reason, f"{order} again, {_apart_words(criterion)} apart")


def _apart_words(criterion: Repeated) -> str:
    span = f"{criterion.hours_apart} h" if criterion.hours_apart else f"{criterion.days_apart} d"
    return f"at least {span}"


def _earlier(criterion: Changed, case: Case, items: Sequence[Measurement]) -> tuple[tuple[Dated, ...], str]:
    """The earlier values that may be the one to compare with, and why nothing may come of it."""
    window = Window(shifted(case.on, -criterion.to_days), criterion.from_days - criterion.to_days)
    middle = (criterion.from_days + criterion.to_days) // 2
    timed = [(item, item.when) for item in items if item.when is not None and item.value is not None]
    vague = [(item, when) for item, when in timed if when.day is None and window.may_hold(when)]
    exact = [(item, when) for item, when in timed if when.day is not None and window.holds(when)]
    far = {when.first_day: abs((case.on - when.first_day).days - middle) for _, when in exact}
    nearest = min(far, key=lambda day: (far[day], day), default=None)
    chosen = [(item, when) for item, when in exact if when.first_day == nearest]
    reason = "partial-date" if vague else "conflicting-values" if chosen else "baseline-missing"
    return tuple(sorted((*chosen, *vague), key=lambda pair: str(pair[0].source))), reason


def _moved(criterion: Changed, item: Measurement, earlier: Measurement) -> Truth:
    """Whether one value differs enough from the other; not known unless both are numbers in the unit."""
    usable = all(one.comparator is None and one.unit == criterion.unit for one in (item, earlier))
    if not usable or item.value is None or not earlier.value:
        return Truth.UNKNOWN
    fall = Fraction(earlier.value) - Fraction(item.value)
    moved = fall if criterion.direction == "fall" else abs(fall)
    size = moved * 100 / Fraction(earlier.value) if criterion.by == "relative" else moved
    return Truth.of(six_digits(size) > criterion.more_than)
