"""The service as a partner meets it: a real server process, or the application in the tests' own process."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from fastapi import FastAPI

from tests.postgres import ROOT

PATIENCE = 120.0
"""Seconds a server may take on a busy machine; one that ends is noticed at once."""


@dataclass(frozen=True)
class Server:
    """A running server process, where it answers and where it keeps what it is given."""

    url: str
    database_url: str
    process: subprocess.Popen[bytes]
    log: Path


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def running_server(
    database_url: str, directory: Path, *options: str, **environment: str | None
) -> Iterator[Server]:
    """A server on a migrated database, ready to answer; what it says goes to a log in the directory.

    `options` are added to `serve`; `environment` holds more settings, such as TRIALBRIDGE_LOG_LEVEL="debug",
    and None for one that is not to be set.
    """
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", directory / f"server-{port}.log"
    settings = {
        "TRIALBRIDGE_DATABASE_URL": database_url,
        "TRIALBRIDGE_BASE_URL": url,
        "TRIALBRIDGE_AUTH": "none",
        **environment,
    }
    said_to_it = {name: value for name, value in (os.environ | settings).items() if value is not None}
    command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port), *options]
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, env=said_to_it, stdout=said, stderr=said) as process,
    ):
        try:
            wait_until_ready(process, url, log)
            yield Server(url, database_url, process, log)
        finally:
            end(process)


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return as soon as the server says it is ready; fail with its log if it ends or takes too long."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and process.poll() is None:
        if answers(f"{url}/readyz"):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not get ready:\n{log.read_text(errors='replace')}")


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, and make it end if it does not."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The application between its start and its end.

    Both happen in one task of their own: pytest-asyncio may finish a fixture in another task than
    it began in, which task groups and timeouts do not survive.
    """
    started, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            started.set()
            await stop.wait()

    life = asyncio.create_task(live())
    begun = asyncio.create_task(started.wait())
    await asyncio.wait({life, begun}, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    try:
        if started.is_set():
            yield app
    finally:
        stop.set()
        await life


def client_of(app: FastAPI) -> httpx.AsyncClient:
    """A client of the application; an error in the application is the 500 a partner would see."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")
