"""The page that says how a program signs in is true: its programs and commands are carried out."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.fhir_mapping.access.jose import key_problems
from tests.postgres import ROOT
from tests.servers import running_server

PAGE = (ROOT / "docs" / "connecting.md").read_text("utf-8")
PROGRAMS = dict(re.findall(r"^```python (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
AS_PKCS8 = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_program_signs_in_as_the_page_says(database_url: str, tmp_path: Path) -> None:
    for name, program in PROGRAMS.items():
        (tmp_path / name).write_text(program)
    (tmp_path / "trialbridge").write_text(f'#!/bin/sh\ncd {ROOT} && exec {sys.executable} -m app.cli "$@"\n')
    (tmp_path / "trialbridge").chmod(0o755)
    make, write, register, ask, lets_push, push, rotate = COMMANDS

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
        carry_out(lets_push)
        pushed = carry_out(push)
        carry_out(AS_PKCS8 + write.replace("2026", "2027") + rotate)
        after = carry_out(ask.replace("2026", "2027"))

    assert '"total":0' in before
    assert pushed.split() == ["201", "201"]
    assert '"total":1' in after


@pytest.mark.parametrize(
    ("make", "alg"),
    [
        (COMMANDS[0], "ES384"),
        (AS_PKCS8, "ES384"),
        ("openssl genrsa -out key.pem 3072", "RS384"),
        ("openssl genrsa -traditional -out key.pem 3072", "RS384"),
    ],
    ids=["EC", "EC-PKCS8", "RSA", "RSA-PKCS1"],
)
def test_a_key_is_taken_as_openssl_writes_it(make: str, alg: str, tmp_path: Path) -> None:
    (tmp_path / "jwks.py").write_text(PROGRAMS["jwks.py"])
    command = f"{make}\n{sys.executable} jwks.py chu-a-2026"

    subprocess.run(["sh", "-ec", command], cwd=tmp_path, check=True, capture_output=True)

    jwks = json.loads((tmp_path / "jwks.json").read_text())
    assert list(key_problems(jwks)) == []
    assert jwks["keys"][0]["alg"] == alg
