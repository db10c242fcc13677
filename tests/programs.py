"""Programs the tests need beyond Python: found on this machine, or installed by apt as root."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def run(command: Sequence[str | Path], user: str | None = None) -> None:
    """Run a program as that user and fail with everything it said."""
    become = () if user is None else ("runuser", "-u", user, "--")
    # What is started here must not hold the pipes of a program that waits for our end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [*become, *command], check=False, cwd="/", stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        said.seek(0)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {said.read().decode()}")


def install(package: str) -> bool:
    """Install a Debian package, and whether that went well; only root can, and only on Debian."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    quietly = ("env", "DEBIAN_FRONTEND=noninteractive", apt, "-qqy", "--no-install-recommends")
    try:
        run((*quietly, "update"))
        run((*quietly, "install", package))
    except RuntimeError as error:
        print(error, file=sys.stderr)  # noqa: T201 another way may be left; if none is, this says why
        return False
    return True


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let one process of the tests look for a program, and install it, while the others wait."""
    with (Path(tempfile.gettempdir()) / f"trialbridge-install-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def program(name: str, package: str) -> Path:
    """Where a program is; it is installed first if it has to be."""
    with one_at_a_time():
        found = shutil.which(name) or (install(package) and shutil.which(name))
    if not found:
        raise RuntimeError(f"the tests need {name}: install it (Debian: apt-get install {package})")
    return Path(found)
