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
from http import HTTPStatus

from app.fhir_mapping.outcome import Refusal, refusal
from app.routers import health, hl7v2
from app.routers.entrance import Entrance
from app.routers.hl7v2 import Answer, Arriving
from app.routers.load import Load, Share
from app.routers.service import Service
from app.settings import Settings
from app.store.asker import Asker
from app.store.ids import new_id
from app.store.session import Store, utc_now

START, END = b"\x0b", b"\x1c\r"
LARGEST = 4 * 1024 * 1024
"""Bytes of one message; a larger one is answered AE, and its connection ends."""
MOST_CONNECTIONS = 200
"""Connections at a time; one beyond is closed at once, and its engine tries again."""
MOST_OF_ONE = 50
"""Connections of one address, so that none shuts the others out."""
IDLE = 600.0
"""Seconds without a message after which a connection ends; its engine opens another when it has one."""
_BETWEEN = {b"\r", b"\n"}
_HEAD = 4096
_PIECE = 32 * 1024
"""Bytes that are read ahead of a connection; what is longer is taken in pieces that count in the load."""
_AT_END = 5.0

log = logging.getLogger("trialbridge")


@dataclass(eq=False)
class Listener:
    """The socket's side of the service: its connections, and whether it is about to end.

    `client` is the registered client as which it takes messages in, and what that may do; none in a sandbox.
    """

    service: Service
    largest: int = LARGEST
    client: str = ""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    connections: dict[asyncio.Task[None], str] = field(default_factory=dict)

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Answer the messages of one connection until it ends, or we do."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a connection is served by a task
        address = self.connections[task] = str((writer.get_extra_info("peername") or ("",))[0])
        of_one = sum(one == address for one in self.connections.values())
        try:
            if len(self.connections) <= MOST_CONNECTIONS and of_one <= MOST_OF_ONE:
                await self._serve(reader, writer)
        except (ConnectionError, IncompleteReadError, TimeoutError):
            log.info("connection lost")
        finally:
            del self.connections[task]
            writer.close()
            with suppress(ConnectionError, TimeoutError, ssl.SSLError):
                await asyncio.wait_for(writer.wait_closed(), _AT_END)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        # an engine that is gone without a word is noticed
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        goes_on = True
        while goes_on and await self._begins(reader):
            share = Share(self.service.load)
            try:
                goes_on = await self._taken(reader, writer, share)
            finally:
                share.leave()

    async def _taken(self, reader: StreamReader, writer: StreamWriter, share: Share) -> bool:
        """Take one message in and answer it; False where the rest of the connection cannot be followed."""
        raw = bytearray()
        try:
            await self._received(reader, raw, share)
        except Refusal as refused:
            del raw[_HEAD:]
            share.leave()
            goes_on = refused.status == HTTPStatus.TOO_MANY_REQUESTS and await self._passed_over(reader)
            await self._say(writer, hl7v2.refused(bytes(raw), refused))
            return goes_on
        await self._say(writer, await self._answered(bytes(raw), share))
        return True

    async def _passed_over(self, reader: StreamReader) -> bool:
        """Whether the rest of a message there is no room for has come; none of it is held."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.service.settings.body_seconds):
                while not (await _piece(reader)).endswith(END):
                    pass
                return True
        return False

    async def _received(self, reader: StreamReader, raw: bytearray, share: Share) -> None:
        """One message into `raw`, piece by piece, within what this process holds at once."""
        try:
            async with asyncio.timeout(self.service.settings.body_seconds) as limit:
                share.begin(limit, 0)
                while not raw.endswith(END):
                    piece = await _piece(reader)
                    raw += piece
                    share.hold(len(piece))
                    if len(raw) > self.largest:
                        text = f"a message may have {self.largest} bytes here"
                        raise refusal(413, "too-long", text, "MSH[1]")
        except TimeoutError:
            if share.gave_way:
                raise share.too_slow() from None
            raise
        del raw[-len(END) :]

    async def _begins(self, reader: StreamReader) -> bool:
        """Whether a message begins; False where the connection ends, we do, or this is not MLLP."""
        while True:
            byte = await self._unless_stopping(reader)
            if byte not in _BETWEEN:
                return byte == START

    async def _unless_stopping(self, reader: StreamReader) -> bytes:
        """The next byte; none where the connection ends or is idle for long, or we are to stop first."""
        read, stop = asyncio.create_task(reader.read(1)), asyncio.create_task(self.stopping.wait())
        await asyncio.wait((read, stop), timeout=IDLE, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not read.done():
            read.cancel()
            return b""
        return read.result()

    async def _answered(self, raw: bytes, share: Share) -> Answer:
        """What became of one message, within what this process takes on at once."""
        try:
            share.enter()
            asker = await self._asker()
            self.service.load.rates.spend(asker.actor)
            await share.whole()
        except Refusal as refused:
            return hl7v2.refused(raw, refused)
        base = self.service.settings.fhir_base
        return await hl7v2.received(Arriving(raw=raw, door="mllp", base=base, asker=asker), self.service)

    async def _asker(self) -> Asker:
        """As whom a message is taken in: what its client may do is asked anew for each."""
        task = asyncio.current_task()
        address = "" if task is None else self.connections.get(task, "")
        return await self.service.entrance.named(self.client, address=address, request=new_id())

    async def _say(self, writer: StreamWriter, answer: Answer) -> None:
        if answer.wanted:
            writer.write(START + answer.ack + END)
            async with asyncio.timeout(self.service.settings.body_seconds):
                await writer.drain()


async def _piece(reader: StreamReader) -> bytes:
    """What has come of a message: to its end, or as much as is read ahead."""
    try:
        return await reader.readuntil(END)
    except LimitOverrunError as longer:
        return await reader.readexactly(longer.consumed)


@asynccontextmanager
async def listening(
    service: Service,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    largest: int = LARGEST,
    client: str = "",
) -> AsyncIterator[tuple[Listener, int]]:
    """A listener, and the port it listens on; in the end what is under way is answered first."""
    listener = Listener(service, largest, client)
    server = await asyncio.start_server(listener.connected, host, port, ssl=tls, limit=_PIECE)
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
    settings: Settings,
    host: str,
    port: int,
    *,
    client: str,
    tls: ssl.SSLContext | None,
    ready: Callable[[int], None],
) -> None:
    """Listen until SIGTERM or SIGINT; `ready` is told the port when the first connection may come.

    Refusal 401 where the client is not let in.
    """
    ends = asyncio.Event()
    loop = asyncio.get_running_loop()
    for said in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(said, ends.set)
    store = await Store.open(
        settings.database_url,
        base=settings.fhir_base,
        most_waiting=settings.max_waiting_changes,
        most_connections=settings.max_connections,
        audit=settings.audit,
    )
    try:
        await health.is_ready(store)
        service = Service(
            settings=settings,
            store=store,
            started=utc_now(),
            load=Load(settings),
            entrance=Entrance(settings, store),
        )
        await service.entrance.named(client, address="", request="")
        async with listening(service, host, port, tls=tls, client=client) as (_, listened):
            ready(listened)
            await ends.wait()
    finally:
        await store.close()
