"""Who saw what, written down before the answer goes out: many answers by one commit.

There is no timer: a group is what was answered while the one before it was being written.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from app.fhir_mapping.audit_event import Entity, Event
from app.store.audited import study_of
from app.store.database import Connection, Database, DatabaseError, Key
from app.store.trail import Chains
from app.store.tries import tried
from app.store.visibility import Visibility

_GROUP = 256
LISTED: Final = 1000
"""So many versions does one event name; an answer about more leaves several, with the same request id."""
_WHOSE = """SELECT r.type, r.id, r.patient_id, r.study_id
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id"""


@dataclass(slots=True, eq=False)
class _Waiting:
    event: Event
    visibility: Visibility
    written: asyncio.Future[None]

    def about(self) -> set[Key]:
        return {(one.type, one.id) for one in self.event.entities}


class Auditor:
    """Takes what was seen, and says when it is written down. `reads` False lets reads go unnoticed."""

    def __init__(self, database: Database, chains: Chains, *, reads: bool) -> None:
        self.chains = chains
        self.reads = reads and chains.kept
        self._database = database
        self._queue: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def note(self, event: Event, visibility: Visibility) -> None:
        """Write it down; whose the versions are, and of which study where it says none, is looked up here."""
        if not self.chains.kept:
            return
        if self._closed:
            raise DatabaseError("the store is closing")
        waiting = _Waiting(event, visibility, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        await waiting.written

    async def close(self) -> None:
        """Write down what is waiting, and take nothing more."""
        self._closed = True
        if self._task is not None:
            await self._task
        await self.chains.close()

    async def _work(self) -> None:
        try:
            while self._queue:
                group = [self._queue.popleft() for _ in range(min(_GROUP, len(self._queue)))]
                await self._write_down(group)
        finally:
            self._task = None

    async def _write_down(self, group: Sequence[_Waiting]) -> None:
        if len(group) > 1:
            with suppress(Exception):  # then each by itself, so that only the one at fault fails
                await self._attempt(group)
                return
        for waiting in group:
            await self._alone(waiting)

    async def _alone(self, waiting: _Waiting) -> None:
        try:
            await self._attempt([waiting])
        except Exception as error:  # noqa: BLE001 - whatever it was, everyone who waits must be answered
            if not waiting.written.done():
                waiting.written.set_exception(_not_told(error))

    async def _attempt(self, group: Sequence[_Waiting]) -> None:
        async def work(connection: Connection) -> tuple[None, Sequence[Event]]:
            return None, await self._events(connection, group)

        await tried(lambda: self.chains.write(work))
        for waiting in group:
            if not waiting.written.done():  # the asker may have gone away
                waiting.written.set_result(None)

    async def _events(self, connection: Connection, group: Sequence[_Waiting]) -> list[Event]:
        keys = set[Key]().union(*(waiting.about() for waiting in group))
        rows = []
        if keys:
            sql = _WHOSE.format(keys=self._database.keys(1))
            rows = await connection.fetch(sql, self._database.key_set(sorted(keys)))
        whose = {(kind, name): (patient or "", study) for kind, name, patient, study in rows}
        return [part for waiting in group for part in _parts(_told(waiting, whose))]


def _not_told(error: Exception) -> DatabaseError:
    """Why it is not written down: whoever asked is not answered (503)."""
    return error if isinstance(error, DatabaseError) else DatabaseError(type(error).__name__)


def _told(waiting: _Waiting, whose: dict[Key, tuple[str, str | None]]) -> Event:
    event = waiting.event

    def known(one: Entity) -> Entity:
        return replace(one, patient=whose.get((one.type, one.id), ("", None))[0])

    studies = (whose[key][1] for key in waiting.about() if key in whose)
    return replace(
        event,
        entities=tuple(map(known, event.entities)),
        study=event.study or study_of(studies, waiting.visibility),
    )


def _parts(event: Event) -> Iterator[Event]:
    """The event, or several where it names too much for one document."""
    named = event.entities
    for start in range(0, len(named) or 1, LISTED):
        yield replace(event, entities=named[start : start + LISTED])
