"""Every version of every resource, as it was stored."""

from dataclasses import dataclass
from typing import Any

from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import gone, not_found
from app.store.database import Connection, Row
from app.store.session import Store
from app.store.visibility import Visibility, visible

_COLUMNS = "r.type, r.id, r.version, r.last_updated, r.document"
_KEPT = "type, id, version, last_updated, patient_id, study_id, site, document"
_EVERY_VERSION = f"""(SELECT {_KEPT} FROM resource WHERE type = $1 AND id = $2
 UNION ALL SELECT {_KEPT} FROM version WHERE type = $1 AND id = $2) AS r"""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some versions, newest first; `before` is where the next page goes on."""

    versions: list[Version]
    total: int
    before: int | None


def version_of(row: Row) -> Version:
    """A row of `_COLUMNS` as a Version."""
    kind, name, number, last_updated, document = row
    return Version(type=kind, id=name, version=number, last_updated=last_updated, document=document)


async def read(store: Store, visibility: Visibility, kind: str, name: str) -> Version:
    """The current version. Raises Refusal 404 where it never was, 410 where it was deleted."""
    values: list[Any] = [kind, name]
    condition = visible(store.database, visibility, "r", values)
    sql = f"SELECT {_COLUMNS} FROM resource r WHERE r.type = $1 AND r.id = $2 AND {condition}"
    rows = await store.database.read(lambda connection: connection.fetch(sql, *values))
    if not rows:
        raise not_found(f"{kind}/{name}")
    version = version_of(rows[0])
    if version.deleted:
        refused = gone(f"{kind}/{name}")
        refused.headers["ETag"] = f'W/"{version.version}"'
        raise refused
    return version


async def vread(store: Store, visibility: Visibility, kind: str, name: str, number: int) -> Version:
    """One version. Raises Refusal 404 where there is none, 410 where it is a deletion."""
    values: list[Any] = [kind, name, number]
    condition = visible(store.database, visibility, "r", values)
    sql = f"SELECT {_COLUMNS} FROM {_EVERY_VERSION} WHERE r.version = $3 AND {condition}"
    rows = await store.database.read(lambda connection: connection.fetch(sql, *values))
    if not rows:
        raise not_found(f"{kind}/{name}/_history/{number}")
    version = version_of(rows[0])
    if version.deleted:
        raise gone(f"{kind}/{name}")
    return version


async def history(
    store: Store, visibility: Visibility, kind: str, name: str, *, count: int, before: int | None = None
) -> HistoryPage:
    """The versions of one resource, newest first. Raises Refusal 404 where it never was."""
    values: list[Any] = [kind, name, before if before is not None else 2**31 - 1, count + 1]
    condition = visible(store.database, visibility, "r", values)
    counted = f"SELECT count(*) FROM {_EVERY_VERSION} WHERE {condition}"
    sql = f"""SELECT {_COLUMNS}, ({counted}) FROM {_EVERY_VERSION}
 WHERE r.version < $3 AND {condition} ORDER BY r.version DESC LIMIT $4"""

    async def work(connection: Connection) -> list[Row]:
        return await connection.fetch(sql, *values)

    rows = await store.database.read(work)
    if not rows:
        raise not_found(f"{kind}/{name}")
    versions = [version_of(row[:5]) for row in rows[:count]]
    more = versions[-1].version if versions and len(rows) > count else None
    return HistoryPage(versions, rows[0][5], more)
