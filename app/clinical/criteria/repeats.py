"""Which value of a series confirms which: two that pass, far enough apart.

A series may hold thousands of values, so no value is held against all the others: of values with the same
precision (with a time, or as wide: a day, a month, a year) the one taken last is the furthest from any
earlier one, and only that one is looked at.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from app.clinical.case import Judged
from app.clinical.records import Measurement, Moment
from app.clinical.truth import Truth
from app.protocol.measured import Repeated

Kinds = Mapping[tuple[bool, timedelta], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a series: whether it passes, and when it was taken."""

    item: Measurement
    when: Moment
    judged: Judged


def confirmed(criterion: Repeated, series: Sequence[Reading]) -> tuple[Truth, tuple[Reading, ...]]:
    """Whether two values of a series in the order of time confirm each other, and the first two that do."""
    for level in (Truth.YES, Truth.UNKNOWN):
        if pair := _first_pair(criterion, series, level):
            return level, pair
    return Truth.NO, ()


def unconfirmed(criterion: Repeated, series: Sequence[Reading]) -> list[Reading]:
    """The values that pass, or may, and have not been looked at again, long enough after them."""
    failed = [number for number, one in enumerate(series) if one.judged.truth is Truth.NO]
    last = [series[numbers[-1]] for numbers in _by_kind(series, failed).values()]

    def looked_at_again(one: Reading) -> bool:
        later = [other for other in last if other.when.start >= one.when.end]
        return any(criterion.unbroken or apart_enough(criterion, one, other) is Truth.YES for other in later)

    return [one for one in series if one.judged.truth is not Truth.NO and not looked_at_again(one)]


def _first_pair(criterion: Repeated, series: Sequence[Reading], level: Truth) -> tuple[Reading, ...]:
    """The first two values that confirm each other, or may; nothing where no two do."""
    numbers = [number for number, one in enumerate(series) if _reaches(one.judged.truth, level)]
    kinds = _by_kind(series, numbers)
    stop = _breaks(series, level) if criterion.unbroken else lambda _: len(series)
    for number in numbers:
        first = series[number]
        end = stop(first)
        last = [of_kind[at - 1] for of_kind in kinds.values() if (at := bisect_left(of_kind, end))]
        if not any(n > number and _reaches(apart_enough(criterion, first, series[n]), level) for n in last):
            continue
        later = (series[n] for n in numbers if n > number)
        return first, next(one for one in later if _reaches(apart_enough(criterion, first, one), level))
    return ()


def _breaks(series: Sequence[Reading], level: Truth) -> Callable[[Reading], int]:
    """From which place in the series on a value lies between, after the one given, that does not pass."""
    starts = [one.when.start for one in series]
    failed = [one.when for one in series if not _reaches(one.judged.truth, level)]
    failed_starts = [when.start for when in failed]
    earliest: list[datetime] = [*accumulate((when.end for when in reversed(failed)), min)][::-1]

    def stop(first: Reading) -> int:
        at = bisect_left(failed_starts, first.when.end)
        return bisect_left(starts, earliest[at]) if at < len(earliest) else len(series)

    return stop


def _by_kind(series: Sequence[Reading], numbers: Iterable[int]) -> Kinds:
    """The places of values by their precision: of one kind, who begins later ends later."""
    found: defaultdict[tuple[bool, timedelta], list[int]] = defaultdict(list)
    for number in numbers:
        when = series[number].when
        found[when.has_time, when.end - when.start].append(number)
    return found


def apart_enough(criterion: Repeated, first: Reading, second: Reading) -> Truth:
    """Whether the second was taken long enough after the first; a day without a time is any of its hours."""
    if criterion.days_apart is not None:
        least = (second.when.first_day - first.when.last_day).days
        most = (second.when.last_day - first.when.first_day).days
        if least >= criterion.days_apart:
            return Truth.YES
        return Truth.UNKNOWN if most >= criterion.days_apart else Truth.NO
    length = timedelta(hours=criterion.hours_apart or 0)
    timed = first.when.has_time and second.when.has_time
    if second.when.start - (first.when.start if timed else first.when.end) >= length:
        return Truth.YES
    return Truth.UNKNOWN if not timed and second.when.end - first.when.start >= length else Truth.NO


def _reaches(truth: Truth, level: Truth) -> bool:
    return truth.value >= level.value
