"""Who saw what, written down before the answer goes out: many answers by one commit.

There is no timer: a group is what was answered while the one before it was being written.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
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


Whose = Mapping[tuple[str, str, int], tuple[str, str]]
"""By type, id and version the patient it is about and its study, empty where it has none."""
_NOT_SAID: Whose = {}


@dataclass(slots=True, eq=False)
class _Waiting:
    event: Event
    visibility: Visibility
    whose: Whose
    written: asyncio.Future[None]
    unknown: set[Key] = field(init=False)

    def __post_init__(self) -> None:
        self.unknown = {
            (one.type, one.id)
            for one in self.event.entities
            if (one.type, one.id, one.version) not in self.whose
        }

    def told(self, looked_up: Mapping[Key, tuple[str, str]]) -> Event:
        """The event with whose the versions are, and of the study they are of where it says none."""
        found, studies = list[Entity](), set[str]()
        for one in self.event.entities:
            key = (one.type, one.id)
            patient, study = self.whose.get((*key, one.version)) or looked_up.get(key, ("", ""))
            studies.add(study)
            found.append(one if patient == one.patient else replace(one, patient=patient))
        study = self.event.study or study_of(studies, self.visibility)
        return replace(self.event, entities=found, study=study)


class Auditor:
    """Takes what was seen, and says when it is written down. `reads` False lets reads go unnoticed."""

    def __init__(self, database: Database, chains: Chains, *, reads: bool) -> None:
        self.chains = chains
        self.reads = reads and chains.kept
        self._database = database
        self._queue: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def note(self, event: Event, visibility: Visibility, whose: Whose = _NOT_SAID) -> None:
        """Write it down; whose the versions are, and of which study, is looked up where it is not said."""
        if not self.chains.kept:
            return
        if self._closed:
            raise DatabaseError("the store is closing")
        waiting = _Waiting(event, visibility, whose, asyncio.get_running_loop().create_future())
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
        unknown = set[Key]().union(*(waiting.unknown for waiting in group))

        async def work(connection: Connection) -> tuple[None, Sequence[Event]]:
            sql = _WHOSE.format(keys=self._database.keys(1))
            rows = await connection.fetch(sql, self._database.key_set(sorted(unknown)))
            return None, _told(group, {(row[0], row[1]): (row[2] or "", row[3] or "") for row in rows})

        if unknown:
            await tried(lambda: self.chains.write(work))
        else:
            await tried(lambda: self.chains.add(_told(group, {})))
        for waiting in group:
            if not waiting.written.done():  # the asker may have gone away
                waiting.written.set_result(None)


def _not_told(error: Exception) -> DatabaseError:
    """Why it is not written down: whoever asked is not answered (503)."""
    return error if isinstance(error, DatabaseError) else DatabaseError(type(error).__name__)


def _told(group: Sequence[_Waiting], whose: Mapping[Key, tuple[str, str]]) -> list[Event]:
    return [part for waiting in group for part in _parts(waiting.told(whose))]


def _parts(event: Event) -> Iterator[Event]:
    """The event, or several where it names too much for one document."""
    named = event.entities
    if len(named) <= LISTED:
        yield event
        return
    for start in range(0, len(named), LISTED):
        yield replace(event, entities=named[start : start + LISTED])
