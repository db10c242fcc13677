"""The treatments of a subject as events: when each was started, changed and stopped, or given once.

Records of the same drug that follow each other without a day between them are one course. What was taken
on a day is decided elsewhere (exposure); here only the records are told in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, pairwise

from app.clinical.records import Administration, Moment
from app.clinical.subjects.events import Event, amounts, named, told
from app.clinical.timeline import GIVEN, order

NEXT_DAY = 1  # days between the end of one record and the start of the next of the same course


def of_treatments(records: Iterable[Administration]) -> Iterator[Event]:
    """The events of every drug among these records."""
    taken = [record for record in records if record.status in GIVEN]
    by_drug = sorted(taken, key=lambda one: (_drug(one), *order(one.period.start, one.source)))
    for drug, found in groupby(by_drug, key=_drug):
        for course in _courses(list(found)):
            yield from _told(drug, course)


def _courses(records: Sequence[Administration]) -> Iterator[list[Administration]]:
    """The records of one drug in runs without a gap; a day that is not known ends a run."""
    course: list[Administration] = []
    until: date | None = None
    for record in records:
        if course and not _follows(until, record):
            yield course
            course, until = [], None
        course.append(record)
        end = _last(record)
        known = [day for day in (until, None if end is None else end.day) if day is not None]
        until = max(known, default=None)
    yield course


def _follows(until: date | None, record: Administration) -> bool:
    """Whether a record goes on where a course stands; not where a day is not known."""
    start = None if record.period.start is None else record.period.start.day
    return until is not None and start is not None and (start - until).days <= NEXT_DAY


def _told(drug: str, course: Sequence[Administration]) -> Iterator[Event]:
    """A course from its start to its end, with each change of dose."""
    first, last = course[0], course[-1]
    if len(course) == 1 and not first.has_period:
        yield _event("treatment-given", drug, first, first.period.start)
        return
    yield _event("treatment-started", drug, first, first.period.start)
    for before, after in pairwise(course):
        if _amount(before) != _amount(after):
            yield _event("treatment-changed", drug, after, after.period.start)
    end = _last(last)
    if end is not None:
        yield _event("treatment-stopped", drug, last, end)


def _event(kind: str, drug: str, record: Administration, when: Moment | None) -> Event:
    title = record.text or drug
    figures = (*told(title=title, code=drug, status=record.status), *amounts(record))
    return Event(kind=kind, when=when, figures=figures, evidence=(record.source,))


def _last(record: Administration) -> Moment | None:
    """The last day of a record; None while it goes on, or where nobody said."""
    return record.period.end if record.has_period else record.period.start


def _amount(record: Administration) -> tuple[object, ...]:
    return record.dose, record.dose_unit, record.rate, record.rate_unit


def _drug(record: Administration) -> str:
    return named(record.codings, record.text) or "not named"
