"""The records of a drug: on which days it was certainly taken, and how much each time.

A record with a rate (`20 mg/d`) is taken on every day of its period; a record with a dose alone is one
dose on its day. Days that are not certain are left out and leave a question.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from app.clinical.calendar import shifted
from app.clinical.case import Case
from app.clinical.coded import is_one_of
from app.clinical.drugs.dose import Amount, amount
from app.clinical.records import Administration, Moment, Source
from app.clinical.timeline import GIVEN, STATEMENT
from app.protocol.eligibility import Drug

ONGOING = frozenset({"in-progress", "active"})
LONGEST = 3653  # days: ten years
OVERNIGHT = 1  # days: an infusion that runs past midnight is still one dose


@dataclass(frozen=True, slots=True)
class Question:
    """Why a record cannot be counted in full, and what would settle it.

    `day` is the last day it may concern; `one_dose` says that no more than one dose is in question.
    """

    reason: str
    needs: str
    source: Source
    day: date
    one_dose: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One record of a drug, from the first to the last day it was certainly taken on."""

    record: Administration
    drug: Drug
    first: date
    last: date
    amount: Amount | None
    single: bool

    @property
    def source(self) -> Source:
        """The record it was read from."""
        return self.record.source

    @property
    def stated(self) -> bool:
        """Whether somebody said so, rather than having given it."""
        return self.record.source.type == STATEMENT

    @property
    def counted(self) -> range:
        """The numbers (`date.toordinal`) of the days from the first to the last, of ten years at most.

        No criterion looks at a longer time, and a start such as 1900-01-01 often stands for "long ago".
        """
        last = self.last.toordinal()
        return range(max(self.first.toordinal(), last - LONGEST + 1), last + 1)

    @property
    def days(self) -> Iterator[date]:
        """The same as days."""
        return map(date.fromordinal, self.counted)


def records_of(case: Case, drugs: Iterable[Drug]) -> Iterator[tuple[Administration, Drug]]:
    """The administrations of these drugs that count, each with the first of them it is coded as."""
    wanted = tuple(drugs)
    for record in case.history.administrations:
        found = next((drug for drug in wanted if is_one_of(record.codings, drug.codes)), None)
        if found is not None and record.status in GIVEN:
            yield record, found


def read(record: Administration, drug: Drug, *, until: date) -> tuple[Given | None, tuple[Question, ...]]:
    """One record up to a day; None where no day of it is certain or all of it lies later."""
    start = record.period.start
    if start is None:
        return None, (ask(record, "partial-date", "when it was given"),)
    if start.first_day > until:
        return None, ()
    first, last = start.last_day, _certain_end(record, start, until)
    vague = _vagueness(record, start, known_end=last is not None)
    questions = () if vague is None else (ask(record, "partial-date", "its first and last day", day=vague),)
    ends = min(first if last is None else last, until)
    if first > ends or (start.day is None and not record.has_period):
        return None, questions
    single, dose = _amount(record)
    given = Given(record=record, drug=drug, first=first, last=ends, amount=dose, single=single)
    return given, questions


def possible_days(record: Administration, *, until: date) -> Iterator[date]:
    """Every day up to a day on which it may have been taken, ten years at most."""
    start, end = record.period.start, record.period.end if record.has_period else record.period.start
    last = until if end is None else min(end.last_day, until)
    first = date.min if start is None else start.first_day
    length = min((last - first).days + 1, LONGEST)
    return (shifted(last, -n) for n in range(length))


def ask(record: Administration, reason: str, what: str, *, day: date = date.max) -> Question:
    """A question about one record."""
    needs = f"record {what}, for {record.source}"
    return Question(reason, needs, record.source, day, one_dose=is_short(record))


def _certain_end(record: Administration, start: Moment, until: date) -> date | None:
    """The last day it was certainly taken on; None where it has ended and nobody said when."""
    if not record.has_period:
        return start.last_day
    if record.period.end is not None:
        return record.period.end.first_day
    return until if record.status in ONGOING else None


def _vagueness(record: Administration, start: Moment, *, known_end: bool) -> date | None:
    """The last day on which it is not clear whether it was taken; None where every day is clear."""
    end = record.period.end
    if not known_end:
        return date.max
    if record.has_period and end is not None and end.day is None:
        return end.last_day
    return start.last_day if start.day is None else None


def _amount(record: Administration) -> tuple[bool, Amount | None]:
    """Whether it is a single dose, and how much; a dose without its frequency says nothing of a period."""
    dose, rate = amount(record.dose, record.dose_unit), amount(record.rate, record.rate_unit)
    if is_short(record) and dose is not None and dose.days is None:
        return True, dose
    return False, next((one for one in (rate, dose) if one is not None and one.days is not None), None)


def is_short(record: Administration) -> bool:
    """Whether it is one occasion rather than a course."""
    start, end = record.period.start, record.period.end
    if not record.has_period:
        return True
    return start is not None and end is not None and (end.last_day - start.first_day).days <= OVERNIGHT
