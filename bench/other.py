"""Another FHIR server, driven with the same workloads, for a side-by-side."""

import httpx

from bench.drive import Ask, Base, header_of
from bench.measure import measure
from bench.report import HEAD, cells, show
from bench.results import Results
from bench.run import FULL
from bench.servers import Measured
from bench.workloads import QUESTIONS, WORKLOADS
from bench.world import FHIR, fill, fill_study

SUBJECTS = 100


def drive_other(results: Results, url: str, headers: tuple[str, ...], pid: int | None) -> None:
    """Measure what it answers; of what it does not, say so. No limit stands beside it."""
    base = Base(url.rstrip("/"), tuple(": ".join(header_of(line)) for line in headers))
    try:
        _measure(results, Measured(base.url, base, pid=pid))
    except (httpx.HTTPError, httpx.InvalidURL) as why:
        raise SystemExit(f"{base.url} does not answer: {why}") from None


def _measure(results: Results, server: Measured) -> None:
    """Fill it, and ask it each workload."""
    base, workloads = server.base, list(WORKLOADS)
    try:
        world = fill(base)
    except (RuntimeError, ValueError, KeyError) as why:  # ValueError, KeyError: what it says is no FHIR
        raise SystemExit(f"{base.url} could not be filled: {why}") from None
    try:
        fill_study(base, world, SUBJECTS)
        workloads += QUESTIONS
    except RuntimeError as why:
        print(f"no questions of the trial are asked: {why}")
    show(HEAD)
    for workload in workloads:
        status = first_answer(base, workload.asks(world)[0])
        if status // 100 != 2:
            print(f"{workload.name}: not measured, for it is answered {status}")
            continue
        row = measure(server, workload, world, seconds=FULL.seconds, rounds=FULL.rounds)
        results.rows.append(row)
        show(cells(row))


def first_answer(base: Base, ask: Ask) -> int:
    """The status a request is answered with."""
    headers = FHIR | dict(map(header_of, (*base.headers, *ask.headers)))
    url = f"{base.url}/{ask.path}".rstrip("/")
    return httpx.request(ask.method, url, content=ask.body, headers=headers, timeout=120).status_code
