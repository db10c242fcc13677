"""A plugin of pytest: while the tests run it gathers which rules they prove, and writes docs/conformance.md.

A test bears rules by `@pytest.mark.rule(19, 20)`. What it bears, and the database it ran on, travel in its
`user_properties`, so that they arrive where several processes run the tests. The page is written only by a
run of all tests that bear a rule; where it differs from what was there, that run fails and says so.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.rules import ENGINES, Proof, page, rules
from tests.postgres import ROOT

PAGE = ROOT / "docs" / "conformance.md"
OUT_OF_DATE = "docs/conformance.md was out of date; commit it"
BORNE = pytest.StashKey[dict[str, list[int]]]()


def marked(file: Path) -> set[int]:
    """The rules the tests of a file bear, as its text says."""
    text = file.read_text()
    if "mark.rule(" not in text:
        return set()
    calls = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))
    named = (call for call in calls if ast.unparse(call.func).endswith("mark.rule"))
    return {int(ast.literal_eval(number)) for call in named for number in call.args}


def bearing_files() -> Iterator[str]:
    """The files of tests that bear a rule, from the root."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        if marked(file):
            yield file.relative_to(ROOT).as_posix()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "rule(*numbers): the rules of docs/conformance.md that a test proves")
    config.stash[BORNE] = {}
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Gathering(config), "conformance-report")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if numbers := borne_by(item):
            item.user_properties.append(("rules", numbers))
            item.user_properties.append(("databases", sorted(databases(item))))
            config.stash[BORNE][item.nodeid] = numbers


def pytest_deselected(items: list[pytest.Item]) -> None:
    """What was deselected is wanted all the same, and never ends: such a run is not whole."""
    for item in items:
        if numbers := borne_by(item):
            item.config.stash[BORNE][item.nodeid] = numbers


def borne_by(item: pytest.Item) -> list[int]:
    """The rules a test bears."""
    return sorted({number for mark in item.iter_markers("rule") for number in mark.args})


def databases(item: pytest.Item) -> set[str]:
    """The databases a test runs on, as its parameters say."""
    given = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return {
        engine for value in given if isinstance(value, str) for engine in ENGINES if value.startswith(engine)
    }


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """A process that only runs tests tells the one that gathers what it had to run."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["borne"] = session.config.stash[BORNE]
    return (yield)


class Gathering:
    """What the tests said so far, in the process that hears of all of them."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.ended: dict[str, bool] = {}
        self.skipped = False
        self.databases: dict[str, set[str]] = {}
        self.out_of_date = False

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Another process has run its tests."""
        self.config.stash[BORNE] |= getattr(node, "workeroutput", {}).get("borne", {})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        said: dict[str, Any] = dict(report.user_properties)
        if "rules" not in said:
            return
        self.skipped |= report.skipped and not hasattr(report, "wasxfail")
        passed = report.passed and not hasattr(report, "wasxfail")
        self.ended[report.nodeid] = self.ended.get(report.nodeid, True) and passed
        self.databases.setdefault(report.nodeid, set()).update(said["databases"])

    def proofs(self) -> dict[int, list[Proof]]:
        """By rule, its tests: one that runs several times has passed if it passed each time."""
        found: dict[int, list[Proof]] = {}
        for test in sorted({_test(run) for run in self.ended}):
            runs = [run for run in self.ended if _test(run) == test]
            used = frozenset(name for run in runs for name in self.databases[run])
            proof = Proof(test, all(self.ended[run] for run in runs), used)
            for number in sorted({n for run in runs for n in self.config.stash[BORNE][run]}):
                found.setdefault(number, []).append(proof)
        return found

    def is_whole(self) -> bool:
        """Whether every test that bears a rule was asked for, and has ended."""
        borne = self.config.stash[BORNE]
        wanted = {_test(run).split("::")[0] for run in borne}
        chosen = any("::" in argument for argument in self.config.args)
        complete = set(bearing_files()) <= wanted and borne.keys() == self.ended.keys()
        return bool(borne) and complete and not chosen and not self.skipped

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page, and fail the run where the page said something else."""
        if not self.is_whole():
            return
        text = page(rules(), self.proofs())
        if PAGE.exists() and PAGE.read_text() == text:
            return
        PAGE.write_text(text)
        self.out_of_date = True
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.out_of_date:
            terminalreporter.write_line(OUT_OF_DATE, red=True, bold=True)


def _test(run: str) -> str:
    """A test without its parameters."""
    return run.partition("[")[0]
