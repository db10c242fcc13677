"""Changes become versions, and versions rows: one statement for each table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.fhir_mapping import codec
from app.fhir_mapping.change import Change, Delete, IndexRows, Put, Version, changed
from app.store import models
from app.store.current import NEVER, Current
from app.store.database import Connection, Contention, Database, Key, Row
from app.store.piece import Indexes, Piece, standing
from app.store.rows import Rows, derived, gather
from app.store.types import instant_to_text

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
class Plan:
    """A change and the version it becomes."""

    change: Change
    found: Current
    version: Version

    @property
    def writes(self) -> bool:
        """Deleting what is not there changes nothing."""
        return isinstance(self.change, Put) or not self.found.deleted

    @property
    def supersedes(self) -> bool:
        """Whether an earlier version goes to the history."""
        return self.writes and self.found is not NEVER


def planned(pieces: Sequence[Piece], current: dict[Key, Current], at: datetime) -> list[Plan]:
    """What is to be written for the pieces that stand, each of which learns its versions."""
    plans = []
    for piece in standing(pieces):
        for write, target in zip(piece.writes, piece.targets, strict=True):
            if isinstance(target, Put | Delete):
                found = current.get((target.resource.name, target.id), NEVER)
                plans.append(Plan(target, found, _next(target, found, at)))
                piece.versions.append(plans[-1].version)
            elif isinstance(target, Version):
                piece.versions.append(target)
            else:
                kind = changed(write).resource.name
                piece.versions.append(Version(type=kind, id="", version=0, last_updated=at, document=None))
    return plans


async def write(
    database: Database, connection: Connection, plans: Sequence[Plan], indexes: Indexes, *, at: datetime
) -> None:
    """Write the plans: what is superseded goes to the history, what was derived from it away."""
    superseded = [(plan.version.type, plan.version.id) for plan in plans if plan.supersedes]
    if superseded:
        await connection.execute(_REMEMBER.format(keys=database.keys(1)), database.key_set(superseded), at)
        await _forget_derived(connection, superseded)
    await _write(connection, [plan for plan in plans if plan.writes], indexes)


async def _forget_derived(connection: Connection, changed: Sequence[Key]) -> None:
    """Take away the rows derived from the versions that are no longer current."""
    for table in models.SEARCH_TABLES:
        await connection.delete(table, "type, id", changed)
    for table, kind in models.TRIAL_TABLES.items():
        keys = [key for key in changed if key[0] == kind]
        if keys:
            await connection.delete(table, "id", keys)


def _next(change: Change, found: Current, at: datetime) -> Version:
    kind, name, number = change.resource.name, change.id, found.version + 1
    if isinstance(change, Delete):
        if found.deleted:
            standing = found.last_updated or at
            return Version(type=kind, id=name, version=found.version, last_updated=standing, document=None)
        return Version(type=kind, id=name, version=number, last_updated=at, document=None)
    document = codec.splice(change.raw, type=kind, id=name, version=number, last_updated=instant_to_text(at))
    return Version(
        type=kind,
        id=name,
        version=number,
        last_updated=at,
        document=document,
        created=found.deleted,
        remarks=change.remarks,
    )


async def _write(connection: Connection, plans: Sequence[Plan], indexes: Indexes) -> None:
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


def _head(plan: Plan, index: IndexRows | None) -> Row:
    version, found = plan.version, plan.found
    shared = (version.type, version.id, version.version, version.last_updated, version.deleted)
    if index is None:  # a deletion still belongs to whom it belonged
        return (*shared, found.patient, found.study, found.site, None, None, None, None)
    dates = (index.date_low, index.date_high)
    return (*shared, index.patient, index.study, index.site, index.status, *dates, version.document)
