"""The order of a search, and where in it a page goes on.

What has no value (`:missing`) comes last in either direction, on both databases; ties are settled by the id.
A parameter with several values is sorted by the smallest, descending by the largest.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from app.fhir_mapping.query import SORT_KEY_LENGTH, Place, Query, SortKey
from app.fhir_mapping.resource import Column, SearchKind
from app.store.search_conditions import OWNERS, is_narrow
from app.store.search_statement import Of, Statement
from app.store.search_values import TABLES
from app.store.types import decimal_from_text, instant_from_text

Form = Literal["text", "instant", "number"]


@dataclass(frozen=True, slots=True)
class Key:
    """One expression to sort by; `certain` where every resource has a value."""

    sql: str
    form: Form
    descending: bool
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """The keys of a query in turn, and at last the id, in the direction of the first of them."""

    keys: tuple[Key, ...]
    name: str
    descending: bool

    @property
    def sql(self) -> str:
        """What follows ORDER BY."""
        parts = [
            f"{key.sql} {_direction(key.descending)}{'' if key.certain else ' NULLS LAST'}"
            for key in self.keys
        ]
        return ", ".join([*parts, f"{self.name} {_direction(self.descending)}"])

    @property
    def columns(self) -> str:
        """The keys, to be selected after other columns."""
        return "".join(f", {key.sql}" for key in self.keys)

    def place(self, name: str, values: list[Any]) -> Place:
        """The place of a match, by its id and the values of the keys."""
        return tuple(_text(key.form, value) for key, value in zip(self.keys, values, strict=True)), name


def _direction(descending: bool) -> str:
    return "DESC" if descending else "ASC"


def order(statement: Statement, of: Of, query: Query) -> Order:
    """The order a query asks for.

    Where few resources match, sorting them costs less than walking all of the type in order; ordering by an
    expression keeps the planners from that.
    """
    few = any(map(is_narrow, query.conditions))
    keys = [_key(statement, of, key, few=few) for key in query.sort if key.parameter.column is not Column.ID]
    by_id = next((at for at, key in enumerate(query.sort) if key.parameter.column is Column.ID), None)
    if by_id is not None:  # nothing is left to settle after the id
        descending, keys = query.sort[by_id].descending, keys[:by_id]
    else:
        descending = bool(keys) and keys[0].descending
    return Order(tuple(keys), f"{of.alias}.id || ''" if few else f"{of.alias}.id", descending)


def _key(statement: Statement, of: Of, key: SortKey, *, few: bool) -> Key:
    parameter, r = key.parameter, of.alias
    if parameter.column is Column.LAST_UPDATED:
        instant = f"COALESCE({r}.last_updated, {r}.date_low)" if few else f"{r}.last_updated"
        return Key(instant, "instant", key.descending, certain=True)
    if parameter.column is Column.DATE:
        return Key(f"{r}.date_low", "instant", key.descending)
    if parameter.column is Column.STATUS:
        return Key(f"{r}.status", "text", key.descending)
    expression, form = _expression(parameter.kind)
    row, extreme = statement.name("s"), "max" if key.descending else "min"
    named = statement.one_of(f"{row}.parameter || ''", parameter.either or (parameter.name,))
    among = (
        f"(SELECT {extreme}({expression.format(s=row)}) FROM {TABLES[parameter.kind]} {row}"
        f" WHERE {row}.type = {r}.type AND {row}.id = {r}.id AND {named})"
    )
    if parameter.column in OWNERS:
        own = f"substr('{OWNERS[parameter.column]}/' || {r}.{parameter.column}, 1, {SORT_KEY_LENGTH})"
        return Key(f"COALESCE({own}, {among})", form, key.descending)
    return Key(among, form, key.descending)


def _expression(kind: SearchKind) -> tuple[str, Form]:
    """What of a row is sorted by. A concept without a code has a value still: it sorts as an empty code."""
    match kind:
        case SearchKind.DATE:
            return "{s}.low", "instant"
        case SearchKind.NUMBER | SearchKind.QUANTITY:
            return "CASE WHEN {s}.sent THEN {s}.value END", "number"
        case SearchKind.STRING:
            return f"substr({{s}}.folded, 1, {SORT_KEY_LENGTH})", "text"
        case SearchKind.REFERENCE:
            return f"substr({{s}}.target_type || '/' || {{s}}.target_id, 1, {SORT_KEY_LENGTH})", "text"
        case _:
            return f"substr({{s}}.code, 1, {SORT_KEY_LENGTH})", "text"


def beyond(statement: Statement, of: Of, ordered: Order, after: Place) -> str:
    """That a resource comes after a place."""
    texts, name = after
    r, sign = of.alias, "<" if ordered.descending else ">"
    own = statement.value(name)
    if len(ordered.keys) == 1 and ordered.keys[0].certain and texts[0] is not None:
        [key] = ordered.keys  # an index serves what is said of a pair
        return f"({key.sql}, {r}.id) {sign} ({statement.value(_value(key.form, texts[0]))}, {own})"
    condition = f"{r}.id {sign} {own}"
    for key, text in reversed(list(zip(ordered.keys, texts, strict=True))):
        condition = _later(statement, key, text, condition)
    return condition


def _later(statement: Statement, key: Key, text: str | None, then: str) -> str:
    """That a key is later than this, or is this and something else holds."""
    if text is None:
        return f"({key.sql} IS NULL AND {then})"
    value = statement.value(_value(key.form, text))
    unknown = "" if key.certain else f" OR {key.sql} IS NULL"
    return (
        f"({key.sql} {'<' if key.descending else '>'} {value} OR ({key.sql} = {value} AND {then}){unknown})"
    )


def _text(form: Form, value: Any) -> str | None:
    """A key as a page link carries it. SQLite gives what an expression made of its texts as text."""
    if value is None:
        return None
    match form, value:
        case "instant", str():
            return instant_from_text(value.encode()).isoformat()
        case "instant", datetime():
            return value.isoformat()
        case "number", str():
            return str(decimal_from_text(value.encode()))
        case _:
            return str(value)


def _value(form: Form, text: str) -> Any:
    match form:
        case "instant":
            return datetime.fromisoformat(text)
        case "number":
            return Decimal(text)
        case "text":
            return text
