"""Long answers end when the client goes away: nobody would read them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from starlette.types import Receive

from app.routers.bodies import Disconnected
from app.routers.requests import FhirRequest

T = TypeVar("T")


async def unless_gone(request: FhirRequest, work: Coroutine[Any, Any, T]) -> T:
    """What long work comes to; it ends when the client goes away (Disconnected)."""
    working = asyncio.create_task(work)
    watching = asyncio.create_task(_gone(request.receive))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Disconnected
        return working.result()
    finally:
        working.cancel()
        watching.cancel()


async def until_gone(request: FhirRequest, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The pieces of an answer made while it is sent; no more are made when the client has gone."""
    watching = asyncio.create_task(_gone(request.receive))
    try:
        async for piece in pieces:
            if watching.done():
                return
            yield piece
    finally:
        watching.cancel()


async def _gone(receive: Receive) -> None:
    """Wait until the client has gone; what it still sends says nothing."""
    while (await receive())["type"] != "http.disconnect":
        pass
