"""What is looked up by its id while a statement is under way is looked up together, by the next one.

There is no timer: who asks alone is answered at once, and a busy server pays for one statement what would
have been many. A statement begins after everyone it answers has asked, so each sees what was committed
before. Only what differs in nothing but the id is asked together: each asker has their own conditions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from app.store.database import Row

_MOST = 100
"""So many ids are asked for at once; the others, by the statement after."""

Question = tuple[str, tuple[Any, ...]]
"""A statement and its values, but for the id."""
_Asker = tuple[str, "asyncio.Future[Row | None]"]


class Together:
    """The look-ups of one process; `ask` makes a statement and gives the rows it finds, by their id."""

    def __init__(self, ask: Callable[[Question, Sequence[str]], Awaitable[Mapping[str, Row]]]) -> None:
        self._ask = ask
        self._waiting: dict[Question, list[_Asker]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def row(self, question: Question, name: str) -> Row | None:
        """The row of this id, None where none is found."""
        answer: asyncio.Future[Row | None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(question)
        if waiting is None:
            self._waiting[question] = [(name, answer)]
            task = asyncio.create_task(self._work(question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append((name, answer))
        return await answer

    async def _work(self, question: Question) -> None:
        """Ask until nobody waits for an answer to this."""
        try:
            while waiting := self._waiting[question]:
                self._waiting[question] = waiting[_MOST:]
                await self._answer(question, waiting[:_MOST])
        finally:
            for _, answer in self._waiting.pop(question):  # some are left where this was broken off
                answer.cancel()

    async def _answer(self, question: Question, askers: Sequence[_Asker]) -> None:
        try:
            found = await self._ask(question, [name for name, _ in askers])
        except Exception as error:  # noqa: BLE001 whatever it is, who asked is told
            for _, answer in askers:
                if not answer.done():
                    answer.set_exception(error)
            return
        for name, answer in askers:
            if not answer.done():
                answer.set_result(found.get(name))
