"""The trail of who did what: chains of events, each of which holds the hash of the one before.

There is a chain for each study and committer, so that no two processes ever wait for each other. What
becomes of one chain is found by the others: every committer cites in a `link`, at its first event, every
hundred events, every five minutes and at its end, where the chains stand: its own, and those that have moved
since it last looked, or at first since the newest link of anybody. What moved before that, the links before
it cite: so the end of every chain is cited by who came after it, and a link does not grow with all there ever
were. Who writes several links in a second looks at the chains of others in the first of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Final, TypeVar

from app.fhir_mapping import links
from app.fhir_mapping.audit_event import Event, Head
from app.fhir_mapping.audit_evidence import BEFORE
from app.store.database import Connection, Contention, Database, DatabaseError, Row
from app.store.ids import new_id
from app.store.trail_ends import Ends

T = TypeVar("T")

_OVERLAP = timedelta(seconds=10)
"""What another process recorded so long before our last look may have been committed after it."""

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
_LAST = """(SELECT m.{column} FROM audit m WHERE m.chain = moved.chain AND m.committer = moved.committer
 ORDER BY m.number DESC LIMIT 1)"""
# `|| ''` keeps SQLite from walking through all chains there are in their order
MOVED: Final = f"""SELECT moved.chain, moved.committer, {_LAST.format(column="number")},
 {_LAST.format(column="hash")} FROM (SELECT DISTINCT a.chain || '' AS chain, a.committer || '' AS committer
 FROM audit a WHERE a.recorded >= $1 AND a.committer <> $2) AS moved"""


class Chains:
    """The chains of one committer, from its start to its end; `kept` False writes nothing down."""

    def __init__(self, database: Database, *, kept: bool = True) -> None:
        self.kept = kept
        self._database = database
        self._alone = asyncio.Lock()  # an event knows the hash of the one before it
        self._begin()

    def _begin(self) -> None:
        self._ends = Ends(new_id())

    @property
    def committer(self) -> str:
        """What tells these chains from those of others."""
        return self._ends.committer

    async def write(
        self, work: Callable[[Connection], Awaitable[tuple[T, Sequence[Event]]]], *, feeding: bool = False
    ) -> T:
        """Carry out the work in one transaction, and write down in it the events it gives.

        Where nobody can tell whether the transaction was committed, the chains end and others begin; what
        failed before it could be committed leaves them as they were.
        """

        async def whole(connection: Connection) -> tuple[T, Ends]:
            result, events = await work(connection)
            return result, await self._appended(connection, events)

        async with self._alone:
            return await self._advanced(whole, feeding=feeding)

    async def add(self, events: Sequence[Event]) -> None:
        """Write down events that come with no work: by one statement, unless it is time to look around."""

        async def whole(connection: Connection) -> tuple[None, Ends]:
            return None, await self._appended(connection, events)

        async with self._alone:
            ends = self._drawn(events)
            if ends.is_linking and ends.is_looking:
                await self._advanced(whole)
                return
            if ends.is_linking:
                ends.link()
            await self._inserted(ends)

    async def _inserted(self, ends: Ends) -> None:
        try:
            if ends.tables:
                await self._database.insert(ends.tables)
        except Contention:  # it was taken back
            raise
        except (DatabaseError, asyncio.CancelledError):  # it may have been committed
            self._begin()
            raise
        self._ends = ends.written()

    async def _advanced(
        self, whole: Callable[[Connection], Awaitable[tuple[T, Ends]]], *, feeding: bool = False
    ) -> T:
        done = False

        async def marked(connection: Connection) -> tuple[T, Ends]:
            nonlocal done
            done = False
            found = await whole(connection)
            done = True
            return found

        try:
            result, ends = await self._database.write(marked, feeding=feeding)
        except Contention:  # it was taken back
            raise
        except DatabaseError:
            if done:  # it may have been committed
                self._begin()
            raise
        except asyncio.CancelledError:
            self._begin()
            raise
        self._ends = ends.written()
        return result

    async def close(self) -> None:
        """Cite for the last time where the chains stand, if the database still answers."""

        async def last(connection: Connection) -> tuple[None, Ends]:
            return None, await self._appended(connection, (), at_end=True)

        async with self._alone:
            if self._ends.events:
                with suppress(DatabaseError):  # nothing is lost: another process cites what stands
                    await self._advanced(last)

    async def _appended(
        self, connection: Connection, events: Sequence[Event], *, at_end: bool = False
    ) -> Ends:
        """Write the events at the ends of their chains, and a link where it is time for one."""
        ends = self._drawn(events)
        if ends.is_linking or (at_end and ends.events):
            named = await _before(connection, events) if ends.linked is None else []
            others = list[Head]()
            if ends.is_looking or at_end:
                others = await self._others(connection, ends)
                ends.looked = ends.latest
            ends.link(others, named=named)
        for table, rows in ends.tables.items():
            await connection.insert(table, rows)
        return ends

    def _drawn(self, events: Sequence[Event]) -> Ends:
        """Where the chains stand with these events at their ends."""
        ends = self._ends.written()
        if self.kept:
            ends.extend(events)
        return ends

    async def _others(self, connection: Connection, ends: Ends) -> list[Head]:
        """Where the chains of others stand that moved since the last look; all where there is no link."""
        since = ends.looked
        if since is None:
            since = next((row[0] for row in await connection.fetch(_NEWEST, ends.latest)), None)
        if since is None:
            rows = await connection.fetch(HEADS)
        else:
            rows = await connection.fetch(MOVED, since - _OVERLAP, self.committer)
        return [head_of(row) for row in rows if row[1] != self.committer]


async def _before(connection: Connection, events: Sequence[Event]) -> list[tuple[str, str]]:
    """How many versions were stored before the trail began, told once: where nothing is in it yet."""
    began = min(event.recorded for event in events)
    rows = await connection.fetch(_BEFORE, began)
    return [(BEFORE, f"{count} {links.instant(began)}") for (count,) in rows]


def head_of(row: Row) -> Head:
    """A row of `HEADS`."""
    study, committer, number, hashed = row
    return Head(study=study, committer=committer, number=number, hash=bytes(hashed))
