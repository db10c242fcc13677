"""Changes become versions, and versions rows: one statement for each table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.fhir_mapping import codec
from app.fhir_mapping.change import Change, Delete, IndexRows, Put, Version, changed
from app.store import models
from app.store.current import NEVER, Current
from app.store.database import Connection, Contention, Database, Key, Row
from app.store.piece import Indexes, Piece, Twin, standing
from app.store.rows import Rows, derived, gather
from app.store.types import instant_to_text

_REMEMBER = """INSERT INTO version (type, id, version, last_updated, superseded, patient_id, study_id, site,
 document) SELECT r.type, r.id, r.version, r.last_updated, $2, r.patient_id, r.study_id, r.site, r.document
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id"""
TICK = timedelta(microseconds=1)
"""What tells two versions of one commit apart."""

UPSERT = (
    "ON CONFLICT (type, id) DO UPDATE SET "
    + ", ".join(
        f"{column.name} = excluded.{column.name}"
        for column in models.resource.columns
        if column.name not in {"type", "id"}
    )
    + " WHERE resource.version < excluded.version"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """A change and the version it becomes; `beneath` goes to the history before it, already superseded."""

    change: Change
    found: Current
    version: Version
    beneath: tuple[tuple[Put, Version], ...] = ()

    @property
    def writes(self) -> bool:
        """Deleting what is not there changes nothing."""
        return isinstance(self.change, Put) or not self.found.deleted

    @property
    def restores(self) -> bool:
        """Whether what stood is stored once more, on top of what arrived late."""
        return bool(self.beneath) and isinstance(self.change, Put) and self.change.push is None

    @property
    def supersedes(self) -> bool:
        """Whether an earlier version goes to the history."""
        return self.writes and self.found is not NEVER


def planned(pieces: Sequence[Piece], current: dict[Key, Current], at: datetime) -> list[Plan]:
    """What is to be written for the pieces that stand, each of which learns its versions."""
    plans = []
    for piece in standing(pieces):
        for place, (write, target) in enumerate(zip(piece.writes, piece.targets, strict=True)):
            if isinstance(target, Put | Delete):
                found = current.get((target.resource.name, target.id), NEVER)
                plans.append(_plan(target, found, at, beneath=piece.beneath.get(place, ())))
                piece.versions.append(plans[-1].version)
            elif isinstance(target, Version):
                piece.versions.append(target)
            elif isinstance(target, Twin):
                piece.versions.append(replace(piece.versions[target.place], created=False, matched=True))
            else:
                kind = changed(write).resource.name
                piece.versions.append(Version(type=kind, id="", version=0, last_updated=at, document=None))
        for place, delivered in piece.deliveries.items():
            said = replace(piece.versions[place], delivered=delivered, remarks=tuple(delivered.notes))
            piece.versions[place] = said
    return plans


def _plan(change: Change, found: Current, at: datetime, *, beneath: Sequence[Put]) -> Plan:
    """Number what goes beneath, then what is on top, each an instant later than the one before."""
    laid = []
    for step, put in enumerate(beneath):
        below = replace(found, version=found.version + step, deleted=found.deleted and not step)
        laid.append((put, _next(put, below, at + step * TICK)))
    below = replace(found, version=found.version + len(laid))
    return Plan(change, found, _next(change, below, at + len(laid) * TICK), tuple(laid))


async def write(
    database: Database, connection: Connection, plans: Sequence[Plan], indexes: Indexes, *, at: datetime
) -> None:
    """Write the plans: what is superseded goes to the history, what was derived from it away."""
    superseded = [(plan.version.type, plan.version.id) for plan in plans if plan.supersedes]
    if superseded:
        await connection.execute(_REMEMBER.format(keys=database.keys(1)), database.key_set(superseded), at)
        await _forget_derived(connection, superseded)
        again = {(plan.version.type, plan.version.id) for plan in plans if plan.restores}
        await connection.delete(models.awaited, "type, id", [key for key in superseded if key not in again])
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
        if plan.beneath:
            rows[models.version] += _history(plan, indexes)
        if isinstance(change, Put) and index is not None:
            pairs = derived(
                change.resource, change.document, name=version.id, version=version.version, index=index
            )
            gather(pairs, rows)
    replaces = any(plan.supersedes for plan in plans)
    for table, of_table in rows.items():
        on_conflict = UPSERT if replaces and table is models.resource else ""
        if await connection.insert(table, of_table, on_conflict=on_conflict) != len(of_table):
            raise Contention("another writer changed the same resource")


def _history(plan: Plan, indexes: Indexes) -> Iterator[Row]:
    """The versions that were superseded as they were stored."""
    for put, version in plan.beneath:
        index = indexes[id(put)]
        stamps = (version.version, version.last_updated, version.last_updated + TICK)
        yield (version.type, version.id, *stamps, index.patient, index.study, index.site, version.document)


def _head(plan: Plan, index: IndexRows | None) -> Row:
    version, found = plan.version, plan.found
    shared = (version.type, version.id, version.version, version.last_updated, version.deleted)
    if index is None:  # a deletion still belongs to whom it belonged
        return (*shared, found.patient, found.study, found.site, None, None, None, None)
    dates = (index.date_low, index.date_high)
    return (*shared, index.patient, index.study, index.site, index.status, *dates, version.document)
