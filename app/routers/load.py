"""How much one process takes on at once; what would be too much is answered early, and is sent again later.

Nothing here is remembered or shared: it only protects this process. Of each request a few integers are
kept. The first bytes of a body count nothing, for they have arrived before anybody could refuse them, so
a single result gets in beside whatever else is being sent; the number of requests bounds these bytes.

Of larger bodies the bytes that have arrived count, until the answer is sent. What a client declares is
asked about when it begins, and refused if there is no room for it now, but never reserved: else a few
clients that declare much and send nothing would shut all others out. And a client that sends slowly gives
way to others when room is needed. What a Bundle becomes takes many times its bytes, so of the bodies that
have arrived only as many are worked on together as the largest may have bytes; the others await their turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Concatenate, ParamSpec, TypeVar

from app.fhir_mapping.outcome import Refusal, passing
from app.routers.rates import Rates
from app.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")

FREE = 64 * 1024
"""So many bytes of each body count nothing."""

SLOW = 5.0
"""Seconds after which a body that is still arriving gives way to others."""

RETRY_AFTER = 2


class Load:
    """What this process has taken on."""

    def __init__(self, settings: Settings) -> None:
        self.most_requests = settings.max_requests
        self.most_bytes = max(settings.max_held_bytes, settings.max_body_bytes)
        self.turns = Turns(settings.max_body_bytes)
        self.rates = Rates(settings.requests_per_minute)
        self.requests = 0
        self.held = 0
        self.refused = {"requests": 0, "bytes": 0, "slow": 0}
        self.arriving: dict[Share, None] = {}

    def throttled(self, reason: str, text: str) -> Refusal:
        """429: nothing was done, and the same request is taken when there is less to do."""
        self.refused[reason] += 1
        return passing(429, "throttled", text, seconds=RETRY_AFTER)

    def make_room(self, size: int, newcomer: "Share") -> None:
        """Refuse what does not fit even when those give way who have been sending for long."""
        slow = [share for share in self._slow() if share is not newcomer]
        if self.held + size - sum(share.held for share in slow) > self.most_bytes:
            raise self._full()
        for share in slow:
            if self.held + size <= self.most_bytes:
                break
            share.give_way()

    def foresee_room(self, size: int) -> None:
        """Refuse a body of this size before it is sent, where there would be no room for it now."""
        if self.held + size - sum(share.held for share in self._slow()) > self.most_bytes:
            raise self._full()

    def _slow(self) -> Iterator["Share"]:
        """Those whose body has been arriving for long, the oldest first."""
        latest = asyncio.get_running_loop().time() - SLOW
        return takewhile(lambda share: share.began < latest, list(self.arriving))

    def _full(self) -> Refusal:
        text = f"this server holds {self.most_bytes} bytes of large bodies at once; send this again later"
        return self.throttled("bytes", text)


class Share:
    """What one request takes of the load."""

    __slots__ = ("_arrived", "_limit", "_load", "_worked", "began", "counted", "gave_way", "held")

    def __init__(self, load: Load) -> None:
        self._load = load
        self._arrived = self.held = self._worked = 0
        self._limit: asyncio.Timeout | None = None
        self.began = 0.0
        self.counted = self.gave_way = False

    def enter(self) -> None:
        """Refuse it where as many requests are being answered as may be."""
        load = self._load
        if load.requests >= load.most_requests:
            text = f"this server answers {load.most_requests} requests at once; send this again later"
            raise load.throttled("requests", text)
        load.requests += 1
        self.counted = True

    def begin(self, limit: asyncio.Timeout, declared: int) -> None:
        """A body begins that comes in pieces; `limit` is how long it may take."""
        if declared > FREE:
            self._load.foresee_room(declared - FREE)
        self._limit, self.began = limit, asyncio.get_running_loop().time()
        self._load.arriving[self] = None

    def hold(self, size: int) -> None:
        """More of the body has arrived."""
        self._arrived += size
        more = self._arrived - FREE - self.held
        if more <= 0 or self.gave_way:
            return
        if self._load.held + more > self._load.most_bytes:
            self._load.make_room(more, self)
        self.held += more
        self._load.held += more

    def give_way(self) -> None:
        """End the arrival of this body, which has taken long, for others need the room."""
        self.gave_way = True
        self._let_go()
        if self._limit is not None:
            self._limit.reschedule(asyncio.get_running_loop().time())

    def too_slow(self) -> Refusal:
        """429: it may be sent again when others need less room."""
        text = "this body arrived slowly, and others needed the room it took; send it again later"
        return self._load.throttled("slow", text)

    async def whole(self) -> None:
        """The body is here; where it is large, wait for the turn to work on it."""
        self._load.arriving.pop(self, None)
        if self.held:
            await self._load.turns.take(self.held)
            self._worked = self.held

    def leave(self) -> None:
        """The request is answered."""
        if self.counted:
            self._load.requests -= 1
        self._let_go()
        if self._worked:
            self._load.turns.give(self._worked)

    def _let_go(self) -> None:
        self._load.arriving.pop(self, None)
        self._load.held -= self.held
        self.held = 0


async def beside(
    work: Callable[Concatenate[bytes, P], T], body: bytes, *args: P.args, **given: P.kwargs
) -> T:
    """What is made of a body; of a large one beside the event loop, so that others are answered meanwhile."""
    if len(body) > FREE:
        return await asyncio.to_thread(work, body, *args, **given)
    return work(body, *args, **given)


class Turns:
    """Who works on a large body now: together as many as have `most` bytes, in the order they came."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        """Wait until there is room for a body of this size; one alone has always room."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((size, turn))
        self._next()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given just now
                self.give(size)
            raise

    def give(self, size: int) -> None:
        """It is answered."""
        self._used -= size
        self._next()

    def _next(self) -> None:
        while self._queue and (not self._used or self._used + self._queue[0][0] <= self._most):
            size, turn = self._queue.popleft()
            if not turn.done():
                self._used += size
                turn.set_result(None)
