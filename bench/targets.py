"""What the service is to reach, and whether it did: computed from what was measured, never by hand."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import Results, Row, Size
from bench.servers import OPEN
from bench.workloads import LARGE, WORKLOADS, of

DATABASE = "PostgreSQL"
GAIN, LINEAR = 0.9, 1.2
WORTH = 1.2
"""What a second worker has to bring to the bare handler before ours is judged by it."""
TIMES_A_READ, GROWTH = 3, 1.5
MOST_MIB, SOONEST = 150, 2
SLIP = 1e-6
"""Less than any figure that is printed: what binary fractions add."""


@dataclass(frozen=True)
class Target:
    """What is to be reached, what was, and whether that is enough.

    `met` is None where it was not measured, and `why` says why not if something was.
    """

    about: str
    wanted: str
    found: str
    met: bool | None
    why: str = ""


def targets(results: Results) -> list[Target]:
    """Every target, in the order they were set."""
    parts = (_ratios, _question, _linear, _gains, _growth, _rest)
    return [target for part in parts for target in part(results)]


def at_least(about: str, least: float, found: float | None, why: str = "") -> Target:
    """A part that is to be reached; rounded down, so that it never looks better than its verdict."""
    met = None if found is None or why else found >= least
    said = "" if found is None else f"{math.floor(found * 1000 + SLIP) / 1000:.1%}"
    return Target(about, f"at least {least:.0%}", said, met, why)


def at_most(about: str, most: float, found: float | None, why: str = "", *, unit: str = "times") -> Target:
    """A number that is not to be exceeded; rounded up, so that it never looks better than its verdict."""
    met = None if found is None or why else found <= most
    said = "" if found is None else f"{math.ceil(found * 100 - SLIP) / 100:g} {unit}"
    return Target(about, f"at most {most:g} {unit}", said, met, why)


def failures(*rows: Row | None) -> str:
    """Why nothing is judged by these: some of what was asked was not answered, by us or by the limit."""
    ours = sum(row.failed for row in rows if row)
    limit = sum(row.limit_failed for row in rows if row)
    return _failed(ours) or _failed(limit, "of the limit's ")


def _failed(many: int, whose: str = "") -> str:
    return f"{many:,} {whose}requests failed" if many else ""


def _open(results: Results, workload: str) -> Row | None:
    return results.row(DATABASE, workload, OPEN)


def _over(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _ratios(results: Results) -> Iterator[Target]:
    for workload in WORKLOADS:
        if workload.target:
            row = _open(results, workload.name)
            about = f"{workload.name}: its rate, of that of the {workload.limit}"
            yield at_least(about, workload.target, row.ratio if row else None, failures(row))


def _question(results: Results) -> Iterator[Target]:
    """The response of a subject beside a read, both asked by one client."""
    read = _open(results, "read, 1 client")
    for when in ("answered again", "after a new result"):
        asked = _open(results, f"$sri-status, {when}")
        why = failures(read, asked)
        if read and asked:
            median, cpu = _over(asked.p50, read.p50), _over(asked.cpu, read.cpu)
        else:
            median = cpu = None
        yield at_most(f"$sri-status, {when}: its median, of that of a read", TIMES_A_READ, median, why)
        yield at_most(f"$sri-status, {when}: its CPU seconds, of those of a read", TIMES_A_READ, cpu, why)


def _linear(results: Results) -> Iterator[Target]:
    """Seconds per subject of the largest study, over those of the smallest."""
    asked = [row for row in results.rows if row.database == DATABASE and "-summary of" in row.workload]
    asked.sort(key=lambda row: row.resources)
    grown = _over(asked[0].rate, asked[-1].rate) if len(asked) > 1 else None
    sizes = f" of {asked[-1].resources:,} and of {asked[0].resources:,}" if grown else ""
    yield at_most(f"$endpoint-summary: time per subject{sizes}", LINEAR, grown, failures(*asked))


def _gains(results: Results) -> Iterator[Target]:
    for gain in results.gains:
        gained = f"{gain.ours:.2f} times 1 worker, of the bare handler's {gain.floor:.2f}"
        nothing = "" if gain.floor >= WORTH else "the floor gains nothing here"
        part, why = _over(gain.ours, gain.floor), _failed(gain.failed) or nothing
        yield at_least(f"2 workers, {gain.workload}: {gained}", GAIN, part, why)
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
        yield at_most(
            f"{workload.name}: its median{among}", GROWTH, grown, failures(*(size.row for size in sizes))
        )


def _sizes(results: Results, workload: str) -> list[Size]:
    return [one for one in results.sizes if (one.row.database, one.row.workload) == (DATABASE, workload)]


def _rest(results: Results) -> Iterator[Target]:
    rest = next((one for one in results.rest if one.database == DATABASE), None)
    yield at_most("memory of a worker at rest", MOST_MIB, rest.memory if rest else None, unit="MiB")
    yield at_most("start to the first answer", SOONEST, rest.start if rest else None, unit="seconds")
