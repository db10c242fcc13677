"""The plan of every statement, and what in it reads a whole table."""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from app.store.database import Connection, Database, Key, Row
from app.store.postgres import PostgresDatabase

T = TypeVar("T")
Plan = Sequence[tuple[int, str]]
"""The lines of one, each with the number of what SQLite does it for."""
_PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
_PASSED = ("k", "json_each", "members", "CONSTANT")
"""What is no table in SQLite's plans, but was given with the statement."""
_FOUND = re.compile(r"way|\w*arm\d*$")
_SORTED = "USE TEMP B-TREE FOR ORDER BY"


@dataclass
class Explained:
    """A connection that keeps the plan of every statement it carries out."""

    connection: Connection
    explain: str
    plans: list[Plan] = field(default_factory=list)

    async def fetch(self, sql: str, *values: Any) -> list[Row]:
        await self._explain(sql, values)
        return await self.connection.fetch(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        await self._explain(sql, values)
        return await self.connection.execute(sql, *values)

    async def _explain(self, sql: str, values: Sequence[Any]) -> None:
        if sql.lstrip().startswith(_PLANNED):
            rows = await self.connection.fetch(f"{self.explain} {sql}", *values)
            self.plans.append([(row[1] if len(row) > 1 else 0, str(row[-1])) for row in rows])

    async def insert(self, table: Any, rows: Sequence[Row], *, on_conflict: str = "") -> int:
        return await self.connection.insert(table, rows, on_conflict=on_conflict)

    async def delete(self, table: Any, column: str, keys: Sequence[Key]) -> None:
        await self.connection.delete(table, column, keys)


@contextmanager
def explaining(database: Database) -> Iterator[list[Plan]]:
    """The plans of everything the database is asked meanwhile, by whomever."""
    plans: list[Plan] = []
    explain = "EXPLAIN" if isinstance(database, PostgresDatabase) else "EXPLAIN QUERY PLAN"

    def through(method: str) -> Callable[..., Awaitable[Any]]:
        asked = getattr(type(database), method)

        async def ask(self: Database, work: Callable[[Connection], Awaitable[T]], **how: Any) -> Any:
            async def seen(connection: Connection) -> T:
                return await work(Explained(connection, explain, plans))

            return await asked(self, seen, **how)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        for method in ("read", "write"):
            patch.setattr(type(database), method, through(method))
        yield plans


def scanned(plans: Sequence[Plan], *, small: Sequence[str] = ()) -> list[str]:
    """The lines that read a table whole, or in SQLite all of a type in it, but for the small tables.

    A table may be followed in the order that is asked for: that ends where the page is full.
    """
    return [line for plan in plans for part, line in plan if _is_scan(line, small, plan, part)]


def _is_scan(line: str, small: Sequence[str], plan: Plan, part: int) -> bool:
    end, is_sorted = line.rstrip(), (part, _SORTED) in plan
    if found := re.match(r"SCAN (\S+)( USING INDEX)?", line):  # SQLite
        follows = found[2] is not None and not is_sorted
        return not (follows or found[1] in small or _is_passed(found[1], plan))
    if line.startswith("SEARCH "):
        return end.endswith("(type=? AND parameter=?)") or (end.endswith("(type=?)") and is_sorted)
    found = re.search(r"Seq Scan on (\S+)", line)
    return found is not None and found[1] not in small


def _is_passed(name: str, plan: Plan) -> bool:
    """Whether it is no table: what the statement was given, or what it found before."""
    made = {f"CO-ROUTINE {name}", f"MATERIALIZE {name}"}
    return name in _PASSED or _FOUND.match(name) is not None or not made.isdisjoint(line for _, line in plan)


def said(plans: Sequence[Plan]) -> str:
    """The plans as a person reads them."""
    return "\n\n".join("\n".join(line for _, line in plan) for plan in plans)
