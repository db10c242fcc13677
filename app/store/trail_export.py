"""The trail in the order of its chains, event by event, as it is kept: for who looks through it elsewhere."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from app.store.database import Connection, Database, Row

_PAGE = 500
_COLUMNS = "a.chain, a.committer, a.number, a.document, a.previous, a.hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An event as it is kept, with the hash of the one before it in its chain and its own."""

    document: bytes
    previous: bytes
    hash: bytes


async def _fetched(sql: str, values: list[Any], connection: Connection) -> list[Row]:
    return await connection.fetch(sql, *values)


async def events(
    database: Database,
    *,
    study: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AsyncIterator[Kept]:
    """Each event of a study, or of all, recorded from `since` on and before `until`."""
    after = ("", "", 0)
    while True:
        values: list[Any] = [*after]
        conditions = ["(a.chain, a.committer, a.number) > ($1, $2, $3)"]
        for condition, value in (
            ("a.chain =", study),
            ("a.recorded >=", since),
            ("a.recorded <", until),
        ):
            if value is not None:
                values.append(value)
                conditions.append(f"{condition} ${len(values)}")
        sql = f"""SELECT {_COLUMNS} FROM audit a WHERE {" AND ".join(conditions)}
 ORDER BY a.chain, a.committer, a.number LIMIT {_PAGE}"""
        rows = await database.read(partial(_fetched, sql, values))
        for _, _, _, document, previous, hashed in rows:
            yield Kept(document=bytes(document), previous=bytes(previous), hash=bytes(hashed))
        if len(rows) < _PAGE:
            return
        after = rows[-1][0], rows[-1][1], rows[-1][2]
