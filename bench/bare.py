"""The limit: a bare ASGI handler that makes the same statements through the same driver, and nothing else.

No validation, no mapping, no versions: rows and statements are prepared, each request commits for
itself. Served by the same uvicorn, so that what remains between it and the service is our own work.

    python -m bench.bare PORT WORKERS DATABASE_URL PATIENT…
"""

import itertools
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import uvicorn

from app.fhir_mapping import codec
from app.fhir_mapping import search as grammar
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.registry import RESOURCES
from app.store import integrity, models
from app.store.database import Connection, Database, Row
from app.store.documents import COLUMNS
from app.store.rows import Rows, derived, gather
from app.store.search import page_statement
from app.store.session import open_database
from app.store.visibility import EVERYTHING
from bench import material
from bench.material import CODES

BASE = "http://127.0.0.1/fhir"
PAGE, READY = 20, "ready"


def prepared(number: int, patient: str) -> Rows:
    """Every row the service writes for one result."""
    raw = material.observation(number, patient, CODES[number % len(CODES)])
    resource, document = RESOURCES["Observation"], codec.read(raw)
    index = index_rows(resource, document, base=BASE)
    now = datetime.now(UTC)
    stored = codec.splice(raw, type="Observation", id="x" * 36, version=1, last_updated=now.isoformat())
    head = ("Observation", "x", 1, now, False, index.patient, index.study, index.site, index.status)
    rows = gather([(models.resource, (*head, index.date_low, index.date_high, stored))])
    return gather(derived(resource, document, name="x", version=1, index=index), rows)


def renamed(table: Any, row: Row, name: str) -> Row:
    """The same row of another resource."""
    place = list(table.columns.keys()).index("id")
    return (*row[:place], name, *row[place + 1 :])


def anew(results: list[Rows]) -> Rows:
    """The rows of as many further results, table by table."""
    together: Rows = gather(())
    for rows in results:
        name = uuid4().hex
        for table, of_table in rows.items():
            together[table] += [renamed(table, row, name) for row in of_table]
    return together


async def insert(connection: Connection, database: Database, together: Rows) -> None:
    """What the service does to write these, statement by statement."""
    patients = sorted({("Patient", row[5]) for row in together[models.resource]})
    present = integrity.PRESENT.format(keys=database.keys(1), visible="TRUE", sharing=database.sharing)
    await connection.fetch(present, database.key_set(patients))
    for table, of_table in together.items():
        await connection.insert(table, of_table)


async def driver_rate(url: str, patients: Sequence[str], *, size: int, seconds: float) -> tuple[float, float]:
    """What the driver alone inserts, so many to a transaction: results a second, processor of 1,000.

    One connection, one transaction after another; only the transactions are timed.
    """
    database = await open_database(url)
    whose = itertools.cycle(patients)
    batches = itertools.cycle(
        [[prepared(start + n, next(whose)) for n in range(size)] for start in range(0, 4 * size, size)]
    )
    took = used = written = 0.0
    while took < seconds:
        rows = anew(next(batches))
        begun, before = time.perf_counter(), time.process_time()
        await database.write(lambda connection, rows=rows: insert(connection, database, rows))  # type: ignore[misc]
        took, used = took + time.perf_counter() - begun, used + time.process_time() - before
        written += size
    await database.close()
    return written / took, used / written * 1000


READ = f"SELECT {COLUMNS} FROM resource r WHERE r.type = $1 AND TRUE AND r.id = $2"  # noqa: S608 our own columns
BUNDLE = b'{"resourceType":"Bundle","type":"searchset","entry":[{%s}]}'
DATABASE, PATIENTS = "BENCH_DATABASE_URL", "BENCH_PATIENTS"


def page_of(database: Database, asked: str) -> tuple[str, Sequence[Any]]:
    """The statement the service finds a page by, and its values."""
    parameters = parse_qsl(asked)
    query = grammar.parse(RESOURCES["Observation"], parameters, base=BASE, strict=True, key=b"").query
    sql, values, _ = page_statement(database, EVERYTHING, query)
    return sql, values


class Bare:
    """The application."""

    def __init__(self, url: str, patients: Sequence[str]) -> None:
        self.url = url
        self.database: Database | None = None
        self.results = itertools.cycle([prepared(number, name) for number, name in enumerate(patients)])
        self.pages: dict[bytes, tuple[str, Sequence[Any]]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await receive()
            self.database = await open_database(self.url)
            await send({"type": "lifespan.startup.complete"})
            return
        path, body = scope["path"].split("/"), b""
        if path[-1] == READY:
            pass
        elif scope["method"] == "POST":
            await receive()
            body = await self.post()
        elif len(path) > 3:
            body = await self.read(path[3])
        else:
            body = await self.search(scope["query_string"])
        headers = [(b"content-type", b"application/fhir+json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def post(self) -> bytes:
        """One result, one commit."""
        assert self.database is not None
        rows, database = anew([next(self.results)]), self.database
        await database.write(lambda connection: insert(connection, database, rows))
        document: bytes = rows[models.resource][0][-1]
        return document

    async def read(self, name: str) -> bytes:
        """One document."""
        assert self.database is not None
        rows = await self.database.read(lambda connection: connection.fetch(READ, "Observation", name))
        document: bytes = rows[0][4]
        return document

    async def search(self, asked: bytes) -> bytes:
        """A page of documents, in a Bundle; what is asked twice has its statement at hand."""
        assert self.database is not None
        if asked not in self.pages:
            self.pages[asked] = page_of(self.database, asked.decode())
        sql, values = self.pages[asked]
        rows = await self.database.read(lambda connection: connection.fetch(sql, *values))
        return BUNDLE % b"},{".join(b'"resource":' + row[4] for row in rows[:PAGE])


def application() -> Bare:
    """The application of each worker."""
    return Bare(os.environ[DATABASE], os.environ[PATIENTS].split())


if __name__ == "__main__":
    port, workers, os.environ[DATABASE], *patients = sys.argv[1:]
    os.environ[PATIENTS] = " ".join(patients)
    uvicorn.run(
        "bench.bare:application",
        factory=True,
        port=int(port),
        workers=int(workers),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
        proxy_headers=False,
        server_header=False,
        timeout_worker_healthcheck=60,
    )
