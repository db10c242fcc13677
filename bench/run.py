"""A whole run: every part of the benchmark on one database after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop

from app.store.migrate import upgrade
from bench import bare
from bench.drive import drive
from bench.measure import Limit, Limits, measure
from bench.processes import held
from bench.report import HEAD, cells, show
from bench.results import Gain, Rest, Results
from bench.servers import Measured, bare_handler, learn, service
from bench.ways import WAYS as EVERY_WAY
from bench.ways import servers_of
from bench.workloads import ACCESS, QUESTIONS, QUICK, SCALED, WORKLOADS, Workload, of, summary
from bench.world import World, fill, fill_study
from tests.postgres import running_postgres

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
DATABASES = (SQLITE, POSTGRESQL)
STARTS = 3


@dataclass(frozen=True)
class Plan:
    """What is measured, and for how long."""

    seconds: float
    rounds: int
    """Of what has a target; the rest is measured once."""
    workloads: tuple[Workload, ...] = ()
    subjects: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()
    """What else: a server at rest, the ways of asking, a second worker."""


REST, WAYS, WORKERS = "rest", "ways", "workers"
FULL = Plan(1.2, 2, (*WORKLOADS, *QUESTIONS), (1_000, 10_000), (REST, WAYS, WORKERS))


@contextmanager
def database(name: str, place: Path) -> Iterator[str]:
    """A fresh, migrated database of this kind, as durable as in production."""
    if name == SQLITE:
        url = f"sqlite:///{place}/bench.db"
        upgrade(url)
        yield url
        return
    with running_postgres(fsync=True) as url:
        upgrade(url)
        yield url


def run(results: Results, plan: Plan, names: tuple[str, ...] = DATABASES) -> None:
    """Measure all of a plan; every row is shown when it is known."""
    for name in names:
        with TemporaryDirectory() as directory, database(name, Path(directory)) as url:
            OnDatabase(results, plan, name, url, Path(directory)).everything()


@dataclass(frozen=True)
class OnDatabase:
    """The parts of a run, on one database."""

    results: Results
    plan: Plan
    name: str
    url: str
    place: Path

    def everything(self) -> None:
        """From the start of the first server to the question about the largest study."""
        show((self.name, *HEAD[1:]))
        if REST in self.plan.parts:
            self.results.rest.append(self.at_rest())
        with service(self.name, self.url, self.place) as server:
            world = fill(server.base)
            fill_study(server.base, world, next(iter(self.plan.subjects), 0))
            uvloop.run(learn(self.url))
            self.workloads(server, world)
            if WAYS in self.plan.parts:
                self.ways(world)
            if WORKERS in self.plan.parts and self.name != SQLITE:  # which has one writer
                self.gains(server, world)
            self.summaries(server, world)

    def at_rest(self) -> Rest:
        """How soon a server answers, and what a worker holds before it is asked anything."""
        starts, memory = [], []
        for _ in range(STARTS):
            with service(self.name, self.url, self.place) as server:
                starts.append(server.start)
                memory.append(held(server.pid or 0))
        return Rest(database=self.name, start=median(starts), memory=max(memory))

    def workloads(self, server: Measured, world: World) -> None:
        """Each workload, in turn with its limit."""
        with bare_handler(self.url, world.growing) as handler:
            limits = Limits(handler, partial(_driver, self.url, world))
            for workload in self.plan.workloads:
                rounds = self.plan.rounds if QUICK in workload.views else 1
                self._measured(server, workload, world, rounds=rounds, limits=limits)

    def ways(self, world: World) -> None:
        """What it costs to sign in, to be isolated and to be written down."""
        with servers_of(self.name, self.url, self.place, study=world.study) as asked:
            for workload in of(ACCESS):
                for way in EVERY_WAY:
                    print(f"{way.about}:")
                    self._measured(asked.by(way), workload, world, rounds=1)

    def gains(self, one: Measured, world: World) -> None:
        """What a second worker brings, to the service and to the bare handler."""
        with (
            service(self.name, self.url, self.place, workers=2) as two,
            bare_handler(self.url, world.growing) as bare_one,
            bare_handler(self.url, world.growing, workers=2) as bare_two,
        ):
            bases = [server.base for server in (one, two, bare_one, bare_two)]
            for workload in of(SCALED):
                rates, failed = [0.0] * len(bases), 0
                for _ in range(self.plan.rounds):
                    for number, base in enumerate(bases):
                        asks, seconds = workload.asks(world), self.plan.seconds
                        seen = drive(base, asks, clients=workload.clients, seconds=seconds)
                        rates[number] += seen.rate
                        failed += seen.failed
                ours, floor = (rates[n + 1] / rates[n] if rates[n] else 0.0 for n in (0, 2))
                self._gained(workload, ours=ours, floor=floor, failed=failed)

    def summaries(self, server: Measured, world: World) -> None:
        """The question about a whole study, which is made larger; on SQLite only the smallest is filled."""
        for subjects in self.plan.subjects[: 1 if self.name == SQLITE else None]:
            fill_study(server.base, world, subjects)
            self._measured(server, summary(subjects), world, rounds=1)

    def _measured(
        self,
        server: Measured,
        workload: Workload,
        world: World,
        *,
        rounds: int,
        limits: Limits | None = None,
    ) -> None:
        row = measure(server, workload, world, seconds=self.plan.seconds, rounds=rounds, limits=limits)
        self.results.rows.append(row)
        show(cells(row))

    def _gained(self, workload: Workload, *, ours: float, floor: float, failed: int) -> None:
        gain = Gain(database=self.name, workload=workload.name, ours=ours, floor=floor, failed=failed)
        self.results.gains.append(gain)
        print(f"2 workers, {workload.name}: {ours:.2f} times 1 worker; the limit {floor:.2f}", flush=True)


def _driver(url: str, world: World, size: int, seconds: float) -> Limit:
    return Limit(*uvloop.run(bare.driver_rate(url, world.growing, size=size, seconds=seconds)))
