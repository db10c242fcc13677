"""`make bench-large`: how the cost of a read, a page and a POST grows with what is stored.

    python -m bench.large [--database SQLite] [--sizes 1000 100000]

Everything is stored by transactions over HTTP, 50 results of each patient: 1,000, 100,000 and 1,000,000
Observations unless told otherwise. What is found on PostgreSQL is kept, and written into docs/performance.md.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench import report
from bench.measure import measure
from bench.report import HEAD, cells, show
from bench.results import LARGE, Results, Size, machine
from bench.run import DATABASES, POSTGRESQL, database
from bench.servers import learn, service
from bench.workloads import LARGE as VIEW
from bench.workloads import of
from bench.world import PER_PATIENT, World, grow

SIZES = (1_000, 100_000, 1_000_000)


def measured(results: Results, name: str, sizes: list[int]) -> None:
    """Store more and more in one kind of database, and measure at each size."""
    with (
        TemporaryDirectory() as directory,
        database(name, Path(directory)) as url,
        service(name, url, Path(directory)) as server,
    ):
        world = World()
        for size in sizes:
            began, before = time.perf_counter(), len(world.results)
            grow(server.base, world, patients=size // PER_PATIENT - len(world.patients))
            took = time.perf_counter() - began
            uvloop.run(learn(url))
            print(f"{size:,} Observations; {(len(world.results) - before) / took:,.0f} a second stored")
            show((name, *HEAD[1:]))
            for workload in of(VIEW):
                row = measure(server, workload, world, seconds=3, rounds=3)
                results.sizes.append(Size(stored=size, row=row))
                show(cells(row))


def main() -> None:
    """Measure each size, from the smallest."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=DATABASES, default=POSTGRESQL)
    asked.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many Observations are stored")
    given = asked.parse_args()
    results = Results(machine=machine())
    measured(results, given.database, sorted(given.sizes))
    print(*report.of_sizes(results), sep="\n")
    if given.database == POSTGRESQL:
        results.keep(LARGE)
        report.rewrite()


if __name__ == "__main__":
    main()
