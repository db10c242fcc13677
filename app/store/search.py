"""A Query becomes one SELECT, and its rows a page.

Single-valued parameters are columns of `resource`; the others are looked for in the index tables,
quantities in the measurements. A page goes on after the last sort key and id, so that it never
counts rows it has passed and loses none when others are written meanwhile.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.fhir_mapping.change import Version
from app.fhir_mapping.query import (
    Clause,
    Condition,
    DateValue,
    Place,
    QuantityValue,
    Query,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)
from app.fhir_mapping.resource import Column, SearchParameter
from app.store.database import Connection, Database, Row
from app.store.documents import version_of
from app.store.session import Store
from app.store.visibility import Visibility, visible


@dataclass(frozen=True, slots=True)
class Page:
    """Some matches; `after` is where the next page goes on, `total` the number of all where asked for."""

    versions: list[Version]
    after: Place | None
    total: int | None


@dataclass(slots=True)
class _Statement:
    """Conditions in the making, with the values they need."""

    database: Database
    kind: str
    values: list[Any] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """The placeholder of a value."""
        self.values.append(value)
        return f"${len(self.values)}"


async def find(store: Store, visibility: Visibility, query: Query) -> Page:
    """The matches of a query, a page of them."""
    statement = _Statement(store.database, query.resource.name)
    where = _where(statement, visibility, query)
    counting = f"SELECT count(*) FROM resource r WHERE {where}"
    counted = list(statement.values)
    order = _order(query)
    after = _after(statement, query, order)
    direction = "DESC" if _descends(query) else "ASC"
    name = "r.id || ''" if _is_narrow(query) else "r.id"
    ordering = f"{name} {direction}" if order == "r.id" else f"{order} {direction}, {name} {direction}"
    sql = f"""SELECT r.type, r.id, r.version, r.last_updated, r.document, {order}
 FROM resource r WHERE {where}{after} ORDER BY {ordering} LIMIT {query.count + 1}"""

    async def work(connection: Connection) -> tuple[list[Row], int | None]:
        rows = await connection.fetch(sql, *statement.values) if query.count else []
        total = (await connection.fetch(counting, *counted))[0][0] if query.total else None
        return rows, total

    rows, total = await store.database.read(work)
    matches = rows[: query.count]
    more = ((_sort_key(matches[-1][5]),), matches[-1][1]) if len(rows) > query.count else None
    if total is None and more is None and query.after is None and query.count:
        total = len(matches)  # the whole answer is on this page
    return Page([version_of(row[:5]) for row in matches], more, total)


async def matches(
    database: Database, connection: Connection, visibility: Visibility, query: Query, limit: int = 2
) -> list[tuple[str, int]]:
    """The id and version of the first matches, as seen on this connection: within its transaction."""
    statement = _Statement(database, query.resource.name)
    where = _where(statement, visibility, query)
    name = "r.id || ''" if _is_narrow(query) else "r.id"
    sql = f"SELECT r.id, r.version FROM resource r WHERE {where} ORDER BY {name} LIMIT {limit}"
    rows = await connection.fetch(sql, *statement.values)
    return [(row[0], row[1]) for row in rows]


def _where(statement: _Statement, visibility: Visibility, query: Query) -> str:
    conditions = [f"r.type = {statement.value(query.resource.name)}", "NOT r.deleted"]
    conditions += [_clause(statement, clause) for clause in query.conditions]
    conditions.append(visible(statement.database, visibility, "r", statement.values))
    return " AND ".join(conditions)


_ORDERS = {Column.ID: "r.id", Column.LAST_UPDATED: "r.last_updated", Column.DATE: "r.date_low"}
_EARLIEST = "0001-01-01T00:00:00.000000Z"


def _order(query: Query) -> str:
    if not query.sort or query.sort[0].parameter.column is None:
        return "r.id"
    column = _ORDERS[query.sort[0].parameter.column]
    # what has no date comes first, or last when descending, on both databases
    return f"COALESCE(r.date_low, '{_EARLIEST}')" if column == "r.date_low" else column


def _is_narrow(query: Query) -> bool:
    """Whether few resources match, so that sorting them costs less than walking all of the type in order.

    The planners cannot know: ordering by an expression keeps them from taking the index of ids for it.
    """
    return any(
        isinstance(clause, Clause)
        and (
            clause.parameter.column in {Column.PATIENT, Column.STUDY} or clause.parameter.name == "identifier"
        )
        for clause in query.conditions
    )


def _after(statement: _Statement, query: Query, order: str) -> str:
    if query.after is None:
        return ""
    keys, name = query.after
    beyond = "<" if _descends(query) else ">"
    if order == "r.id":
        return f" AND r.id {beyond} {statement.value(name)}"
    instant = datetime.fromisoformat((keys and keys[0]) or _EARLIEST)
    return f" AND ({order}, r.id) {beyond} ({statement.value(instant)}, {statement.value(name)})"


def _sort_key(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def _descends(query: Query) -> bool:
    return bool(query.sort) and query.sort[0].descending


def _clause(statement: _Statement, clause: Condition) -> str:
    if not isinstance(clause, Clause):
        raise NotImplementedError
    parts = [_condition(statement, clause.parameter, value) for value in clause.values]
    return "(" + " OR ".join(parts) + ")"


def _condition(statement: _Statement, parameter: SearchParameter, value: Value) -> str:
    match value:
        case TokenValue():
            return _token(statement, parameter, value)
        case ReferenceValue():
            return _reference(statement, parameter, value)
        case DateValue():
            return _date(statement, parameter, value)
        case QuantityValue():
            return _quantity(statement, parameter, value)
        case StringValue():
            beginning = _prefix_range(statement, "s.folded", value.text)
            return _indexed(statement, "search_string", parameter, beginning)
        case _:
            raise NotImplementedError


def _indexed(statement: _Statement, table: str, parameter: SearchParameter, condition: str) -> str:
    """That an index row of this parameter meets a condition."""
    names = parameter.either or (parameter.name,)
    any_name = " OR ".join(f"s.parameter = {statement.value(name)}" for name in names)
    return (
        f"EXISTS (SELECT 1 FROM {table} s WHERE s.type = r.type AND s.id = r.id"
        f" AND ({any_name}) AND {condition})"
    )


def _token(statement: _Statement, parameter: SearchParameter, value: TokenValue) -> str:
    if parameter.column is not None:
        if value.system:
            return "FALSE"  # a status has no system of its own to be asked by
        return f"r.{parameter.column} = {statement.value(value.code)}"
    conditions = []
    if value.code is not None:
        conditions.append(f"s.code = {statement.value(value.code)}")
    if value.system is not None:
        conditions.append(f"s.system = {statement.value(value.system)}")
    conditions.append("s.patient_id = COALESCE(r.patient_id, '')")
    return _indexed(statement, "search_token", parameter, " AND ".join(conditions))


def _reference(statement: _Statement, parameter: SearchParameter, value: ReferenceValue) -> str:
    if parameter.column is not None:
        if value.type is not None and value.type not in parameter.targets:
            return "FALSE"
        return f"r.{parameter.column} = {statement.value(value.id)}"
    condition = f"s.target_id = {statement.value(value.id)}"
    if value.type is not None:
        condition += f" AND s.target_type = {statement.value(value.type)}"
    return _indexed(statement, "search_reference", parameter, condition)


def _prefix_range(statement: _Statement, column: str, beginning: str) -> str:
    """That a text begins so; a range, because an index knows ranges."""
    low, high = statement.value(beginning), statement.value(beginning + "\U0010ffff")
    return f"{column} >= {low} AND {column} < {high}"


def _date(statement: _Statement, parameter: SearchParameter, value: DateValue) -> str:
    if parameter.column is Column.LAST_UPDATED:
        return _span("r.last_updated", "r.last_updated", statement, value, point=True)
    if parameter.column is Column.DATE:
        return _span("r.date_low", "r.date_high", statement, value)
    return _indexed(statement, "search_date", parameter, _span("s.low", "s.high", statement, value))


_WITHIN = "({low} >= {first} AND {high} {until} {last})"
_SPANS = {
    "eq": _WITHIN,
    "ne": f"NOT {_WITHIN}",
    "gt": "{high} {beyond} {last}",
    "lt": "{low} < {first}",
    "ge": f"({{high}} {{beyond}} {{last}} OR {_WITHIN})",
    "le": f"({{low}} < {{first}} OR {_WITHIN})",
    "sa": "{low} >= {last}",
    "eb": "{high} {until} {first}",
    "ap": "({low} < {last} AND {high} {beyond} {first})",
}
"""R4's prefixes on spans: eq contains, gt and lt reach beyond, sa and eb lie beyond, ap overlaps."""


def _span(low: str, high: str, statement: _Statement, value: DateValue, *, point: bool = False) -> str:
    """How a span [low, high), or an instant where `point`, lies to the one asked for."""
    template = _SPANS[value.prefix]
    places = {"low": low, "high": high, "until": "<" if point else "<=", "beyond": ">=" if point else ">"}
    for name, instant in (("first", value.low), ("last", value.high)):
        if f"{{{name}}}" in template:
            places[name] = statement.value(instant)
    return template.format(**places)


_QUANTITY = {
    "gt": "{number} > {value}",
    "lt": "{number} < {value}",
    "ge": "{number} >= {value}",
    "le": "{number} <= {value}",
    "sa": "{number} > {value}",
    "eb": "{number} < {value}",
    "eq": "({number} >= {low} AND {number} < {high})",
    "ne": "({number} < {low} OR {number} >= {high})",
    "ap": "({number} >= {low} AND {number} < {high})",
}


def _quantity(statement: _Statement, parameter: SearchParameter, value: QuantityValue) -> str:
    """By the number as sent, and where a unit is asked for also in the canonical unit of the analyte."""
    template = _QUANTITY[value.prefix]
    [measure] = value.measures
    asked = {"value": measure.value, "low": measure.low, "high": measure.high}
    places = {name: statement.value(number) for name, number in asked.items() if f"{{{name}}}" in template}
    as_sent = template.format(number="m.received_number", **places)
    if measure.unit is not None:
        unit = statement.value(measure.unit)
        canonical = template.format(number="m.value", **places)
        as_sent = f"(m.received_unit = {unit} AND {as_sent} OR m.unit = {unit} AND {canonical})"
    own = " AND m.part = 0" if parameter.name == "value-quantity" else ""
    return f"EXISTS (SELECT 1 FROM measurement m WHERE m.id = r.id AND {as_sent}{own})"
