"""What was taken of one drug on every day, as its records say, before any amount is reckoned (§1.9).

What was given stands before what is stated to have been taken. Single doses of a day add up and stand before
a period that covers the same day. Of two periods that overlap it is not known whether the later one took the
place of the earlier or both were taken (a line for the morning, one for the evening). Where the earlier ends
on the day on which the later begins, the dose was changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import groupby, pairwise, zip_longest

from app.clinical.calendar import shifted
from app.clinical.case import once
from app.clinical.drugs.given import Given, Question


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken of one drug on one day: these records, and which share of their dose is this day's.

    Where `alone` is not empty, any one of these records may have stood alone.
    """

    given: tuple[Given, ...]
    share: Fraction = Fraction(1)
    alone: tuple[Given, ...] = ()


def by_day(
    given: Sequence[Given], *, until: date, spread: bool
) -> tuple[dict[date, Taken], tuple[Question, ...]]:
    """What was taken of one drug on every day, and which records overlap.

    A statement says nothing of a day on which the drug is recorded as given.
    """
    ordered = sorted(given, key=lambda item: (item.first, str(item.source)))
    days: dict[date, Taken] = {}
    for stated in (False, True):
        days = _by_day([item for item in ordered if item.stated == stated], until, spread=spread) | days
    overlapping = {id(taken): taken for taken in days.values() if taken.alone}
    return days, once(_overlap(taken) for taken in overlapping.values())


def _by_day(ordered: Sequence[Given], until: date, *, spread: bool) -> dict[date, Taken]:
    """The same of administrations or of statements alone."""
    singles = _single_doses([item for item in ordered if item.single], until=until, spread=spread)
    return _periods([item for item in ordered if not item.single]) | singles


def _periods(ordered: Sequence[Given]) -> dict[date, Taken]:
    """Stretch by stretch: between the first and last days of the records the same ones cover every day."""
    days: dict[date, Taken] = {}
    bounds = sorted({bound for item in ordered for bound in (item.counted.start, item.counted.stop)})
    for start, stop in pairwise(bounds):
        covering = [item for item in ordered if start in item.counted]
        if covering:
            stretch = map(date.fromordinal, range(start, stop))
            days |= dict.fromkeys(stretch, _taken(covering))
    return days


def _taken(covering: Sequence[Given]) -> Taken:
    """Which of the records may have stood alone: of those that overlap, the ones that began last."""
    last = covering[-1].first
    ended = [item for item in covering if item.first < last and _ends_on(item, last)]
    both = tuple(item for item in covering if item not in ended)
    if len(both) == 1:
        return Taken(both)
    return Taken(both, alone=tuple(item for item in both if item.first == last))


def _ends_on(item: Given, day: date) -> bool:
    """Whether it ended on the day on which another began: a change of dose, and no overlap."""
    end = item.record.period.end
    return end is not None and end.day == day


def _overlap(taken: Taken) -> Question:
    """That it is not known whether records that overlap were taken together."""
    later, named = taken.given[-1], " and ".join(str(item.source) for item in taken.given)
    needs = (
        f"{named} overlap: end the earlier where the later took its place (or take back a duplicate as "
        "entered-in-error), and where both were taken record one with the dose of the whole day"
    )
    return Question("conflicting-values", needs, later.source, later.last, one_dose=False)


def _single_doses(ordered: Sequence[Given], *, until: date, spread: bool) -> dict[date, Taken]:
    """Each day's doses, spread over the days they cover but not beyond the next dose."""
    dosed = {day: tuple(same) for day, same in groupby(ordered, key=lambda item: item.first)}
    days: dict[date, Taken] = {}
    for day, next_day in zip_longest(dosed, list(dosed)[1:]):
        covers = dosed[day][0].drug.covers_days if spread else 1
        lasting = min(covers, ((next_day or until) - day).days + (next_day is None))
        for n in range(lasting):
            days[shifted(day, n)] = Taken(dosed[day], Fraction(1, covers))
    return days
