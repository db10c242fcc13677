"""The guide is carried out as it stands, in one shell, and prints what it says it prints."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.test_demonstration import ANNOUNCED, demonstration
from tests.postgres import ROOT
from tests.programs import program

GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")
STEPS = re.findall(r"```sh\n(.*?)```\n\n```text\n(.*?)```", GUIDE, re.DOTALL)
END = "-- the end of a step --"
IN_SECONDS = 60


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """What each step printed, carried out against a fresh demonstration on another port."""
    program("curl", "curl")
    here: Path = tmp_path_factory.mktemp("guide")
    with demonstration(here / "var") as running:
        script = "".join(f"{step}\necho; echo '{END}'\n" for step, _ in STEPS)
        done = subprocess.run(
            [program("bash", "bash"), "-u"],
            input=script.replace(ANNOUNCED, running.url),
            capture_output=True,
            text=True,
            timeout=IN_SECONDS,
            cwd=here,
            check=False,
        )
        assert done.stderr == ""
        yield done.stdout.replace(running.url, ANNOUNCED).split(f"{END}\n")[:-1]


def lines(text: str) -> str:
    """The text without what no reader sees: blanks at the ends of lines, and empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def test_every_step_says_what_it_prints() -> None:
    assert len(STEPS) == GUIDE.count("```sh\n") == GUIDE.count("```text\n") > 14
    assert all(lines(expected) for _, expected in STEPS)


@pytest.mark.parametrize("number", range(len(STEPS)))
def test_the_step_prints_what_the_guide_says(printed: list[str], number: int) -> None:
    step, expected = STEPS[number]
    pattern = ".*?".join(map(re.escape, lines(expected).split("…")))

    assert len(printed) == len(STEPS)
    assert re.fullmatch(pattern, lines(printed[number]), re.DOTALL), f"{step}\n{printed[number]}"
