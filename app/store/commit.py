"""One transaction for everything that arrived together; each piece is carried out whole or refused.

The number of statements does not depend on how much is written: the current versions are read and
locked by one, the references are checked by one, and each table is written by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.fhir_mapping import codec
from app.fhir_mapping.change import Change, Delete, IndexRows, Put, Version
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import Issue, Refusal
from app.store import models
from app.store.arms import check_arms
from app.store.database import Connection, Contention, Database, Key, Row
from app.store.integrity import check_deletions, check_references
from app.store.piece import Indexes, Piece, standing
from app.store.rows import Rows, derived, gather
from app.store.types import instant_to_text

_TICK = timedelta(microseconds=1)

_CURRENT = """SELECT r.type, r.id, r.version, r.deleted, r.last_updated, r.patient_id, r.study_id, r.site
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id ORDER BY r.type, r.id {locking}"""
_REMEMBER = """INSERT INTO version (type, id, version, last_updated, superseded, patient_id, study_id, site,
 document) SELECT r.type, r.id, r.version, r.last_updated, $2, r.patient_id, r.study_id, r.site, r.document
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id"""
UPSERT = (
    "ON CONFLICT (type, id) DO UPDATE SET "
    + ", ".join(
        f"{column.name} = excluded.{column.name}"
        for column in models.resource.columns
        if column.name not in {"type", "id"}
    )
    + " WHERE resource.version = excluded.version - 1"
)


@dataclass(frozen=True, slots=True)
class _Current:
    version: int = 0
    deleted: bool = True
    last_updated: datetime | None = None
    patient: str | None = None
    study: str | None = None
    site: str | None = None


_NEVER = _Current()


async def commit(
    database: Database, connection: Connection, pieces: Sequence[Piece], *, at: datetime, base: str
) -> None:
    """Carry out the pieces; a refused one leaves no trace and does not touch its neighbours."""
    current = await _current(database, connection, pieces)
    for piece in pieces:
        piece.refused = _stale(piece, current)
    indexes: Indexes = {
        id(change): index_rows(change.resource, change.document, base=base, own_id=change.id)
        for piece in standing(pieces)
        for change in piece.changes
        if isinstance(change, Put)
    }
    await check_references(database, connection, pieces, indexes)
    await check_arms(database, connection, pieces, indexes)
    await check_deletions(database, connection, pieces)
    at = max([at, *(found.last_updated + _TICK for found in current.values() if found.last_updated)])
    planned = [_plan(piece, current, at) for piece in standing(pieces)]
    superseded = [
        (plan.version.type, plan.version.id) for plans in planned for plan in plans if plan.supersedes
    ]
    if superseded:
        await connection.execute(_REMEMBER.format(keys=database.keys(1)), database.key_set(superseded), at)
        await _forget_derived(connection, superseded)
    await _write(connection, [plan for plans in planned for plan in plans if plan.writes], indexes)


async def _current(
    database: Database, connection: Connection, pieces: Sequence[Piece]
) -> dict[Key, _Current]:
    """What stands now under the ids to be changed; ids the server has just made need no look."""
    keys = [
        (change.resource.name, change.id)
        for piece in pieces
        for change in piece.changes
        if isinstance(change, Delete) or not change.fresh
    ]
    if not keys:
        return {}
    sql = _CURRENT.format(keys=database.keys(1), locking=database.locking)
    rows = await connection.fetch(sql, database.key_set(sorted(keys)))
    return {(kind, name): _Current(*rest) for kind, name, *rest in rows}


def _stale(piece: Piece, current: dict[Key, _Current]) -> Refusal | None:
    """412 where If-Match names a version that is not the current one."""
    issues = []
    for change in piece.changes:
        if change.if_match is None:
            continue
        found = current.get((change.resource.name, change.id), _NEVER)
        stands = "nothing stands there" if found.deleted else f'the current version is W/"{found.version}"'
        if found.deleted or not {"*", str(found.version)} & set(change.if_match):
            text = f"{change.resource.name}/{change.id}: {stands}; read it again and send your change on top"
            issues.append(Issue("conflict", text, _if_match_of(change)))
    return Refusal(412, tuple(issues)) if issues else None


def _if_match_of(change: Change) -> str:
    """Where the sender said which version is current: in the entry of the Bundle, or in the header."""
    if change.where is None:
        return "http.if-match"
    return change.where.removesuffix(".resource") + ".request.ifMatch"


async def _forget_derived(connection: Connection, changed: Sequence[Key]) -> None:
    """Take away the rows derived from the versions that are no longer current."""
    for table in models.SEARCH_TABLES:
        await connection.delete(table, "type, id", changed)
    for table, kind in models.TRIAL_TABLES.items():
        keys = [key for key in changed if key[0] == kind]
        if keys:
            await connection.delete(table, "id", keys)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change and the version it becomes."""

    change: Change
    found: _Current
    version: Version

    @property
    def writes(self) -> bool:
        """Deleting what is not there changes nothing."""
        return isinstance(self.change, Put) or not self.found.deleted

    @property
    def supersedes(self) -> bool:
        """Whether an earlier version goes to the history."""
        return self.writes and self.found is not _NEVER


def _plan(piece: Piece, current: dict[Key, _Current], at: datetime) -> list[_Plan]:
    plans = []
    for change in piece.changes:
        found = current.get((change.resource.name, change.id), _NEVER)
        plan = _Plan(change, found, _next(change, found, at))
        plans.append(plan)
        piece.versions.append(plan.version)
    return plans


def _next(change: Change, found: _Current, at: datetime) -> Version:
    kind, name, number = change.resource.name, change.id, found.version + 1
    if isinstance(change, Delete):
        if found.deleted:
            standing = found.last_updated or at
            return Version(type=kind, id=name, version=found.version, last_updated=standing, document=None)
        return Version(type=kind, id=name, version=number, last_updated=at, document=None)
    document = codec.splice(change.raw, type=kind, id=name, version=number, last_updated=instant_to_text(at))
    return Version(
        type=kind, id=name, version=number, last_updated=at, document=document, created=found.deleted
    )


async def _write(connection: Connection, plans: Sequence[_Plan], indexes: Indexes) -> None:
    rows: Rows = gather(())
    for plan in plans:
        change, version = plan.change, plan.version
        index = indexes.get(id(change))
        rows[models.resource].append(_head(plan, index))
        if isinstance(change, Put) and index is not None:
            pairs = derived(
                change.resource, change.document, name=version.id, version=version.version, index=index
            )
            gather(pairs, rows)
    for table, of_table in rows.items():
        on_conflict = UPSERT if table is models.resource else ""
        if await connection.insert(table, of_table, on_conflict=on_conflict) != len(of_table):
            raise Contention("another writer changed the same resource")


def _head(plan: _Plan, index: IndexRows | None) -> Row:
    version, found = plan.version, plan.found
    shared = (version.type, version.id, version.version, version.last_updated, version.deleted)
    if index is None:  # a deletion still belongs to whom it belonged
        return (*shared, found.patient, found.study, found.site, None, None, None, None)
    dates = (index.date_low, index.date_high)
    return (*shared, index.patient, index.study, index.site, index.status, *dates, version.document)
