"""Carries out by itself what waited: woken by what is stored, and once a minute for what a crash left."""

import asyncio
import logging
from collections.abc import Set as AbstractSet
from contextlib import suppress

from app.fhir_mapping.intake import Intake
from app.store.replay import sweep
from app.store.retranslate import retranslate
from app.store.session import Store

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

    def start(self) -> None:
        """Sweep now, and from now on."""
        self._stored.set()
        self._store.committer.on_stored = self.wake
        self._task = asyncio.create_task(self._work())

    def wake(self, types: AbstractSet[str]) -> None:
        """What is stored may be what others wait for."""
        if "ConceptMap" in types:
            self._store.desk.expire()
        if not types <= _NEVER_AWAITED:
            self._stored.set()

    async def stop(self) -> None:
        """Finish what is being carried out, and no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stored.wait(), EVERY_SECONDS)
            await asyncio.sleep(_SETTLE_SECONDS)
            self._stored.clear()
            try:
                await sweep(self._store, self._intake)
                await retranslate(self._store)
            except Exception as error:  # noqa: BLE001 whatever it was, the next sweep tries again
                log.warning("sweep failed", extra={"error": [type(error).__name__]})
