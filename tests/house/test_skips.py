"""A skip counts as a failure unless it was allowed by name."""

import pytest

from tests.skips import ALLOWED_SKIPS, refuse_skip


def a_skip(reason: str) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid="test_it",
        location=("test_it.py", 1, "test_it"),
        keywords={},
        outcome="skipped",
        longrepr=("test_it.py", 1, f"Skipped: {reason}"),
        when="call",
    )


@pytest.mark.parametrize(
    ("allowed", "outcome"),
    [
        ("", "failed"),
        ("chromium", "failed"),
        ("chromium,node", "skipped"),
        ("node", "skipped"),
        ("all", "skipped"),
    ],
)
def test_a_skip_for_want_of_node_is_a_failure_unless_it_was_allowed(
    allowed: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ALLOWED_SKIPS, allowed)
    report = a_skip("node is not installed")

    refuse_skip(report)

    assert report.outcome == outcome


def test_an_expected_failure_is_not_a_skip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ALLOWED_SKIPS, raising=False)
    report = a_skip("a known fault")
    report.wasxfail = "reason"

    refuse_skip(report)

    assert report.outcome == "skipped"
