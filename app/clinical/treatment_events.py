"""The treatments of a subject as events: when each was started, changed and stopped, or given once.

Records of the same drug that follow each other without a day between them are one course. What was taken
on a day is decided elsewhere (exposure); here only the records are told in order.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise

from app.clinical.events import Event, amounts, named, told
from app.clinical.records import Administration, Moment
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
    """The records of one drug in runs without a gap."""
    course: list[Administration] = []
    for record in records:
        if course and not _follows(course, record):
            yield course
            course = []
        course.append(record)
    yield course


def _follows(course: Sequence[Administration], record: Administration) -> bool:
    """Whether a record goes on where the course stands; not where a day is not known."""
    start = record.period.start
    ends = [_last(one) for one in course]
    if start is None or start.day is None:
        return False
    days = [end.day for end in ends if end is not None and end.day is not None]
    return bool(days) and (start.day - max(days)).days <= NEXT_DAY


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
