"""Results as tables: on the terminal, and in docs/performance.md."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple

from bench.results import LARGE, LATEST, Results, Row, read
from bench.targets import Target, targets
from bench.ways import WAYS
from bench.workloads import ACCESS, of
from tests.postgres import ROOT

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: written by `make bench` and `make bench-large` -->", "<!-- /measured -->"
HEAD = (
    "workload",
    "clients",
    "per second",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "CPU s",
    "database CPU s",
    "peak MiB",
    "SQL",
    "limit",
    "limit CPU s",
    "ratio",
)
OF_SIZES = (2, 3, 4, 5, 6, 7, 9)
"""The columns of it that are shown of each size."""
WIDE = 42
"""The first column on the terminal, in characters."""
Cells = Sequence[str]


def cells(row: Row) -> list[str]:
    """One row of the table; what is not known is left empty."""
    failed = f" ({row.failed} FAILED)" if row.failed else ""
    failed += f" (limit: {row.limit_failed} FAILED)" if row.limit_failed else ""
    return [
        row.workload + failed,
        str(row.clients),
        number(row.rate),
        number(row.p50),
        number(row.p95),
        number(row.p99),
        number(row.cpu),
        number(row.database_cpu),
        number(row.peak),
        number(row.statements),
        number(row.limit),
        number(row.limit_cpu),
        percent(row.ratio),
    ]


def number(value: float | None) -> str:
    """The digits that matter."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def percent(value: float | None) -> str:
    """A part of something."""
    return "" if value is None else f"{value:.0%}"


def show(*lines: Cells) -> None:
    """Lines of a table on the terminal."""
    for first, *others in lines:
        cells = (cell.rjust(max(len(name), 7)) for cell, name in zip(others, HEAD[1:], strict=False))
        print(first.ljust(WIDE), *cells, flush=True)


def table(head: Cells, rows: Iterable[Cells], *, words: int = 1) -> list[str]:
    """A table in Markdown, whose first columns are words."""
    marks = ["---"] * words + ["---:"] * (len(head) - words)
    return ["| " + " | ".join(line) + " |" for line in (head, marks, *rows)] + [""]


def verdicts(results: Results) -> list[str]:
    """Each target with its figure."""
    return table(("target", "wanted", "found", ""), map(_verdict, targets(results)), words=4)


def _verdict(target: Target) -> Cells:
    met = {True: "met", False: "**not met**", None: "not measured"}[target.met]
    return (*astuple(target)[:3], f"{met}: {target.why}" if target.why else met)


def sections(results: Results) -> list[str]:
    """Everything that was measured."""
    databases = list(dict.fromkeys(row.database for row in results.rows))
    return [
        "Measured on " + ", ".join(f"{name} {value}" for name, value in results.machine.items()) + ".",
        "",
        "### The targets",
        "",
        *verdicts(results),
        *(line for name in databases for line in _workloads(results, name)),
        *(line for name in databases for line in of_ways(results, name)),
        *of_sizes(results),
    ]


def _workloads(results: Results, database: str) -> list[str]:
    asked = {way.about for way in WAYS}
    rows = [row for row in results.rows if row.database == database and row.way not in asked]
    rest = [
        f"A worker holds {one.memory:.0f} MiB at rest; {one.start:.2f} s from the start to the first answer."
        for one in results.rest
        if one.database == database
    ]
    return [f"### Every workload, {database}", "", *table(HEAD, map(cells, rows)), *rest, ""]


def of_ways(results: Results, database: str) -> list[str]:
    """Rates, and CPU seconds per 1,000, in every way of asking; each rate as a part of the first."""
    lines = []
    for workload in of(ACCESS):
        rows = [row for way in WAYS if (row := results.row(database, workload.name, way.about))]
        if rows:
            rates = [f"{number(row.rate)} ({percent(row.rate / rows[0].rate)})" for row in rows]
            lines.append([workload.name, *rates])
            lines.append(["CPU s", *(number(row.cpu) for row in rows)])
    if not lines:
        return []
    head = ("per second", *(way.about for way in WAYS))
    return [f"### Signing in, isolation and the trail, {database}", "", *table(head, lines)]


def of_sizes(results: Results) -> list[str]:
    """How the cost grows with what is stored."""
    if not results.sizes:
        return []
    head = ("database", "workload", "Observations", *(HEAD[place] for place in OF_SIZES))
    grown = sorted(results.sizes, key=lambda size: (size.row.database, size.row.workload, size.stored))
    lines = []
    for size in grown:
        said = cells(size.row)
        figures = (said[place] for place in OF_SIZES)
        lines.append((size.row.database, said[0], f"{size.stored:,}", *figures))
    return ["### How the cost grows", "", *table(head, lines, words=2)]


def rewrite() -> None:
    """Write what was kept into its place on the page."""
    results, large = read(LATEST), read(LARGE)
    if results is None:
        return
    if large is not None:
        results.sizes = large.sizes
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join((before + BEGIN, "", *sections(results))) + END + after)


def compared(then: Results, now: Results) -> list[str]:
    """The ratios of two runs, those kept and those just measured: of the rates, and of the CPU seconds."""
    head = ("database", "workload", "ratio then", "now", "change", "CPU ratio then", "now", "change")
    lines = []
    for row in now.rows:
        before = then.row(row.database, row.workload, row.way)
        if before and row.ratio and before.ratio:
            changes = (*_change(before.ratio, row.ratio), *_change(before.cpu_ratio, row.cpu_ratio))
            lines.append((row.database, row.workload, *changes))
    return table(head, lines, words=2)


def _change(then: float | None, now: float | None) -> Cells:
    changed = f"{now / then - 1:+.0%}" if then and now else ""
    return (percent(then), percent(now), changed)
