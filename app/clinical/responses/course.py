"""The course of the BILAG since inclusion: what was newly graded, assessment by assessment (§1.3.2, §1.3.3).

Every counted assessment is a point of the course, unscheduled ones included. A visit at which a BILAG was
due and is missing is a point without grades: it may have shown anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product

from app.clinical.responses.sides import Side
from app.clinical.schedule import Choice, of_the_same_time
from app.clinical.scores import bilag
from app.clinical.scores.assessments import Chart
from app.clinical.scores.bilag import Bilag, Grades, New, new_a, new_b
from app.clinical.timeline import Infusion, order
from app.clinical.truth import Truth, any_of
from app.protocol.definition import Protocol, Visit

_FEW = 4  # missing grades of which every possibility is looked at


@dataclass(frozen=True, slots=True)
class Point:
    """One assessment, or one that was due; `day` is its study day."""

    day: int
    side: Side[Bilag]

    @property
    def grades(self) -> Grades:
        """The grades that are known."""
        return {} if self.side.reading is None else self.side.reading.grades


@dataclass(frozen=True)
class Step:
    """What is newly A and newly B at one point, against the point it is compared with."""

    reference: Point
    point: Point
    a: New
    b: New

    @cached_property
    def severe(self) -> Truth:
        """Whether it was a severe flare: a new A, or two new B at once."""
        return any_of((~self.a.at_most(0), ~self.b.at_most(1)))

    @cached_property
    def flare(self) -> Truth:
        """Whether there was any flare: a new A or a new B."""
        return any_of((~self.a.at_most(0), ~self.b.at_most(0)))

    @property
    def moderate(self) -> Truth:
        """Whether there was exactly one new B and no new A."""
        return self.flare & ~self.severe


@dataclass(frozen=True, slots=True)
class Stretch:
    """The steps between two points; `vague` are assessments whose date leaves open whether they lie there."""

    steps: tuple[Step, ...]
    vague: tuple[Bilag, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All points in order of time, the baseline first."""

    t0: Infusion
    systems: tuple[str, ...]
    points: tuple[Point, ...]
    against_baseline: bool
    vague: tuple[Bilag, ...]
    _steps: dict[int, Step] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def baseline(self) -> Point:
        """The assessment before the infusion."""
        return self.points[0]

    def at(self, label: str) -> Point:
        """The point of a visit."""
        return self.points[self._index(label)]

    def between(self, after: str, to: str, *, days: int | None = None) -> Stretch:
        """What came after one visit up to another, the second included, or only in so many days."""
        first, last = self._index(after), self._index(to)
        start = self.points[first].day
        end = self.points[last].day if days is None else min(self.points[last].day, start + days)
        found = (self._step(index) for index in range(first + 1, last + 1) if self.points[index].day <= end)
        return Stretch(tuple(found), tuple(item for item in self.vague if self._may_lie(item, start, end)))

    def completions(self, to: str) -> Iterator["Course"]:
        """Every way in which the few grades missing up to a visit may have been; none where they are many.

        C stands for C, D and E: what is asked of a course never tells them apart.
        """
        until = range(self._index(to) + 1)
        holes = [
            (place, system)
            for place in until
            for system in self.systems
            if system not in self.points[place].grades
        ]
        if self.vague or not 1 <= len(holes) <= _FEW:
            return
        for grades in product("ABC", repeat=len(holes)):
            said = dict(zip(holes, grades, strict=True))
            yield replace(self, points=tuple(_filled(point, n, said) for n, point in enumerate(self.points)))

    def _index(self, label: str) -> int:
        return next(index for index, point in enumerate(self.points) if point.side.label == label)

    def _step(self, index: int) -> Step:
        """What is new at one point; every later visit looks back upon it."""
        if index not in self._steps:
            reference = self.points[0 if self.against_baseline else index - 1]
            self._steps[index] = step(self.points[index], reference, self.systems)
        return self._steps[index]

    def _may_lie(self, item: Bilag, start: int, end: int) -> bool:
        if item.when is None:
            return True
        first, last = ((day - self.t0.day).days for day in (item.when.first_day, item.when.last_day))
        return first <= end and last >= start


def _filled(point: Point, place: int, said: Mapping[tuple[int, str], str]) -> Point:
    """The point with the grades said of its place."""
    grades = {system: grade for (where, system), grade in said.items() if where == place}
    if not grades or point.side.reading is None:
        return point
    reading = replace(point.side.reading, grades={**point.grades, **grades})
    return replace(point, side=replace(point.side, reading=reading))


def step(point: Point, reference: Point, systems: Iterable[str]) -> Step:
    """What is new at a point against another."""
    of = tuple(systems)
    return Step(
        reference,
        point,
        new_a(point.grades, reference.grades, of),
        new_b(point.grades, reference.grades, of),
    )


def graded(point: Point, grades: str, systems: Iterable[str]) -> New:
    """The systems graded so at a point, for certain and perhaps."""
    of = tuple(systems)
    known = tuple(system for system in of if point.grades.get(system, "-") in grades)
    return New(known, tuple(system for system in of if system not in point.grades))


def elsewhere(new: New, baseline: Point) -> New:
    """What of it lies in systems that were neither A nor B at baseline."""
    quiet = {system for system, grade in baseline.grades.items() if grade not in "AB"}
    open_there = {system for system in (*new.certain, *new.perhaps) if system not in baseline.grades}
    certain = tuple(system for system in new.certain if system in quiet)
    rest = (system for system in (*new.certain, *new.perhaps) if system not in certain)
    return New(certain, tuple(system for system in rest if system in quiet | open_there))


def course(protocol: Protocol, chart: Chart, *, reference: str, asked: Iterable[str]) -> Course:
    """The course of one subject's BILAG: what stands for each visit it is due or asked at, and the rest."""
    before, named = protocol.visit(reference), set(asked)
    due = [
        visit
        for visit in protocol.visits
        if visit.day > before.day and ("bilag" in visit.assessed or visit.label in named)
    ]
    pairs = [(visit, chart.grades_at(visit, before)) for visit in due]
    planned = [_planned(chart.clock.t0, visit, pair.after) for visit, pair in pairs]
    base = Point(0, pairs[0][1].before)
    used = {item.source for point in (base, *planned) for item in point.side.choice.chosen}
    free = [item for item in chart.bilag.counted if item.source not in used]
    between = [Point(day, side) for day, side in _unscheduled(protocol, chart, free)]
    return Course(
        t0=chart.clock.t0,
        systems=bilag.systems(protocol),
        points=(base, *sorted((*planned, *between), key=_when)),
        against_baseline=protocol.parameters.bilag.flare_reference == "baseline",
        vague=tuple(
            item
            for item in free
            if chart.clock.t0.study_day(item.when) is None and item.visit != before.label
        ),
    )


def _planned(t0: Infusion, visit: Visit, side: Side[Bilag]) -> Point:
    """The point of a visit: on the day it took place, else on the day it was planned for."""
    days = (t0.study_day(item.when) for item in side.choice.chosen)
    return Point(next((day for day in days if day is not None), visit.day), side)


def _unscheduled(
    protocol: Protocol, chart: Chart, free: Sequence[Bilag]
) -> Iterator[tuple[int, Side[Bilag]]]:
    """The assessments after the infusion that stand for no visit; those of one time are one."""
    t0 = chart.clock.t0
    dated = [item for item in free if item.when is not None and t0.study_day(item.when) is not None]
    after = sorted((item for item in dated if item.when and t0.precedes(item.when)), key=_order)
    for same in _grouped(after, lambda one, other: of_the_same_time(one.when, other.when)):
        day = t0.study_day(same[0].when) or 0
        label = f"day {day}"
        side = Side(
            instrument=bilag.name(protocol),
            label=label,
            place=f"{label} ({t0.date_of(day).isoformat()})",
            reading=bilag.merged(same),
            choice=Choice(chosen=tuple(same)),
        )
        yield day, side


def _grouped(items: Iterable[Bilag], same: Callable[[Bilag, Bilag], bool]) -> list[list[Bilag]]:
    groups: list[list[Bilag]] = []
    for item in items:
        if groups and same(groups[-1][0], item):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _order(item: Bilag) -> tuple[object, str]:
    return order(item.when, item.source)


def _when(point: Point) -> tuple[int, str]:
    """Sorts by day; on one day by the time, where there is one."""
    chosen = point.side.choice.chosen
    times = [item.when.start.isoformat() for item in chosen if item.when is not None]
    return (point.day, min(times, default=""))
