"""The words of SQL by which the databases differ, and the values that go with them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from app.store.database import Key

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are not typed


def _array(column: Any, number: int) -> str:
    kind = column.type.dialect_impl(_DIALECT).compile(_DIALECT).split(" COLLATE")[0]
    return f"${number}::{kind}[]"


@lru_cache(maxsize=64)
def inserting(table: Table, on_conflict: str, first: int = 1) -> str:
    """Insert the rows whose columns are passed from the value `first` on."""
    names = ", ".join(column.name for column in table.columns)
    arrays = ", ".join(_array(column, number) for number, column in enumerate(table.columns, first))
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays}) {on_conflict}"


@lru_cache(maxsize=64)
def inserting_into(tables: tuple[Table, ...]) -> str:
    """Insert into several tables by one statement, which is a transaction by itself."""
    first, parts = 1, list[str]()
    for table in tables:
        parts.append(f"{table.name}_in AS ({inserting(table, '', first)})")
        first += len(table.columns)
    return f"WITH {', '.join(parts)} SELECT"


class PostgresWords:
    """As PostgreSQL says it."""

    locking = "FOR UPDATE OF r"
    sharing = "FOR KEY SHARE OF r"

    def keys(self, number: int) -> str:
        """A table `k(type, id)` made of a key set."""
        return (
            f"(SELECT split_part(key, '/', 1) AS type, split_part(key, '/', 2) AS id"
            f" FROM unnest(${number}::text[]) AS u(key)) AS k"
        )

    def key_set(self, keys: Sequence[Key]) -> Any:
        """The value to pass for a key set."""
        return [f"{kind}/{name}" for kind, name in keys]

    def tokens(self, number: int) -> str:
        """A table `k(type, system, code)` made of a set of tokens."""
        return (
            f"(SELECT value ->> 0 AS type, value ->> 1 AS system, value ->> 2 AS code"
            f" FROM json_array_elements(${number}::json)) AS k"
        )

    def token_set(self, tokens: Sequence[tuple[str, str, str]]) -> Any:
        """The value to pass for a set of tokens."""
        return msgspec.json.encode(tokens).decode()

    def member(self, expression: str, number: int) -> str:
        """That an expression is one of the strings passed."""
        return f"{expression} = ANY(${number}::text[])"

    def members(self, strings: Sequence[str]) -> Any:
        """The value to pass for a set of strings."""
        return tuple(strings)

    def is_hex(self, column: str, digits: str) -> str:
        """That the bytes of a column are those of an expression's hexadecimal digits."""
        return f"{column} = decode({digits}, 'hex')"

    def text(self, column: str) -> str:
        """The text whose UTF-8 the bytes of a column are."""
        return f"convert_from({column}, 'UTF8')"


class SqliteWords:
    """As SQLite says it."""

    locking = ""  # the writer is alone
    sharing = ""

    def keys(self, number: int) -> str:
        """A table `k(type, id)` made of a key set."""
        pair = "json_extract(value, '$[0]') AS type, json_extract(value, '$[1]') AS id"
        return f"(SELECT {pair} FROM json_each(${number})) AS k"

    def key_set(self, keys: Sequence[Key]) -> Any:
        """The value to pass for a key set."""
        return msgspec.json.encode(keys).decode()

    def tokens(self, number: int) -> str:
        """A table `k(type, system, code)` made of a set of tokens."""
        items = ("type", "system", "code")
        columns = ", ".join(f"json_extract(value, '$[{n}]') AS {item}" for n, item in enumerate(items))
        return f"(SELECT {columns} FROM json_each(${number})) AS k"

    def token_set(self, tokens: Sequence[tuple[str, str, str]]) -> Any:
        """The value to pass for a set of tokens."""
        return msgspec.json.encode(tokens).decode()

    def member(self, expression: str, number: int) -> str:
        """That an expression is one of the strings passed."""
        return f"{expression} IN (SELECT value FROM json_each(${number}))"

    def members(self, strings: Sequence[str]) -> Any:
        """The value to pass for a set of strings."""
        return msgspec.json.encode(list(strings)).decode()

    def is_hex(self, column: str, digits: str) -> str:
        """That the bytes of a column are those of an expression's hexadecimal digits."""
        return f"hex({column}) = upper({digits})"

    def text(self, column: str) -> str:
        """The text whose UTF-8 the bytes of a column are."""
        return f"CAST({column} AS TEXT)"
