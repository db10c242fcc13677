"""What another writer was in the way of is tried again."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from app.store.database import Contention

T = TypeVar("T")

_TRIES = 8


async def tried(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try, and try again where another process was there first: what it wrote is seen on the next try."""
    for turn in range(_TRIES):
        with suppress(Contention):
            return await attempt()
        await asyncio.sleep(0.002 * 2**turn)
    return await attempt()
