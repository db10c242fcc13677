"""Who asks and does not read the answer is let go; who reads slowly gets all of it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.routers import connection
from tests.servers import free_port

ANSWER = b"x" * 16 * 1024 * 1024
ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def large(_scope: Scope, _receive: Receive, send: Send) -> None:
    """An application whose every answer is larger than any buffer."""
    headers = [(b"content-length", b"%d" % len(ANSWER))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[uvicorn.Server]:
    monkeypatch.setattr(connection, "STALLED", 0.3)
    config = uvicorn.Config(
        large, http=connection.Connection, port=free_port(), lifespan="off", ws="none", log_config=None
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield server
    server.should_exit = True
    await serving


async def test_who_never_reads_is_let_go(served: uvicorn.Server) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", served.config.port, limit=1024)
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    writer.write(ASK)
    async with asyncio.timeout(5):
        while not served.server_state.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async with asyncio.timeout(5):
        while served.server_state.connections:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    writer.close()


async def test_who_reads_slowly_gets_it_all(served: uvicorn.Server) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.config.port, limit=65536)
    writer.write(ASK)
    received = 0
    await reader.readuntil(b"\r\n\r\n")
    while received < len(ANSWER):
        received += len(await reader.readexactly(1024 * 1024))
        await asyncio.sleep(0.1)

    assert received == len(ANSWER)
    writer.close()
