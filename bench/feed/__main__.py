"""`python -m bench.feed 100000`: push a feed, kill the server while at it, and compare what came of it."""

import argparse
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import httpx
import uvloop

from app.store.migrate import upgrade
from bench.feed.audit import Audit
from bench.feed.driver import Driver
from bench.feed.messages import Feed
from bench.feed.service import Service, register
from tests.postgres import running_postgres


async def simulate(url: str, place: Path, feed: Feed, *, clients: int, kills: int) -> list[str]:
    """Push the feed at a server on this database; every difference from the truth, in words."""
    service = Service(url, place)
    await service.start()
    limits = httpx.Limits(max_connections=clients + 1)
    try:
        async with httpx.AsyncClient(timeout=120, limits=limits) as client:
            driver = Driver(feed, service, client)
            await driver.prepare()
            began = perf_counter()
            await driver.run(clients=clients, kills=kills)
            seconds = perf_counter() - began
            _tell(driver, seconds)
            audit = Audit(driver)
            await audit.carry_out(clients=clients)
            service.watch()
            for line in audit.told:
                print(f"  {line}", flush=True)
            print(f"  the server held at most {service.peak} MiB", flush=True)
            return audit.differences
    finally:
        await service.stop()


def _tell(driver: Driver, seconds: float) -> None:
    tally = driver.tally
    contents = sum(tally.acknowledged.values())
    rate, kills = contents / seconds, driver.service.kills
    half, most = tally.percentile(0.5), tally.percentile(0.99)
    print(f"  {contents} contents of {driver.feed.results} results in {seconds:.1f} s, {rate:,.0f} a second")
    print(f"  {len(tally.waits)} requests answered, p50 {half:.1f} ms, p99 {most:.1f} ms; {kills} kills")
    print(f"  {tally.unanswered} sent again for want of an answer, {tally.throttled} told to wait")
    print(f"  answers: {dict(sorted(tally.answers.items()))}", flush=True)


def _run(name: str, url: str, place: Path, asked: argparse.Namespace) -> bool:
    """Whether everything was as it should be on one database."""
    print(f"{name}, seed {asked.seed}", flush=True)
    upgrade(url)
    register(url)
    feed = Feed(asked.seed, asked.results)
    differences = uvloop.run(simulate(url, place, feed, clients=asked.clients, kills=asked.kills))
    for line in differences[:50]:
        print(f"  DIFFERS: {line}")
    print(f"  {len(differences)} differences" if differences else "  the store is the truth", flush=True)
    return not differences


def main() -> None:
    """Exit code 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="bench.feed", description=__doc__)
    parser.add_argument("results", type=int, nargs="?", default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    right = True
    with tempfile.TemporaryDirectory() as directory:
        if asked.database != "postgresql":
            right &= _run("SQLite", f"sqlite:///{directory}/feed.db", Path(directory), asked)
        if asked.database != "sqlite":
            with running_postgres(fsync=True) as url:
                right &= _run("PostgreSQL", url, Path(directory), asked)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
