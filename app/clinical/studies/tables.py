"""The tables of a study that repeat what was recorded: subjects, adverse events, exposures.

They name people by their ids in the trial only: a birth date is a year, and nobody's own words are in them.
What was entered in error is left out.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from app.clinical.happened import ERROR, happened
from app.clinical.history import History
from app.clinical.records import Administration, AdverseEvent, Coding, Moment
from app.clinical.studies.enrolment_summary import arm_of, is_treated
from app.clinical.studies.table import Cell, Column, Subject, Table


def written(moment: Moment | None) -> str | None:
    """A date as it was sent."""
    return moment.text if moment is not None else None


def study_day(subject: Subject, moment: Moment | None) -> int | None:
    """Days since the infusion."""
    return subject.t0.study_day(moment) if subject.t0 is not None else None


def joined(words: Iterable[str]) -> str | None:
    """Several codes in one cell."""
    return " ".join(dict.fromkeys(words)) or None


def _first(codings: tuple[Coding, ...]) -> Coding:
    return codings[0] if codings else Coding("", "")


def _subjects() -> tuple[Column[Subject], ...]:
    def of(read: Callable[[History], Cell]) -> Callable[[Subject], Cell]:
        return lambda one: read(one.history)

    return (
        Column("number", "the pseudonymous number in the trial", "ResearchSubject.identifier", of(_number)),
        Column("patient", "the pseudonymous patient", "Patient.id", of(lambda one: one.enrolment.patient)),
        Column(
            "study", "the study, or a site's part", "ResearchStudy.id", of(lambda one: one.enrolment.study)
        ),
        Column(
            "status",
            "where the subject stands",
            "ResearchSubject.status",
            of(lambda one: one.enrolment.status),
        ),
        Column(
            "arm", "the arm followed, else assigned", "ResearchSubject.actualArm, assignedArm", of(arm_of)
        ),
        Column("sex", "administrative gender", "Patient.gender", of(_sex)),
        Column("birth_year", "year of birth", "Patient.birthDate", of(_birth_year)),
        Column("entered", "entry into the study", "ResearchSubject.period", of(_entered)),
        Column("left", "end of the part in the study", "ResearchSubject.period", of(_left)),
        Column("treated", "the study's product was given", "computed", _treated),
        Column("day_0", "first infusion of the product", "computed", _day_0),
        Column("died", "date of death", "Patient.deceasedDateTime", of(_died)),
        Column("deceased", "known to have died", "Patient.deceased[x]", of(_deceased)),
    )


def _number(one: History) -> str | None:
    return next((identifier.code for identifier in one.enrolment.identifiers), None)


def _sex(one: History) -> str | None:
    return one.person.gender if one.person is not None else None


def _birth_year(one: History) -> int | None:
    born = one.person.birth_date if one.person is not None else None
    return born.first_day.year if born is not None else None


def _entered(one: History) -> str | None:
    return written(one.enrolment.period.start)


def _left(one: History) -> str | None:
    return written(one.enrolment.period.end)


def _treated(one: Subject) -> bool:
    return is_treated(one.protocol, one.history)


def _day_0(one: Subject) -> date | None:
    return one.t0.day if one.t0 is not None else None


def _died(one: History) -> str | None:
    return written(one.person.deceased_at) if one.person is not None else None


def _deceased(one: History) -> bool | None:
    return one.person.deceased if one.person is not None else None


class Event(NamedTuple):
    """An adverse event of a subject."""

    of: Subject
    event: AdverseEvent


def _events(subject: Subject) -> Iterator[Event]:
    return (Event(subject, event) for event in subject.history.adverse_events if happened(event))


class Exposure(NamedTuple):
    """A product or drug a subject was given or took."""

    of: Subject
    given: Administration


def _exposures(subject: Subject) -> Iterator[Exposure]:
    return (Exposure(subject, one) for one in subject.history.administrations if one.status != ERROR)


SUBJECTS: Final = Table("subjects", "One row for each subject.", lambda subject: (subject,), _subjects())

EVENTS: Final[Table[Event]] = Table(
    "events",
    "One row for each adverse event that happened; those that nearly did are in the resources alone.",
    _events,
    (
        Column("event", "the report", "AdverseEvent.id", lambda one: one.event.source.id),
        Column("version", "its version", "AdverseEvent.meta.versionId", lambda one: one.event.source.version),
        Column(
            "system",
            "code system of the event",
            "AdverseEvent.event",
            lambda one: _first(one.event.codings).system,
        ),
        Column("code", "what happened", "AdverseEvent.event", lambda one: _first(one.event.codings).code),
        Column(
            "onset", "when it began, as written", "AdverseEvent.date", lambda one: written(one.event.when)
        ),
        Column(
            "study_day",
            "day it began, from the infusion",
            "computed",
            lambda one: study_day(one.of, one.event.when),
            "d",
        ),
        Column(
            "ended",
            "when it ended, as written",
            "AdverseEvent extension",
            lambda one: written(one.event.ended),
        ),
        Column("grade", "CTCAE grade at onset", "AdverseEvent ae-grade", lambda one: one.event.grade),
        Column(
            "serious", "seriousness as reported", "AdverseEvent.seriousness", lambda one: one.event.serious
        ),
        Column(
            "criteria", "why it is serious", "AdverseEvent extension", lambda one: joined(one.event.criteria)
        ),
        Column(
            "causality",
            "every opinion",
            "AdverseEvent.suspectEntity",
            lambda one: joined(code for _, code in one.event.causality),
        ),
        Column("outcome", "outcome as reported", "AdverseEvent.outcome", lambda one: one.event.outcome),
    ),
)

EXPOSURES: Final[Table[Exposure]] = Table(
    "exposures",
    "One row for each product or drug given or taken, the infusion of the cells among them.",
    _exposures,
    (
        Column("type", "given, or stated to be taken", "resourceType", lambda one: one.given.source.type),
        Column("record", "the record", "id", lambda one: one.given.source.id),
        Column("version", "its version", "meta.versionId", lambda one: one.given.source.version),
        Column("status", "the record's status", "status", lambda one: one.given.status),
        Column(
            "system", "code system of the drug", "medication[x]", lambda one: _first(one.given.codings).system
        ),
        Column("code", "the drug", "medication[x]", lambda one: _first(one.given.codings).code),
        Column(
            "start", "since when, as written", "effective[x]", lambda one: written(one.given.period.start)
        ),
        Column("end", "until when, as written", "effective[x]", lambda one: written(one.given.period.end)),
        Column(
            "study_day",
            "day of the start, from the infusion",
            "computed",
            lambda one: study_day(one.of, one.given.period.start),
            "d",
        ),
        Column("dose", "amount of one administration", "dosage.dose", lambda one: one.given.dose),
        Column("dose_unit", "its unit (UCUM)", "dosage.dose", lambda one: one.given.dose_unit),
        Column("rate", "amount per time", "dosage.rate, timing", lambda one: one.given.rate),
        Column("rate_unit", "its unit (UCUM)", "dosage.rate, timing", lambda one: one.given.rate_unit),
        Column(
            "route", "route", "dosage.route", lambda one: joined(route.code for route in one.given.routes)
        ),
        Column("lot", "lot of the cells", "Medication.batch", lambda one: one.given.lot),
    ),
)
