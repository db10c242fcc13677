"""A subject's state changes step by step, with a consent, and no patient is enrolled twice in one study."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from app.clinical.care import Consent
from app.clinical.criteria import consent_gate
from app.clinical.history import Record
from app.clinical.records import Enrolment, Measurement, Source
from app.clinical.subjects.states import ENROLLED
from app.clinical.timeline import FINAL
from app.clinical.truth import Truth
from app.fhir_mapping import codec, subject_state
from app.fhir_mapping.change import Put
from app.fhir_mapping.index import records
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Document
from app.store.current import NEVER, Current
from app.store.database import Connection, Database, Key, Row
from app.store.piece import Indexes, Piece, standing

_KIND = "ResearchSubject"
_STORED = """SELECT r.id, coalesce(r.document, v.document) FROM {keys}
 JOIN resource r ON r.type = k.type AND r.id = k.id
 LEFT JOIN version v ON r.deleted AND v.type = r.type AND v.id = r.id AND v.version = r.version - 1"""
_CONSENTS = """SELECT r.type, r.id, r.version, r.patient_id, r.study_id, r.document
 FROM resource r WHERE r.type = 'Consent' AND {patient} AND NOT r.deleted"""
_ATTESTED = """SELECT r.type, r.id, r.version, r.patient_id, r.study_id, r.document
 FROM search_token s JOIN resource r ON r.type = s.type AND r.id = s.id
 WHERE s.type = 'Observation' AND s.parameter = 'code' AND s.code = $2 AND {patient} AND NOT r.deleted"""
_ENROLLED = f"""SELECT s.patient_id, s.study_id, s.id
 FROM {{keys}} JOIN subject s ON s.patient_id = k.type AND s.study_id = k.id
 WHERE s.status IN ({", ".join(f"'{state}'" for state in ENROLLED)})"""


async def check_states(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    current: Mapping[Key, Current],
    indexes: Indexes,
) -> None:
    """422 for a change of state that is no step, says neither why nor when, or lacks the consent.

    A subject that was deleted and comes back goes on from the state it was deleted in. What the steps are
    judged against is locked, so that of two writers the second is judged against what the first wrote.
    """
    changing = [
        put
        for piece in standing(pieces)
        for put in _subjects(piece)
        if current.get((_KIND, put.id), NEVER) is not NEVER
    ]
    if not changing:
        return
    keys = database.key_set(sorted((_KIND, put.id) for put in changing))
    rows = await connection.fetch(_STORED.format(keys=database.keys(1)), keys)
    before = {name: codec.read(document) for name, document in rows if document is not None}  # else erased
    changing = [put for put in changing if put.id in before]
    entering = [put for put in changing if subject_state.needs_consent(before[put.id], put.document)]
    known = await _consents(database, connection, entering, indexes)
    for piece in standing(pieces):
        own = set(piece.keys())
        beside = [
            *(one for one in known if (one.source.type, one.source.id) not in own),
            *_brought(piece, indexes),
        ]
        issues = tuple(
            issue
            for put in _subjects(piece)
            if put.id in before
            for issue in _issues(put, before[put.id], indexes, beside)
        )
        piece.refused = Refusal(422, issues) if issues else None


async def check_enrolments(
    database: Database, connection: Connection, pieces: Sequence[Piece], indexes: Indexes
) -> None:
    """422 where a patient would have two parts in one study that go on.

    Of two who write at once the index of the table lets one through; the other looks again, and is refused.
    """
    pairs = {
        pair
        for piece in standing(pieces)
        for put in _subjects(piece)
        if (pair := _pair(put, indexes)) is not None
    }
    if not pairs:
        return
    rows = await connection.fetch(_ENROLLED.format(keys=database.keys(1)), database.key_set(sorted(pairs)))
    taken = {(patient, study): name for patient, study, name in rows}
    for piece in standing(pieces):
        own = {change.id for change in piece.changes() if change.resource.name == _KIND}
        free = {pair: name for pair, name in taken.items() if name not in own}
        issues = tuple(_taken(piece, free, indexes))
        if issues:
            piece.refused = Refusal(422, issues)
        else:
            taken = free


def _taken(piece: Piece, taken: dict[tuple[str, str], str], indexes: Indexes) -> Iterable[Issue]:
    """The enrolments of a piece that meet another; those that do not are taken from then on."""
    for put in _subjects(piece):
        pair = _pair(put, indexes)
        if pair is not None and taken.setdefault(pair, put.id) != put.id:
            yield subject_state.enrolled_twice(where=_where(put))


def _pair(put: Put, indexes: Indexes) -> tuple[str, str] | None:
    """The patient and the study of a part that goes on."""
    index = indexes[id(put)]
    if index.patient is None or index.study is None or not subject_state.is_enrolled(put.document):
        return None
    return index.patient, index.study


def _issues(put: Put, before: Document, indexes: Indexes, known: Sequence[Record]) -> Iterable[Issue]:
    where = _where(put)
    yield from subject_state.refused(before, put.document, where=where)
    if not subject_state.needs_consent(before, put.document):
        return
    index = indexes[id(put)]
    source = Source(_KIND, put.id, 0)
    [enrolment] = records(put.resource, put.document, source, patient=index.patient, study=index.study)
    assert isinstance(enrolment, Enrolment)  # noqa: S101 - what a ResearchSubject is read as
    day = date.max if enrolment.since is None else enrolment.since.last_day
    given = [one for one in known if isinstance(one, Consent)]
    results = [one for one in known if isinstance(one, Measurement) and one.status in FINAL]
    if consent_gate.agrees(enrolment, consents=given, results=results, on=day) is not Truth.YES:
        yield subject_state.without_consent(put.document, where=where)


async def _consents(
    database: Database, connection: Connection, entering: Sequence[Put], indexes: Indexes
) -> list[Record]:
    """The Consents and the attestations there are, of those who come on the study."""
    if not entering:
        return []
    of = [indexes[id(put)] for put in entering]
    patients = sorted({index.patient for index in of if index.patient is not None})
    given = _CONSENTS.format(patient=database.member("r.patient_id", 1))
    rows = await connection.fetch(given, database.members(patients))
    attested = _ATTESTED.format(patient=database.member("s.patient_id", 1))
    rows += await connection.fetch(attested, database.members(patients), consent_gate.SIGNED.code)
    return [record for row in rows for record in records_of(row)]


def records_of(row: Row) -> Sequence[Record]:
    """The records of a stored document: type, id, version, patient, study and the document."""
    kind, name, version, patient, study, document = row
    source = Source(kind, name, version)
    return records(RESOURCES[kind], codec.read(document), source, patient=patient, study=study)


def _brought(piece: Piece, indexes: Indexes) -> list[Record]:
    """The Consents and attestations that come in the same piece."""
    if not any(put.resource.name in ("Consent", "Observation") for put in piece.puts()):
        return []
    return [
        record
        for put in piece.puts()
        if put.resource.name in ("Consent", "Observation")
        for index in [indexes[id(put)]]
        for record in records(
            put.resource,
            put.document,
            Source(put.resource.name, put.id, 0),
            patient=index.patient,
            study=index.study,
        )
    ]


def _subjects(piece: Piece) -> list[Put]:
    return [put for put in piece.puts() if put.resource.name == _KIND]


def _where(put: Put) -> str:
    return put.where or _KIND
