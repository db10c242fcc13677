"""The BILAG index: a grade A to E for each organ system, and what is new against a reference (§1.3).

A grade that is missing leaves open whether it is new, unless the other side already excludes it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.clinical.codes import (
    BILAG_2004_SYSTEMS,
    BILAG_GRADE,
    BILAG_SYSTEM,
    CLASSIC_SYSTEMS,
    SCORE,
)
from app.clinical.interval import Interval
from app.clinical.records import Coding, Measurement, Moment, Source
from app.clinical.scores.panels import panels
from app.clinical.timeline import order
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.parameters import Weights

SHORT_NAME = {"classic": "classic BILAG", "bilag2004": "BILAG-2004"}
_GRADES = frozenset(BILAG_GRADE.codes)
INSTRUMENT = {"classic": "bilag-classic", "bilag2004": "bilag-2004"}
SYSTEMS = {"classic": CLASSIC_SYSTEMS, "bilag2004": BILAG_2004_SYSTEMS}
Grades = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bilag:
    """One BILAG assessment: the grade of each system that is known, and the systems contradicted."""

    source: Source
    when: Moment | None
    visit: str | None
    grades: Grades
    contradicted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether any system's grade is recorded."""
        return bool(self.grades or self.contradicted)


@dataclass(frozen=True, slots=True)
class New:
    """The systems newly graded so, for certain and perhaps."""

    certain: tuple[str, ...]
    perhaps: tuple[str, ...]

    def at_most(self, allowed: int) -> Truth:
        """Whether no more than so many are new."""
        if len(self.certain) > allowed:
            return Truth.NO
        return Truth.YES if len(self.certain) + len(self.perhaps) <= allowed else Truth.UNKNOWN

    def __str__(self) -> str:
        low, high = len(self.certain), len(self.certain) + len(self.perhaps)
        return str(Interval.of(low, high))


def coding(protocol: Protocol) -> Coding:
    """The BILAG this protocol means."""
    return SCORE.coding(INSTRUMENT[protocol.parameters.bilag.variant])


def name(protocol: Protocol) -> str:
    """What it is called."""
    return SHORT_NAME[protocol.parameters.bilag.variant]


def systems(protocol: Protocol) -> tuple[str, ...]:
    """The organ systems of the BILAG this protocol means, in the order of the form."""
    return SYSTEMS[protocol.parameters.bilag.variant]


def assessments(
    protocol: Protocol, measurements: Iterable[Measurement], *, variant: str | None = None
) -> tuple[Bilag, ...]:
    """Every BILAG among these measurements, each from the Observation that records it.

    It is the one the protocol means, unless a `variant` is named.
    """
    chosen = variant or protocol.parameters.bilag.variant
    panel = SCORE.coding(INSTRUMENT[chosen])
    return tuple(_assessment(parts, SYSTEMS[chosen]) for parts in panels(panel, measurements))


def merged(same_time: Sequence[Bilag]) -> Bilag | None:
    """What assessments of the same time say together; None where there is none."""
    if not same_time:
        return None
    recorded: dict[str, set[str]] = {}
    for one in same_time:
        for system, grade in one.grades.items():
            recorded.setdefault(system, set()).add(grade)
    before = {system for one in same_time for system in one.contradicted}
    return _settled(same_time[0], recorded, contradicted=before, among=same_time)


def total(grades: Grades, of: Sequence[str], weights: Weights) -> Interval:
    """The numeric score; a system without a grade adds anything from nothing to an A."""
    by_grade = weights.model_dump()
    known = sum(by_grade[grades[system]] for system in of if system in grades)
    missing = sum(system not in grades for system in of)
    return Interval.of(known, known + missing * max(by_grade.values()))


def new_a(now: Grades, reference: Grades, of: Iterable[str]) -> New:
    """Systems graded A that were not A before."""
    return _new("A", now, reference, of=of, excluding="A")


def new_b(now: Grades, reference: Grades, of: Iterable[str]) -> New:
    """Systems graded B that were C, D or E before; A to B is an improvement."""
    return _new("B", now, reference, of=of, excluding="AB")


def inconsistencies(history: Iterable[Bilag], of: Iterable[str]) -> tuple[str, ...]:
    """Data queries: systems called never involved (E) after they had been involved (A to D)."""
    in_order = sorted(history, key=lambda one: order(one.when, one.source))
    return tuple(
        f"{system} is E in {later.source} after {earlier.grades[system]} in {earlier.source}: "
        "a system once involved cannot be 'never involved'"
        for system in of
        for later, earlier in _impossible(system, in_order)
    )


def _impossible(system: str, in_order: Sequence[Bilag]) -> Iterable[tuple[Bilag, Bilag]]:
    involved: Bilag | None = None
    for one in in_order:
        if one.grades.get(system, "E") != "E":
            involved = one
        elif involved is not None and system in one.grades:
            yield one, involved


def _new(grade: str, now: Grades, reference: Grades, *, of: Iterable[str], excluding: str) -> New:
    """Certain where both sides are known, open where a missing one could still make it new."""
    certain: list[str] = []
    perhaps: list[str] = []
    for system in of:
        here, before = now.get(system), reference.get(system)
        if here not in (grade, None) or before in tuple(excluding):
            continue
        (perhaps if here is None or before is None else certain).append(system)
    return New(tuple(certain), tuple(perhaps))


def _assessment(parts: list[Measurement], of: Sequence[str]) -> Bilag:
    whole = parts[0]
    recorded: dict[str, set[str]] = {}
    for part in parts:
        given = {answer.code for answer in part.answers if answer.system == BILAG_GRADE.url}
        for code in part.codings:
            if code.system == BILAG_SYSTEM.url and code.code in of:
                recorded.setdefault(code.code, set()).update(given & _GRADES)
    empty = Bilag(source=whole.source, when=whole.when, visit=whole.visit, grades={})
    return _settled(empty, recorded, contradicted=set(), among=[empty])


def _settled(
    one: Bilag, recorded: Mapping[str, set[str]], *, contradicted: set[str], among: Sequence[Bilag]
) -> Bilag:
    """The grades on which all agree; a system graded in two ways has none."""
    torn = {system: sorted(grades) for system, grades in recorded.items() if len(grades) > 1}
    sources = " and ".join(str(other.source) for other in among)
    notes = [note for other in among for note in other.notes]
    notes += [f"{sources}: {system} is graded {' and '.join(torn[system])}" for system in sorted(torn)]
    apart = contradicted | set(torn)
    agreed = {system: grade for system, grades in recorded.items() if system not in apart for grade in grades}
    return Bilag(
        source=one.source,
        when=one.when,
        visit=one.visit,
        grades=agreed,
        contradicted=tuple(sorted(apart)),
        notes=tuple(notes),
    )
