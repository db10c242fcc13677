"""The servers that are measured: the service, the bare handler beside it, and whatever answers at a URL."""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from app.store.session import open_database
from bench.bare import READY
from bench.drive import Base
from bench.processes import processor_seconds
from tests.postgres import ROOT
from tests.servers import answers, end, free_port, running_server

OPEN = "open"
MANY = 1_000_000_000
"""Requests a minute: no limit is measured here."""
METRICS = "only-for-the-benchmark"
COUNTER = "trialbridge_sql_statements_total"


@dataclass(frozen=True)
class Measured:
    """A server that is measured: a word for its database and for how it is asked, and its processes."""

    database: str
    base: Base
    way: str = OPEN
    pid: int | None = None
    database_pid: int | None = None
    start: float = 0

    def statements(self) -> float | None:
        """How many SQL statements it has made; None where it does not say."""
        address = f"{self.base.url.removesuffix('/fhir')}/metrics"
        try:
            said = httpx.get(address, headers={"Authorization": f"Bearer {METRICS}"}, timeout=30)
        except httpx.HTTPError:
            return None
        found = [line.split()[-1] for line in said.text.splitlines() if line.startswith(COUNTER)]
        return sum(map(float, found)) if said.is_success and found else None

    def database_seconds(self) -> float:
        """Seconds of processor its database has used, where that is a process of its own."""
        return processor_seconds(self.database_pid) if self.database_pid is not None else 0


@contextmanager
def service(
    name: str,
    url: str,
    place: Path,
    *,
    way: str = OPEN,
    auth: str = "none",
    audit: str = "changes",
    workers: int = 1,
) -> Iterator[Measured]:
    """The service on a migrated database, as in production but for what is said here."""
    settings = {
        "TRIALBRIDGE_AUTH": auth,
        "TRIALBRIDGE_AUDIT": audit,
        "TRIALBRIDGE_REQUESTS_PER_MINUTE": str(MANY),
        "TRIALBRIDGE_METRICS_TOKEN": METRICS,
    }
    began = time.perf_counter()
    with running_server(url, place, "--workers", str(workers), **settings) as server:
        took = time.perf_counter() - began
        base = Base(f"{server.url}/fhir")
        yield Measured(name, base, way, server.process.pid, postmaster(url), took)


@contextmanager
def bare_handler(url: str, patients: Sequence[str], *, workers: int = 1) -> Iterator[Measured]:
    """The bare handler on the same database; what it inserts is about these patients."""
    port = free_port()
    command = [sys.executable, "-m", "bench.bare", str(port), str(workers), url, *patients]
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            while not answers(f"http://127.0.0.1:{port}/{READY}"):
                if process.poll() is not None:
                    raise RuntimeError("the bare handler did not start")
                time.sleep(0.05)
            yield Measured("", Base(f"http://127.0.0.1:{port}/fhir"), pid=process.pid)
        finally:
            end(process)


def postmaster(url: str) -> int | None:
    """The process of the PostgreSQL behind a URL whose host is the directory of its socket."""
    host = parse_qs(urlsplit(url).query).get("host")
    return int((Path(host[0]) / "data" / "postmaster.pid").read_text().split()[0]) if host else None


async def learn(url: str) -> None:
    """Let the database know what it holds, as PostgreSQL's autovacuum does in the long run."""
    database = await open_database(url)
    await database.write(lambda connection: connection.execute("ANALYZE"))
    await database.close()
