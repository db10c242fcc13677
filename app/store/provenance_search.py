"""Whose work each version is: of every version the asker may see, what the trail says of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.fhir_mapping import codec
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import not_found, refusal
from app.fhir_mapping.provenance import Made, Signed, Work, name_of, named, provenance, works
from app.fhir_mapping.query import (
    Clause,
    Condition,
    DateValue,
    Missing,
    Query,
    ReferenceValue,
    TokenValue,
    Value,
)
from app.fhir_mapping.recorded import RECORDED
from app.store.asker import Asker
from app.store.database import Connection, Database, Key
from app.store.search import Page
from app.store.search_statement import Statement, any_of
from app.store.search_values import span
from app.store.session import Store
from app.store.signatures import signatures
from app.store.trail_search import newest_first

KIND: Final = "Provenance"
_TABLES = ("resource", "version")
_MOST_VERSIONS = 1000
_ORDER = ("last_updated", "type", "id", "version")
_COLUMNS = "r.type, r.id, r.version, r.last_updated"
# OFFSET keeps PostgreSQL from gathering every earlier version before it looks at one row.
_REVISES = """EXISTS (SELECT 1 FROM version b WHERE b.type = r.type AND b.id = r.id
 AND b.version = r.version - 1 AND b.document IS NOT NULL LIMIT 1 OFFSET 0)"""
_MADE_BY = """SELECT a.document FROM audit a WHERE a.id IN (SELECT e.audit_id FROM {keys}
 JOIN audit_entity e ON e.type = k.type AND e.id = k.id) AND (a.action IN ('C', 'U', 'D')
 OR a.interaction = 'transaction')"""
_SIGNED = """SELECT DISTINCT s.type, s.resource_id FROM {keys}
 JOIN signature s ON s.type = k.type AND s.resource_id = k.id"""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A version there is; `revises` says that one with content stood before it."""

    made: Made
    at: datetime
    revises: bool

    @property
    def key(self) -> Key:
        return self.made[:2]


async def read(store: Store, asker: Asker, name: str) -> Version:
    """The Provenance of one version; Refusal 404 where the asker may not see that version."""
    made = named(name)
    if made is not None:
        found = await find(store, asker, _about(ReferenceValue(*made), count=1))
        if found.versions:
            return found.versions[0]
    raise not_found(f"{KIND}/{name}")


def _about(target: ReferenceValue, *, count: int) -> Query:
    [parameter] = [one for one in RECORDED[KIND].search if one.name == "target"]
    return Query(resource=RECORDED[KIND], conditions=(Clause(parameter, (target,)),), count=count)


async def made(store: Store, asker: Asker, key: Key) -> Mapping[int, Work]:
    """Who made each version of a resource that the asker may see, as far as the trail tells."""

    async def work(connection: Connection) -> Mapping[int, Work]:
        query = _about(ReferenceValue(*key), count=_MOST_VERSIONS)
        stored = await _stored(store.database, connection, asker, query, descending=True)
        found = await _authors(store.database, connection, [key])
        return {one.made[2]: found[one.made] for one in stored if one.made in found}

    return await store.search(work)


async def find(store: Store, asker: Asker, query: Query) -> Page:
    """The Provenances that meet a query, a page of them, the newest first unless the oldest are asked for."""
    descending = newest_first(query, "recorded")
    database = store.database

    async def work(
        connection: Connection,
    ) -> tuple[list[_Stored], int | None, Mapping[Made, Work], list[Key]]:
        stored = await _stored(database, connection, asker, query, descending=descending)
        total = await _total(database, connection, asker, query) if query.total else None
        keys = sorted({one.key for one in stored})
        made_by = await _authors(database, connection, keys)
        signed = await connection.fetch(_SIGNED.format(keys=database.keys(1)), database.key_set(keys))
        return stored, total, made_by, [(kind, name) for kind, name in signed]

    stored, total, made_by, signed = await store.search(work)
    shown = stored[: query.count]
    if total is None and len(stored) == len(shown) and query.after is None and query.count:
        total = len(shown)  # the whole answer is on this page
    signs = await _signatures(store, asker, signed)
    versions = [_version(one, made_by.get(one.made), signs.get(one.made, ())) for one in shown]
    if len(stored) == len(shown):
        return Page(versions, None, total)
    kind, name, number = shown[-1].made
    return Page(versions, ((shown[-1].at.isoformat(), kind, str(number)), name), total)


async def _authors(database: Database, connection: Connection, keys: Sequence[Key]) -> Mapping[Made, Work]:
    """Who made each version of these resources, as far as the trail tells."""
    if not keys:
        return {}
    rows = await connection.fetch(_MADE_BY.format(keys=database.keys(1)), database.key_set(keys))
    return {made: work for (document,) in rows for made, work in works(codec.read(bytes(document)))}


def _version(stored: _Stored, work: Work | None, signed: Sequence[Signed]) -> Version:
    document = provenance(stored.made, stored.at, work=work, revises=stored.revises, signatures=signed)
    return Version(
        type=KIND,
        id=name_of(stored.made),
        version=1,
        last_updated=stored.at,
        document=codec.write(document),
    )


async def _signatures(store: Store, asker: Asker, keys: Iterable[Key]) -> Mapping[Made, Sequence[Signed]]:
    """The signatures of each version of these resources."""
    found: dict[Made, list[Signed]] = {}
    for key in keys:
        for one in await signatures(store, asker.visibility, key):
            signed = Signed(
                meaning=one.meaning,
                signer=one.signer,
                practitioner=one.practitioner,
                at=one.signed,
                digest=bytes.fromhex(one.digest),
                broken=one.broken,
                by=one.newer,
            )
            found.setdefault((*key, one.version), []).append(signed)
    return found


async def _stored(
    database: Database, connection: Connection, asker: Asker, query: Query, *, descending: bool
) -> list[_Stored]:
    """The versions on a page, and one more where there is one."""
    if not query.count:
        return []
    statement = Statement(database, asker.visibility)
    way, sign = ("DESC", "<") if descending else ("ASC", ">")
    paged = f"ORDER BY {', '.join(f'r.{column} {way}' for column in _ORDER)} LIMIT {query.count + 1}"
    arms = []
    for table in _TABLES:
        met = _where(statement, query.conditions)
        if query.after is not None:
            (instant, kind, version), name = query.after
            place = (datetime.fromisoformat(instant or ""), kind, name, int(version or 0))
            own = ", ".join(f"r.{column}" for column in _ORDER)
            met += f" AND ({own}) {sign} ({', '.join(map(statement.value, place))})"
        arms.append(f"SELECT * FROM (SELECT {_COLUMNS} FROM {table} r WHERE {met} {paged}) AS {table}_arm")
    sql = f"SELECT {_COLUMNS}, {_REVISES} FROM ({' UNION ALL '.join(arms)}) AS r {paged}"
    rows = await connection.fetch(sql, *statement.values)
    return [_Stored((kind, name, number), at, bool(revises)) for kind, name, number, at, revises in rows]


async def _total(database: Database, connection: Connection, asker: Asker, query: Query) -> int:
    statement = Statement(database, asker.visibility)
    counts = [
        f"(SELECT count(*) FROM {table} r WHERE {_where(statement, query.conditions)})" for table in _TABLES
    ]
    [row] = await connection.fetch(f"SELECT {' + '.join(counts)}", *statement.values)
    return int(row[0])


def _where(statement: Statement, conditions: Sequence[Condition]) -> str:
    return " AND ".join((statement.seen("r"), *(_condition(statement, one) for one in conditions)))


def _condition(statement: Statement, asked: Condition) -> str:
    match asked:
        case Missing(_, missing):
            return "FALSE" if missing else "TRUE"  # each of them has all that is searched by
        case Clause(_, values, negated):
            met = any_of([_meets(statement, value) for value in values])
            return f"NOT ({met})" if negated else f"({met})"
        case _:
            raise refusal(400, "not-supported", "the trail is searched without chains", "http.url")


def _meets(statement: Statement, value: Value) -> str:
    match value:
        case DateValue():
            return span(statement, "r.last_updated", "r.last_updated", value, point=True)
        case TokenValue(code=code):
            made = named(code or "")
            return "FALSE" if made is None else _is(statement, ReferenceValue(*made))
        case ReferenceValue():
            return _is(statement, value)
        case _:
            return "FALSE"


def _is(statement: Statement, value: ReferenceValue) -> str:
    conditions = [f"r.id = {statement.value(value.id)}"]
    if value.type is not None:
        conditions.append(f"r.type = {statement.value(value.type)}")
    if value.version is not None:
        conditions.append(f"r.version = {statement.value(value.version)}")
    return f"({' AND '.join(conditions)})"
