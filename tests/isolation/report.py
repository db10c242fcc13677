"""A plugin of pytest: the size and the result of the leak matrix, in the last lines of the tests' output."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

PROPERTY: Final = "leak matrix"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Gathering(), "leak-matrix-report")


class _Gathering:
    """What each pass of the matrix said of itself, wherever it ran."""

    def __init__(self) -> None:
        self.passes: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            said: dict[str, Any] = dict(report.user_properties)
            self.passes += [said[PROPERTY]] if PROPERTY in said else []

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in lines(self.passes):
            terminalreporter.write_line(line)


def lines(passes: list[dict[str, Any]]) -> Iterator[str]:
    """For each database: roles x addresses x resources = requests, and what was found."""
    for engine in sorted({one["engine"] for one in passes}):
        own = [one for one in passes if one["engine"] == engine]
        sizes = (
            len(set().union(*(one[what] for one in own))) for what in ("roles", "addresses", "resources")
        )
        roles, addresses, resources = sizes
        requests, leaks, apart = (
            sum(one[what] for one in own) for what in ("requests", "leaks", "told_apart")
        )
        yield (
            f"leak matrix ({engine}): {roles} roles x {addresses} paths x {resources} resources"
            f" = {requests} requests, {leaks} leaks, {apart} answers that tell the hidden from what never was"
        )
