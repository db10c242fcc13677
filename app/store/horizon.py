"""Those who follow the feed wait together: one of them asks the database, for all of this process."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from app.fhir_mapping.outcome import Refusal, passing

SECONDS = 5
"""How long who follows waits for the writers under way, who hold up the next writers meanwhile."""

Ask = Callable[[Callable[[], None]], Awaitable[datetime]]
"""Waits for the writers under way, says when it has, and gives the latest instant then."""


class Horizon:
    """The last instant of which everything is committed.

    Whoever comes while one is waiting waits with them, for no writer under way is past by then. Whoever comes
    later needs a new look: what was committed since might be missing from this one.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waiting: asyncio.Task[datetime] | None = None

    async def known(self) -> datetime:
        """The instant; Refusal 503 where the writers under way take too long."""
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._look())
            self._waiting.add_done_callback(_observed)
        return await asyncio.shield(self._waiting)  # the others wait on when one goes away

    async def _look(self) -> datetime:
        own = asyncio.current_task()

        def passed() -> None:
            if self._waiting is own:
                self._waiting = None

        try:
            return await self._ask(passed)
        finally:
            passed()


def _observed(task: asyncio.Task[datetime]) -> None:
    """An error nobody waits for any more is not worth a line in the log."""
    if not task.cancelled():
        task.exception()


def held_up() -> Refusal:
    """503: a large write is under way."""
    text = f"writes under way have not ended within {SECONDS} seconds: ask again, from where you are"
    return passing(503, "transient", text, seconds=SECONDS)
