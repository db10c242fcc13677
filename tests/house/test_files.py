"""What is kept in the repository: small files of our own, and nothing of the machine they were made on."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import ROOT

LINES = 250
LARGER_FOR_A_REASON: dict[str, str] = {}
"""Files of app/ that may be larger, each with the reason why."""

# Spelled so that this file, which is looked through as well, does not name them.
STRANGE = {
    "a package registry": re.compile(
        r"py[p]i\.org|python[h]osted\.org|registry\.[n]pmjs|proxy\.[g]olang\.org"
    ),
    "a path of one machine": re.compile(r"(?<![\w.~-])/(?:r[o]ot|w[o]rk|U[s]ers|h[o]me/\w+)/"),
}


def tracked_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    return sorted(name for name in listed.stdout.decode().split("\0") if (ROOT / name).is_file())


def texts() -> Iterator[tuple[str, str]]:
    for name in tracked_files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content:
            yield name, content.decode()


def python_files_of(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def line_count(file: Path) -> int:
    return len(file.read_text().splitlines())


def test_no_file_of_the_application_is_too_large_to_read_at_once() -> None:
    large = {
        name: lines
        for file in python_files_of("app")
        if (lines := line_count(file)) > LINES
        and (name := str(file.relative_to(ROOT))) not in LARGER_FOR_A_REASON
    }

    assert large == {}


def test_a_file_that_may_be_larger_still_has_to_be() -> None:
    needless = [name for name in LARGER_FOR_A_REASON if line_count(ROOT / name) <= LINES]

    assert needless == []


@pytest.mark.parametrize("what", STRANGE)
def test_no_tracked_file_names_strangers(what: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if STRANGE[what].search(line)
    ]

    assert found == []


def test_nothing_that_was_built_is_tracked() -> None:
    built = re.compile(r"(^|/)(\.venv|var|__pycache__|[^/]+\.egg-info|\.[a-z]+_cache)/|\.(pyc|db|db-wal)$")

    assert [name for name in tracked_files() if built.search(name)] == []
