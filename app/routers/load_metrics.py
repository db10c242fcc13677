"""What the operator sees of the load of one process: how much is held, waits and was refused; no contents."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from app.routers.load import Load
from app.store.committer import Committer

_TURN = 0.5
"""Seconds between two looks at how late the event loop is."""


class LoadMetrics(Collector):
    """The load at the moment it is asked about."""

    def __init__(self, load: Load, committer: Committer) -> None:
        self._load = load
        self._committer = committer
        self._latest = 0.0

    def collect(self) -> Iterator[Metric]:
        """What Prometheus reads."""
        load, committer = self._load, self._committer
        yield _gauge("requests_under_way", "FHIR requests that are being answered.", load.requests)
        yield _gauge("held_bytes", "Bytes of large bodies held, beyond the first 64 KB of each.", load.held)
        yield _gauge("waiting_changes", "Changes that wait to be committed.", committer.waiting)
        yield _gauge(
            "loop_lag_seconds", "How late the event loop was at most since last asked.", self._latest
        )
        self._latest = 0.0
        refused = CounterMetricFamily(
            "trialbridge_refused_for_load", "Requests and entries answered 429, by reason.", labels=["reason"]
        )
        for reason, count in (
            load.refused | {"rate": load.rates.refused, "queue": committer.refused}
        ).items():
            refused.add_metric([reason], count)
        yield refused

    async def watch(self) -> None:
        """See how late a timer is, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _TURN
            await asyncio.sleep(_TURN)
            self._latest = max(self._latest, loop.time() - due)


@asynccontextmanager
async def watched(load: Load, committer: Committer, registry: CollectorRegistry) -> AsyncIterator[None]:
    """Tell the load among the metrics for as long as the service runs."""
    told = LoadMetrics(load, committer)
    registry.register(told)
    watching = asyncio.create_task(told.watch())
    try:
        yield
    finally:
        watching.cancel()
        registry.unregister(told)


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"trialbridge_{name}", about, value=value)
