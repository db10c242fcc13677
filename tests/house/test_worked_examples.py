"""docs/clinical/examples.md shows the examples the tests of the clinical room hold."""

import subprocess
import sys

from tests.postgres import ROOT


def test_the_page_is_what_the_tests_say() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "tools.worked_examples", "--check"], cwd=ROOT, check=False
    )

    assert checked.returncode == 0, "run `make docs`"
