"""Drive a server over HTTP from a process of its own: so many clients, each waiting for its answer.

    python -m bench.drive PORT CLIENTS SECONDS FILE

FILE holds the requests, as a MessagePack list of bytes. Prints what was seen as JSON.
"""

import asyncio
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast

import msgspec
import uvloop


class Client(asyncio.Protocol):
    """One connection that sends the next request when the last is answered."""

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.buffer = b""
        self.missing = 0
        self.sent = 0.0
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one, though not by its class
        self.send()

    def send(self) -> None:
        """The next request, unless time is up."""
        assert self.transport is not None
        if time.perf_counter() >= self.run.until:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(next(self.run.requests))

    def data_received(self, data: bytes) -> None:
        """Count an answer when it is whole."""
        if self.missing:
            self.missing -= len(data)
        else:
            self.buffer += data
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.buffer[:end].lower()
            mark = head.find(b"content-length:")
            length = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            self.run.failed += head[9:10] != b"2"
            self.missing = length - (len(self.buffer) - end - 4)
            self.buffer = b""
        if self.missing == 0:
            self.run.latencies.append(time.perf_counter() - self.sent)
            self.send()

    def connection_lost(self, _error: Exception | None) -> None:
        """One client less."""
        self.run.leave()


class Run:
    """What all clients share."""

    def __init__(self, requests: list[bytes], clients: int, seconds: float) -> None:
        self.requests = cycle(requests)
        self.latencies: list[float] = []
        self.failed = 0
        self.clients = clients
        self.begun = time.perf_counter()
        self.until = self.begun + seconds
        self.over = asyncio.get_running_loop().create_future()

    def leave(self) -> None:
        """A client has gone."""
        self.clients -= 1
        if self.clients == 0 and not self.over.done():
            self.over.set_result(None)


async def drive(port: int, clients: int, seconds: float, requests: list[bytes]) -> dict[str, float]:
    """So many requests a second were answered, so quickly."""
    run = Run(requests, clients, seconds)
    loop = asyncio.get_running_loop()
    for _ in range(clients):
        await loop.create_connection(lambda: Client(run), "127.0.0.1", port)
    await run.over
    took = time.perf_counter() - run.begun
    latencies = sorted(run.latencies)
    return {
        "answered": len(latencies),
        "rate": len(latencies) / took,
        "p50": latencies[len(latencies) // 2] * 1000,
        "p95": latencies[int(len(latencies) * 0.95)] * 1000,
        "p99": latencies[int(len(latencies) * 0.99)] * 1000,
        "failed": run.failed,
    }


if __name__ == "__main__":
    port, clients, seconds, file = sys.argv[1:]
    prepared = msgspec.msgpack.decode(Path(file).read_bytes(), type=list[bytes])
    seen = uvloop.run(drive(int(port), int(clients), float(seconds), prepared))
    print(msgspec.json.encode(seen).decode())
