"""Every stored version is what the trail says was stored, and the trail tells of every version."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from app.store.audited import digest
from app.store.database import Database, Row

Version = tuple[str, str, int]
"""A type, an id and a version number."""

PAGE: Final = 500
_TABLES = ("resource", "version")
_THERE = " UNION ALL ".join(
    f"""SELECT r.type, r.id, r.version, r.document FROM {{tokens}} JOIN {table} r
 ON r.type = k.type AND r.id = k.system AND r.version = CAST(k.code AS integer)"""
    for table in _TABLES
)
_ERASED = """SELECT r.type, r.id, r.version, r.digest FROM {tokens} JOIN erasure r
 ON r.type = k.type AND r.id = k.system AND r.version = CAST(k.code AS integer)
 WHERE EXISTS (SELECT 1 FROM audit_entity e JOIN audit a ON a.id = e.audit_id WHERE e.type = r.type
 AND e.id = r.id AND e.version = r.version AND a.interaction = '$erase' AND a.outcome = '0')"""
"""Tombstones the trail tells of: a row that was put in hides nothing."""
_FIRST = "SELECT recorded FROM audit ORDER BY recorded LIMIT 1"
_UNTOLD = """SELECT r.type, r.id, r.version, EXISTS (SELECT 1 FROM audit_entity e JOIN audit a
 ON a.id = e.audit_id WHERE e.type = r.type AND e.id = r.id AND e.version = r.version
 AND (e.digest IS NOT NULL OR (r.document IS NULL AND a.action IN ('D', 'E'))))
 FROM {table} r WHERE (r.type, r.id, r.version) > ($1, $2, $3) AND r.last_updated >= $4{of}
 ORDER BY r.type, r.id, r.version LIMIT {page}"""


async def compared(
    database: Database, changed: Mapping[Version, bytes | None]
) -> AsyncIterator[tuple[Version, str]]:
    """What is not stored as the events say it was; `changed` are their versions and digests."""
    listed = sorted(key for key in changed if key[2])
    for start in range(0, len(listed), PAGE):
        page = listed[start : start + PAGE]
        keys = database.token_set([(kind, name, str(number)) for kind, name, number in page])
        there = {tuple(row[:3]): row[3] for row in await _fetched(database, _THERE, keys)}
        erased = {tuple(row[:3]): bytes(row[3]) for row in await _fetched(database, _ERASED, keys)}
        for key in page:
            if key not in there:
                yield key, "is gone; an erasure would have left its row"
            elif digest(_bytes(there[key])) == changed[key]:
                continue
            elif there[key] is not None:
                yield key, "is not the document that was stored"
            elif erased.get(key) != changed[key]:
                yield key, "has lost its document, and no erasure in the trail tells of it"


async def unaccounted(database: Database, study: str | None) -> AsyncIterator[tuple[Version, bool]]:
    """Every version since the trail began, and whether an event tells how it came to be."""
    first = await database.read(lambda c: c.fetch(_FIRST))
    if not first:
        return
    for table in _TABLES:
        of, further = ("", ()) if study is None else (" AND r.study_id = $5", (study,))
        sql = _UNTOLD.format(table=table, of=of, page=PAGE)
        place: Version = ("", "", 0)
        while rows := await database.read(
            lambda c, at=place, sql=sql, more=further: c.fetch(sql, *at, first[0][0], *more)  # type: ignore[misc]
        ):
            for kind, name, number, is_told in rows:
                place = (kind, name, number)
                yield place, bool(is_told)


async def _fetched(database: Database, sql: str, keys: object) -> list[Row]:
    text = sql.format(tokens=database.tokens(1))
    return await database.read(lambda c: c.fetch(text, keys))


def _bytes(document: bytes | None) -> bytes | None:
    return None if document is None else bytes(document)
