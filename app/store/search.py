"""A Query becomes one SELECT, and its rows a page.

A page goes on after the last sort keys and id, so that it never counts rows it has passed and loses none
when others are written meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.fhir_mapping.change import Version
from app.fhir_mapping.query import Place, Query
from app.store.database import Connection, Database
from app.store.documents import COLUMNS, WIDTH, version_of
from app.store.includes import Included, include
from app.store.search_conditions import is_narrow, where
from app.store.search_order import Order, beyond, order
from app.store.search_statement import Of, Statement
from app.store.session import Store
from app.store.visibility import Visibility


@dataclass(frozen=True, slots=True)
class Page:
    """Some matches; `after` is where the next page goes on, `total` the number of all where asked for.

    `included` is what was asked for beside the matches; `truncated` says that it is not all.
    """

    versions: list[Version]
    after: Place | None
    total: int | None
    included: Sequence[Version] = ()
    truncated: bool = False


async def find(store: Store, visibility: Visibility, query: Query) -> Page:
    """The matches of a query, a page of them."""
    return await store.search(lambda connection: find_on(store.database, connection, visibility, query))


async def find_on(database: Database, connection: Connection, visibility: Visibility, query: Query) -> Page:
    """The same as seen on a connection: one statement, one for the total, one for each round of includes."""
    versions, after = await _page(database, connection, visibility, query) if query.count else ([], None)
    total = await _total(database, connection, visibility, query) if query.total else None
    if total is None and after is None and query.after is None and query.count:
        total = len(versions)  # the whole answer is on this page
    added = Included()
    if query.includes and versions:
        added = await include(database, connection, visibility, query.includes, versions)
    return Page(versions, after, total, added.versions, added.truncated)


async def matches(
    database: Database, connection: Connection, visibility: Visibility, query: Query, limit: int = 2
) -> list[tuple[str, int]]:
    """The id and version of the first matches, as seen on this connection: within its transaction."""
    statement, of = Statement(database, visibility), Of("r", query.resource)
    name = "r.id || ''" if any(map(is_narrow, query.conditions)) else "r.id"
    met = where(statement, of, query.conditions)
    sql = f"SELECT r.id, r.version FROM resource r WHERE {met} ORDER BY {name} LIMIT {limit}"
    rows = await connection.fetch(statement.whole(sql), *statement.values)
    return [(row[0], row[1]) for row in rows]


async def _page(
    database: Database, connection: Connection, visibility: Visibility, query: Query
) -> tuple[list[Version], Place | None]:
    sql, values, ordered = page_statement(database, visibility, query)
    rows = await connection.fetch(sql, *values)
    versions = [version_of(row[:WIDTH]) for row in rows[: query.count]]
    if len(rows) <= query.count:
        return versions, None
    return versions, ordered.place(versions[-1].id, list(rows[query.count - 1][WIDTH:]))


def page_statement(
    database: Database, visibility: Visibility, query: Query
) -> tuple[str, Sequence[Any], Order]:
    """The statement that finds a page and one match more, its values, and the order of the page."""
    statement, of = Statement(database, visibility), Of("r", query.resource)
    ordered = order(statement, of, query)
    met = where(statement, of, query.conditions)
    if query.after is not None:
        met += f" AND {beyond(statement, of, ordered, query.after)}"
    sql = f"""SELECT {COLUMNS}{ordered.columns} FROM resource r WHERE {met}
 ORDER BY {ordered.sql} LIMIT {query.count + 1}"""
    return statement.whole(sql), statement.values, ordered


async def _total(database: Database, connection: Connection, visibility: Visibility, query: Query) -> int:
    statement = Statement(database, visibility)
    met = where(statement, Of("r", query.resource), query.conditions)
    sql = statement.whole(f"SELECT count(*) FROM resource r WHERE {met}")
    [row] = await connection.fetch(sql, *statement.values)
    return int(row[0])
