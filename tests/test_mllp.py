"""HL7 v2 over MLLP, on a real socket: frames as they come, in order, and what happens at the end."""

import asyncio
import os
import signal
import sys
from asyncio import StreamReader, StreamWriter
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from app import mllp
from app.mllp import END, START, Listener
from app.routers.load import Load
from app.routers.rates import Rates
from app.settings import Settings
from tests.access.signing import register_client
from tests.fhir_mapping.hl7v2_messages import GLIMS, MSH, OBR, SENDER, SUBJECTS, message, result
from tests.postgres import ROOT
from tests.pushes import registered
from tests.servers import free_port

PATIENCE = 20.0


@dataclass
class Engine:
    """A hospital's engine on one connection."""

    reader: StreamReader
    writer: StreamWriter

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def ack(self) -> dict[str, list[str]]:
        """The next ACK, by its segments."""
        framed = await asyncio.wait_for(self.reader.readuntil(END), PATIENCE)
        assert framed.startswith(START)
        lines = framed.removeprefix(START).removesuffix(END).decode().split("\r")
        return {line[:3]: line.split("|") for line in lines if line}

    async def ended(self) -> bool:
        return await asyncio.wait_for(self.reader.read(1), PATIENCE) == b""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Engine]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Engine(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def lab(settings: Settings, client: httpx.AsyncClient) -> httpx.AsyncClient:
    registered(settings.database_url, SENDER)
    identifier = [{"system": SUBJECTS, "value": "014"}]
    await client.put("/fhir/Patient/p", json={"resourceType": "Patient", "id": "p", "identifier": identifier})
    return client


@pytest.fixture
async def listener(app: FastAPI, lab: httpx.AsyncClient) -> AsyncIterator[tuple[Listener, int]]:
    async with mllp.listening(app.state.service, "127.0.0.1", 0, largest=20_000) as listening:
        yield listening


def framed(raw: bytes) -> bytes:
    return START + raw + END


def numbered(number: int) -> bytes:
    header = MSH.replace("|4711|", f"|{number}|")
    return message(OBR, f"OBX|1|NM|X{number}^^L||{number}|g/L|||||F", msh=header)


async def count(client: httpx.AsyncClient) -> int:
    answer = await client.get("/fhir/Observation", params={"_summary": "count"})
    return int(answer.json()["total"])


async def test_messages_sent_at_once_are_answered_in_their_order(
    listener: tuple[Listener, int], lab: httpx.AsyncClient
) -> None:
    async with connected(listener[1]) as engine:
        await engine.send(b"".join(framed(numbered(number)) for number in range(1, 9)))
        answered = [(await engine.ack())["MSA"][1:3] for _ in range(8)]

    assert answered == [["AA", str(number)] for number in range(1, 9)]
    assert await count(lab) == 8


async def test_a_message_may_come_byte_by_byte_with_line_ends_around_it(
    listener: tuple[Listener, int], lab: httpx.AsyncClient
) -> None:
    async with connected(listener[1]) as engine:
        for byte in b"\r\n" + framed(numbered(1)) + b"\n":
            await engine.send(bytes([byte]))
            await asyncio.sleep(0)
        await engine.send(framed(numbered(2)))

        assert [(await engine.ack())["MSA"][1:3] for _ in range(2)] == [["AA", "1"], ["AA", "2"]]


async def test_an_ack_that_was_lost_and_a_resend_are_one_result(
    listener: tuple[Listener, int], lab: httpx.AsyncClient
) -> None:
    async with connected(listener[1]) as engine:
        await engine.send(framed(GLIMS))  # and the connection breaks before the ACK is read
    async with connected(listener[1]) as engine:
        await engine.send(framed(GLIMS))
        assert (await engine.ack())["MSA"][1] == "AA"

    assert await count(lab) == 4
    history = await lab.get("/fhir/Observation/_history")
    assert len(history.json()["entry"]) == 4


async def test_what_is_wrong_with_one_message_does_not_touch_the_next(
    listener: tuple[Listener, int], lab: httpx.AsyncClient
) -> None:
    async with connected(listener[1]) as engine:
        for raw in (b"hello", result("OBX|1|NM|X^^L||1||||||"), numbered(1)):
            await engine.send(framed(raw))

        assert [(await engine.ack())["MSA"][1] for _ in range(3)] == ["AE", "AE", "AA"]


async def test_a_message_that_is_too_large_is_refused_and_the_connection_ends(
    listener: tuple[Listener, int], lab: httpx.AsyncClient
) -> None:
    async with connected(listener[1]) as engine:
        await engine.send(framed(result("OBX|1|TX|X^^L||" + "x" * 50_000 + "||||||F")))
        refused = await engine.ack()

        assert refused["MSA"][1:3] == ["AE", "4711"]
        assert await engine.ended()


async def test_what_is_not_mllp_is_not_listened_to(listener: tuple[Listener, int]) -> None:
    async with connected(listener[1]) as engine:
        await engine.send(b"GET / HTTP/1.1\r\n\r\n")

        assert await engine.ended()


async def test_a_listeners_client_has_its_requests_of_a_minute_and_the_rest_is_sent_again(
    app: FastAPI, lab: httpx.AsyncClient
) -> None:
    service = app.state.service
    await register_client(service.store, "lab")
    service.load.rates = Rates(2)

    async with (
        mllp.listening(service, "127.0.0.1", 0, client="lab") as (_, port),
        connected(port) as engine,
    ):
        await engine.send(b"".join(framed(numbered(number)) for number in (1, 2, 3)))
        told = [await engine.ack() for _ in range(3)]

    assert [one["MSA"][1] for one in told] == ["AA", "AA", "AR"]
    assert "may make 2 requests a minute; send this again later" in told[2]["ERR"][8]
    assert await count(lab) == 2


async def test_who_wants_no_answer_gets_none(listener: tuple[Listener, int], lab: httpx.AsyncClient) -> None:
    silent = result("OBX|1|NM|Y^^L||1||||||F").replace(MSH.encode(), f"{MSH}|||NE|NE".encode())
    async with connected(listener[1]) as engine:
        await engine.send(framed(silent) + framed(numbered(1)))

        assert (await engine.ack())["MSA"][1:3] == ["AA", "1"]
    assert await count(lab) == 2


async def test_a_message_that_stops_midway_ends_its_connection_in_time(
    settings: Settings, app: FastAPI, lab: httpx.AsyncClient
) -> None:
    from dataclasses import replace

    hasty = replace(app.state.service, settings=settings.model_copy(update={"body_seconds": 0.2}))
    async with mllp.listening(hasty, "127.0.0.1", 0) as (_, port), connected(port) as engine:
        await engine.send(START + b"MSH|^~\\&|")

        assert await engine.ended()


async def test_connections_beyond_what_is_taken_on_are_closed_at_once(
    app: FastAPI, lab: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mllp, "MOST_CONNECTIONS", 1)
    async with (
        mllp.listening(app.state.service, "127.0.0.1", 0) as (_, port),
        connected(port) as first,
    ):
        await first.send(framed(numbered(1)))
        await first.ack()
        async with connected(port) as second:
            assert await second.ended()
        await first.send(framed(numbered(2)))
        assert (await first.ack())["MSA"][1] == "AA"


async def test_the_program_ends_when_it_is_told_to_and_what_it_acknowledged_is_stored(
    settings: Settings, lab: httpx.AsyncClient
) -> None:
    port = free_port()
    command = (sys.executable, "-m", "app.cli", "mllp", "--port", str(port))
    environment = os.environ | {"TRIALBRIDGE_DATABASE_URL": settings.database_url, "TRIALBRIDGE_AUTH": "none"}
    program = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=-1)
    assert program.stderr is not None
    said = await asyncio.wait_for(program.stderr.readline(), PATIENCE)
    assert said.strip() == f"MLLP on 127.0.0.1:{port}".encode()

    async with connected(port) as engine:
        await engine.send(framed(numbered(1)))
        answered = await engine.ack()
        assert answered["MSA"][1] == "AA", answered
        program.send_signal(signal.SIGTERM)
        assert await engine.ended()

    assert await asyncio.wait_for(program.wait(), PATIENCE) == 0
    assert await count(lab) == 1


async def test_what_has_come_of_unfinished_messages_counts_in_what_is_held_at_once(app: FastAPI) -> None:
    from dataclasses import replace

    room = {"max_held_bytes": 300_000, "max_body_bytes": 300_000}
    load = Load(app.state.service.settings.model_copy(update=room))
    bounded = replace(app.state.service, load=load)
    async with mllp.listening(bounded, "127.0.0.1", 0) as (_, port), AsyncExitStack() as opened:
        engines = [await opened.enter_async_context(connected(port)) for _ in range(5)]
        for engine in engines:
            await engine.send(START + MSH.encode() + b"\r" + b"x" * 200_000)
        async with asyncio.timeout(PATIENCE):
            while load.refused["bytes"] < 3:  # noqa: ASYNC110 - what is counted tells nobody
                await asyncio.sleep(0.01)
        assert 200_000 < load.held <= 300_000

        answered = []
        for engine in engines:
            await engine.send(END + framed(b"hello"))
            answered += [(await engine.ack())["MSA"][1] for _ in range(2)]
        assert Counter(answered) == {"AE": 7, "AR": 3}  # no room: rejected, and the connection goes on
        assert load.held == 0


async def test_a_connection_that_is_idle_for_long_makes_room(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mllp, "IDLE", 0.2)
    async with mllp.listening(app.state.service, "127.0.0.1", 0) as (_, port), connected(port) as engine:
        assert await engine.ended()


async def test_one_address_does_not_take_all_connections(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mllp, "MOST_OF_ONE", 1)
    async with mllp.listening(app.state.service, "127.0.0.1", 0) as (_, port), connected(port) as first:
        async with connected(port) as second:
            assert await second.ended()
        await first.send(framed(b"hello"))
        assert (await first.ack())["MSA"][1] == "AE"
