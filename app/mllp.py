"""MLLP, the second door: HL7 v2 over a socket that stays open, one message after the other.

A message is `VT message FS CR`, and so is its ACK. Messages of a connection are stored and answered in the
order they come; those that wait behind one another lie in the socket. On SIGTERM no more are taken, those
under way are stored and answered, and the exit code is 0.
Source: HL7 Version 2 Transport Specification: MLLP, Release 1.
"""

import asyncio
import logging
import signal
import socket
import ssl
from asyncio import IncompleteReadError, LimitOverrunError, StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from app.fhir_mapping.outcome import Refusal, refusal
from app.routers import health, hl7v2
from app.routers.hl7v2 import Answer, Arriving
from app.routers.load import Load, Share
from app.routers.service import Service
from app.settings import Settings
from app.store.session import Store, utc_now

START, END = b"\x0b", b"\x1c\r"
LARGEST = 4 * 1024 * 1024
"""Bytes of one message; a larger one is answered AE, and its connection ends."""
MOST_CONNECTIONS = 200
"""Connections at a time; one beyond is closed at once, and its engine tries again."""
_BETWEEN = {b"\r", b"\n"}
_HEAD = 4096
_AT_END = 5.0

log = logging.getLogger("trialbridge")


@dataclass(eq=False)
class Listener:
    """The socket's side of the service: its connections, and whether it is about to end."""

    service: Service
    largest: int = LARGEST
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer the messages of one connection until it ends, or we do."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is served by a task
        self.connections.add(task)
        try:
            if len(self.connections) <= MOST_CONNECTIONS:
                await self._serve(reader, writer)
        except (ConnectionError, IncompleteReadError, TimeoutError):
            log.info("connection lost")
        finally:
            self.connections.discard(task)
            writer.close()
            with suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await asyncio.wait_for(writer.wait_closed(), _AT_END)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        # an engine may be silent for days; one that is gone is noticed
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        while await self._begins(reader):
            try:
                async with asyncio.timeout(self.service.settings.body_seconds):
                    framed = await reader.readuntil(END)
            except LimitOverrunError:
                await self._say(writer, _too_large(await reader.read(_HEAD), self.largest))
                return
            await self._say(writer, await self._answered(framed.removesuffix(END)))

    async def _begins(self, reader: StreamReader) -> bool:
        """Whether a message begins; False where the connection ends, we do, or this is not MLLP."""
        while True:
            byte = await self._unless_stopping(reader)
            if byte not in _BETWEEN:
                return byte == START

    async def _unless_stopping(self, reader: StreamReader) -> bytes:
        """The next byte; none where the connection ends, or where we are to stop first."""
        read, stop = asyncio.create_task(reader.read(1)), asyncio.create_task(self.stopping.wait())
        await asyncio.wait((read, stop), return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not read.done():
            read.cancel()
            return b""
        return read.result()

    async def _answered(self, raw: bytes) -> Answer:
        """What became of one message, within what this process takes on at once."""
        share = Share(self.service.load)
        try:
            share.enter()
            share.hold(len(raw))
            await share.whole()
        except Refusal as refused:
            share.leave()
            return hl7v2.refused(raw, refused)
        try:
            arriving = Arriving(raw=raw, door="mllp", base=self.service.settings.fhir_base)
            return await hl7v2.received(arriving, self.service)
        finally:
            share.leave()

    async def _say(self, writer: StreamWriter, answer: Answer) -> None:
        if answer.wanted:
            writer.write(START + answer.ack + END)
            async with asyncio.timeout(self.service.settings.body_seconds):
                await writer.drain()


def _too_large(beginning: bytes, largest: int) -> Answer:
    return hl7v2.refused(
        beginning, refusal(413, "too-long", f"a message may have {largest} bytes here", "MSH[1]")
    )


@asynccontextmanager
async def listening(
    service: Service, host: str, port: int, *, tls: ssl.SSLContext | None = None, largest: int = LARGEST
) -> AsyncIterator[tuple[Listener, int]]:
    """A listener, and the port it listens on; in the end what is under way is answered first."""
    listener = Listener(service, largest)
    server = await asyncio.start_server(listener.connected, host, port, ssl=tls, limit=largest)
    try:
        yield listener, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        listener.stopping.set()
        if listener.connections:
            await asyncio.wait(listener.connections, timeout=service.settings.drain_seconds)
        for left in listener.connections:
            left.cancel()


async def serve(
    settings: Settings, host: str, port: int, *, tls: ssl.SSLContext | None, ready: Callable[[int], None]
) -> None:
    """Listen until SIGTERM or SIGINT; `ready` is told the port when the first connection may come."""
    ends = asyncio.Event()
    loop = asyncio.get_running_loop()
    for said in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(said, ends.set)
    store = await Store.open(
        settings.database_url, base=settings.fhir_base, most_waiting=settings.max_waiting_changes
    )
    try:
        await health.is_ready(store)
        service = Service(settings=settings, store=store, started=utc_now(), load=Load(settings))
        async with listening(service, host, port, tls=tls) as (_, listened):
            ready(listened)
            await ends.wait()
    finally:
        await store.close()
