"""A real PostgreSQL for the tests, found or installed, and fresh databases on both engines.

PostgreSQL is, in this order: the server TRIALBRIDGE_TEST_DATABASE_URL names (its user may create
databases); Debian's binaries, installed by apt when the tests run as root; the PostgreSQL wheel of
requirements-postgres.lock. A test that needs PostgreSQL never does without it: it fails.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from tests.postgres import running_postgres

GIVEN = "TRIALBRIDGE_TEST_DATABASE_URL"
Answer = TypeVar("Answer")
Migrate = Callable[[str], None]


def outside_the_loop(function: Callable[[], Answer]) -> Answer:
    """The function's answer, found in a thread of its own, where it may run an event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(function).result()


@dataclass
class PostgreSQL:
    """A server on which every test may have a database of its own."""

    url: str
    numbers: Iterator[int] = field(default_factory=count)

    def ask(self, statement: str) -> Any:
        """Carry out one statement outside any database of the tests; its value, if it has one."""

        async def carry_out() -> Any:
            connection = await asyncpg.connect(self.url)
            try:
                return await connection.fetchval(statement)
            finally:
                await connection.close()

        return outside_the_loop(lambda: asyncio.run(carry_out()))

    @cached_property
    def copying(self) -> str:
        """How a template is copied: as files, three times faster, where the server can be asked to."""
        return " STRATEGY file_copy" if int(self.ask("SHOW server_version_num")) >= 150000 else ""

    def url_of(self, database: str) -> str:
        """Where that database of this server is."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{database}"))

    @contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """The name of a database that exists for as long as it is used."""
        name = f"trialbridge_test_{os.getpid()}_{next(self.numbers)}"
        self.ask(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{self.copying}')
        try:
            yield name
        finally:
            self.ask(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def migrated_template(self, migrate: Migrate) -> Iterator[str]:
        """The name of a migrated database that others are copied from."""
        with self.database() as name:
            outside_the_loop(lambda: migrate(self.url_of(name)))
            yield name


@contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """The PostgreSQL of this test session; fsync is on only if TRIALBRIDGE_TEST_FSYNC=on."""
    given = os.environ.get(GIVEN)
    if given:
        yield PostgreSQL(given)
        return
    with running_postgres(fsync=os.environ.get("TRIALBRIDGE_TEST_FSYNC") == "on") as url:
        yield PostgreSQL(url)


def sqlite_url(file: Path) -> str:
    """Where a database in this file is."""
    return f"sqlite:///{file.absolute()}"


def migrated_sqlite_file(directory: Path, migrate: Migrate) -> Path:
    """A migrated file, with nothing left beside it, that others are copied from."""
    file = directory / "migrated.db"
    outside_the_loop(lambda: migrate(sqlite_url(file)))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def copy_of(template: Path, directory: Path) -> str:
    """The URL of a fresh copy of a migrated file."""
    return sqlite_url(Path(shutil.copyfile(template, directory / "trialbridge.db")))
