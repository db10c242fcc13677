"""All that is stored about a patient, page by page; and the tags in use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.fhir_mapping.change import Version
from app.store.database import Connection, Key, Row
from app.store.documents import COLUMNS, version_of
from app.store.session import Store
from app.store.visibility import Visibility, visible

_ABOUT = """(r.patient_id = $1 OR (r.type = 'ResearchStudy' AND r.id IN (
 SELECT e.study_id FROM resource e WHERE e.patient_id = $1 AND NOT e.deleted AND {seen})))"""
_META = ("_profile", "_security", "_tag")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What of a patient's records is asked for.

    `low` (inclusive) and `high` (exclusive) bound the main date of what has one; `since` is when it was
    stored. `after` is the type and id the previous page ended with.
    """

    patient: str
    types: tuple[str, ...] = ()
    low: datetime | None = None
    high: datetime | None = None
    since: datetime | None = None
    count: int = 50
    after: Key | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of it; `after` is where the next page goes on, `total` the number of all."""

    versions: list[Version]
    after: Key | None
    total: int


async def about_patient(store: Store, visibility: Visibility, wanted: Wanted) -> Found:
    """The patient, what is about them, and the studies they take part in; by type and id."""
    values: list[Any] = [wanted.patient]
    about = _ABOUT.format(seen=visible(store.database, visibility, "e", values, patient=wanted.patient))
    conditions = [about, "NOT r.deleted", *_narrowed(store, wanted, values)]
    conditions.append(visible(store.database, visibility, "r", values))
    counting, counted = f"SELECT count(*) FROM resource r WHERE {' AND '.join(conditions)}", list(values)
    if wanted.after is not None:
        values += wanted.after
        conditions.append(f"(r.type, r.id) > (${len(values) - 1}, ${len(values)})")
    where = " AND ".join(conditions)
    paging = f"ORDER BY r.type, r.id LIMIT {wanted.count + 1}"
    sql = f"SELECT {COLUMNS} FROM resource r WHERE {where} {paging}"

    async def work(connection: Connection) -> tuple[list[Row], int]:
        rows = await connection.fetch(sql, *values) if wanted.count else []
        return rows, (await connection.fetch(counting, *counted))[0][0]

    rows, total = await store.search(work)
    page = rows[: wanted.count]
    after = (page[-1][0], page[-1][1]) if len(rows) > wanted.count and page else None
    return Found([version_of(row) for row in page], after, total)


def _narrowed(store: Store, wanted: Wanted, values: list[Any]) -> list[str]:
    """What has no date is of any day; the patient themselves, too."""
    conditions = []
    if wanted.types:
        values.append(store.database.members(wanted.types))
        conditions.append(store.database.member("r.type", len(values)))
    bounds = (("r.date_high >", wanted.low), ("r.date_low <", wanted.high))
    for beyond, instant in bounds:
        if instant is not None:
            values.append(instant)
            conditions.append(f"(r.date_low IS NULL OR {beyond} ${len(values)})")
    if wanted.since is not None:
        values.append(wanted.since)
        conditions.append(f"r.last_updated >= ${len(values)}")
    return conditions


async def tags_in_use(store: Store, visibility: Visibility, kind: str) -> dict[str, list[Key]]:
    """The profiles, security labels and tags on the resources of a type, as (system, code), each once."""
    values: list[Any] = [kind, store.database.members(_META)]
    seen = visible(store.database, visibility, "r", values)
    named = store.database.member("s.parameter", 2)
    sql = f"""SELECT DISTINCT s.parameter, s.system, s.code FROM search_token s
 JOIN resource r ON r.type = s.type AND r.id = s.id
 WHERE s.type = $1 AND {named} AND NOT r.deleted AND {seen} ORDER BY 1, 2, 3"""
    found: dict[str, list[Key]] = {name: [] for name in _META}
    for parameter, system, code in await store.search(lambda c: c.fetch(sql, *values)):
        found[parameter].append((system, code))
    return found
