"""What a server process and its children used of the processor and hold of memory, as /proc tells it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from typing import Self

TICKS = os.sysconf("SC_CLK_TCK")
EVERY = 0.2
"""Seconds between two looks at the memory: the processes of a question about a study do not live long."""


def family(pid: int) -> list[int]:
    """A process, its children and theirs."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            children.setdefault(int(_stat(int(place.name))[1]), []).append(int(place.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def processor_seconds(pid: int) -> float:
    """Seconds of processor used by a family, by those of it that have ended too."""
    return sum(_used(one) for one in family(pid))


def _used(pid: int) -> float:
    with suppress(OSError):
        return sum(int(ticks) for ticks in _stat(pid)[11:15]) / TICKS
    return 0.0


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name of the program; the second is the parent."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()


def held(pid: int, field: str = "VmRSS") -> float:
    """The MiB the largest of a family holds (VmRSS) or has ever held (VmHWM)."""
    return max(_mib(one, field) for one in family(pid))


def _mib(pid: int, field: str) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) / 1024
    return 0.0


class Watch:
    """What a family uses while something is done: seconds of processor, and the most MiB one of it holds."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.seconds = self.peak = 0.0
        self._over = Event()
        self._looking = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        for one in family(self.pid):
            with suppress(OSError):  # the peak begins anew, where the kernel allows that
                Path(f"/proc/{one}/clear_refs").write_text("5", "ascii")
        self.seconds = -processor_seconds(self.pid)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += processor_seconds(self.pid)
        self._over.set()
        self._looking.join()

    def _look(self) -> None:
        for _ in self._times():
            self.peak = max(self.peak, held(self.pid, "VmHWM"))

    def _times(self) -> Iterator[None]:
        """Now and again, and once more at the end."""
        while not self._over.wait(EVERY):
            yield
        yield
