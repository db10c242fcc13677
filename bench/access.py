"""`python -m bench.access`: what signing in, isolation and the audit trail cost, on both databases."""

from bench.report import of_ways
from bench.results import Results, machine
from bench.run import DATABASES, WAYS, Plan, run


def main() -> None:
    """Print each way of asking beside the open one."""
    results = Results(machine=machine())
    run(results, Plan(2.4, 1, parts=(WAYS,)))
    for name in DATABASES:
        print(*of_ways(results, name), sep="\n")


if __name__ == "__main__":
    main()
