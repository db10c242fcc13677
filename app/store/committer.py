"""One committer per process: what arrives together is committed together.

There is no timer. A group is whatever came in while the previous commit was under way, so a lone
write waits for nobody and a busy server pays for one commit what would have been many. Each writer
is answered only after its commit; one that is refused or fails never takes its neighbours with it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.audit_event import Event
from app.fhir_mapping.change import Put, Version, Write, changed
from app.fhir_mapping.outcome import Refusal, passing
from app.store.audited import events
from app.store.claims import Claims, claims
from app.store.commit import commit
from app.store.database import Connection, Database, DatabaseError, Key
from app.store.desk import CurrentDesk
from app.store.identities import plain
from app.store.piece import Indexes, Piece, index_of
from app.store.trail import Chains
from app.store.tries import tried
from app.store.visibility import Visibility
from app.store.writing import Plan

_GROUP = 256  # changes and claims of one commit, beyond which a piece waits for the next


@dataclass(slots=True, eq=False)
class _Waiting:
    writes: Sequence[Write]
    visibility: Visibility
    by: Actor
    indexes: Indexes
    claims: Claims
    touches: frozenset[Key]  # what no other of its group may touch
    answer: asyncio.Future[list[Version]]
    whole: bytes | None = None
    letter: str | None = None

    def piece(self, base: str) -> Piece:
        """What is to be carried out, as it was before any attempt."""
        own = dict(self.indexes)
        return Piece(
            self.writes, base, self.visibility, by=self.by, indexes=own, whole=self.whole, letter=self.letter
        )


class _Rehearsed(Exception):
    """Takes back what was only carried out to see whether it can be."""


class Committer:
    """Takes writes, gives versions."""

    def __init__(
        self,
        database: Database,
        desk: CurrentDesk,
        chains: Chains,
        *,
        clock: Callable[[], datetime],
        base: str,
        most_waiting: int,
    ) -> None:
        self._database = database
        self._desk = desk
        self.chains = chains
        self._clock = clock
        self._base = base
        self._queue: deque[_Waiting] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._most = most_waiting
        self.waiting = 0  # changes that no commit has taken up yet
        self.refused = 0
        self.on_stored: Callable[[set[str]], None] | None = None
        """Told of the types that were stored."""
        self.on_commit: Callable[[int, float], None] | None = None
        """Told how many changes a commit took up, and how many seconds it took."""

    async def submit(
        self,
        writes: Sequence[Write],
        visibility: Visibility,
        *,
        by: Actor,
        whole: bytes | None = None,
        letter: str | None = None,
    ) -> list[Version]:
        """Carry out the writes, all or none, and return their versions after the commit.

        What the documents are found by is drawn from them here, while others are being committed.
        """
        self.refuse_more()
        if len(writes) > _GROUP:  # drawn beside the event loop, so that others are answered meanwhile
            loop = asyncio.get_running_loop()
            waiting = await asyncio.to_thread(self._waiting, writes, visibility, by, loop)
            self.refuse_more()
        else:
            waiting = self._waiting(writes, visibility, by)
        waiting.whole, waiting.letter = whole, letter
        self._queue.append(waiting)
        self.waiting += len(writes)
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        return await waiting.answer

    def refuse_more(self) -> None:
        """Refuse what is to be written while so much waits already, or when the store is closing."""
        if self._closed:
            raise DatabaseError("the store is closing")
        if self.waiting >= self._most:
            self.refused += 1
            raise busy(self.waiting)

    async def rehearse(self, writes: Sequence[Write], visibility: Visibility, *, by: Actor) -> None:
        """Carry out the writes and take them back; a Refusal says what stands against them."""
        waiting = self._waiting(writes, visibility, by)

        async def once() -> Piece:
            piece = waiting.piece(self._base)

            async def work(connection: Connection) -> None:
                await self._carry_out(connection, [piece], waiting.claims)
                raise _Rehearsed

            with suppress(_Rehearsed):
                await self._database.write(work)
            return piece

        piece = await tried(once)
        if piece.parked is not None:
            raise piece.parked.foretold()
        if piece.refused is not None:
            raise piece.refused

    def _waiting(
        self,
        asked: Sequence[Write],
        visibility: Visibility,
        by: Actor,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> _Waiting:
        writes = [plain(write) for write in asked]
        changes = [changed(write) for write in writes]
        indexes = {id(put): index_of(put, self._base) for put in changes if isinstance(put, Put)}
        claimed = claims(writes, indexes)
        named = {(change.resource.name, change.id) for change in changes if change.id}
        pushed = {("pushed", one.push.identity.name) for one in changes if isinstance(one, Put) and one.push}
        touches = named | pushed | {("claimed", name) for name in claimed.exclusive}
        answer: asyncio.Future[list[Version]] = (loop or asyncio.get_running_loop()).create_future()
        return _Waiting(writes, visibility, by, indexes, claimed, frozenset(touches), answer)

    async def close(self) -> None:
        """Commit what is waiting, accept nothing more."""
        self._closed = True
        if self._task is not None:
            await self._task
        await self.chains.close()

    async def _work(self) -> None:
        try:
            while self._queue:
                began = perf_counter()
                group = self._next_group()
                await self._commit(group)
                if self.on_commit is not None:
                    self.on_commit(sum(len(one.writes) for one in group), perf_counter() - began)
        finally:
            self._task = None

    def _next_group(self) -> list[_Waiting]:
        """As many as fit, in order; one that touches what another of the group touches waits.

        Whoever deletes goes alone, for a neighbour might refer to just that; and so does whoever asks
        for what a neighbour might be about to write.
        """
        group: list[_Waiting] = []
        held: deque[_Waiting] = deque()
        touched: set[Key] = set()
        size = 0
        while self._queue and (not group or size < _GROUP):
            waiting = self._queue.popleft()
            if waiting.touches & touched or (group and (waiting.claims.alone or group[0].claims.alone)):
                held.append(waiting)
            else:
                group.append(waiting)
                self.waiting -= len(waiting.writes)
                size += len(waiting.touches)
            touched |= waiting.touches  # so that what waits keeps its place in line
        self._queue.extendleft(reversed(held))
        return group

    async def _commit(self, group: list[_Waiting]) -> None:
        if len(group) > 1:
            with suppress(Exception):  # then each on its own, so that only the one at fault fails
                return await self._attempt(group)
        for waiting in group:
            await self._alone(waiting)
        return None

    async def _alone(self, waiting: _Waiting) -> None:
        try:
            await tried(lambda: self._attempt([waiting]))
        except Exception as error:  # noqa: BLE001 - whatever it was, every waiting writer must be answered
            if not waiting.answer.done():
                waiting.answer.set_exception(error)

    async def _attempt(self, group: list[_Waiting]) -> None:
        pieces = [waiting.piece(self._base) for waiting in group]
        claimed = Claims.of_all([one.claims for one in group])

        async def work(connection: Connection) -> tuple[None, Sequence[Event]]:
            plans, indexes, at = await self._carry_out(connection, pieces, claimed)
            return None, tuple(events(pieces, plans, indexes, at=at) if self.chains.kept else ())

        await self.chains.write(work, feeding=True)
        if self.on_stored is not None:
            self.on_stored(set().union(*(piece.types() for piece in pieces if piece.refused is None)))
        for waiting, piece in zip(group, pieces, strict=True):
            if not waiting.answer.done():  # the asker may have gone away
                _resolve(waiting.answer, piece)

    async def _carry_out(
        self, connection: Connection, pieces: Sequence[Piece], claimed: Claims
    ) -> tuple[Sequence[Plan], Indexes, datetime]:
        return await commit(
            self._database, connection, pieces, desk=self._desk, claimed=claimed, clock=self._clock
        )


def busy(waiting: int) -> Refusal:
    """429: what waits to be committed would take long already."""
    text = f"{waiting} changes wait to be stored before this one; send it again later"
    return passing(429, "throttled", text, seconds=2)


def _resolve(answer: asyncio.Future[list[Version]], piece: Piece) -> None:
    if piece.refused is not None:
        answer.set_exception(piece.refused)
    else:
        answer.set_result(piece.versions)
