"""Every stored version is what the trail says was stored, and the trail tells of every version."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.fhir_mapping import codec
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES
from app.store.audited import digest
from app.store.database import Database, Row
from app.store.rebuild import LOCAL
from app.store.types import instant_to_text

Version = tuple[str, str, int]
"""A type, an id and a version number."""

PAGE: Final = 500
_BOTH: Final = {
    "resource": """COALESCE(r.date_low, r.date_low), COALESCE(r.date_high, r.date_high), r.status,
 CASE WHEN r.deleted THEN 1 ELSE 0 END""",
    "version": "NULL, NULL, NULL, NULL",
}
"""The tables of versions, and what only the current ones have. COALESCE: SQLite gives an instant as its text,
whatever was put there."""
_THERE = """SELECT r.type, r.id, r.version, r.document, COALESCE(r.last_updated, r.last_updated),
 r.patient_id, r.study_id, r.site, {more} FROM {tokens} JOIN {table} r
 ON r.type = k.type AND r.id = k.system AND r.version = CAST(k.code AS integer)"""
_ERASED = """SELECT r.type, r.id, r.version, r.digest FROM {tokens} JOIN erasure r
 ON r.type = k.type AND r.id = k.system AND r.version = CAST(k.code AS integer)
 WHERE EXISTS (SELECT 1 FROM audit_entity e JOIN audit a ON a.id = e.audit_id WHERE e.type = r.type
 AND e.id = r.id AND e.version = r.version AND a.interaction = '$erase' AND a.outcome = '0')"""
"""Tombstones the trail tells of: a row that was put in hides nothing."""
_UNTOLD = """SELECT r.type, r.id, r.version, CASE WHEN r.last_updated < $4 THEN 1 ELSE 0 END,
 CASE WHEN EXISTS (SELECT 1 FROM audit_entity e JOIN audit a
 ON a.id = e.audit_id WHERE e.type = r.type AND e.id = r.id AND e.version = r.version
 AND (e.digest IS NOT NULL OR (r.document IS NULL AND a.action IN ('D', 'E')))) THEN 1 ELSE 0 END
 FROM {table} r WHERE (r.type, r.id, r.version) > ($1, $2, $3){of}
 ORDER BY r.type, r.id, r.version LIMIT {page}"""
_UNFOLLOWED = """SELECT v.type, v.id, v.version FROM version v WHERE (v.type, v.id, v.version) > ($1, $2, $3)
 AND {none} ORDER BY v.type, v.id, v.version LIMIT {page}""".replace(
    "{none}",
    " AND ".join(
        f"""NOT EXISTS (SELECT 1 FROM {table} n WHERE n.type = v.type AND n.id = v.id
 AND n.version = v.version + 1 AND n.last_updated = v.superseded AND (n.document IS NOT NULL
 OR (COALESCE(n.patient_id, '') = COALESCE(v.patient_id, '') AND COALESCE(n.site, '') = COALESCE(v.site, '')
 AND COALESCE(n.study_id, '') = COALESCE(v.study_id, '')) OR EXISTS (SELECT 1 FROM erasure e
 WHERE e.type = n.type AND e.id = n.id AND e.version = n.version)))"""
        for table in _BOTH
    ),
)
"""Versions that do not end where the next begins; a deletion belongs to whom the version before it did."""


@dataclass(frozen=True, slots=True)
class Accounted:
    """A stored version: whether an event tells how it came to be, and whether it is older than the trail."""

    version: Version
    is_told: bool
    is_older: bool


async def compared(
    database: Database, changed: Mapping[Version, bytes | None], *, base: str = LOCAL
) -> AsyncIterator[tuple[Version, str]]:
    """What is not stored as the events say it was; `changed` are their versions and digests."""
    listed = sorted(key for key in changed if key[2])
    for start in range(0, len(listed), PAGE):
        page = listed[start : start + PAGE]
        keys = database.token_set([(kind, name, str(number)) for kind, name, number in page])
        there: dict[Any, list[Row]] = {key: [] for key in page}
        for table, more in _BOTH.items():
            for kind, name, number, *row in await _fetched(database, _THERE, keys, table=table, more=more):
                there[kind, name, number].append(row)
        erased = {tuple(row[:3]): as_bytes(row[3]) for row in await _fetched(database, _ERASED, keys)}
        for key in page:
            for text in _wrong(key, there[key], changed[key], erased.get(key), base):
                yield key, text


async def unaccounted(
    database: Database, study: str | None, *, since: datetime | str
) -> AsyncIterator[Accounted]:
    """Every version there is; `since` is when the trail began."""
    for table in _BOTH:
        of, further = ("", ()) if study is None else (" AND r.study_id = $5", (study,))
        sql = _UNTOLD.format(table=table, of=of, page=PAGE)
        place: Version = ("", "", 0)
        while rows := await database.read(
            lambda c, at=place, sql=sql, more=further: c.fetch(sql, *at, since, *more)  # type: ignore[misc]
        ):
            for kind, name, number, is_older, is_told in rows:
                place = (kind, name, number)
                yield Accounted(place, bool(is_told), bool(is_older))


async def unfollowed(database: Database) -> AsyncIterator[tuple[Version, str]]:
    """Versions of the history that do not end where the one after them begins."""
    sql, place = _UNFOLLOWED.format(page=PAGE), ("", "", 0)
    while rows := await database.read(lambda c, at=place: c.fetch(sql, *at)):  # type: ignore[misc]
        for row in rows:
            place = (row[0], row[1], row[2])
            yield place, "does not end where the version after it begins, or that is not whose it was"


def as_bytes(value: Any) -> bytes | None:
    """The bytes of a column; None where it holds none, or something else."""
    return bytes(value) if isinstance(value, bytes | memoryview) else None


def as_text(instant: datetime | str | None) -> str | None:
    """An instant as it is compared: SQLite gives a computed one as its text."""
    return instant_to_text(instant) if isinstance(instant, datetime) else instant


def _wrong(
    key: Version, rows: list[Row], told: bytes | None, erased: bytes | None, base: str
) -> Iterator[str]:
    if not rows:
        yield "is gone; an erasure would have left its row"
    if len(rows) > 1:
        yield "stands twice, as the current version and in the history"
    for stored, *columns in rows:
        document = as_bytes(stored)
        if stored is not None and document is None:
            yield "is not kept as the bytes of a document"
        elif digest(document) != told:
            if document is not None:
                yield "is not the document that was stored"
            elif erased != told:
                yield "has lost its document, and no erasure in the trail tells of it"
        elif not _is_as_said(key, document, columns, base):
            yield "has columns that are not what its document says: who sees it, and when it was stored"


def _is_as_said(key: Version, document: bytes | None, columns: list[Any], base: str) -> bool:
    """Whether the columns beside a document are those that it is stored with."""
    updated, patient, study, site, low, high, status, deleted = columns
    is_current = deleted is not None
    if document is None:
        return not is_current or (bool(deleted) and low is high is status is None)
    try:
        read = codec.read(document)
        index = index_rows(RESOURCES[key[0]], read, base=base, own_id=key[1])
        said = (read["meta"]["lastUpdated"], index.patient, index.study, index.site)
    except (Refusal, LookupError, ValueError, TypeError, AttributeError, ArithmeticError):
        return False
    if said != (as_text(updated), patient, study, site):
        return False
    dates = (as_text(index.date_low), as_text(index.date_high), index.status)
    return not is_current or (not deleted and dates == (as_text(low), as_text(high), status))


async def _fetched(database: Database, sql: str, keys: object, **parts: str) -> list[Row]:
    text = sql.format(tokens=database.tokens(1), **parts)
    return await database.read(lambda c: c.fetch(text, keys))
