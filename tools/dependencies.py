"""Whether what is installed is what was locked: `python -m tools.dependencies`, part of `make check`.

It needs no network: every line of the lock files is one exact version with its hashes, nothing comes from a
repository or an address, what is installed is what is locked and no more, and its parts agree (`pip check`).
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
RUNTIME, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
LOCKS = (RUNTIME, DEVELOPMENT, ROOT / "requirements-postgres.lock")
OURS = "trialbridge"
BROUGHT_BY_PYTHON = {"pip"}
_EXACT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;]+)(?: ; (?P<marker>.+))?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def lines(lock: str) -> Iterator[str]:
    """The requirements of a lock file, each on one line with its hashes."""
    for line in lock.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def unsound(lock: str) -> list[str]:
    """The requirements that are not one exact version with its hashes."""
    found = []
    for line in lines(lock):
        said, *hashes = re.split(r"\s+(?=--hash)", line)
        if _EXACT.fullmatch(said) is None:
            found.append(f"{said}: not one exact version")
        elif not hashes or not all(_HASH.fullmatch(one) for one in hashes):
            found.append(f"{said}: without its hashes")
    return found


def locked(lock: str) -> dict[str, str]:
    """The versions a lock file has for this Python, on this machine."""
    found: dict[str, str] = {}
    for line in lines(lock):
        requirement = Requirement(re.split(r"\s+--hash", line)[0])
        if requirement.marker is None or requirement.marker.evaluate():
            found[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return found


def elsewhere(requirements: Iterable[str]) -> list[str]:
    """The requirements that name an address or a repository instead of a package."""
    return [f"{one}: comes from an address" for one in requirements if Requirement(one).url is not None]


def declared() -> list[str]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    further = project["project"].get("optional-dependencies", {}).values()
    built = project["build-system"]["requires"]
    return [*project["project"]["dependencies"], *built, *(one for each in further for one in each)]


def differing(expected: dict[str, str], installed: dict[str, str]) -> list[str]:
    """Where what is installed is not what is locked."""
    missing = [f"{name} {version}: locked, not installed" for name, version in expected.items()]
    missing = [said for said, name in zip(missing, expected, strict=True) if name not in installed]
    other = [
        f"{name} {version}: locked as {expected.get(name, 'nothing')}"
        for name, version in installed.items()
        if name != OURS and name not in BROUGHT_BY_PYTHON and expected.get(name) != version
    ]
    return missing + other


def problems() -> list[str]:
    """Everything that is wrong."""
    found = [f"{lock.name}: {one}" for lock in LOCKS for one in unsound(lock.read_text("utf-8"))]
    found += [f"pyproject.toml: {one}" for one in elsewhere(declared())]
    installed = {str(canonicalize_name(one.metadata["Name"])): one.version for one in distributions()}
    expected = locked(RUNTIME.read_text("utf-8")) | locked(DEVELOPMENT.read_text("utf-8"))
    found += [f"installed: {one}" for one in differing(expected, installed)]
    agreed = subprocess.run(
        [sys.executable, "-m", "pip", "check"], check=False, capture_output=True, text=True
    )
    return found + ([f"pip check: {agreed.stdout.strip()}"] if agreed.returncode else [])


def main() -> int:
    """Say what is wrong; the exit code is 1 where anything is."""
    found = problems()
    print("\n".join(found) or "what is installed is what was locked")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
