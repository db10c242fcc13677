"""A parameter that lies in rows of the index becomes a condition of SQL.

Rows are asked for in one of two ways. Where another condition leaves few resources (those of a patient),
each is looked up: `EXISTS`. Otherwise the ids the index gives are gathered first: `IN`. The planners cannot
know which is better.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.fhir_mapping.query import CompositeValue, IdentifierValue, QuantityValue, Value
from app.fhir_mapping.resource import Resource, SearchParameter
from app.store.search_statement import Of, Statement, any_of
from app.store.search_values import TABLES, has_codes, meets, ways

_MOST_SELECTS = 200
"""Selections put together by UNION ALL; SQLite takes 500."""


def in_rows(statement: Statement, of: Of, parameter: SearchParameter, values: Sequence[Value]) -> str:
    """That a resource has a row with one of the values."""
    each = [[value] for value in values] if parameter.components else [values]
    if of.few:
        return any_of([looked_up(statement, of, parameter, some) for some in each])
    ranges = [one for group in each for one in _ranges(group)]
    ids = [gathered(statement, of, parameter, some, way=way) for some, way in ranges]
    groups = [ids[start : start + _MOST_SELECTS] for start in range(0, len(ids), _MOST_SELECTS)]
    return any_of([f"{of.alias}.id IN ({' UNION ALL '.join(group)})" for group in groups])


def _ranges(values: Sequence[Value]) -> list[tuple[Sequence[Value], int | None]]:
    """The values, or the ranges of numbers each by itself, so that the index of values leads to it."""
    amounts = [value for value in values if isinstance(value, QuantityValue)]
    if not amounts:
        return [(values, None)]
    return [
        ([replace(value, measures=(measure,))], way)
        for value in amounts
        for measure in value.measures
        for way in range(ways(value.prefix))
    ]


def gathered(
    statement: Statement,
    of: Of,
    parameter: SearchParameter,
    values: Sequence[Value],
    *,
    way: int | None = None,
) -> str:
    """The ids of the resources that have such a row; `way` is the one in which an amount is met."""
    row = statement.name("s")
    table, met = _row(statement, of, row, parameter, values, named=f"{row}.parameter", way=way)
    return f"SELECT {row}.id FROM {table} {row} WHERE {typed(statement, of, row)} AND {met}"


def looked_up(
    statement: Statement, of: Of, parameter: SearchParameter, values: Sequence[Value], part_of: str = ""
) -> str:
    """That a resource has such a row; `part_of` is a row of the same part of it.

    Only codes are found by the index of values, with the patient; anything else among the rows of the
    resource: the name of the parameter made an expression, and OFFSET, keep the planners from gathering all
    that has it.
    """
    row, whose = statement.name("s"), part_of or of.alias
    same = [f"{row}.type = {whose}.type", f"{row}.id = {whose}.id"]
    if part_of:
        same.append(f"{row}.part = {part_of}.part")
    by_code = not parameter.components and has_codes(values)
    if by_code:
        patient = statement.value(of.patient) if of.patient else f"COALESCE({whose}.patient_id, '')"
        same.append(f"{row}.patient_id = {patient}")
    named = f"{row}.parameter" if by_code else f"{row}.parameter || ''"
    table, met = _row(statement, of, row, parameter, values, named=named)
    alone = "" if by_code else " LIMIT 1 OFFSET 0"
    return f"EXISTS (SELECT 1 FROM {table} {row} WHERE {' AND '.join(same)} AND {met}{alone})"


def _row(
    statement: Statement,
    of: Of,
    row: str,
    parameter: SearchParameter,
    values: Sequence[Value],
    *,
    named: str,
    way: int | None = None,
) -> tuple[str, str]:
    """The table of a parameter, and what its row must meet to have one of the values."""
    if parameter.components:
        first, *others = [_component(of.resource, name) for name in parameter.components]
        own, *theirs = values[0].values if isinstance(values[0], CompositeValue) else ()
        table, met = _row(statement, of, row, first, [own], named=named)
        rest = [
            looked_up(statement, of, other, [value], part_of=row)
            for other, value in zip(others, theirs, strict=True)
        ]
        return table, " AND ".join([met, *rest])
    names = parameter.either or (parameter.name,)
    table = TABLES[parameter.kind]
    if values and isinstance(values[0], IdentifierValue):
        names, table = tuple(f"{name}:identifier" for name in names), "search_token"
    met = statement.one_of(named, names)
    return table, f"{met} AND {meets(statement, row, parameter, values, way=way)}" if values else met


def _component(resource: Resource, name: str) -> SearchParameter:
    found = resource.parameter(name)
    if found is None:
        raise LookupError(f"{resource.name} has no search parameter {name}")
    return found


def typed(statement: Statement, of: Of, alias: str = "") -> str:
    """That a row, or the resource itself, is of the type asked for."""
    return f"{alias or of.alias}.type = {statement.value(of.resource.name)}"
