"""What is recorded of one subject, now or as of an earlier moment, as the clinical room reads it.

The records are made from the stored documents, so that the answer of today and the answer as it
would have been given then come by one path. The typed tables hold the same (`rebuild` proves it).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import itemgetter
from typing import Any

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.history import History, Record
from app.clinical.records import Administration, AdverseEvent, Enrolment, Measurement, Person, Source, Study
from app.fhir_mapping import codec
from app.fhir_mapping.index import index_rows, records
from app.fhir_mapping.modifiers import understood
from app.fhir_mapping.outcome import gone, not_found, refusal
from app.fhir_mapping.registry import MAPPED
from app.fhir_mapping.resource import Document
from app.store.as_of import ELSEWHERE, MORE, AsOf
from app.store.database import Connection, Row
from app.store.session import Store
from app.store.visibility import Visibility, visible

_PARTS = """SELECT r.id FROM resource r WHERE r.type = 'ResearchSubject' AND r.patient_id = $1
 AND NOT r.deleted AND {visible} ORDER BY r.id"""


Standing = tuple[str, str, int, str | None, str | None, bool]
"""The type, id and version of a resource, its patient and study, and whether its document is there."""

AT_HAND = 500
"""So many documents about a subject are few: which there are is looked up without waiting for a search."""


@dataclass(frozen=True, slots=True)
class Versions:
    """Which documents decisions about a ResearchSubject are made from, as of one moment, for one asker.

    Whatever is decided from the same versions is decided from the same documents: a version never changes.
    """

    name: str
    rows: tuple[Standing, ...]
    elsewhere: bool = False  # the patient takes part in a study that the asker may not see

    @property
    def shown(self) -> Sequence[tuple[str, str, int]]:
        """Whom an answer made from them is about: the subject, the patient and the study."""
        whose, own = {"Patient", "ResearchStudy"}, ("ResearchSubject", self.name)
        return [row[:3] for row in self.rows if row[0] in whose or row[:2] == own]


@dataclass(frozen=True)
class Recorded:
    """The stored documents that decisions about a ResearchSubject are made from, as of one moment."""

    name: str
    rows: Sequence[Row]
    elsewhere: bool = False  # the patient takes part in a study that the asker may not see

    @property
    def size(self) -> int:
        """How many bytes they have."""
        return sum(len(row[5] or b"") for row in self.rows)

    @cached_property
    def versions(self) -> Versions:
        """Which they are."""
        return Versions(self.name, tuple(map(_standing, self.rows)), self.elsewhere)

    @cached_property
    def history(self) -> History:
        """What they say. Raises Refusal 422 where the subject itself is not among them."""
        if self.source("ResearchSubject", self.name) is None:
            text = f"without ResearchSubject/{self.name} itself nothing can be decided"
            raise refusal(422, "business-rule", text)
        return history(self.name, self.rows, elsewhere=self.elsewhere)

    def source(self, kind: str, name: str) -> Source | None:
        """The version of a resource that is recorded; None where it is not of this subject."""
        return next((Source(*row[:3]) for row in self.rows if tuple(row[:2]) == (kind, name)), None)

    @property
    def shown(self) -> Sequence[tuple[str, str, int]]:
        """Whom an answer made from them is about: the subject, the patient and the study."""
        return self.versions.shown

    def without(self, kind: str, name: str) -> "Recorded":
        """The same as if this resource were not there."""
        rows = [row for row in self.rows if tuple(row[:2]) != (kind, name)]
        return replace(self, rows=rows)

    def having(self, source: Source, document: Document, *, base: str) -> "Recorded":
        """The same as if this version of a resource stood there; nothing where it is of somebody else."""
        resource = MAPPED[source.type]
        found = index_rows(resource, document, base=base, own_id=source.id)
        row = (source.type, source.id, source.version, found.patient, found.study, codec.write(document))
        rest = self.without(source.type, source.id)
        return replace(self, rows=[*rest.rows, row]) if self._is_of(source, found.patient) else rest

    def _is_of(self, source: Source, patient: str | None) -> bool:
        """Whether a document is about this subject's patient, or is the study."""
        if source.type == "ResearchStudy":
            return self.source(source.type, source.id) is not None
        own = next(row for row in self.rows if tuple(row[:2]) == ("ResearchSubject", self.name))
        return patient is not None and patient == own[3]


async def recorded(store: Store, visibility: Visibility, name: str, as_of: datetime | None) -> Recorded:
    """The stored documents about a ResearchSubject, always in the same order.

    Raises Refusal 404 where there is no such subject (or was none then), 410 where it was deleted.
    """

    async def work(connection: Connection) -> list[Row]:
        return await AsOf(store.database, connection, visibility, as_of).of_subject(name, KINDS)

    rows, elsewhere = _found(name, await store.search(work), as_of)
    return Recorded(name, rows, elsewhere)


async def versions(store: Store, visibility: Visibility, name: str, as_of: datetime | None) -> Versions:
    """Which documents about a ResearchSubject there are; refused as `recorded` refuses."""

    async def work(connection: Connection) -> list[Row]:
        then = AsOf(store.database, connection, visibility, as_of)
        return await then.of_subject(name, KINDS, documents=False, most=most)

    most: int | None = None if as_of is not None else AT_HAND
    rows = await (store.database.read(work) if most else store.search(work))
    if most and any(row[1] == MORE for row in rows if not row[0]):
        most = None
        rows = await store.search(work)
    rows, elsewhere = _found(name, rows, as_of)
    return Versions(name, tuple(map(_standing, rows)), elsewhere)


def _found(name: str, rows: Sequence[Row], as_of: datetime | None) -> tuple[list[Row], bool]:
    """The rows about a subject in order, and whether the patient takes part in a study out of sight."""
    subject = next((row for row in rows if (row[0], row[1]) == ("ResearchSubject", name)), None)
    if subject is None:
        raise not_found(f"ResearchSubject/{name}", at=as_of)
    if not _standing(subject)[5]:
        raise gone(f"ResearchSubject/{name}")
    found = sorted((row for row in rows if row[0]), key=itemgetter(0, 1))
    return found, any(row[1] == ELSEWHERE for row in rows if not row[0])


def _standing(row: Row) -> Standing:
    """A row with whether its document is there in the place of the document."""
    kind, name, version, patient, study, document = row
    return kind, name, version, patient, study, bool(document)


async def parts_of(store: Store, visibility: Visibility, patient: str) -> list[str]:
    """The ResearchSubjects of a patient: one for each part in a study."""
    values: list[Any] = [patient]
    condition = visible(store.database, visibility, "r", values)
    sql = _PARTS.format(visible=condition)
    return [name for (name,) in await store.database.read(lambda c: c.fetch(sql, *values))]


KINDS = tuple(kind for kind in MAPPED if kind != "ResearchStudy")
"""The types that are about a patient and that decisions are made from."""


def history(name: str, rows: Sequence[Row], *, elsewhere: bool = False) -> History:
    """What the stored documents say of a ResearchSubject: those about the patient, and the study.

    `elsewhere` says that the patient takes part in a study that the asker may not see.
    """
    found: list[Record] = []
    odd: list[Source] = []
    for row in rows:
        if _is_understood(row):
            found += _records(row)
        else:
            odd.append(Source(*row[:3]))
    return replace(_history(name, found, not_understood=tuple(odd)), out_of_sight=elsewhere)


def read_study(row: Row) -> Study:
    """The study a stored document describes."""
    return next(record for record in _records(row) if isinstance(record, Study))


_FACTS = frozenset(
    {
        *("Observation", "AdverseEvent", "MedicationAdministration", "MedicationStatement"),
        *("Condition", "Procedure", "Consent"),
    }
)


def _is_understood(row: Row) -> bool:
    return row[0] not in _FACTS or row[5] is None or understood(row[0], row[5])


def _records(row: Row) -> Sequence[Record]:
    kind, name, version, patient, study, document = row
    resource = MAPPED.get(kind)
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
        conditions=tuple(record for record in found if isinstance(record, Condition)),
        procedures=tuple(record for record in found if isinstance(record, Procedure)),
        consents=tuple(record for record in found if isinstance(record, Consent)),
        not_understood=not_understood,
    )
