"""What is recorded of one subject, now or as of an earlier moment, as the clinical room reads it.

The records are made from the stored documents, so that the answer of today and the answer as it
would have been given then come by one path. The typed tables hold the same (`rebuild` proves it).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.clinical.history import History, Record
from app.clinical.records import Administration, AdverseEvent, Enrolment, Measurement, Person, Source, Study
from app.fhir_mapping import codec
from app.fhir_mapping.index import records
from app.fhir_mapping.outcome import gone, not_found
from app.fhir_mapping.registry import RESOURCES
from app.store.database import Connection, Row
from app.store.session import Store
from app.store.visibility import Visibility, visible

_THEN = """(SELECT type, id, version, patient_id, study_id, site, document FROM resource
 WHERE {now} AND last_updated <= $2
 UNION ALL SELECT type, id, version, patient_id, study_id, site, document FROM version
 WHERE {then} AND last_updated <= $2 AND superseded > $2) AS r"""
_END_OF_TIME = datetime.fromisoformat("9999-12-31T23:59:59.999999+00:00")


async def of_subject(store: Store, visibility: Visibility, name: str, as_of: datetime | None) -> History:
    """The history of a ResearchSubject.

    Raises Refusal 404 where there is no such subject (or was none then), 410 where it was deleted.
    """
    at = as_of if as_of is not None else _END_OF_TIME

    async def work(connection: Connection) -> tuple[list[Row], list[Row]]:
        async def documents(condition: str, value: str | None) -> list[Row]:
            sql, values = _documents(store, visibility, condition, [value, at])
            return await connection.fetch(sql, *values)

        subject = await documents("type = 'ResearchSubject' AND id = $1", name)
        if not subject or subject[0][5] is None:
            return subject, []
        patient, study = subject[0][3:5]
        of_study = await documents("type = 'ResearchStudy' AND id = $1", study)
        return subject, [*of_study, *await documents("patient_id = $1", patient)]

    subject, rows = await store.search(work)
    if not subject:
        raise not_found(f"ResearchSubject/{name}")
    if subject[0][5] is None:
        raise gone(f"ResearchSubject/{name}")
    odd = [row for row in rows if not _is_understood(row)]
    found = [record for row in rows if row not in odd for record in _records(row)]
    return _history(name, found, not_understood=tuple(Source(*row[:3]) for row in odd))


def _documents(
    store: Store, visibility: Visibility, condition: str, values: list[Any]
) -> tuple[str, list[Any]]:
    """The statement that fetches what was current at the instant that is the second value."""
    seen = visible(store.database, visibility, "r", values)
    source = _THEN.format(now=condition, then=condition)
    columns = "r.type, r.id, r.version, r.patient_id, r.study_id, r.document"
    return f"SELECT {columns} FROM {source} WHERE {seen}", values


_FACTS = frozenset({"Observation", "MedicationAdministration", "AdverseEvent"})
_MODIFIERS = (b'"modifierExtension"', b'"implicitRules"')


def _is_understood(row: Row) -> bool:
    """R4 forbids to process what carries a modifier one does not know; we know none.

    https://hl7.org/fhir/R4/extensibility.html#modifierExtension
    """
    return row[0] not in _FACTS or row[5] is None or not any(one in row[5] for one in _MODIFIERS)


def _records(row: Row) -> Sequence[Record]:
    kind, name, version, patient, study, document = row
    resource = RESOURCES.get(kind)
    if document is None or resource is None:
        return ()
    source = Source(kind, name, version)
    return records(resource, codec.read(document), source, patient=patient, study=study)


def _history(name: str, found: Sequence[Record], *, not_understood: tuple[Source, ...]) -> History:
    enrolments = [record for record in found if isinstance(record, Enrolment)]
    return History(
        enrolment=next(enrolment for enrolment in enrolments if enrolment.source.id == name),
        person=next((record for record in found if isinstance(record, Person)), None),
        study=next((record for record in found if isinstance(record, Study)), None),
        other_enrolments=tuple(enrolment for enrolment in enrolments if enrolment.source.id != name),
        measurements=tuple(record for record in found if isinstance(record, Measurement)),
        administrations=tuple(record for record in found if isinstance(record, Administration)),
        adverse_events=tuple(record for record in found if isinstance(record, AdverseEvent)),
        not_understood=not_understood,
    )
