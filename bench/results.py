"""What was measured, as it is kept in bench/results/, and on which machine."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.postgres import ROOT, binaries_directory

KEPT = ROOT / "bench" / "results"
LATEST, LARGE = KEPT / "latest.json", KEPT / "large.json"


class Row(msgspec.Struct, kw_only=True):
    """One workload on one server.

    Rates are resources a second, or requests where a request is about one; latencies are milliseconds, `cpu`
    and `database_cpu` seconds of processor per 1,000 of them, `peak` the MiB of the largest process. What
    cannot be known of a server is None. What failed, of ours or of the limit's, is no part of a figure.
    """

    database: str
    workload: str
    way: str
    clients: int
    rate: float
    p50: float
    p95: float
    p99: float
    failed: int = 0
    cpu: float | None = None
    database_cpu: float | None = None
    peak: float | None = None
    statements: float | None = None
    limit: float | None = None
    limit_cpu: float | None = None
    limit_failed: int = 0
    resources: int = 1

    @property
    def ratio(self) -> float | None:
        """The part of the limit that was reached."""
        return self.rate / self.limit if self.limit else None

    @property
    def cpu_ratio(self) -> float | None:
        """The limit's processor as a part of ours: which other work on the machine blurs less."""
        return self.limit_cpu / self.cpu if self.limit_cpu and self.cpu else None


class Rest(msgspec.Struct, kw_only=True):
    """A server before anybody asks: seconds from its start to its first answer, MiB of a worker."""

    database: str
    start: float
    memory: float


class Gain(msgspec.Struct, kw_only=True):
    """How many times as much a second worker gets through: ours and the bare handler's."""

    database: str
    workload: str
    ours: float
    floor: float
    failed: int = 0


class Size(msgspec.Struct, kw_only=True):
    """One workload on a database that holds so many Observations."""

    stored: int
    row: Row


class Results(msgspec.Struct, kw_only=True):
    """All that one run measured."""

    machine: dict[str, str]
    rows: list[Row] = []
    rest: list[Rest] = []
    gains: list[Gain] = []
    sizes: list[Size] = []

    def row(self, database: str, workload: str, way: str) -> Row | None:
        """What was measured of one workload."""
        key = (database, workload, way)
        return next((row for row in self.rows if (row.database, row.workload, row.way) == key), None)

    def keep(self, file: Path) -> None:
        """Write it down."""
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n")


def read(file: Path) -> Results | None:
    """What was kept; None where nothing was."""
    return msgspec.json.decode(file.read_bytes(), type=Results) if file.exists() else None


def machine() -> dict[str, str]:
    """What it was measured on, without the name of the machine."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _said("git", "describe", "--always", "--dirty", "--exclude", "*"),
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": str(os.cpu_count()),
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.0f} GiB",
        "Python": platform.python_version(),
        "PostgreSQL": _said(str(binaries_directory() / "postgres"), "--version").split(" ")[2],
        "SQLite": sqlite3.sqlite_version,
    }


def _said(*command: str) -> str:
    said = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    return said.stdout.decode().strip() or "not known"


def _field(file: str, name: str) -> str:
    lines = (line.partition(":") for line in Path(file).read_text("ascii", "replace").splitlines())
    return next((value.strip() for field, _, value in lines if field.strip() == name), "not known")
