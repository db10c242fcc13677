"""A copy of a SQLite database, whole and of one moment, while others go on writing.

Copying the file would miss what still lies in its log. The copy holds no free pages, so nothing of what
was erased before.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from app.store.database import DatabaseError


def back_up(url: str, to: Path) -> int:
    """Write the copy, which only its owner may read; its size. It bears its name once it is on disk."""
    file = Path(url.removeprefix("sqlite:///"))
    if to.exists():
        raise FileExistsError(f"{to} exists already")
    part = to.with_name(f"{to.name}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)) as raw:
            raw.execute("VACUUM INTO ?", (str(part),))
        _check(part)
        _to_disk(part)
        os.link(part, to)  # unlike a new name, it displaces no file that came meanwhile
    finally:
        part.unlink(missing_ok=True)
    _to_disk(to.absolute().parent)
    return to.stat().st_size


def _check(file: Path) -> None:
    with closing(sqlite3.connect(file)) as raw:
        [[said]] = raw.execute("PRAGMA integrity_check(1)")
    if said != "ok":
        raise DatabaseError(f"the copy is damaged: {said}")


def _to_disk(path: Path) -> None:
    """SQLite leaves that to whoever asked for the copy."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
