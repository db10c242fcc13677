"""A condition of a query becomes a condition of SQL.

A parameter lies in a column of `resource`, in rows of the index (search_rows.py), or in both. Every resource
met on the way, through a chain or `_has`, must be one the asker may see.
"""

from collections.abc import Sequence
from dataclasses import replace

from app.fhir_mapping.query import (
    AnyOf,
    Chained,
    Clause,
    CompositeValue,
    Condition,
    DateValue,
    IdentifierValue,
    Missing,
    ReferenceValue,
    Reverse,
    TokenValue,
    Value,
)
from app.fhir_mapping.resource import Column, Resource, SearchKind, SearchParameter
from app.store.search_rows import gathered, in_rows, looked_up, typed
from app.store.search_statement import Of, Statement, any_of
from app.store.search_values import has_codes, span

OWNERS = {Column.PATIENT: "Patient", Column.STUDY: "ResearchStudy"}
"""The type each column of references leads to."""


def where(statement: Statement, of: Of, conditions: Sequence[Condition]) -> str:
    """That a resource is current, the asker's to see, and meets all conditions."""
    widths = [_width(asked) for asked in conditions]
    narrowest = min(widths, default=0)
    of = replace(of, patient=_patient(conditions))
    parts = [f"{of.alias}.type = {statement.value(of.resource.name)}", f"NOT {of.alias}.deleted"]
    for asked, width in zip(conditions, widths, strict=True):
        parts.append(
            _condition(statement, replace(of, few=width > narrowest, rare=width > narrowest == 0), asked)
        )
    parts.append(statement.seen(of.alias, of.patient))
    return " AND ".join(parts)


def _patient(conditions: Sequence[Condition]) -> str | None:
    """The patient all that is asked for belongs to, if it is one."""
    for asked in conditions:
        match asked:
            case Clause(SearchParameter(column=Column.PATIENT) as parameter, (ReferenceValue() as value,)):
                if not asked.negated and not _may_lead_elsewhere(value, parameter, "Patient"):
                    return value.id
            case _:
                pass
    return None


def _width(asked: Condition) -> int:
    """How many resources may meet it: 0 few, 1 those with a code, 2 any number; a guess."""
    if is_narrow(asked):
        return 0
    if isinstance(asked, Clause) and not asked.negated and asked.parameter.column is None:
        first = [value.values[0] if isinstance(value, CompositeValue) else value for value in asked.values]
        return 1 if has_codes(first) else 2
    return 2


def is_narrow(asked: Condition) -> bool:
    """Whether few resources of a type meet it: those of a patient, those that bear an identifier."""
    match asked:
        case Clause(parameter, values, False):
            return (
                parameter.column in {Column.PATIENT, Column.ID}
                or isinstance(values[0], IdentifierValue)
                or (parameter.name == "identifier" and has_codes(values))
                or all(isinstance(value, ReferenceValue) and value.type == "Patient" for value in values)
            )
        case Chained(parameter, _, below):
            return parameter.column is Column.PATIENT and _is_of_few_people(below)
        case AnyOf(conditions):
            return all(map(is_narrow, conditions))
        case _:
            return False


def _is_of_few_people(asked: Condition) -> bool:
    """Whether few patients meet it: those of a name or a day of birth, but not those of a sex."""
    by_word = {SearchKind.STRING, SearchKind.DATE}
    return is_narrow(asked) or (isinstance(asked, Clause) and asked.parameter.kind in by_word)


def _condition(statement: Statement, of: Of, asked: Condition) -> str:
    match asked:
        case Clause():
            return _clause(statement, of, asked)
        case Missing():
            return _missing(statement, of, asked)
        case Chained(parameter, target, below):
            return _leads_to(statement, of, parameter, target, _step(statement, target, below))
        case Reverse(source, parameter, below):
            return _is_referred_to(statement, of, source, parameter, below)
        case AnyOf(conditions):
            return _any_condition(statement, of, conditions)


def _any_condition(statement: Statement, of: Of, conditions: Sequence[Condition]) -> str:
    if of.few:
        return any_of([f"({_condition(statement, of, one)})" for one in conditions])
    each = [_ids(statement, of.resource, one) for one in conditions]
    return f"{of.alias}.id IN ({' UNION ALL '.join(each)})"


def _step(statement: Statement, resource: Resource, asked: Condition, column: str = "id") -> str:
    """The same as a step on the way, which may follow others and be followed.

    One that follows others is gone by itself: PostgreSQL took seconds over many taken together.
    """
    before = len(statement.steps)
    ids = _ids(statement, resource, asked, column)
    return statement.step(ids, apart=len(statement.steps) > before)


def _ids(statement: Statement, resource: Resource, asked: Condition, column: str = "id") -> str:
    """The ids of the resources of a type that meet a condition, or what another column has."""
    of = Of(statement.name("r"), resource)
    return f"SELECT {of.alias}.{column} FROM resource {of.alias} WHERE {where(statement, of, [asked])}"


def _clause(statement: Statement, of: Of, asked: Clause) -> str:
    parameter, values = asked.parameter, asked.values
    if asked.negated:
        of = replace(of, few=True)  # what lacks it is never gathered
    if parameter.column in OWNERS:
        met = _owned(statement, of, parameter, values)
    elif parameter.column is not None:
        met = any_of([_in_column(statement, of, parameter, value) for value in values])
        met = f"COALESCE({met}, FALSE)" if asked.negated else met
    else:
        met = in_rows(statement, of, parameter, values)
    return f"NOT {met}" if asked.negated else met


def _in_column(statement: Statement, of: Of, parameter: SearchParameter, value: Value) -> str:
    match parameter.column, value:
        case Column.LAST_UPDATED, DateValue():
            instant = f"{of.alias}.last_updated"
            return span(statement, instant, instant, value, point=True)
        case _, DateValue():
            low, high = f"{of.alias}.date_low", f"{of.alias}.date_high"
            if of.rare:  # or SQLite, which has no statistics, follows the dates of all of the type
                high = f"COALESCE({high}, {low})"
            return span(statement, low, high, value)
        case column, TokenValue(system, code):
            if system is not None and system != (parameter.system or ""):
                return "FALSE"
            if code is None:
                return f"{of.alias}.{column} IS NOT NULL"
            return f"{of.alias}.{column} = {statement.value(code)}"
        case _:
            raise TypeError(f"no column holds a {type(value).__name__}")


def _owned(statement: Statement, of: Of, parameter: SearchParameter, values: Sequence[Value]) -> str:
    """By the column of a reference, and by rows where these may hold what the column does not."""
    kind = OWNERS[Column(parameter.column or "")]
    ids = [value.id for value in values if isinstance(value, ReferenceValue) and value.type in {None, kind}]
    if not ids:
        return in_rows(statement, of, parameter, values)
    if parameter.column is Column.PATIENT:  # nothing is about two patients: the column says it all of them
        values = [value for value in values if _may_lead_elsewhere(value, parameter, kind)]
    by_column = statement.one_of(f"{of.alias}.{parameter.column}", ids)
    if not values:
        return by_column
    if of.few or parameter.column is Column.STUDY:  # a study's resources are too many to gather
        return f"({by_column} OR {in_rows(statement, replace(of, few=True), parameter, values)})"
    own = f"SELECT {of.alias}.id FROM resource {of.alias} WHERE {typed(statement, of)} AND {by_column}"
    return f"{of.alias}.id IN ({own} UNION ALL {gathered(statement, of, parameter, values)})"


def _may_lead_elsewhere(value: Value, parameter: SearchParameter, kind: str) -> bool:
    """Whether a reference may be to another type than the column's; an id alone, where there are others."""
    if isinstance(value, ReferenceValue) and value.type is None:
        return any(target != kind for target in parameter.targets)
    return not (isinstance(value, ReferenceValue) and value.type == kind)


def _missing(statement: Statement, of: Of, asked: Missing) -> str:
    column = asked.parameter.column
    absent = []
    if column in {Column.ID, Column.LAST_UPDATED}:
        absent.append("FALSE")
    elif column is not None:
        name = "date_low" if column is Column.DATE else column
        absent.append(f"{of.alias}.{name} IS NULL")
    if column is None or column in OWNERS:
        absent.append(f"NOT {looked_up(statement, of, asked.parameter, ())}")
    return f"{'' if asked.missing else 'NOT '}({' AND '.join(absent)})"


def _leads_to(
    statement: Statement, of: Of, parameter: SearchParameter, target: Resource, targets: str
) -> str:
    """That a reference leads to one of these resources of a type."""
    by_column = f"{of.alias}.{parameter.column} IN ({targets})"
    owned = parameter.column is not None and OWNERS[parameter.column] == target.name
    if owned and parameter.column is Column.PATIENT:
        return by_column
    row = statement.name("s")
    met = (
        f"{row}.parameter = {statement.value(parameter.name)}"
        f" AND {row}.target_type = {statement.value(target.name)} AND {row}.target_id IN ({targets})"
    )
    if owned:
        same = f"{row}.type = {of.alias}.type AND {row}.id = {of.alias}.id"
        return f"({by_column} OR EXISTS (SELECT 1 FROM search_reference {row} WHERE {same} AND {met}))"
    ids = f"SELECT {row}.id FROM search_reference {row} WHERE {typed(statement, of, row)} AND {met}"
    return f"{of.alias}.id IN ({ids})"


def _is_referred_to(
    statement: Statement, of: Of, source: Resource, parameter: SearchParameter, below: Condition
) -> str:
    """That one of the resources of a type which meet a condition refers to it."""
    if parameter.targets and of.resource.name not in parameter.targets:
        return "FALSE"
    each = []
    owned = parameter.column is not None and OWNERS[parameter.column] == of.resource.name
    if owned:
        each.append(_step(statement, source, below, f"{parameter.column}"))
    if not owned or parameter.column is not Column.PATIENT:
        row = statement.name("s")
        sources = _step(statement, source, below)
        each.append(
            f"SELECT {row}.target_id FROM search_reference {row}"
            f" WHERE {row}.type = {statement.value(source.name)}"
            f" AND {row}.parameter = {statement.value(parameter.name)}"
            f" AND {row}.target_type = {statement.value(of.resource.name)} AND {row}.id IN ({sources})"
        )
    return f"{of.alias}.id IN ({' UNION ALL '.join(each)})"
