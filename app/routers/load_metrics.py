"""What an operator sees of the worker processes: what is held, waits, was refused and takes how long.

Counts only, no contents. Where several processes serve, what they count is summed; of how they stand the sum
is told or, where that says more, the largest.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from app.routers.load import Load
from app.routers.metrics import BUCKETS, Metrics
from app.routers.remembered import Memory
from app.routers.service import Service
from app.store.session import Store

_TURN = 0.5
"""Seconds between two looks at how everything stands."""
_LOOKS_OF_A_MINUTE = 120
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)

Told = Callable[[], float]
Over = Literal["livesum", "livemax"]
"""What is told of several processes."""


@dataclass(slots=True)
class _Standing:
    """What goes up and down."""

    gauge: Gauge
    told: Told

    def look(self) -> None:
        """Bring it up to date."""
        self.gauge.set(self.told())


@dataclass(slots=True)
class _Rising:
    """What only rises, and is counted where it happens."""

    counter: Counter
    told: Told
    known: float = 0.0

    def look(self) -> None:
        """Bring it up to date."""
        now = self.told()
        self.counter.inc(max(0.0, now - self.known))
        self.known = now


class LoadMetrics:
    """How this process stands."""

    def __init__(self, service: Service) -> None:
        load, store = service.load, service.store
        self.registry = CollectorRegistry()
        self._lags = deque([0.0], maxlen=_LOOKS_OF_A_MINUTE)
        self._usage: dict[str, float] = {}
        self._collector = ProcessCollector(registry=None)
        self._looked_at = [*self._of_load(load, service.memory), *self._of_store(store)]
        self._looked_at += self._of_process()
        self._looked_at += self._refused(load.refused, lambda: load.rates.refused, store)
        self._changes = Histogram(
            "trialbridge_commit_changes", "Changes per commit.", buckets=_SIZES, registry=self.registry
        )
        self._seconds = Histogram(
            "trialbridge_commit_seconds", "Seconds a commit took.", buckets=BUCKETS, registry=self.registry
        )

    def committed(self, changes: int, seconds: float) -> None:
        """Count one commit."""
        self._changes.observe(changes)
        self._seconds.observe(seconds)

    def look(self) -> None:
        """Bring everything up to date."""
        families = self._collector.collect()
        self._usage = {sample.name: sample.value for family in families for sample in family.samples}
        for one in self._looked_at:
            one.look()

    async def watch(self) -> None:
        """Look again and again, and see how late that is, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TURN
            await asyncio.sleep(_TURN)
            self._lags.append(loop.time() - due)
            self.look()

    def _of_load(self, load: Load, memory: Memory) -> Iterator[_Standing]:
        yield self._gauge(
            "trialbridge_requests_under_way", "FHIR requests being answered.", lambda: load.requests
        )
        yield self._gauge(
            "trialbridge_held_bytes",
            "Bytes of large bodies held, beyond the first 64 KB of each.",
            lambda: load.held,
        )
        yield self._gauge(
            "trialbridge_remembered_bytes",
            "Answers about subjects that need not be decided again.",
            lambda: memory.size,
        )
        yield self._gauge(
            "trialbridge_loop_lag_seconds",
            "How late the event loop was at most in the last minute; of the latest of the processes.",
            lambda: max(self._lags),
            over="livemax",
        )

    def _of_store(self, store: Store) -> Iterator[_Standing | _Rising]:
        database, committer = store.database, store.committer
        yield self._gauge(
            "trialbridge_waiting_changes", "Changes that wait for a commit.", lambda: committer.waiting
        )
        yield self._gauge(
            "trialbridge_database_work",
            "Pieces of work that have a database connection or wait for one; on SQLite searches alone.",
            lambda: database.under_way,
        )
        yield self._gauge(
            "trialbridge_database_connections",
            "How many of them have one at the same time, at most.",
            lambda: database.most_connections,
        )
        counter = Counter("trialbridge_sql_statements", "SQL statements issued.", registry=self.registry)
        yield _Rising(counter, lambda: database.statements)
        if database.write_ahead is not None:
            file = database.write_ahead
            about = "Size of SQLite's write-ahead log."
            yield self._gauge("trialbridge_wal_bytes", about, lambda: _size(file), over="livemax")

    def _of_process(self) -> Iterator[_Standing | _Rising]:
        def used(name: str) -> Told:
            return lambda: self._usage.get(name, 0.0)

        cpu = Counter("process_cpu_seconds", "CPU time of all processes.", registry=self.registry)
        yield _Rising(cpu, used("process_cpu_seconds_total"))
        for name, about in (
            ("process_resident_memory_bytes", "Memory of the largest process."),
            ("process_open_fds", "Open file descriptors of the process that has most."),
            ("process_max_fds", "How many it may have."),
            ("process_start_time_seconds", "When the newest process started, in seconds since 1970."),
        ):
            yield self._gauge(name, about, used(name), over="livemax")
        yield self._gauge("trialbridge_workers", "Processes that serve.", lambda: 1)

    def _refused(self, counted: dict[str, int], of_rates: Told, store: Store) -> Iterator[_Rising]:
        counter = Counter(
            "trialbridge_refused_for_load",
            "Requests and entries answered 429, by reason.",
            ["reason"],
            registry=self.registry,
        )
        for reason in list(counted):
            yield _Rising(counter.labels(reason), partial(counted.__getitem__, reason))
        yield _Rising(counter.labels("rate"), of_rates)
        yield _Rising(counter.labels("queue"), lambda: store.committer.refused)

    def _gauge(self, name: str, about: str, told: Told, *, over: Over = "livesum") -> _Standing:
        return _Standing(Gauge(name, about, registry=self.registry, multiprocess_mode=over), told)


@asynccontextmanager
async def watched(service: Service, metrics: Metrics) -> AsyncIterator[None]:
    """Tell how this process stands among the metrics for as long as the service runs."""
    told = LoadMetrics(service)
    service.store.committer.on_commit = told.committed
    metrics.registry.register(told.registry)
    metrics.looks.append(told.look)
    watching = asyncio.create_task(told.watch())
    try:
        yield
    finally:
        watching.cancel()
        metrics.looks.remove(told.look)
        metrics.registry.unregister(told.registry)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
