"""Carries out by itself what waited: woken by what is stored, and once a minute for what a crash left."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from time import monotonic

from app.fhir_mapping.intake import Intake
from app.store.replay import sweep
from app.store.retranslate import retranslate
from app.store.session import Store, utc_now
from app.store.tokens import forget

log = logging.getLogger("trialbridge")

EVERY_SECONDS = 60.0
_SETTLE_SECONDS = 0.05
"""How long it waits after it was woken: what is stored together is swept together."""
_NEVER_AWAITED = frozenset(("Observation", "DiagnosticReport", "Specimen", "ServiceRequest"))


class Sweeper:
    """One in each process; two that meet at the same letter do it once."""

    def __init__(self, store: Store, intake: Intake) -> None:
        self._store = store
        self._intake = intake
        self._stored = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._failed: AbstractSet[str] = frozenset()
        self._until = 0.0

    def start(self) -> None:
        """Sweep now, and from now on."""
        self._stored.set()
        self._store.committer.on_stored = self.wake
        self._task = asyncio.create_task(self._work())

    def wake(self, types: AbstractSet[str]) -> None:
        """What is stored may be what others wait for."""
        if "ConceptMap" in types:
            self._store.desk.expire()
        if "ResearchStudy" in types:
            self._store.access.expire()
        if not types <= _NEVER_AWAITED:
            self._stored.set()

    async def stop(self) -> None:
        """Carry out no more; what the committer has taken already is stored all the same."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY_SECONDS):  # wait_for would lose a cancellation (until 3.12)
                    await self._stored.wait()
            await asyncio.sleep(_SETTLE_SECONDS)
            self._stored.clear()
            await _surely("sweep failed", self._sweep)
            await _surely("translating again failed", lambda: retranslate(self._store))

    async def _sweep(self) -> None:
        """Open what is ready; what failed is tried again in a minute, whatever is stored until then."""
        if monotonic() >= self._until:
            self._failed, self._until = frozenset(), monotonic() + EVERY_SECONDS
            await _surely("forgetting failed", lambda: forget(self._store, at=utc_now()))
        self._failed |= (await sweep(self._store, self._intake, but=self._failed)).failed


async def _surely(failed: str, work: Callable[[], Awaitable[object]]) -> None:
    """Whatever stops one of the works, the others go on, and the next sweep tries again."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001 as just said
        log.warning(failed, extra={"error": [type(error).__name__]})
