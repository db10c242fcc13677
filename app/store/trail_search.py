"""The trail read and searched: a Query of AuditEvents becomes SQL on `audit` and `audit_entity`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from app.fhir_mapping.audit_event import CLIENT, INTERACTION
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import not_found, refusal
from app.fhir_mapping.query import (
    Clause,
    Condition,
    DateValue,
    IdentifierValue,
    Missing,
    Place,
    Query,
    ReferenceValue,
    TokenValue,
    Value,
)
from app.fhir_mapping.resource import SearchParameter
from app.store.asker import Asker
from app.store.database import Connection, Row
from app.store.search import Page
from app.store.search_statement import Statement, any_of
from app.store.search_values import span
from app.store.session import Store
from app.store.trail_sight import Event, Sight

KIND: Final = "AuditEvent"
_COLUMNS = {"_id": "a.id", "action": "a.action", "outcome": "a.outcome", "altid": "a.client"}
_RESTFUL = "http://hl7.org/fhir/restful-interaction"
_AN_OPERATION = "a.interaction LIKE '$%'"
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
_SELECTED = "SELECT a.id, a.chain, a.client, a.document, a.recorded FROM audit a WHERE {met}"


@dataclass(frozen=True, slots=True)
class _Asking:
    """One statement about the trail, and who asks."""

    statement: Statement
    sight: Sight

    def where(self, conditions: Sequence[Condition]) -> str:
        """That an event is the asker's to see and meets all conditions."""
        seen = self.sight.event("a", self.statement.values)
        return " AND ".join((seen, *map(self._condition, conditions)))

    def _condition(self, asked: Condition) -> str:
        match asked:
            case Missing(parameter, missing):
                return f"NOT {self._has(parameter)}" if missing else self._has(parameter)
            case Clause(parameter, values, negated):
                met = any_of([self._meets(parameter, value) for value in values])
                return f"NOT ({met})" if negated else f"({met})"
            case _:
                raise refusal(400, "not-supported", "the trail is searched without chains", "http.url")

    def _has(self, parameter: SearchParameter) -> str:
        match parameter.name:
            case "entity":
                return self._names_any("TRUE")
            case "patient":
                return self._names_any("n.patient_id <> ''")
            case _:
                return "TRUE"

    def _meets(self, parameter: SearchParameter, value: Value) -> str:
        match value:
            case DateValue():
                return span(self.statement, "a.recorded", "a.recorded", value, point=True)
            case TokenValue() if parameter.name == "subtype":
                return self._is_interaction(value)
            case TokenValue(system, code):
                return self._is_code(_COLUMNS[parameter.name], parameter, system, code)
            case IdentifierValue(token) if parameter.name == "agent":
                return self._is_client(token)
            case ReferenceValue() if parameter.name != "agent":  # nobody who asks is a resource here
                return self._is_about(value, whose=parameter.name == "patient")
            case _:
                return "FALSE"

    def _is_code(self, column: str, parameter: SearchParameter, system: str | None, code: str | None) -> str:
        if system and system != parameter.system:
            return "FALSE"
        return "TRUE" if code is None else f"{column} = {self.statement.value(code)}"

    def _is_client(self, token: TokenValue) -> str:
        if token.system not in (None, CLIENT):
            return "FALSE"
        return "a.client <> ''" if token.code is None else f"a.client = {self.statement.value(token.code)}"

    def _is_interaction(self, value: TokenValue) -> str:
        """Every operation bears its own name, and the code that R4 has for all of them."""
        system, code = value.system, value.code
        if system not in (None, _RESTFUL, INTERACTION):
            return "FALSE"
        if code is None:
            return _AN_OPERATION if system == INTERACTION else f"NOT {_AN_OPERATION}"
        if code == "operation" and system != INTERACTION:
            return _AN_OPERATION
        return f"a.interaction = {self.statement.value(code)}"

    def _is_about(self, value: ReferenceValue, *, whose: bool) -> str:
        """That it names this, or anything of this patient."""
        if whose and value.type not in (None, "Patient"):
            return "FALSE"
        if whose:
            return self._named(f"n.patient_id = {self.statement.value(value.id)}")
        conditions = [f"n.id = {self.statement.value(value.id)}"]
        if value.type is not None:
            conditions.append(f"n.type = {self.statement.value(value.type)}")
        if value.version is not None:
            conditions.append(f"n.version = {self.statement.value(value.version)}")
        return self._named(" AND ".join(conditions))

    def _named(self, condition: str) -> str:
        """That it names something in sight of which this holds: few do, so the index leads to them."""
        seen = self.sight.entity("n", self.statement.values)
        return f"a.id IN (SELECT n.audit_id FROM audit_entity n WHERE {condition} AND {seen})"

    def _names_any(self, condition: str) -> str:
        """The same of what most events name."""
        seen = self.sight.entity("n", self.statement.values)
        return f"EXISTS (SELECT 1 FROM audit_entity n WHERE n.audit_id = a.id AND {condition} AND {seen})"


async def read(store: Store, asker: Asker, name: str) -> Version:
    """One event, as much of it as the asker may see; Refusal 404 where they may see nothing of it."""
    asking = _asking(store, asker)
    sql = f"{_SELECTED.format(met=asking.where(()))} AND a.id = {asking.statement.value(name)}"

    async def work(connection: Connection) -> list[Version]:
        return await _shown(connection, asking, await connection.fetch(sql, *asking.statement.values))

    found = await store.database.read(work)
    if not found:
        raise not_found(f"{KIND}/{name}")
    return found[0]


async def find(store: Store, asker: Asker, query: Query) -> Page:
    """The events that meet a query, a page of them, the newest first unless the oldest are asked for."""
    descending = newest_first(query, "date")

    async def work(connection: Connection) -> Page:
        versions, after = await _page(store, connection, asker, query, descending=descending)
        total = await _total(store, connection, asker, query) if query.total else None
        if total is None and after is None and query.after is None and query.count:
            total = len(versions)  # the whole answer is on this page
        return Page(versions, after, total)

    return await store.search(work)


def newest_first(query: Query, by: str) -> bool:
    """Whether the newest come first; Refusal 400 for another order, or for something to include."""
    if query.includes:
        raise refusal(400, "not-supported", "nothing can be included here", "http._include")
    if not query.sort:
        return True
    if [key.parameter.name for key in query.sort] != [by]:
        text = f"{query.resource.name} is sorted by {by} alone: -{by} is the newest first"
        raise refusal(400, "not-supported", text, "http._sort")
    return query.sort[0].descending


def _asking(store: Store, asker: Asker) -> _Asking:
    return _Asking(Statement(store.database, asker.visibility), Sight(store.database, asker))


async def _page(
    store: Store, connection: Connection, asker: Asker, query: Query, *, descending: bool
) -> tuple[list[Version], Place | None]:
    if not query.count:
        return [], None
    asking = _asking(store, asker)
    met = asking.where(query.conditions)
    if query.after is not None:
        (instant, *_), name = query.after
        place = (datetime.fromisoformat(instant or ""), name)
        beyond = ", ".join(map(asking.statement.value, place))
        met += f" AND (a.recorded, a.id) {'<' if descending else '>'} ({beyond})"
    else:  # or SQLite sorts the whole trail for who sees a part of it
        met += f" AND a.recorded >= {asking.statement.value(_BEGINNING)}"
    way = "DESC" if descending else "ASC"
    sql = f"{_SELECTED.format(met=met)} ORDER BY a.recorded {way}, a.id {way} LIMIT {query.count + 1}"
    rows = await connection.fetch(sql, *asking.statement.values)
    versions = await _shown(connection, asking, rows[: query.count])
    if len(rows) <= query.count:
        return versions, None
    return versions, ((versions[-1].last_updated.isoformat(),), versions[-1].id)


async def _total(store: Store, connection: Connection, asker: Asker, query: Query) -> int:
    asking = _asking(store, asker)
    sql = f"SELECT count(*) FROM audit a WHERE {asking.where(query.conditions)}"
    [row] = await connection.fetch(sql, *asking.statement.values)
    return int(row[0])


async def _shown(connection: Connection, asking: _Asking, rows: Sequence[Row]) -> list[Version]:
    """The rows as much as the asker may see of them."""
    events = [Event(name, chain, client, bytes(document)) for name, chain, client, document, _ in rows]
    documents = await asking.sight.shown(connection, events)
    return [
        Version(type=KIND, id=row[0], version=1, last_updated=row[4], document=document)
        for row, document in zip(rows, documents, strict=True)
    ]
