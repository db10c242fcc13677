"""What an answer holds beside its matches: what they refer to, and what refers to them.

One statement for each round. A round looks from what the one before it has found; the first, from the
matches. Only what the asker may see and what is not deleted is added, each once, and never a match.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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


_Ids = tuple[str, Sequence[str]]
"""A type, and ids of resources of it."""


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
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, name in newest:
        by_kind[kind].append(name)
    steps = [step for one in includes for step in _steps(statement, by_kind, one)]
    if not steps:
        return f"SELECT {COLUMNS} FROM resource r WHERE FALSE"
    seen = statement.database.keys(len(statement.values) + 1)
    statement.value(statement.database.key_set(sorted(known)))
    # CROSS JOIN keeps SQLite from reading all resources to compare them with a few
    return f"""SELECT {COLUMNS}
 FROM (SELECT DISTINCT type, id FROM ({" UNION ALL ".join(steps)}) AS way) AS ways
 CROSS JOIN resource r WHERE r.type = ways.type AND r.id = ways.id
 AND (r.type, r.id) NOT IN (SELECT k.type, k.id FROM {seen})
 AND NOT r.deleted AND {statement.seen("r")} ORDER BY r.type, r.id LIMIT {limit}"""


def _steps(statement: Statement, newest: Mapping[str, Sequence[str]], one: Include) -> Iterator[str]:
    """The selections of (type, id) that one include takes from the newest, whose ids are given by type.

    They are passed as they are, not joined: so PostgreSQL knows how often each of them is referred to.
    """
    references = [parameter for parameter in one.source.search if parameter.kind is SearchKind.REFERENCE]
    parameters = references if one.parameter is None else [one.parameter]
    columns = dict.fromkeys(parameter.column for parameter in parameters)
    owners = [column for column in columns if column in OWNERS and one.target in {None, OWNERS[column]}]
    names = [parameter.name for parameter in parameters]
    if one.reverse:
        targets = {kind: ids for kind, ids in newest.items() if one.target in {None, kind}}
        yield from (_referring(statement, one.source.name, names, target) for target in targets.items())
        for column in owners:
            yield from _referring_column(statement, one.source.name, column, newest)
    elif one.source.name in newest:
        ids = newest[one.source.name]
        yield _referred(statement, (one.source.name, ids), names, one.target)
        yield from (_column(statement, (one.source.name, ids), column) for column in owners)


def _referring(statement: Statement, kind: str, names: Sequence[str], targets: _Ids) -> str:
    # `|| ''` keeps SQLite from following all of the type in the order of their ids
    return (
        f"SELECT s.type, s.id || '' AS id FROM search_reference s WHERE s.type = {statement.value(kind)}"
        f" AND {statement.one_of('s.parameter', names)} AND s.target_type = {statement.value(targets[0])}"
        f" AND {_among(statement, 's.target_id', targets[1])}"
    )


def _referred(statement: Statement, sources: _Ids, names: Sequence[str], target: str | None) -> str:
    of_type = f"s.target_type = {statement.value(target)}" if target else "s.target_type <> ''"
    return (
        "SELECT s.target_type AS type, s.target_id AS id FROM search_reference s"
        f" WHERE s.type = {statement.value(sources[0])} AND {_among(statement, 's.id', sources[1])}"
        f" AND {statement.one_of('s.parameter', names)} AND {of_type}"
    )


def _column(statement: Statement, sources: _Ids, column: Column) -> str:
    return (
        f"SELECT '{OWNERS[column]}' AS type, x.{column} AS id FROM resource x"
        f" WHERE x.type = {statement.value(sources[0])} AND {_among(statement, 'x.id', sources[1])}"
    )


def _referring_column(
    statement: Statement, kind: str, column: Column, newest: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    if OWNERS[column] in newest:
        yield (
            f"SELECT x.type, x.id FROM resource x WHERE x.type = {statement.value(kind)}"
            f" AND {_among(statement, f'x.{column}', newest[OWNERS[column]])}"
        )


def _among(statement: Statement, column: str, ids: Sequence[str]) -> str:
    statement.values.append(statement.database.members(ids))
    return statement.database.member(column, len(statement.values))
