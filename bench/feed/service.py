"""The service under the feed: a real server that is killed without warning and started again."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.feed.world import HOSPITALS, SUBJECTS, Hospital
from tests.postgres import ROOT
from tests.servers import Server, running_server


def register(database_url: str) -> None:
    """Register the two hospitals, as an operator does."""
    settings = os.environ | {"TRIALBRIDGE_DATABASE_URL": database_url}

    def carry_out(hospital: Hospital) -> None:
        subprocess.run(_command(hospital), cwd=ROOT, env=settings, check=True, capture_output=True)

    with ThreadPoolExecutor() as pool:
        list(pool.map(carry_out, HOSPITALS))


def _command(hospital: Hospital) -> list[str]:
    """`trialbridge sender add` with all that is the hospital's own."""
    return [
        *(sys.executable, "-m", "app.cli", "sender", "add", hospital.name),
        *("--system", hospital.numbers),
        *("--codes", hospital.codes),
        *("--units", hospital.units),
        *("--subjects", SUBJECTS),
        *("--application", f"LABO|{hospital.name.upper()}"),
    ]


class Service:
    """A server on one database, which may be another process after each blow."""

    def __init__(self, database_url: str, directory: Path, *options: str) -> None:
        self.database_url = database_url
        self.up = asyncio.Event()
        self.kills = 0
        self.peak = 0
        self._directory, self._options = directory, options
        self._life = ExitStack()
        self._server: Server | None = None

    @property
    def url(self) -> str:
        """Where it answers now."""
        assert self._server is not None
        return self._server.url

    async def start(self) -> None:
        """Start it, and let everybody know."""
        running = running_server(self.database_url, self._directory, *self._options)
        self._server = await asyncio.to_thread(self._life.enter_context, running)
        self.up.set()

    async def kill(self) -> None:
        """SIGKILL, and a new start."""
        assert self._server is not None
        self.watch()
        self.up.clear()
        self._server.process.kill()
        await asyncio.to_thread(self._server.process.wait)
        self.kills += 1
        await self.start()

    def watch(self) -> None:
        """Remember the most memory the process has held, in MiB."""
        assert self._server is not None
        said = Path(f"/proc/{self._server.process.pid}/status").read_text()
        held = next(line for line in said.splitlines() if line.startswith("VmHWM"))
        self.peak = max(self.peak, int(held.split()[1]) // 1024)

    async def stop(self) -> None:
        """Let it end."""
        await asyncio.to_thread(self._life.close)

    async def page(self, client: httpx.AsyncClient, path: str) -> httpx.Response:
        """The answer to a GET; it must be 200."""
        answer = await client.get(path if path.startswith("http") else f"{self.url}/fhir/{path}")
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"GET {path}: {answer.status_code} {answer.text[:500]}")
        return answer
