"""What an answer holds beside its matches: what they refer to, and what refers to them.

One statement for each round. A round looks from what the one before it has found; the first, from the
matches. Only what the asker may see and what is not deleted is added, each once, and never a match.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.fhir_mapping.change import Version
from app.fhir_mapping.query import Include
from app.fhir_mapping.resource import Column, SearchKind
from app.store.database import Connection, Database, Key
from app.store.documents import COLUMNS, version_of
from app.store.search_conditions import OWNERS
from app.store.search_statement import Statement
from app.store.visibility import Visibility

MOST_INCLUDED = 1000
DEEPEST = 10
"""How many steps `:iterate` goes from the matches."""


@dataclass(frozen=True, slots=True)
class Included:
    """What was added; `truncated` says that there may be more: a bound was reached."""

    versions: Sequence[Version] = ()
    truncated: bool = False


async def include(
    database: Database,
    connection: Connection,
    visibility: Visibility,
    includes: Sequence[Include],
    matches: Sequence[Version],
) -> Included:
    """What these includes add to the matches."""
    found: list[Version] = []
    newest = [(version.type, version.id) for version in matches]
    known = set(newest)
    for _ in range(DEEPEST):
        kinds = {kind for kind, _name in newest}
        asked = [one for one in includes if one.reverse or one.source.name in kinds]
        if not newest or not asked:
            break
        statement = Statement(database, visibility)
        room = MOST_INCLUDED - len(found)
        sql = _round(statement, asked, newest, known, limit=room + 1)
        rows = await connection.fetch(sql, *statement.values)
        added = [version_of(row) for row in rows]
        found += added[:room]
        if len(added) > room:
            return Included(found, truncated=True)
        newest = [(version.type, version.id) for version in added]
        known.update(newest)
        includes = [one for one in includes if one.iterate]
    else:
        return Included(found, truncated=bool(newest and includes))
    return Included(found)


def _round(
    statement: Statement, includes: Sequence[Include], newest: list[Key], known: set[Key], *, limit: int
) -> str:
    """The statement that finds what is one step away from the newest, without what is known."""
    keys = statement.database.keys(len(statement.values) + 1)
    statement.value(statement.database.key_set(newest))
    steps = [step for one in includes for step in _steps(statement, keys, one)]
    seen = statement.database.keys(len(statement.values) + 1)
    statement.value(statement.database.key_set(sorted(known)))
    # CROSS JOIN, here and below, keeps SQLite from reading all resources to compare them with a few
    return f"""SELECT {COLUMNS}
 FROM (SELECT DISTINCT type, id FROM ({" UNION ALL ".join(steps)}) AS s) AS t
 CROSS JOIN resource r WHERE r.type = t.type AND r.id = t.id
 AND (r.type, r.id) NOT IN (SELECT k.type, k.id FROM {seen})
 AND NOT r.deleted AND {statement.seen("r")} ORDER BY r.type, r.id LIMIT {limit}"""


def _steps(statement: Statement, keys: str, one: Include) -> list[str]:
    """The selections of (type, id) that one include takes from the newest."""
    references = [parameter for parameter in one.source.search if parameter.kind is SearchKind.REFERENCE]
    parameters = references if one.parameter is None else [one.parameter]
    columns = dict.fromkeys(parameter.column for parameter in parameters)
    owners = [column for column in columns if column in OWNERS and one.target in {None, OWNERS[column]}]
    own = _referring_column if one.reverse else _column
    steps = [own(statement, keys, one.source.name, column) for column in owners]
    names = statement.one_of("s.parameter", [parameter.name for parameter in parameters])
    kind = statement.value(one.source.name)
    if one.reverse:
        target = f" AND k.type = {statement.value(one.target)}" if one.target else ""
        steps.append(
            f"SELECT s.type, s.id FROM {keys} CROSS JOIN search_reference s WHERE s.target_type = k.type"
            f" AND s.target_id = k.id AND s.type = {kind} AND {names}{target}"
        )
    else:
        target = f"s.target_type = {statement.value(one.target)}" if one.target else "s.target_type <> ''"
        steps.append(
            f"SELECT s.target_type AS type, s.target_id AS id FROM {keys} CROSS JOIN search_reference s"
            f" WHERE s.type = k.type AND s.id = k.id AND k.type = {kind} AND {names} AND {target}"
        )
    return steps


def _column(statement: Statement, keys: str, kind: str, column: Column) -> str:
    return (
        f"SELECT '{OWNERS[column]}' AS type, x.{column} AS id FROM {keys} CROSS JOIN resource x"
        f" WHERE x.type = k.type AND x.id = k.id AND k.type = {statement.value(kind)}"
    )


def _referring_column(statement: Statement, keys: str, kind: str, column: Column) -> str:
    return (
        f"SELECT x.type, x.id FROM {keys} CROSS JOIN resource x WHERE k.type = '{OWNERS[column]}'"
        f" AND x.type = {statement.value(kind)} AND x.{column} = k.id"
    )
