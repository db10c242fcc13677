"""Locked data stay as they are: every write is held against the locks in the transaction that carries it out.

A lock is of a subject, of one visit of a subject, or of a study. Who sets one waits for the writers under way
(`Database.alone`), and whoever writes afterwards sees it: of a lock and a write at the same moment the
second sees the first.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from app.fhir_mapping import links
from app.fhir_mapping.change import Plain, Put
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.current import NEVER, Current, seen
from app.store.database import Connection, Database, Key
from app.store.parking import park_locked
from app.store.piece import Indexes, Piece, standing
from app.store.visibility import EVERYTHING

COLUMNS = """l.id, l.study_id, l.subject, l.patient_id, l.visit, l.low, l.high, l.locked, l.client, l.reason,
 l.unlocked, l.unlocked_by, l.unlock_reason"""
_HOLDING = f"""WITH RECURSIVE held(lock, study) AS (
 SELECT l.id, l.study_id FROM data_lock l WHERE l.unlocked IS NULL AND l.subject = ''
 UNION SELECT h.lock, s.id FROM held h JOIN search_reference s ON s.target_type = 'ResearchStudy'
  AND s.target_id = h.study AND s.type = 'ResearchStudy' AND s.parameter = 'partof')
SELECT 'Patient', l.patient_id, {COLUMNS} FROM data_lock l
 WHERE l.unlocked IS NULL AND l.subject <> '' AND {{locked}}
UNION ALL SELECT 'ResearchStudy', h.study, {COLUMNS} FROM held h JOIN data_lock l ON l.id = h.lock
 WHERE {{study}}
UNION ALL SELECT 'Patient', e.patient_id, {COLUMNS} FROM held h JOIN data_lock l ON l.id = h.lock
 JOIN resource e ON e.type = 'ResearchSubject' AND NOT e.deleted AND e.study_id = h.study AND {{enrolled}}"""
_DATES = """SELECT r.type, r.id, r.date_low, r.date_high FROM {keys}
 JOIN resource r ON r.type = k.type AND r.id = k.id"""
_OUT_OF_SIGHT = "this belongs to data that are locked: ask the sponsor of the trial to unlock them"
_OF_NO_VISIT = ("Patient", "ResearchSubject")
_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lock:
    """What is locked, since when, by which client and why; and how the lock ended.

    `subject` and `patient` are empty where a whole study is locked, `visit` where more than a visit is;
    `low` (inclusive) and `high` (exclusive) are when the visit's data are.
    """

    id: str
    study: str
    subject: str
    patient: str
    visit: str
    low: datetime | None
    high: datetime | None
    locked: datetime
    client: str
    reason: str
    unlocked: datetime | None = None
    unlocked_by: str | None = None
    unlock_reason: str | None = None

    @property
    def key(self) -> Key:
        """The resource it was asked of."""
        return ("ResearchSubject", self.subject) if self.subject else ("ResearchStudy", self.study)

    @property
    def of(self) -> str:
        """The same, as a reference."""
        return "/".join(self.key)

    def __str__(self) -> str:
        return f"visit {self.visit} of {self.of}" if self.visit else self.of

    def holds(self, datum: "Datum") -> bool:
        """Whether a datum of its patient or study is locked by it: of a visit, what is dated in it."""
        if self.low is None or self.high is None:
            return True
        if datum.key[0] in _OF_NO_VISIT or datum.low is None:
            return False
        return datum.low < self.high and (datum.high or _EVER) > self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Datum:
    """What a version of a resource belongs to, and its main date; `where` is what a refusal points to."""

    key: Key
    patient: str | None
    studies: tuple[str, ...] = ()
    low: datetime | None = None
    high: datetime | None = None
    where: str = ""

    def owners(self) -> Iterator[Key]:
        """The patient and the studies whose locks concern it."""
        if self.patient:
            yield "Patient", self.patient
        yield from (("ResearchStudy", study) for study in self.studies)


Holding = Mapping[Key, Sequence[Lock]]
"""The locks in force, by the patient or study they concern."""


async def check_locks(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    current: Mapping[Key, Current],
    indexes: Indexes,
) -> None:
    """423 for what belongs to locked data, as it stands or as it would be; one statement for all pieces.

    What a registered sender brings is parked instead, until the lock ends.
    """
    data = {id(piece): [*_touched(piece, current, indexes)] for piece in standing(pieces)}
    found = await holding(database, connection, [one for some in data.values() for one in some])
    if not found:
        return
    for piece in standing(pieces):
        own = await _dated(database, connection, data[id(piece)], found)
        stops = list(stopping(own, found))
        if stops and not park_locked(piece, stops[0][1].id):
            piece.refused = locked(stops, seen=await _seen(database, connection, piece, stops))


def _touched(piece: Piece, current: Mapping[Key, Current], indexes: Indexes) -> Iterator[Datum]:
    """What a piece changes: as it will be, and as it stands.

    What names a patient by whatever element, such as `focus`, is about them, too.
    """
    for put in piece.documents():
        index, key = indexes[id(put)], (put.resource.name, put.id)
        wholes = (name for kind, name in index.links if key[0] == kind == "ResearchStudy")
        own = Datum(
            key=key,
            patient=index.patient,
            studies=(*([index.study] if index.study else ()), *wholes),
            low=index.date_low,
            high=index.date_high,
            where=_where(put),
        )
        yield own
        named = {name for kind, name in index.links if kind == "Patient"} - {index.patient}
        yield from (replace(own, patient=name, studies=()) for name in sorted(named))
    for change in piece.changes():
        key = (change.resource.name, change.id)
        found = current.get(key, NEVER)
        if not found.deleted:
            studies = (found.study,) if found.study else ()
            yield Datum(key=key, patient=found.patient, studies=studies, where=_where(change))


def _where(change: Plain) -> str:
    return change.where or (change.resource.name if isinstance(change, Put) else "http.url")


async def holding(database: Database, connection: Connection, data: Iterable[Datum]) -> Holding:
    """The locks in force that may concern these."""
    owners = {owner for datum in data for owner in datum.owners()}
    if not owners:
        return {}
    patients = sorted(name for kind, name in owners if kind == "Patient")
    studies = sorted(name for kind, name in owners if kind == "ResearchStudy")
    sql = _HOLDING.format(
        locked=database.member("l.patient_id", 1),
        enrolled=database.member("e.patient_id", 1),
        study=database.member("h.study", 2),
    )
    found: dict[Key, list[Lock]] = defaultdict(list)
    for kind, name, *row in await connection.fetch(
        sql, database.members(patients), database.members(studies)
    ):
        found[kind, name].append(Lock(*row))
    return found


async def _dated(
    database: Database, connection: Connection, data: Sequence[Datum], found: Holding
) -> list[Datum]:
    """The same, with the main dates of what stands where a lock of a visit may concern it."""
    visits = {owner for owner, locks in found.items() if any(lock.visit for lock in locks)}
    asked = {datum.key for datum in data if not visits.isdisjoint(datum.owners())}
    if not asked:
        return list(data)
    rows = await connection.fetch(_DATES.format(keys=database.keys(1)), database.key_set(sorted(asked)))
    stored = {(kind, name): (low, high) for kind, name, low, high in rows}
    dated = [
        replace(one, low=stored[one.key][0], high=stored[one.key][1]) for one in data if one.key in stored
    ]
    return [*data, *dated]


def stopping(data: Iterable[Datum], found: Holding) -> Iterator[tuple[Datum, Lock]]:
    """What is locked, each with a lock that holds it."""
    for datum in data:
        for owner in datum.owners():
            yield from ((datum, lock) for lock in found.get(owner, ()) if lock.holds(datum))


async def _seen(
    database: Database, connection: Connection, piece: Piece, stops: Iterable[tuple[Datum, Lock]]
) -> AbstractSet[Key]:
    """What is locked and in sight of who writes: a patient may take part in a study they know nothing of."""
    keys = {lock.key for _, lock in stops}
    if piece.visibility == EVERYTHING:
        return keys
    return await seen(database, connection, piece.visibility, sorted(keys))


def locked(stops: Iterable[tuple[Datum, Lock]], *, seen: AbstractSet[Key]) -> Refusal:
    """423: what is locked, since when, by whom, why, and how to unlock it; less of what is out of sight."""
    said = {
        (lock.id, datum.where): Issue(
            "lock-error", _said(lock) if lock.key in seen else _OUT_OF_SIGHT, datum.where
        )
        for datum, lock in stops
    }
    return Refusal(423, tuple(said.values()))


def _said(lock: Lock) -> str:
    by = f"client {lock.client}" if lock.client else "a client of the open sandbox"
    since = f"{lock} is locked since {links.instant(lock.locked)} by {by}: {lock.reason}"
    visit = f"visit={lock.visit} and " if lock.visit else ""
    return f"{since}. It stays as it is until POST {lock.of}/$unlock, with {visit}a reason, ends that"
