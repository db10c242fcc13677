"""The one way of measuring: a workload, a server, and the limit in turn with it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from bench.drive import Seen, drive
from bench.processes import Watch, processor_seconds
from bench.results import Row
from bench.servers import Measured
from bench.workloads import ROWS, SAME, Workload
from bench.world import World

SOON = 600
"""Seconds in which all of what is sent once is answered."""


class Limit(NamedTuple):
    """Resources a second, and seconds of processor per 1,000 of them."""

    rate: float
    cpu: float
    failed: int = 0


@dataclass(frozen=True)
class Limits:
    """What a rate is compared with: the bare handler, and the resources a second the driver alone inserts."""

    handler: Measured
    driver: Callable[[int, float], Limit]
    """By the size of a transaction and the seconds it may take."""

    def of(self, workload: Workload, world: World, seconds: float) -> Limit | None:
        """The limit of a workload, if it has one."""
        if workload.limit == SAME:
            asks, before = workload.asks(world), processor_seconds(self.handler.pid or 0)
            seen = drive(self.handler.base, asks, clients=workload.clients, seconds=seconds)
            used = processor_seconds(self.handler.pid or 0) - before
            _tell(workload, seen)
            return Limit(seen.rate, used / seen.answered * 1000 if seen.answered else 0, seen.failed)
        return self.driver(workload.resources, seconds) if workload.limit == ROWS else None


@dataclass
class Spent:
    """What a server and its database used for what they answered."""

    answered: int = 0
    failed: int = 0
    server: float = 0
    database: float = 0
    statements: float = 0
    peak: float = 0


def measure(
    server: Measured,
    workload: Workload,
    world: World,
    *,
    seconds: float,
    rounds: int = 1,
    limits: Limits | None = None,
) -> Row:
    """Drive the server and its limit in turn, each in as many rounds; the middle of what was seen counts."""
    seen, limit, spent = [], [], Spent()
    for _ in range(rounds):
        seen.append(_round(server, workload, world, seconds * workload.longer, spent))
        limit.append(limits.of(workload, world, seconds) if limits else None)
    known = [one for one in limit if one is not None]
    about = spent.answered * workload.resources / 1000
    ours = server.pid is not None and about > 0
    return Row(
        database=server.database,
        workload=workload.name,
        way=server.way,
        clients=workload.clients,
        rate=median(one.rate for one in seen) * workload.resources,
        p50=median(one.p50 for one in seen),
        p95=median(one.p95 for one in seen),
        p99=median(one.p99 for one in seen),
        failed=spent.failed,
        cpu=spent.server / about if ours else None,
        database_cpu=spent.database / about if server.database_pid is not None and about else None,
        peak=spent.peak if ours else None,
        statements=spent.statements / spent.answered if spent.statements and spent.answered else None,
        limit=median(one.rate for one in known) if known else None,
        limit_cpu=median(one.cpu for one in known) if known else None,
        limit_failed=sum(one.failed for one in known),
        resources=workload.resources,
    )


def _round(server: Measured, workload: Workload, world: World, seconds: float, spent: Spent) -> Seen:
    """Drive once, and add up what it took."""
    if workload.before:
        before = drive(server.base, workload.before(world), clients=8, seconds=SOON, once=True)
        _tell(workload, before)
        spent.failed += before.failed
    asks = workload.asks(world)
    with spending(server, spent):
        given = SOON if workload.once else seconds
        seen = drive(server.base, asks, clients=workload.clients, seconds=given, once=workload.once)
    _tell(workload, seen)
    spent.answered += seen.answered
    spent.failed += seen.failed
    return seen


@contextmanager
def spending(server: Measured, spent: Spent) -> Iterator[None]:
    """Add what the server uses meanwhile."""
    if server.pid is None:
        yield
        return
    before = server.statements() or 0
    begun = server.statements() or 0  # so many are made by asking
    of_database = server.database_seconds()
    with Watch(server.pid) as watch:
        yield
    spent.database += server.database_seconds() - of_database
    spent.statements += max(0, (server.statements() or 0) - begun - (begun - before))
    spent.server += watch.seconds
    spent.peak = max(spent.peak, watch.peak)


def _tell(workload: Workload, seen: Seen) -> None:
    """Say so if anything was refused."""
    if seen.failed:
        print(
            f"{workload.name}: {seen.failed} failed, {seen.answered} did not: {seen.failure}", file=sys.stderr
        )
