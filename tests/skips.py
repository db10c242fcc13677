"""Nothing is skipped in silence: a skip is a failure unless the one who runs the tests allowed it."""

import os

import pytest

ALLOWED_SKIPS = "TRIALBRIDGE_TEST_ALLOW_SKIPS"


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure, unless TRIALBRIDGE_TEST_ALLOW_SKIPS has a word of its reason.

    The variable holds words with commas between them; `all` allows every skip. pytest lists them.
    """
    if not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    allowed = [word.strip() for word in os.environ.get(ALLOWED_SKIPS, "").split(",") if word.strip()]
    if "all" not in allowed and not any(word in reason for word in allowed):
        report.outcome = "failed"
        report.longrepr = f"{reason}\nNothing is skipped unless {ALLOWED_SKIPS} allows it."
