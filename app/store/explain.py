"""Why a search found what it found: how many resources meet each condition, or whether one resource does.

For people who ask, and at their cost alone. What the asker may not see is neither counted nor admitted.
"""

from collections.abc import Sequence

from app.fhir_mapping.query import Clause, Condition, Query, TokenValue
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.search_account import (
    MOST_COUNTED,
    Account,
    Count,
    Counted,
    Expected,
    Verdict,
    lack,
)
from app.store.database import Row
from app.store.search_conditions import where
from app.store.search_statement import Of, Statement
from app.store.session import Store
from app.store.visibility import Visibility


async def explain(store: Store, visibility: Visibility, query: Query, name: str | None) -> Account:
    """What meets the conditions of a query: in numbers, or the resource of this id; one statement."""
    statement = Statement(store.database, visibility)
    if name is None:
        return await _counted(store, statement, query)
    return await _expected(store, statement, query, name)


async def _counted(store: Store, statement: Statement, query: Query) -> Counted:
    """Each condition is looked for once and has a bit; resources are counted by the bits they have."""
    asked = query.conditions[:MOST_COUNTED]
    if not asked:
        return Counted()
    of = Of("r", query.resource)
    each = [
        f"SELECT r.id, {1 << at} AS bit FROM resource r WHERE {where(statement, of, [condition])}"
        for at, condition in enumerate(asked)
    ]
    met = f"SELECT sum(m.bit) AS bits FROM ({' UNION ALL '.join(each)}) AS m GROUP BY m.id"
    rows = await _rows(store, statement, f"SELECT b.bits, count(*) FROM ({met}) AS b GROUP BY b.bits")
    return Counted(tuple(_count(rows, at) for at in range(len(asked))))


def _count(rows: Sequence[Row], at: int) -> Count:
    """How many have the bit of a condition, and how many this and all below it."""
    own, all_to_it = 1 << at, (2 << at) - 1
    return Count(
        sum(number for bits, number in rows if bits & own),
        sum(number for bits, number in rows if bits & all_to_it == all_to_it),
    )


async def _expected(store: Store, statement: Statement, query: Query, name: str) -> Expected:
    """One row of a resource the asker may see: whether it was deleted, and two answers for each condition."""
    resource, conditions = query.resource, query.conditions
    columns = ["r.deleted"]
    for condition in conditions:
        lacking = lack(condition)
        columns.append(_is_met(statement, resource, name, condition))
        columns.append(_is_met(statement, resource, name, lacking) if lacking else "FALSE")
    own = f"r.type = {statement.value(resource.name)} AND r.id = {statement.value(name)}"
    sql = f"SELECT {', '.join(columns)} FROM resource r WHERE {own} AND {statement.seen('r')}"
    rows = await _rows(store, statement, sql)
    if not rows:
        return Expected(name)
    deleted, *answers = rows[0]
    if deleted:
        return Expected(name, "deleted")
    return Expected(name, "current", tuple(map(_verdict, answers[::2], answers[1::2])))


def _is_met(statement: Statement, resource: Resource, name: str, condition: Condition) -> str:
    """That the resource of this id meets a condition; with the id it is a search as any other."""
    of, own = Of(statement.name("e"), resource), resource.parameter("_id")
    if own is None:
        raise LookupError(f"{resource.name} has no search parameter _id")
    met = where(statement, of, [Clause(own, (TokenValue(None, name),)), condition])
    return f"EXISTS (SELECT 1 FROM resource {of.alias} WHERE {met})"


def _verdict(met: object, lacking: object) -> Verdict:
    if met:
        return "met"
    return "lacking" if lacking else "unmet"


async def _rows(store: Store, statement: Statement, sql: str) -> list[Row]:
    whole = statement.whole(sql)
    return await store.search(lambda connection: connection.fetch(whole, *statement.values))
