"""`make bench-quick`: the workloads that matter most on both databases, in under two minutes.

    python -m bench.quick [--report]

With --report it says how the ratios to the limits have changed since bench/results/latest.json was kept.
"""

import argparse

from bench.report import compared
from bench.results import LATEST, Results, machine, read
from bench.run import Plan, run
from bench.workloads import QUICK, of

PLAN = Plan(1.2, 1, of(QUICK), (100,))


def main() -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--report", action="store_true", help="compare the ratios with those that were kept")
    given = asked.parse_args()
    results = Results(machine=machine())
    run(results, PLAN)
    kept = read(LATEST) if given.report else None
    if kept:
        print("\n".join(compared(kept, results)))
    elif given.report:
        print("no figures are kept yet: `make bench` keeps them")


if __name__ == "__main__":
    main()
