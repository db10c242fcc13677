"""A version becomes rows: what it is found by, and what the trial store says of it."""

from collections import defaultdict
from collections.abc import Iterable

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
    Source,
    Study,
)
from app.fhir_mapping.change import IndexRows
from app.fhir_mapping.index import LONGEST, records
from app.fhir_mapping.resource import Document, Resource
from app.store import models
from app.store.database import Row

Rows = dict[Table, list[Row]]


def derived(
    resource: Resource, document: Document, *, name: str, version: int, index: IndexRows
) -> Iterable[tuple[Table, Row]]:
    """Every derived row of one version, with the table it goes to."""
    head = (resource.name, name, index.patient or "")
    for token in index.tokens:
        yield models.search_token, (*head, *token)
    for reference in index.references:
        yield models.search_reference, (*head, *reference)
    for span in index.dates:
        yield models.search_date, (*head, *span)
    for text in index.strings:
        yield models.search_string, (*head, *text)
    for quantity in index.quantities:
        yield models.search_quantity, (*head, *quantity)
    source = Source(resource.name, name, version)
    for record in records(resource, document, source, patient=index.patient, study=index.study):
        yield trial_row(record)


def gather(pairs: Iterable[tuple[Table, Row]], into: Rows | None = None) -> Rows:
    """Rows by table, in order."""
    rows: Rows = defaultdict(list) if into is None else into
    for table, row in pairs:
        rows[table].append(row)
    return rows


def trial_row(record: Record) -> tuple[Table, Row]:
    """The row of the relational trial store that says what a record says."""
    match record:
        case Measurement():
            return models.measurement, _measurement(record)
        case Administration():
            return models.administration, _administration(record)
        case AdverseEvent():
            return models.adverse_event, _adverse_event(record)
        case Enrolment():
            return models.subject, _subject(record)
        case Person():
            return models.patient, _patient(record)
        case Study():
            return models.study, _study(record)
        case Condition() | Procedure() | Consent():
            raise NotImplementedError  # their tables come with their types


def _first(codings: tuple[Coding, ...]) -> tuple[str | None, str | None]:
    if not codings or len(codings[0].code) > LONGEST:  # a longer one cannot be a database key
        return None, None
    return codings[0].system, codings[0].code


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
        when.day if when is not None else None,
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


def _administration(record: Administration) -> Row:
    start, end = record.period.start, record.period.end
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        record.status,
        *_first(record.codings),
        record.text,
        start.day if start is not None else None,
        end.day if end is not None else None,
        _text(start),
        _text(end),
        record.dose,
        record.dose_unit,
        record.rate,
        record.rate_unit,
        record.lot,
    )


def _adverse_event(record: AdverseEvent) -> Row:
    return (
        record.source.id,
        record.source.version,
        record.patient,
        record.study,
        record.actuality,
        *_first(record.codings),
        record.text,
        record.when.day if record.when is not None else None,
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
