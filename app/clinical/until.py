"""What had happened by a clinical day: the history without everything dated after it.

A question asked for a day (`on`) is answered from this, so that nothing later decides it. What is not dated,
or so vaguely that it may lie before, stays. When a fact was written down does not matter here (`asOf` does).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TypeVar

from app.clinical.asked import Asked
from app.clinical.care import Procedure
from app.clinical.history import History
from app.clinical.records import Administration, AdverseEvent, Enrolment, Moment, Person

T = TypeVar("T", Administration, Enrolment, Procedure)


def of_the_day(history: History, asked: Asked) -> History:
    """What a question rests on: the history up to the day it is asked for; all of it where none is named."""
    return history if asked.on is None else until(history, asked.on)


def until(history: History, day: date) -> History:
    """The history without what is dated after a day."""
    return replace(
        history,
        enrolment=_not_left(history.enrolment, day),
        person=None if history.person is None else _alive(history.person, day),
        other_enrolments=_begun(history.other_enrolments, day),
        measurements=tuple(one for one in history.measurements if not _later(one.when, day)),
        administrations=_begun(history.administrations, day),
        adverse_events=tuple(
            _so_far(one, day) for one in history.adverse_events if not _later(one.when, day)
        ),
        conditions=tuple(one for one in history.conditions if not _later(one.onset, day)),
        procedures=_begun(history.procedures, day),
        consents=tuple(one for one in history.consents if not _later(one.when, day)),
    )


def _later(moment: Moment | None, day: date) -> bool:
    """Whether it is certainly after the day."""
    return moment is not None and moment.first_day > day


def _begun(records: Iterable[T], day: date) -> tuple[T, ...]:
    """Those that had begun, or may have."""
    return tuple(one for one in records if not _later(one.period.start, day))


def _not_left(enrolment: Enrolment, day: date) -> Enrolment:
    """The part in the study, without an end that was still to come."""
    if not _later(enrolment.period.end, day):
        return enrolment
    return replace(enrolment, period=replace(enrolment.period, end=None))


def _alive(person: Person, day: date) -> Person:
    """The person, without a death that was still to come."""
    if not person.deceased or not _later(person.deceased_at, day):
        return person
    return replace(person, deceased=False, deceased_at=None)


def _so_far(event: AdverseEvent, day: date) -> AdverseEvent:
    """The event, without the changes of its grade and the reports that were still to come."""
    return replace(
        event,
        changes=tuple(one for one in event.changes if not _later(one.when, day)),
        reports=tuple(one for one in event.reports if not _later(one.when, day)),
    )
