"""What the service is to reach, and whether it did: computed from what was measured, never by hand."""

from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import Results, Row, Size
from bench.servers import OPEN
from bench.workloads import LARGE, WORKLOADS, of

DATABASE = "PostgreSQL"
GAIN, LINEAR = 0.9, 1.2
TIMES_A_READ, GROWTH = 3, 1.5
MOST_MIB, SOONEST = 150, 2


@dataclass(frozen=True)
class Target:
    """What is to be reached, what was, and whether that is enough; met is None where it was not measured."""

    about: str
    wanted: str
    found: str
    met: bool | None


def targets(results: Results) -> list[Target]:
    """Every target, in the order they were set."""
    parts = (_ratios, _question, _linear, _gains, _growth, _rest)
    return [target for part in parts for target in part(results)]


def at_least(about: str, least: float, found: float | None) -> Target:
    """A part that is to be reached."""
    met = None if found is None else found >= least
    return Target(about, f"at least {least:.0%}", "" if found is None else f"{found:.0%}", met)


def at_most(about: str, most: float, found: float | None, unit: str = "times") -> Target:
    """A number that is not to be exceeded."""
    met = None if found is None else found <= most
    return Target(about, f"at most {most:g} {unit}", "" if found is None else f"{found:.3g} {unit}", met)


def _open(results: Results, workload: str) -> Row | None:
    return results.row(DATABASE, workload, OPEN)


def _over(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _ratios(results: Results) -> Iterator[Target]:
    for workload in WORKLOADS:
        if workload.target:
            row = _open(results, workload.name)
            about = f"{workload.name}: its rate, of that of the {workload.limit}"
            yield at_least(about, workload.target, row.ratio if row else None)


def _question(results: Results) -> Iterator[Target]:
    """The response of a subject beside a read, both asked by one client."""
    read = _open(results, "read, 1 client")
    for when in ("answered again", "after a new result"):
        asked = _open(results, f"$sri-status, {when}")
        if read and asked:
            median, cpu = _over(asked.p50, read.p50), _over(asked.cpu, read.cpu)
        else:
            median = cpu = None
        yield at_most(f"$sri-status, {when}: its median, of that of a read", TIMES_A_READ, median)
        yield at_most(f"$sri-status, {when}: its CPU seconds, of those of a read", TIMES_A_READ, cpu)


def _linear(results: Results) -> Iterator[Target]:
    """Seconds per subject of the largest study, over those of the smallest."""
    asked = [row for row in results.rows if row.database == DATABASE and "-summary of" in row.workload]
    asked.sort(key=lambda row: row.resources)
    grown = _over(asked[0].rate, asked[-1].rate) if len(asked) > 1 else None
    sizes = f" of {asked[-1].resources:,} and of {asked[0].resources:,}" if grown else ""
    yield at_most(f"$endpoint-summary: time per subject{sizes}", LINEAR, grown)


def _gains(results: Results) -> Iterator[Target]:
    for gain in results.gains:
        gained = f"{gain.ours:.2f} times 1 worker, of the bare handler's {gain.floor:.2f}"
        yield at_least(f"2 workers, {gain.workload}: {gained}", GAIN, _over(gain.ours, gain.floor))
    if not results.gains:
        yield at_least("2 workers: the gain, of that of the bare handler", GAIN, None)


def _growth(results: Results) -> Iterator[Target]:
    """The processor a request takes in the largest database, over the smallest."""
    for workload in of(LARGE):
        sizes = sorted(_sizes(results, workload.name), key=lambda size: size.stored)
        if workload.name.startswith("POST"):
            continue
        grown = _over(sizes[-1].row.p50, sizes[0].row.p50) if len(sizes) > 1 else None
        among = f" with {sizes[-1].stored:,} and with {sizes[0].stored:,} Observations" if grown else ""
        yield at_most(f"{workload.name}: its median{among}", GROWTH, grown)


def _sizes(results: Results, workload: str) -> list[Size]:
    return [one for one in results.sizes if (one.row.database, one.row.workload) == (DATABASE, workload)]


def _rest(results: Results) -> Iterator[Target]:
    rest = next((one for one in results.rest if one.database == DATABASE), None)
    yield at_most("memory of a worker at rest", MOST_MIB, rest.memory if rest else None, "MiB")
    yield at_most("start to the first answer", SOONEST, rest.start if rest else None, "seconds")
