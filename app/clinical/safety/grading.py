"""How bad an adverse event was, and from when on: its grade at onset and every worsening (§1.11.1).

A grade that was not sent is read from `severity` where the protocol allows that; else it may be any.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.clinical.interval import Interval
from app.clinical.records import AdverseEvent, Moment
from app.clinical.timeline import order
from app.protocol.safety import AeParameters

SCALES: Final = {"ctcae5": ("CTCAE 5.0", 5), "ctcae4.03": ("CTCAE 4.03", 5), "who1981": ("WHO 1981", 4)}
"""By the parameter's value, the grading's name and its highest grade."""

FATAL: Final = frozenset({"fatal", "C48275"})
"""How an outcome of death is sent: R4's code, and the NCI thesaurus's."""

ENDED: Final = frozenset({"resolved", "resolvedWithSequelae", "C49498", "C49495"})
"""How it is sent that an event has resolved, with sequelae or not: R4's codes, and the NCI thesaurus's."""

GRADE_OF_DEATH: Final = 5

SEVERITIES: Final = {"mild": (1, 1), "moderate": (2, 2), "severe": (3, 5)}


@dataclass(frozen=True, slots=True)
class Step:
    """A grade an event had from a moment on; an unknown grade is the range it may lie in."""

    when: Moment | None
    grade: Interval


def steps(event: AdverseEvent, chosen: AeParameters) -> tuple[Step, ...]:
    """The grade at onset, then every change for the worse."""
    changed = sorted(event.changes, key=lambda change: (order(change.when, event.source), change.grade))
    highest = SCALES[chosen.grading][1]
    found = [
        Step(event.when, at_onset(event, chosen)),
        *(Step(one.when, Interval.of(min(one.grade, highest))) for one in changed),
    ]
    worse = (after for before, after in pairwise(found) if after.grade.high > before.grade.low)
    return (found[0], *worse)


def at_onset(event: AdverseEvent, chosen: AeParameters) -> Interval:
    """The grade at onset, or the range it may lie in."""
    highest = SCALES[chosen.grading][1]
    if event.grade is not None:
        return Interval.of(min(event.grade, highest))
    low, high = (
        SEVERITIES.get(event.severity or "", (0, highest)) if chosen.severity_fallback else (0, highest)
    )
    return Interval.of(low, min(high, highest))


def worst(event: AdverseEvent, chosen: AeParameters) -> Interval:
    """The worst grade it ever had."""
    grades = [step.grade for step in steps(event, chosen)]
    return Interval(max(one.low for one in grades), max(one.high for one in grades))


def is_over(event: AdverseEvent) -> bool:
    """Whether its outcome says that it goes on no more: resolved, with or without sequelae, or fatal."""
    return event.outcome in ENDED or is_fatal(event)


def is_fatal(event: AdverseEvent) -> bool:
    """Whether it ended in death: by its outcome, its grade as sent, or why it was serious."""
    grades = (event.grade, *(change.grade for change in event.changes))
    return event.outcome in FATAL or GRADE_OF_DEATH in grades or "death" in event.criteria


def queries(event: AdverseEvent, chosen: AeParameters) -> Iterator[str]:
    """What about the grade is worth asking the sender; nothing is regraded here."""
    name, highest = SCALES[chosen.grading]
    if event.scale is not None and name.rpartition(" ")[2] not in event.scale:
        yield f"{event.source} is graded by {event.scale}, the protocol uses {name}: it is not regraded"
    grades = [grade for grade in (event.grade, *(one.grade for one in event.changes)) if grade is not None]
    if any(grade > highest for grade in grades):
        yield f"{event.source} has a grade that {name} does not have: it counts as {highest}"
    if any(grade >= LIFE_THREATENING for grade in grades) and event.serious is False:
        yield f"{event.source} has grade {max(grades)} and is reported as not serious"


LIFE_THREATENING: Final = 4
