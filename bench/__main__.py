"""`make bench`: every workload on both databases; kept in bench/results/, written into docs/performance.md.

    python -m bench [--database SQLite] [--json FILE]
    python -m bench --url http://127.0.0.1:8080/fhir [--header "Authorization: Bearer …"] [--pid PID]

With --url another server is driven with the same workloads; what it does not answer is left out.
"""

import argparse
from pathlib import Path

from bench import report
from bench.other import drive_other
from bench.results import LATEST, Results, machine
from bench.run import DATABASES, FULL, run


def main() -> None:
    """Measure, and keep what was found if both databases were measured."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--database", choices=DATABASES, help="only this one; nothing is kept")
    asked.add_argument("--json", type=Path, help="write what was measured to this file instead")
    asked.add_argument("--url", help="the FHIR base of another server")
    asked.add_argument("--header", action="append", default=[], help="what every request to it says")
    asked.add_argument("--pid", type=int, help="its process, if it runs here")
    given = asked.parse_args()
    results = Results(machine=machine())
    try:
        if given.url:
            drive_other(results, given.url, tuple(given.header), given.pid)
        else:
            run(results, FULL, (given.database,) if given.database else DATABASES)
            print("", *report.verdicts(results), sep="\n")
    finally:
        if given.json:  # also what was measured before something went wrong
            results.keep(given.json)
    if not (given.json or given.url or given.database):
        results.keep(LATEST)
        report.rewrite()


if __name__ == "__main__":
    main()
