"""The tables of the benchmark say what was measured, and the targets are judged by it."""

from pathlib import Path

import pytest

from bench import quick, report
from bench.results import Gain, Rest, Results, Row, Size
from bench.targets import DATABASE, targets
from bench.ways import OFF, ON

MADE_UP = {"processor": "an abacus", "cores": "2"}


def row(workload: str, **found: object) -> Row:
    figures = {
        "database": DATABASE,
        "way": "open",
        "clients": 1,
        "rate": 100.0,
        "p50": 1.0,
        "p95": 2.0,
        "p99": 3.0,
    }
    return Row(workload=workload, **(figures | found))  # type: ignore[arg-type]


def verdict_on(about: str, results: Results) -> tuple[str, bool | None]:
    [found] = [target for target in targets(results) if target.about.startswith(about)]
    return found.found, found.met


def test_nothing_is_judged_that_was_not_measured() -> None:
    assert {target.met for target in targets(Results(machine=MADE_UP))} == {None}


@pytest.mark.parametrize(
    ("rate", "said", "met"), [(50.0, "50.0%", True), (49.0, "49.0%", False), (49.99, "49.9%", False)]
)
def test_a_rate_is_judged_by_its_limit(rate: float, said: str, *, met: bool) -> None:
    results = Results(machine=MADE_UP, rows=[row("read", rate=rate, limit=100.0)])

    assert verdict_on("read: its rate", results) == (said, met)


@pytest.mark.parametrize(
    ("p50", "cpu", "met"), [(3.0, 0.3, (True, True)), (3.1, 0.2, (False, True)), (1.0, 1.0, (True, False))]
)
def test_a_question_is_judged_beside_a_read(p50: float, cpu: float, met: tuple[bool, bool]) -> None:
    rows = [row("read, 1 client", cpu=0.1), row("$sri-status, after a new result", p50=p50, cpu=cpu)]
    judged = [
        verdict_on(f"$sri-status, after a new result: its {of}", Results(machine=MADE_UP, rows=rows))
        for of in ("median", "CPU")
    ]

    assert tuple(each for _, each in judged) == met


@pytest.mark.parametrize(
    ("failed", "why"),
    [
        ({"failed": 10_000}, "10,000 requests failed"),
        ({"limit_failed": 1}, "1 of the limit's requests failed"),
    ],
)
def test_nothing_is_judged_where_a_request_failed(failed: dict[str, int], why: str) -> None:
    rows = [
        row("read", rate=60.0, limit=100.0, **failed),
        row("read, 1 client", cpu=0.1),
        row("$sri-status, answered again", cpu=0.1, **failed),
    ]
    results = Results(machine=MADE_UP, rows=rows)
    judged = [target for target in targets(results) if target.why]

    assert [(target.met, target.why) for target in judged] == [(None, why)] * 3
    assert f"not measured: {why}" in "".join(report.verdicts(results))


def test_a_figure_just_beyond_its_target_does_not_look_like_it() -> None:
    results = Results(machine=MADE_UP, rest=[Rest(database=DATABASE, start=2.001, memory=150)])

    assert verdict_on("start", results) == ("2.01 seconds", False)


@pytest.mark.parametrize(
    ("gain", "why"),
    [
        (Gain(database=DATABASE, workload="read", ours=0.9, floor=0.9), "the floor gains nothing here"),
        (Gain(database=DATABASE, workload="read", ours=2, floor=2, failed=3), "3 requests failed"),
    ],
)
def test_a_second_worker_is_not_judged_by_a_floor_that_gains_nothing(gain: Gain, why: str) -> None:
    [found] = [one for one in targets(Results(machine=MADE_UP, gains=[gain])) if "2 workers" in one.about]

    assert (found.met, found.why) == (None, why)


def test_a_study_is_linear_if_a_subject_takes_as_long_in_a_large_one() -> None:
    rows = [
        row("$endpoint-summary of 10,000 subjects", rate=40.0, resources=10_000),
        row("$endpoint-summary of 1,000 subjects", rate=60.0, resources=1_000),
    ]

    assert verdict_on("$endpoint-summary", Results(machine=MADE_UP, rows=rows)) == ("1.5 times", False)


def test_a_second_worker_is_judged_by_what_it_brings_to_the_bare_handler() -> None:
    gains = [
        Gain(database=DATABASE, workload="read", ours=1.8, floor=2.0),
        Gain(database=DATABASE, workload="POST", ours=1.7, floor=2.0),
    ]
    results = Results(machine=MADE_UP, gains=gains)

    assert verdict_on("2 workers, read", results) == ("90.0%", True)
    assert verdict_on("2 workers, POST", results) == ("85.0%", False)


def test_the_largest_database_is_judged_by_the_smallest() -> None:
    sizes = [
        Size(stored=stored, row=row("read", p50=p50))
        for stored, p50 in ((1_000_000, 1.6), (1_000, 1.0), (100_000, 9.0))
    ]

    assert verdict_on("read: its median", Results(machine=MADE_UP, sizes=sizes)) == ("1.6 times", False)


def test_memory_and_start_are_judged() -> None:
    results = Results(machine=MADE_UP, rest=[Rest(database=DATABASE, start=2.1, memory=149)])

    assert verdict_on("memory", results) == ("149 MiB", True)
    assert verdict_on("start", results) == ("2.1 seconds", False)


def test_two_runs_are_compared_by_their_ratios() -> None:
    then = Results(machine=MADE_UP, rows=[row("read", rate=50.0, limit=100.0), row("history")])
    now = Results(
        machine=MADE_UP, rows=[row("read", rate=20.0, limit=50.0, cpu=2.0, limit_cpu=1.0), row("history")]
    )

    assert report.compared(then, now)[2:] == ["| PostgreSQL | read | 50% | 40% | -20% |  | 50% |  |", ""]


@pytest.mark.parametrize("options", [["quick", "--report"], ["quick"]])
def test_a_quick_run_says_where_nothing_was_kept(
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(quick, "LATEST", tmp_path / "latest.json")
    monkeypatch.setattr(quick, "run", lambda *_: None)
    monkeypatch.setattr("sys.argv", options)

    quick.main()

    assert ("no figures are kept yet: `make bench` keeps them" in capsys.readouterr().out) == (
        len(options) > 1
    )


def test_the_page_is_rewritten_from_what_was_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page, latest, large = tmp_path / "page.md", tmp_path / "latest.json", tmp_path / "large.json"
    page.write_text(f"before\n{report.BEGIN}\nold figures\n{report.END}\nafter\n")
    for name, file in (("PAGE", page), ("LATEST", latest), ("LARGE", large)):
        monkeypatch.setattr(report, name, file)
    Results(
        machine=MADE_UP,
        rows=[row("read", way=OFF), row("read", way=ON, rate=25.0), row("history", rate=1234.5)],
    ).keep(latest)
    Results(machine=MADE_UP, sizes=[Size(stored=1000, row=row("read"))]).keep(large)

    report.rewrite()

    said = page.read_text()
    assert said.startswith("before\n")
    assert said.endswith(f"{report.END}\nafter\n")
    assert "old figures" not in said
    assert "processor an abacus, cores 2" in said
    assert "| history | 1 | 1,234 | 1 | 2 | 3 |" in said
    assert "| read | 100 (100%) | 25 (25%) |" in said
    assert "| PostgreSQL | read | 1,000 | 100 | 1 | 2 | 3 |" in said
