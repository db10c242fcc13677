"""How much one search may ask of the database: beyond it a search is a download, and is asked in parts."""

from collections.abc import Iterable

from app.fhir_mapping.query import Clause, CompositeValue, Condition, QuantityValue, Value, clauses

MOST_PARAMETERS = 200

LONGEST_NAME = 500
"""The characters of one parameter's name, with its chain."""

MOST_ELEMENTS = 200

MOST_VALUES = 1000
"""The values compared in one search, a quantity counting once for each unit it is looked for in."""


def cost(condition: Condition) -> int:
    """How many values a condition has the database compare."""
    return sum(_costs(one.values) if isinstance(one, Clause) else 1 for one in clauses(condition))


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
