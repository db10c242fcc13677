"""Drive a FHIR server over HTTP from a process of its own: so many clients, each waiting for its answer.

    python -m bench.drive FILE

FILE holds a Job as MessagePack; what was seen is printed as JSON.
"""

import asyncio
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import msgspec
import uvloop
from httptools import HttpResponseParser

from tests.postgres import ROOT

SHOWN = 600
"""So many bytes of the first answer that is no success are shown."""


class Ask(NamedTuple):
    """A request: the path is below the FHIR base, the headers are further ones."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Base:
    """Where a FHIR server answers, such as `http://127.0.0.1:8000/fhir`, and what every request says."""

    url: str
    headers: tuple[str, ...] = ()

    def wire(self, ask: Ask) -> bytes:
        """A request as it goes over the wire."""
        parts = urlsplit(f"{self.url}/{ask.path}".rstrip("/"))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        head = [f"{ask.method} {target} HTTP/1.1", f"Host: {parts.netloc}", "Accept: application/fhir+json"]
        head += [*self.headers, *ask.headers]
        if ask.body:
            head += ["Content-Type: application/fhir+json", f"Content-Length: {len(ask.body)}"]
        return "\r\n".join((*head, "", "")).encode() + ask.body


def header_of(line: str) -> tuple[str, str]:
    """The name and the value of a header, with or without a blank after the colon."""
    name, colon, value = line.partition(":")
    if not (name.strip() and colon):
        raise SystemExit("a header is given as `Name: value`")
    return name.strip(), value.strip()


class Job(msgspec.Struct):
    """What the driving process is to do; with `once` each request is sent once, else they come again."""

    host: str
    port: int
    tls: bool
    clients: int
    seconds: float
    once: bool
    requests: list[bytes]


class Seen(msgspec.Struct):
    """What the driving process saw; latencies in milliseconds.

    Only a success is an answer here: what `failed` counts neither for the rate nor for the latencies.
    """

    answered: int
    rate: float
    p50: float
    p95: float
    p99: float
    failed: int
    failure: str


def drive(base: Base, asks: list[Ask], *, clients: int, seconds: float, once: bool = False) -> Seen:
    """Have another process drive a server, and say what it saw."""
    parts = urlsplit(base.url)
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    requests = [base.wire(ask) for ask in asks]
    job = Job(parts.hostname or "", port, tls, clients, seconds, once, requests)
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "job"
        file.write_bytes(msgspec.msgpack.encode(job))
        command = [sys.executable, "-m", "bench.drive", str(file)]
        said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=seconds + 900)
    return msgspec.json.decode(said.stdout, type=Seen)


class Client(asyncio.Protocol):
    """One connection that sends the next request when the last is answered."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.waiting = self.over = False
        self.last = b""
        self.sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, though not by its class
        self.parser = HttpResponseParser(self)
        self.send()

    def send(self) -> None:
        """The next request, unless time is up."""
        request = self.run.next()
        if request is None:
            self.over = True
            self.transport.close()
            return
        self.waiting, self.sent = True, time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """More of an answer."""
        self.last = data
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        """An answer is whole."""
        self.waiting = False
        status = self.parser.get_status_code()
        if status // 100 == 2:
            self.run.latencies.append(time.perf_counter() - self.sent)
        else:
            self.run.fail(b"%d %s" % (status, self.last))
        if self.parser.should_keep_alive():
            self.send()
        else:
            self.transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        """The server closed it, or there is no more to do."""
        if self.waiting:
            self.run.fail(b"the connection was closed without an answer")
        self.run.leave(again=not self.over)


class Run:
    """What all clients share."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests: Iterator[bytes] = iter(job.requests) if job.once else cycle(job.requests)
        self.tls = ssl.create_default_context() if job.tls else None
        self.latencies: list[float] = []
        self.failed = 0
        self.failure = ""
        self.clients = job.clients
        self.begun = time.perf_counter()
        self.over = asyncio.get_running_loop().create_future()
        self.connecting: set[asyncio.Task[None]] = set()

    async def connect(self) -> None:
        """One client comes, unless nobody listens."""
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: Client(self), self.job.host, self.job.port, ssl=self.tls)
        except OSError as why:
            self.fail(str(why).encode())
            self.leave(again=False)

    def next(self) -> bytes | None:
        """The next request; None when it is time to end."""
        if time.perf_counter() >= self.begun + self.job.seconds:
            return None
        return next(self.requests, None)

    def fail(self, said: bytes) -> None:
        """An answer was no success."""
        self.failed += 1
        self.failure = self.failure or said[:SHOWN].decode(errors="replace")

    def leave(self, *, again: bool) -> None:
        """A client has gone; it comes again if the server only closed its connection."""
        if again:
            task = asyncio.ensure_future(self.connect())
            self.connecting.add(task)
            task.add_done_callback(self.connecting.discard)
            return
        self.clients -= 1
        if self.clients == 0 and not self.over.done():
            self.over.set_result(None)


async def carry_out(job: Job) -> Seen:
    """So many requests a second were answered, so quickly."""
    run = Run(job)
    for _ in range(job.clients):
        await run.connect()
    await run.over
    took = time.perf_counter() - run.begun
    latencies = sorted(run.latencies)
    p50, p95, p99 = (
        latencies[int(len(latencies) * part)] * 1000 if latencies else 0.0 for part in (0.5, 0.95, 0.99)
    )
    return Seen(len(latencies), len(latencies) / took, p50, p95, p99, run.failed, run.failure)


if __name__ == "__main__":
    given = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Job)
    print(msgspec.json.encode(uvloop.run(carry_out(given))).decode())
