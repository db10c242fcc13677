"""Every workload of the benchmark is answered, by the service and by the limit beside it."""

from pathlib import Path

import pytest
import uvloop

from bench.bare import driver_rate
from bench.drive import Ask, Base, drive
from bench.measure import measure
from bench.other import drive_other
from bench.results import Results
from bench.servers import Measured, bare_handler, service
from bench.ways import WAYS, servers_of
from bench.workloads import QUESTIONS, SAME, WORKLOADS, Workload, reads, summary
from bench.world import World, fill, fill_study
from tests.servers import free_port

EVERY = (*WORKLOADS, *QUESTIONS, summary(2))


def first_of(workload: Workload, world: World) -> list[Ask]:
    before = workload.before(world)[:1] if workload.before else []
    return [*before, *workload.asks(world)[:1]]


def is_answered(server: Measured, asks: list[Ask]) -> None:
    seen = drive(server.base, asks, clients=1, seconds=60, once=True)
    assert (seen.answered, seen.failed, seen.failure) == (len(asks), 0, "")


def test_a_server_that_lets_nobody_in_is_named_in_one_sentence(database_url: str, tmp_path: Path) -> None:
    with (
        service("a database", database_url, tmp_path, auth="smart") as server,
        pytest.raises(SystemExit, match=r"could not be filled: POST .* was answered 401"),
    ):
        drive_other(Results(machine={}), server.base.url, ("Authorization:Bearer x",), None)


def test_a_server_that_nobody_listens_to_fails_every_client() -> None:
    seen = drive(Base(f"http://127.0.0.1:{free_port()}"), [Ask("GET", "x")], clients=2, seconds=1)

    assert (seen.answered, seen.rate, seen.p99, seen.failed) == (0, 0, 0, 2)


def test_every_workload_is_answered_by_the_service_and_by_its_limit(
    database_url: str, tmp_path: Path
) -> None:
    with service("a database", database_url, tmp_path) as server:
        world = fill(server.base, patients=5)
        fill_study(server.base, world, 2)
        is_answered(server, [ask for workload in EVERY for ask in first_of(workload, world)])
        with bare_handler(database_url, world.growing) as bare:
            limited = [workload for workload in WORKLOADS if workload.limit == SAME]
            is_answered(bare, [workload.asks(world)[0] for workload in limited])
        row = measure(server, Workload(name="read", asks=reads, clients=1, once=True), world, seconds=60)
        refused = drive(server.base, [Ask("GET", "Observation/nobody")], clients=1, seconds=60, once=True)
        with servers_of("a database", database_url, tmp_path, study=world.study, ways=WAYS[-1:]) as asked:
            is_answered(asked.by(WAYS[-1]), reads(world)[:3])
    inserted, _ = uvloop.run(driver_rate(database_url, world.patients, size=10, seconds=0.01))

    assert inserted > 0
    assert row.failed == 0
    assert row.statements is not None
    assert 0 < row.statements < 2
    assert row.cpu is not None
    assert row.peak is not None
    assert row.peak > 10
    assert (refused.answered, refused.failed, refused.p50) == (0, 1, 0)
    assert refused.failure.startswith("404 ")
