"""The trail of who did what: chains of events, each of which holds the hash of the one before.

There is a chain for each study and committer, so that no two processes ever wait for each other. What
becomes of one chain is found by the others: every committer cites in a `link`, at its first event, every
hundred events, every five minutes and at its end, where the chains stand: those that have moved since its
last link, or at first since the newest link of anybody. What moved before that, the links before it cite: so
the end of every chain is cited by who came after it, and a link does not grow with all there ever were.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, TypeVar

from app.fhir_mapping import links
from app.fhir_mapping.access.actor import SERVICE
from app.fhir_mapping.audit_drawing import drawn
from app.fhir_mapping.audit_event import LINK, Event, Head
from app.fhir_mapping.audit_evidence import BEFORE
from app.store import models
from app.store.database import Connection, Contention, Database, DatabaseError, Row
from app.store.ids import new_id

T = TypeVar("T")

EVENTS_BETWEEN_LINKS: Final = 100
BETWEEN_LINKS: Final = timedelta(minutes=5)
_OVERLAP = timedelta(seconds=10)
"""What another process recorded so long before our last link may have been committed after it."""

HEADS: Final = """WITH RECURSIVE place(id) AS (
 SELECT (SELECT id FROM audit ORDER BY chain, committer, number LIMIT 1)
 UNION ALL
 SELECT (SELECT n.id FROM audit n WHERE (n.chain, n.committer) > (a.chain, a.committer)
 ORDER BY n.chain, n.committer, n.number LIMIT 1) FROM place p JOIN audit a ON a.id = p.id)
SELECT l.chain, l.committer, l.number, l.hash FROM place p JOIN audit a ON a.id = p.id
 JOIN audit l ON l.id = (SELECT m.id FROM audit m WHERE m.chain = a.chain AND m.committer = a.committer
 ORDER BY m.number DESC LIMIT 1)"""
"""Where every chain stands: from one chain to the next by the index, whatever their lengths."""
_BEFORE = """SELECT (SELECT count(*) FROM resource r WHERE r.last_updated < $1)
 + (SELECT count(*) FROM version v WHERE v.last_updated < $1) WHERE NOT EXISTS (SELECT 1 FROM audit)"""
_NEWEST = """SELECT a.recorded FROM audit a WHERE a.interaction = 'link' AND a.recorded <= $1
 ORDER BY a.recorded DESC LIMIT 1"""
_MOVED = """SELECT a.chain, a.committer, a.number, a.hash FROM audit a WHERE a.recorded >= $1
 AND NOT EXISTS (SELECT 1 FROM audit n WHERE n.chain = a.chain AND n.committer = a.committer
 AND n.number = a.number + 1)"""


@dataclass(frozen=True, slots=True)
class _Grown:
    """Where the chains stand once the transaction is committed."""

    heads: Mapping[str, Head]
    events: int
    latest: datetime | None
    linked: datetime | None


class Chains:
    """The chains of one committer, from its start to its end; `kept` False writes nothing down."""

    def __init__(self, database: Database, *, kept: bool = True) -> None:
        self.kept = kept
        self._database = database
        self._alone = asyncio.Lock()  # an event knows the hash of the one before it
        self._begin()

    def _begin(self) -> None:
        self.committer = new_id()
        self._heads: Mapping[str, Head] = {}
        self._events = 0  # since the last link
        self._latest: datetime | None = None
        self._linked: datetime | None = None

    async def write(
        self, work: Callable[[Connection], Awaitable[tuple[T, Sequence[Event]]]], *, feeding: bool = False
    ) -> T:
        """Carry out the work in one transaction, and write down in it the events it gives.

        Where nobody can tell whether the transaction was committed, the chains end and others begin; what
        failed before it could be committed leaves them as they were.
        """

        async def whole(connection: Connection) -> tuple[T, _Grown]:
            result, events = await work(connection)
            return result, await self._appended(connection, events)

        async with self._alone:
            return await self._advanced(whole, feeding=feeding)

    async def _advanced(
        self, whole: Callable[[Connection], Awaitable[tuple[T, _Grown]]], *, feeding: bool = False
    ) -> T:
        done = False

        async def marked(connection: Connection) -> tuple[T, _Grown]:
            nonlocal done
            done = False
            found = await whole(connection)
            done = True
            return found

        try:
            result, grown = await self._database.write(marked, feeding=feeding)
        except Contention:  # it was taken back
            raise
        except DatabaseError:
            if done:  # it may have been committed
                self._begin()
            raise
        except asyncio.CancelledError:
            self._begin()
            raise
        self._heads, self._events = grown.heads, grown.events
        self._latest, self._linked = grown.latest, grown.linked
        return result

    async def close(self) -> None:
        """Cite for the last time where the chains stand, if the database still answers."""

        async def last(connection: Connection) -> tuple[None, _Grown]:
            return None, await self._appended(connection, (), ends=True)

        async with self._alone:
            if self._events:
                with suppress(DatabaseError):  # nothing is lost: another process cites what stands
                    await self._advanced(last)

    async def _appended(
        self, connection: Connection, events: Sequence[Event], *, ends: bool = False
    ) -> _Grown:
        """Write the events at the ends of their chains, and a link where it is time for one."""
        heads, rows, entities = dict(self._heads), list[Row](), list[Row]()
        if self.kept:
            for event in events:
                _append(event, self.committer, heads=heads, rows=rows, entities=entities)
        count, linked = self._events + len(rows), self._linked
        at = max((event.recorded for event in events), default=self._latest)
        if at is not None and count and (ends or self._is_time(count, at)):
            cited = await self._cited(connection, heads, at)
            began = min((event.recorded for event in events), default=at)
            named = await _before(connection, began) if linked is None else []
            link = Event(recorded=at, action="E", interaction=LINK, status=200, actor=SERVICE, named=named)
            _append(link, self.committer, heads=heads, rows=rows, entities=entities, cited=cited)
            count, linked = 0, at
        for table, of_table in ((models.audit, rows), (models.audit_entity, entities)):
            if of_table:
                await connection.insert(table, of_table)
        return _Grown(heads, count, at, linked)

    def _is_time(self, count: int, at: datetime) -> bool:
        last = self._linked
        return last is None or count >= EVENTS_BETWEEN_LINKS or at - last >= BETWEEN_LINKS

    async def _cited(self, connection: Connection, own: Mapping[str, Head], at: datetime) -> list[Head]:
        """Where the chains stand that have moved since the last link; all of them where there is none yet."""
        since = self._linked
        if since is None:
            since = next((row[0] for row in await connection.fetch(_NEWEST, at)), None)
        if since is None:
            rows = await connection.fetch(HEADS)
        else:
            rows = await connection.fetch(_MOVED, since - _OVERLAP)
        others = [head_of(row) for row in rows if row[1] != self.committer]
        return [*others, *own.values()]


async def _before(connection: Connection, began: datetime) -> list[tuple[str, str]]:
    """How many versions were stored before the trail began, told once: where nothing is in it yet."""
    rows = await connection.fetch(_BEFORE, began)
    return [(BEFORE, f"{count} {links.instant(began)}") for (count,) in rows]


def head_of(row: Row) -> Head:
    """A row of `HEADS`."""
    study, committer, number, hashed = row
    return Head(study=study, committer=committer, number=number, hash=bytes(hashed))


def chained(previous: bytes, document: bytes) -> bytes:
    """The hash of an event: of the one before it, and of the document that tells it."""
    return sha256(previous + document).digest()


def _append(
    event: Event,
    committer: str,
    *,
    heads: dict[str, Head],
    rows: list[Row],
    entities: list[Row],
    cited: Sequence[Head] = (),
) -> None:
    """Put an event at the end of its chain, and what it is about beside it."""
    name, last = new_id(), heads.get(event.study)
    previous, number = (last.hash, last.number + 1) if last is not None else (b"", 1)
    place = Head(study=event.study, committer=committer, number=number, hash=previous)
    document = drawn(name, event, place, cited)
    hashed = chained(previous, document)
    heads[event.study] = Head(study=event.study, committer=committer, number=number, hash=hashed)
    what = (event.recorded, event.action, event.interaction, event.outcome, event.actor.client)
    rows.append((name, event.study, committer, number, *what, event.patient, document, previous, hashed))
    entities += ((name, one.type, one.id, one.version, one.whose, one.digest) for one in event.entities)
