"""What the trial store says of a record: one row of its table."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import Table

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.history import Record
from app.clinical.records import (
    Administration,
    AdverseEvent,
    Coding,
    Enrolment,
    Measurement,
    Moment,
    Person,
    Study,
)
from app.fhir_mapping.index import LONGEST
from app.store import trial_tables
from app.store.database import Row


def _first(codings: tuple[Coding, ...]) -> tuple[str | None, str | None]:
    if not codings or len(codings[0].code) > LONGEST:  # a longer one cannot be a database key
        return None, None
    return codings[0].system, codings[0].code


def _code(codings: tuple[Coding, ...]) -> str | None:
    return _first(codings)[1]


def _day(moment: Moment | None) -> date | None:
    return moment.day if moment is not None else None


def _text(moment: Moment | None) -> str | None:
    return moment.text if moment is not None else None


def _measurement(record: Measurement) -> Row:
    when = record.when
    return (
        record.source.id,
        record.part,
        record.source.version,
        record.patient,
        record.status,
        *_first(record.codings),
        record.panel[0].code if record.panel else None,
        _day(when),
        _text(when),
        record.visit,
        record.value,
        record.unit,
        record.comparator,
        record.received,
        record.received_unit,
        record.low,
        record.high,
        record.truth,
        *_first(record.answers),
        record.absent,
        record.problem,
    )


def _treatment(record: Administration) -> Row:
    start, end = record.period.start, record.period.end
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        record.status,
        *_first(record.codings),
        record.text,
        _day(start),
        _day(end),
        _text(start),
        _text(end),
        record.dose,
        record.dose_unit,
        record.rate,
        record.rate_unit,
    )


def _administration(record: Administration) -> Row:
    return (*_treatment(record), record.lot)


def _statement(record: Administration) -> Row:
    return (*_treatment(record), _code(record.status_reasons))


def _adverse_event(record: AdverseEvent) -> Row:
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        record.actuality,
        *_first(record.codings),
        record.text,
        _day(record.when),
        _text(record.when),
        record.grade,
        record.serious,
        record.outcome,
        " ".join(assessment for _suspect, assessment in record.causality) or None,
    )


def _subject(record: Enrolment) -> Row:
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        next((identifier.code for identifier in record.identifiers), None),
        record.status,
        _text(record.period.start),
        _text(record.period.end),
        record.assigned_arm,
        record.actual_arm,
    )


def _patient(record: Person) -> Row:
    return (
        record.source.id,
        record.source.version,
        record.gender,
        _text(record.birth_date),
        record.deceased,
        _text(record.deceased_at),
    )


def _study(record: Study) -> Row:
    registry = next((identifier.code for identifier in record.identifiers), None)
    return (record.source.id, record.source.version, registry, record.title, record.status)


def _condition(record: Condition) -> Row:
    return (
        record.source.id,
        record.source.version,
        record.patient,
        *_first(record.codings),
        record.text,
        record.clinical,
        record.verification,
        _day(record.onset),
        _text(record.onset),
        _day(record.abatement),
        _text(record.abatement),
        _text(record.recorded),
    )


def _procedure(record: Procedure) -> Row:
    start, end = record.period.start, record.period.end
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        record.status,
        *_first(record.codings),
        record.text,
        _day(start),
        _day(end),
        _text(start),
        _text(end),
        _code(record.reasons),
    )


def _consent(record: Consent) -> Row:
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        record.status,
        *_first(record.scope),
        _day(record.when),
        _text(record.when),
        record.provision,
        _text(record.period.start),
        _text(record.period.end),
    )


_TABLES: Final = {kind: table for table, kind in trial_tables.TRIAL_TABLES.items()}
_ROWS: Final[Mapping[str, Callable[[Any], Row]]] = {
    "Patient": _patient,
    "ResearchStudy": _study,
    "ResearchSubject": _subject,
    "Observation": _measurement,
    "AdverseEvent": _adverse_event,
    "MedicationAdministration": _administration,
    "MedicationStatement": _statement,
    "Condition": _condition,
    "Procedure": _procedure,
    "Consent": _consent,
}


def trial_row(record: Record) -> tuple[Table, Row]:
    """The row of the relational trial store that says what a record says."""
    kind = record.source.type
    return _TABLES[kind], _ROWS[kind](record)
