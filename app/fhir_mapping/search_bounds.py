"""How much one search may ask of the database: beyond it a search is a download, and is asked in parts."""

from collections.abc import Iterable

from app.fhir_mapping.index_values import LONGEST
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.query import (
    AnyOf,
    Chained,
    Clause,
    CompositeValue,
    Condition,
    IdentifierValue,
    QuantityValue,
    Query,
    ReferenceValue,
    Reverse,
    TokenValue,
    Value,
    clauses,
)

MOST_PARAMETERS = 200

LONGEST_NAME = 500
"""The characters of one parameter's name, with its chain."""

MOST_ELEMENTS = 200

MOST_VALUES = 1000
"""The values compared in one search, a quantity counting once for each unit it is looked for in."""


MOST_STEPS = 40
"""The conditions of one search with the references their chains follow: each is a join, and a database that
plans hundreds of them takes minutes (measured: 53 seconds for 199)."""


def steps(condition: Condition) -> int:
    """How many joins a condition takes."""
    match condition:
        case Chained() | Reverse():
            return 1 + steps(condition.condition)
        case AnyOf(conditions):
            return sum(map(steps, conditions))
        case _:
            return 1


def cost(condition: Condition) -> int:
    """How many values a condition has the database compare."""
    return sum(_costs(one.values) if isinstance(one, Clause) else 1 for one in clauses(condition))


def findable(query: Query) -> Query:
    """The query; Refusal 400 where it asks for a code or an address longer than any that is searched by."""
    clauses_ = (one for condition in query.conditions for one in clauses(condition))
    asked = (value for one in clauses_ if isinstance(one, Clause) for value in one.values)
    if any(map(_is_too_long, asked)):
        text = f"nothing can be found by a code, identifier or address of over {LONGEST} characters"
        raise refusal(400, "too-long", f"{text}: name another to find it by")
    return query


def _is_too_long(value: Value) -> bool:
    match value:
        case TokenValue(_, code):
            return len(code or "") > LONGEST
        case IdentifierValue(token):
            return _is_too_long(token)
        case ReferenceValue(_, target):
            return len(target) > LONGEST
        case CompositeValue(values):
            return any(map(_is_too_long, values))
        case _:
            return False


def _costs(values: Iterable[Value]) -> int:
    return sum(map(_cost, values))


def _cost(value: Value) -> int:
    match value:
        case QuantityValue(_, measures):
            return len(measures)
        case CompositeValue(values):
            return _costs(values)
        case _:
            return 1
