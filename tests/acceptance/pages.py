"""A page of the documentation whose steps are carried out as they stand, in one shell, in order.

A step is a block of commands (`sh`) followed by a block of what it prints (`text`), in which `…` stands for
what differs each time.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.acceptance.test_demonstration import ANNOUNCED, demonstration
from tests.postgres import ROOT
from tests.programs import program
from tests.servers import free_port

END = "-- the end of a step --"
IN_SECONDS = 60
COMMAND, PYTHON = ".venv/bin/trialbridge", ".venv/bin/python"
PORT = "port=2575\n"


@dataclass(frozen=True)
class Page:
    """A page below docs/."""

    name: str

    @cached_property
    def text(self) -> str:
        """What it says."""
        return (ROOT / "docs" / self.name).read_text("utf-8")

    @cached_property
    def steps(self) -> list[tuple[str, str]]:
        """What is typed, and what is printed."""
        return re.findall(r"```sh\n(.*?)```\n\n```text\n(.*?)```", self.text, re.DOTALL)

    @property
    def is_whole(self) -> bool:
        """Whether every block is a part of a step, and every step prints something."""
        blocks = {self.text.count(f"```{kind}\n") for kind in ("sh", "text")}
        return blocks == {len(self.steps)} and all(lines(expected) for _, expected in self.steps)

    def carried_out(self, here: Path) -> list[str]:
        """What each step prints, against a fresh demonstration on another port."""
        program("curl", "curl")
        with demonstration(here / "var") as running:
            script = "".join(f"{step}\necho; echo '{END}'\n" for step, _ in self.steps)
            script = script.replace(ANNOUNCED, running.url).replace(COMMAND, installed_command())
            script = script.replace(PYTHON, sys.executable)
            done = subprocess.run(
                [program("bash", "bash"), "-u"],
                input=script.replace(PORT, f"port={free_port()}\n"),
                capture_output=True,
                text=True,
                timeout=IN_SECONDS,
                cwd=here,
                check=False,
            )
            assert done.stderr == ""
            return done.stdout.replace(running.url, ANNOUNCED).split(f"{END}\n")[:-1]

    def check(self, number: int, printed: list[str]) -> None:
        """Fail where a step does not print what the page says."""
        step, expected = self.steps[number]
        pattern = ".*?".join(map(re.escape, lines(expected).split("…")))

        assert len(printed) == len(self.steps)
        assert re.fullmatch(pattern, lines(printed[number]), re.DOTALL), f"{step}\n{printed[number]}"


def installed_command() -> str:
    """The command `trialbridge` of the environment the tests run in."""
    return str(Path(sys.executable).with_name("trialbridge"))


def lines(text: str) -> str:
    """The text without what no reader sees: blanks at the ends of lines, and empty lines at the end."""
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
