"""Another server is driven carefully: the ids we choose are our own, and what goes wrong is one sentence."""

import subprocess
import sys

import pytest

from bench.drive import header_of
from bench.study import OURS, STUDY, subject
from tests.postgres import ROOT
from tests.servers import free_port


def said_by(*options: str) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", *options], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    return ended.returncode, ended.stderr.decode().strip()


def test_every_id_that_is_chosen_is_the_benchmarks_own() -> None:
    names = [document["id"] for document in (STUDY, *subject(7))]

    assert all(name.startswith(OURS) and len(name) <= 64 for name in names)
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("line", ["Authorization: Bearer x", "Authorization:Bearer x"])
def test_a_header_is_taken_with_or_without_a_blank(line: str) -> None:
    assert header_of(line) == ("Authorization", "Bearer x")


def test_a_server_that_does_not_answer_is_named_in_one_sentence() -> None:
    url = f"http://127.0.0.1:{free_port()}/fhir"
    code, said = said_by("bench", "--url", url, "--header", "Authorization:Bearer x")

    assert (code, len(said.splitlines())) == (1, 1)
    assert said.startswith(f"{url} does not answer: ")


def test_a_header_without_a_colon_is_named_in_one_sentence() -> None:
    assert said_by("bench", "--url", "http://localhost", "--header", "x") == (
        1,
        "a header is given as `Name: value`",
    )
