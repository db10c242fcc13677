"""What the service is built of is locked to the digit; each way in which a lock can be loose is seen."""

import pytest

from tests.postgres import ROOT
from tools import dependencies

HASH = "--hash=sha256:" + "0" * 64


def test_every_line_of_every_lock_is_one_exact_version_with_its_hashes() -> None:
    for lock in dependencies.LOCKS:
        assert dependencies.unsound(lock.read_text("utf-8")) == []


def test_what_is_installed_is_what_was_locked_and_agrees() -> None:
    assert dependencies.problems() == []


@pytest.mark.parametrize(
    "line",
    [
        f"some>=1.0 {HASH}",
        f"some {HASH}",
        f"some==1.* , <2 {HASH}",
        f"some @ git+https://example.org/some@main {HASH}",
        f"some @ https://example.org/some-1.0.whl {HASH}",
        "git+https://example.org/some",
        "-e .",
        "--extra-index-url https://example.org",
        "some==1.0",
        "some==1.0 --hash=md5:00",
    ],
)
def test_a_line_that_leaves_something_open_is_seen(line: str) -> None:
    assert len(dependencies.unsound(f"other==2.0 \\\n    {HASH}\n{line}\n")) == 1


def test_what_is_installed_and_not_locked_or_otherwise_locked_is_seen() -> None:
    found = dependencies.differing(
        {"a": "1.0", "b": "2.0", "c": "3.0"}, {"a": "1.0", "b": "2.1", "d": "4.0", "trialbridge": "0.1"}
    )

    assert found == [
        "c 3.0: locked, not installed",
        "b 2.1: locked as 2.0",
        "d 4.0: locked as nothing",
    ]


def test_a_requirement_from_an_address_is_seen() -> None:
    assert len(dependencies.elsewhere(["a>=1", "b @ git+https://example.org/b"])) == 1


def test_the_image_is_built_with_hashes() -> None:
    assert "--require-hashes -r requirements.lock" in (ROOT / "Dockerfile").read_text("utf-8")
