"""What a row of the index must hold to meet the values asked for, kind by kind."""

from collections.abc import Mapping, Sequence
from typing import Final

from app.fhir_mapping.datatypes import fold
from app.fhir_mapping.index import LONGEST
from app.fhir_mapping.query import (
    DateValue,
    IdentifierValue,
    Measure,
    Prefix,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenValue,
    Value,
)
from app.fhir_mapping.resource import SearchKind, SearchParameter
from app.store.search_statement import Statement, any_of

TABLES = {
    SearchKind.TOKEN: "search_token",
    SearchKind.URI: "search_token",
    SearchKind.REFERENCE: "search_reference",
    SearchKind.DATE: "search_date",
    SearchKind.QUANTITY: "search_quantity",
    SearchKind.NUMBER: "search_quantity",
    SearchKind.STRING: "search_string",
}


def meets(
    statement: Statement,
    row: str,
    parameter: SearchParameter,
    values: Sequence[Value],
    *,
    way: int | None = None,
) -> str:
    """That a row of the parameter's table meets one of the values; all of them are of one kind.

    `way` is in which of the `ways` an amount is to be met; None in any.
    """
    match values[0]:
        case TokenValue():
            return tokens(statement, row, [value for value in values if isinstance(value, TokenValue)])
        case IdentifierValue():
            named = [value.token for value in values if isinstance(value, IdentifierValue)]
            return tokens(statement, row, named)
        case ReferenceValue():
            found = [value for value in values if isinstance(value, ReferenceValue)]
            return _references(statement, row, parameter, found)
        case _:
            return any_of([_meets_one(statement, row, value, way) for value in values])


def _meets_one(statement: Statement, row: str, value: Value, way: int | None) -> str:
    match value:
        case DateValue():
            return span(statement, f"{row}.low", f"{row}.high", value)
        case QuantityValue():
            measures = [_measure(statement, row, value, measure, way) for measure in value.measures]
            return any_of(measures)
        case StringValue():
            return _string(statement, row, value)
        case _:
            raise TypeError(f"no row holds a {type(value).__name__} by itself")


def tokens(statement: Statement, row: str, values: Sequence[TokenValue]) -> str:
    """Codes by their system; the codes are said once more alone where there are several systems.

    The index knows codes: by that it serves however many systems are asked for.
    """
    by_system: dict[str | None, list[str | None]] = {}
    for value in values:
        by_system.setdefault(value.system, []).append(value.code)
    parts = [_of_system(statement, row, system, codes) for system, codes in by_system.items()]
    if len(parts) > 1 and has_codes(values):
        return f"{statement.one_of(f'{row}.code', [value.code for value in values])} AND {any_of(parts)}"
    return any_of(parts)


def has_codes(values: Sequence[Value]) -> bool:
    """Whether all of these ask for a code, so that an index leads to them."""
    found = [value.token if isinstance(value, IdentifierValue) else value for value in values]
    codes = [value.code if isinstance(value, TokenValue) else None for value in found]
    return bool(codes) and None not in codes


def _of_system(statement: Statement, row: str, system: str | None, codes: list[str | None]) -> str:
    conditions = []
    if None not in codes:
        conditions.append(statement.one_of(f"{row}.code", codes))
    if system is not None:
        conditions.append(f"{row}.system = {statement.value(system)}")
    return f"({' AND '.join(conditions) or 'TRUE'})"


def _references(
    statement: Statement, row: str, parameter: SearchParameter, values: Sequence[ReferenceValue]
) -> str:
    """Targets by their type; an id alone is one of any type the parameter may lead to."""
    by_type: dict[str | None, list[str]] = {}
    for value in values:
        by_type.setdefault(value.type, []).append(value.id)
    parts = []
    for kind, ids in by_type.items():
        if kind is not None:
            typed = f"{row}.target_type = {statement.value(kind)}"
        elif parameter.targets:
            typed = statement.one_of(f"{row}.target_type", parameter.targets)
        else:
            typed = f"{row}.target_type <> ''"
        parts.append(f"({typed} AND {statement.one_of(f'{row}.target_id', ids)})")
    return any_of(parts)


def _string(statement: Statement, row: str, value: StringValue) -> str:
    match value.matching:
        case "start":
            beginning = value.text[:LONGEST]
            low, high = statement.value(beginning), statement.value(beginning + "\U0010ffff")
            return f"({row}.folded >= {low} AND {row}.folded < {high})"  # an index knows ranges
        case "exact":
            folded, written = statement.value(fold(value.text)[:LONGEST]), statement.value(value.text)
            return f"({row}.folded = {folded} AND {row}.written = {written})"
        case "contains":
            escaped = value.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            return f"{row}.folded LIKE {statement.value(f'%{escaped}%')} ESCAPE '\\'"


_WITHIN = "({low} >= {first} AND {high} {until} {last})"
_SPANS = {
    "eq": f"({_WITHIN} AND {{low}} < {{last}})",
    "ne": f"NOT {_WITHIN}",
    "gt": "{high} {beyond} {last}",
    "lt": "{low} < {first}",
    "ge": f"({{high}} {{beyond}} {{first}} AND ({{high}} {{beyond}} {{last}} OR {_WITHIN}))",
    "le": f"({{low}} < {{last}} AND ({{low}} < {{first}} OR {_WITHIN}))",
    "sa": "{low} >= {last}",
    "eb": "{high} {until} {first}",
    "ap": "({low} < {last} AND {high} {beyond} {first})",
}
"""R4's prefixes on spans: eq contains, gt and lt reach beyond, sa and eb lie beyond, ap overlaps.

A bound that follows from the others is said where it leads an index to a part of what it holds.
"""


def span(statement: Statement, low: str, high: str, value: DateValue, *, point: bool = False) -> str:
    """How a span [low, high), or an instant where `point`, lies to the one asked for."""
    template = _SPANS[value.prefix]
    places = {"low": low, "high": high, "until": "<" if point else "<=", "beyond": ">=" if point else ">"}
    for name, instant in (("first", value.low), ("last", value.high)):
        if f"{{{name}}}" in template:
            places[name] = statement.value(instant)
    return template.format(**places)


_QUANTITIES: Final[Mapping[Prefix, Sequence[str]]] = {
    "eq": ("{c} = '' AND {v} >= {low} AND {v} < {high}",),
    "ne": ("NOT ({c} = '' AND {v} >= {low} AND {v} < {high})",),
    "gt": ("{v} > {asked}", "{c} <> '' AND {c} IN ('>', '>=')"),
    "lt": ("{v} < {asked}", "{c} <> '' AND {c} IN ('<', '<=')"),
    "ge": (
        "{v} >= {asked} AND ({v} > {asked} OR {c} IN ('', '<='))",
        "{c} <> '' AND {c} IN ('>', '>=')",
    ),
    "le": (
        "{v} <= {asked} AND ({v} < {asked} OR {c} IN ('', '>='))",
        "{c} <> '' AND {c} IN ('<', '<=')",
    ),
    "sa": ("{v} >= {asked} AND ({v} > {asked} AND {c} IN ('', '>=', '>') OR {v} = {asked} AND {c} = '>')",),
    "eb": ("{v} <= {asked} AND ({v} < {asked} AND {c} IN ('', '<=', '<') OR {v} = {asked} AND {c} = '<')",),
    "ap": (
        "{c} = '' AND {v} >= {low} AND {v} <= {high}",
        (
            "{c} <> '' AND ({c} = '<' AND {v} > {low} OR {c} = '<=' AND {v} >= {low}"
            " OR {c} = '>' AND {v} < {high} OR {c} = '>=' AND {v} <= {high})"
        ),
    ),
}
"""R4's prefixes on a value with its comparator: `<5` is every number below 5, and so reaches beyond 3.

`ne` asks that some value is not the one asked for; a value in a unit that cannot be compared is neither.
What a value meets and what its comparator meets are said apart: an index leads to each of them.
"""


def ways(prefix: Prefix) -> int:
    """In how many ways, each with an index of its own, a value may meet one with this prefix."""
    return len(_QUANTITIES[prefix])


def _measure(statement: Statement, row: str, asked: QuantityValue, measure: Measure, way: int | None) -> str:
    templates = _QUANTITIES[asked.prefix] if way is None else [_QUANTITIES[asked.prefix][way]]
    places = {"v": f"{row}.value", "c": f"{row}.comparator"}
    for name, number in (("asked", measure.value), ("low", measure.low), ("high", measure.high)):
        if any(f"{{{name}}}" in template for template in templates):
            places[name] = statement.value(number)
    met = any_of([f"({template.format(**places)})" for template in templates])
    if measure.unit is None:
        return f"({row}.sent AND {met})"
    unit = statement.value(measure.unit)
    if measure.system is None:
        return f"(({row}.code = {unit} OR {row}.unit = {unit}) AND {met})"
    return f"({row}.system = {statement.value(measure.system)} AND {row}.code = {unit} AND {met})"
