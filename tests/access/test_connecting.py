"""The page that says how a program signs in is true: its programs and commands are carried out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.postgres import ROOT
from tests.servers import running_server

PAGE = (ROOT / "docs" / "connecting.md").read_text("utf-8")
PROGRAMS = dict(re.findall(r"^```python (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_program_signs_in_as_the_page_says(database_url: str, tmp_path: Path) -> None:
    for name, program in PROGRAMS.items():
        (tmp_path / name).write_text(program)
    (tmp_path / "trialbridge").write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m app.cli "$@"\n')
    (tmp_path / "trialbridge").chmod(0o755)
    make, write, register, ask, rotate = COMMANDS

    with running_server(database_url, tmp_path, TRIALBRIDGE_AUTH="smart") as server:
        path = f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        settings = {"TRIALBRIDGE_DATABASE_URL": database_url, "PATH": path, "server": server.url}

        def carry_out(commands: str) -> str:
            words = commands.replace("--jwks jwks.json", f"--jwks {tmp_path}/jwks.json")
            done = subprocess.run(
                ["sh", "-ec", words], cwd=tmp_path, env=settings, check=False, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        carry_out(make + write + register)
        before = carry_out(ask)
        carry_out(make + write.replace("2026", "2027") + rotate)
        after = carry_out(ask.replace("2026", "2027"))

    assert '"total":0' in before
    assert '"total":0' in after
