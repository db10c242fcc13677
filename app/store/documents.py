"""Every version of every resource, as it was stored: one, or the history of one, of a type, of everything.

The order of a history is total: by instant, type, id and version. So a page goes on exactly where the last
one ended, also among the versions of one commit, which share their instant.

A history that is read to follow what happens (oldest first, or `_since`) has no gaps: it ends at an instant
before which nothing more can be committed, so whoever goes on from the last version they have seen misses
nothing. Newest first, it is the history as far as it is committed.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app.fhir_mapping import links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Refusal, gone, not_found, refusal
from app.fhir_mapping.query import Place
from app.store.database import Connection, Row
from app.store.search_statement import Statement
from app.store.session import Store
from app.store.tombstones import gone_for_good, told
from app.store.visibility import Visibility, earlier, visible

Span = tuple[datetime, datetime]
"""From an instant, inclusive, to another, exclusive."""

COLUMNS = "r.type, r.id, r.version, r.last_updated, r.document, r.patient_id, r.study_id"
"""What `version_of` reads, of a resource or version called `r`."""

WIDTH = 7
_KEPT = "type, id, version, last_updated, patient_id, study_id, site, document"
_EVERY_VERSION = f"""(SELECT {_KEPT} FROM resource WHERE type = $1 AND id = $2
 UNION ALL SELECT {_KEPT} FROM version v WHERE v.type = $1 AND v.id = $2 AND {{earlier}}) AS r"""
_TABLES = ("resource", "version")
_ORDER = ("last_updated", "type", "id", "version")
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_CREATED = """r.document IS NOT NULL AND (r.version = 1 OR EXISTS (SELECT 1 FROM version p
 WHERE p.type = r.type AND p.id = r.id AND p.version = r.version - 1 AND p.document IS NULL AND NOT EXISTS (
 SELECT 1 FROM erasure e WHERE e.type = p.type AND e.id = p.id AND e.version = p.version)))"""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some versions, deletions among them; `after` is where the next page goes on.

    `total` is the number of all that were asked for; it is not counted for everything there is. `monitor`
    is given on the last page of a history that begins with the oldest: where to look later for what is new.
    """

    versions: list[Version]
    total: int | None
    after: Place | None
    monitor: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Which versions are asked for; `until` is the last instant that may be told of."""

    kind: str | None
    name: str | None
    since: datetime | None = None
    at: Span | None = None
    until: datetime | None = None
    count: int = 0
    after: Place | None = None
    ascending: bool = False

    @property
    def follows(self) -> bool:
        """Whether it is read to follow what happens."""
        return self.name is None and (self.ascending or self.since is not None)


def version_of(row: Row) -> Version:
    """A row of `COLUMNS` as a Version."""
    kind, name, number, last_updated, document, patient, study = row
    return Version(
        type=kind,
        id=name,
        version=number,
        last_updated=last_updated,
        document=document,
        whose=(patient or "", study or ""),
    )


async def read(store: Store, visibility: Visibility, kind: str, name: str) -> Version:
    """The current version. Raises Refusal 404 where it never was, 410 where it was deleted."""
    values: list[Any] = [kind]
    condition = visible(store.database, visibility, "r", values)
    sql = f"SELECT {COLUMNS} FROM resource r WHERE r.type = $1 AND {condition}"
    row = await store.database.look_up(sql, values, name)
    if row is None:
        raise not_found(f"{kind}/{name}")
    return _there(version_of(row))


async def vread(store: Store, visibility: Visibility, kind: str, name: str, number: int) -> Version:
    """One version. Raises Refusal 404 where there is none, 410 where it is a deletion or was erased."""
    values: list[Any] = [kind, name, number]
    condition = visible(store.database, visibility, "r", values)
    versions = _EVERY_VERSION.format(earlier=earlier(visibility, "v"))
    sql = f"SELECT {COLUMNS} FROM {versions} WHERE r.version = $3 AND {condition}"

    async def work(connection: Connection) -> list[Version]:
        rows = await connection.fetch(sql, *values)
        return await told(store.database, connection, list(map(version_of, rows)))

    found = await store.database.read(work)
    if not found:
        raise _not_there(visibility, kind, f"{name}/_history/{number}")
    if found[0].erased:
        raise gone_for_good(found[0], links.etag(number))
    return _there(found[0])


def _not_there(visibility: Visibility, kind: str, name: str) -> Refusal:
    """404; whose scope is narrowed is told, whatever there is, that it shows no earlier version."""
    if kind not in dict(visibility.narrowed):
        return not_found(f"{kind}/{name}")
    text = f"{kind}/{name} is not seen: the scope for {kind} is narrowed, so it shows current versions only"
    return refusal(404, "not-found", text, kind)


def _there(version: Version) -> Version:
    """The version, if it is no deletion: else a 410 with its ETag."""
    if version.deleted:
        refused = gone(f"{version.type}/{version.id}")
        refused.headers["ETag"] = links.etag(version.version)
        raise refused
    return version


async def history(
    store: Store,
    visibility: Visibility,
    kind: str | None = None,
    name: str | None = None,
    *,
    count: int,
    since: datetime | None = None,
    at: Span | None = None,
    after: Place | None = None,
    ascending: bool = False,
) -> HistoryPage:
    """A page of the history of a resource, of a type, or of everything; newest first unless `ascending`.

    `since` is inclusive; `at` asks for what was current at some instant of it. Raises Refusal 404 where
    the resource never was.
    """
    past = _Past(kind=kind, name=name, since=since, at=at, count=count, after=after, ascending=ascending)
    if past.follows:
        past = replace(past, until=await store.database.horizon())

    async def work(connection: Connection) -> HistoryPage:
        versions, more = await _page(store, connection, visibility, past)
        total = await _total(store, connection, visibility, past) if kind is not None else None
        if total == 0 and name is not None:
            ever = _Past(kind=kind, name=name)
            if not await _total(store, connection, visibility, ever):
                raise not_found(f"{kind}/{name}")
        last = _place(versions[-1]) if versions else after
        if more:
            return HistoryPage(versions, total, last)
        return HistoryPage(versions, total, None, (last or _start(since)) if ascending else None)

    return await store.search(work)


def _place(version: Version) -> Place:
    return (version.last_updated.isoformat(), version.type, str(version.version)), version.id


def _start(since: datetime | None) -> Place:
    """The place before everything that was stored since then."""
    return ((since or _BEGINNING).isoformat(), "", "0"), ""


async def _page(
    store: Store, connection: Connection, visibility: Visibility, past: _Past
) -> tuple[list[Version], bool]:
    """Some versions, and whether there are more."""
    if past.count == 0:
        return [], False
    statement = Statement(store.database, visibility)
    direction = "ASC" if past.ascending else "DESC"
    paged = f"ORDER BY {', '.join(f'r.{column} {direction}' for column in _ORDER)} LIMIT {past.count + 1}"
    arms = []
    for table in _TABLES:
        where = " AND ".join([*_conditions(statement, table, past), *_beyond(statement, past)])
        arms.append(f"SELECT * FROM (SELECT {COLUMNS} FROM {table} r WHERE {where} {paged}) AS {table}_arm")
    sql = f"SELECT {COLUMNS}, {_CREATED} FROM ({' UNION ALL '.join(arms)}) AS r {paged}"
    rows = await connection.fetch(sql, *statement.values)
    found = [replace(version_of(row[:WIDTH]), created=bool(row[WIDTH])) for row in rows]
    found = await told(store.database, connection, found)
    return found[: past.count], len(found) > past.count


async def _total(store: Store, connection: Connection, visibility: Visibility, past: _Past) -> int:
    statement = Statement(store.database, visibility)
    counts = [
        f"(SELECT count(*) FROM {table} r WHERE {' AND '.join(_conditions(statement, table, past))})"
        for table in _TABLES
    ]
    [row] = await connection.fetch(f"SELECT {' + '.join(counts)}", *statement.values)
    return int(row[0])


def _conditions(statement: Statement, table: str, past: _Past) -> list[str]:
    conditions = []
    for condition, value in (
        ("r.type =", past.kind),
        ("r.id =", past.name),
        # of everything since ever, or SQLite sorts all there is for who sees a part of it
        ("r.last_updated >=", past.since or (_BEGINNING if past.kind is None else None)),
        ("r.last_updated <=", past.until),
        ("r.last_updated <", past.at and past.at[1]),
        # what is in `resource` has not been superseded
        ("r.superseded >", past.at and past.at[0] if table == "version" else None),
    ):
        if value is not None:
            conditions.append(f"{condition} {statement.value(value)}")
    conditions.append(statement.seen("r"))
    if table == "version":
        conditions.append(earlier(statement.visibility, "r"))
    return conditions


def _beyond(statement: Statement, past: _Past) -> list[str]:
    """That a version comes after the place the previous page ended at."""
    if past.after is None:
        return []
    (instant, kind, version), name = past.after
    values = (datetime.fromisoformat(instant or ""), kind, name, int(version or 0))
    own, placed = (", ".join(f"r.{column}" for column in _ORDER), ", ".join(map(statement.value, values)))
    return [f"({own}) {'>' if past.ascending else '<'} ({placed})"]
