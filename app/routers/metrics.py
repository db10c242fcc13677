"""How many requests of which kind were answered how fast; no ids, no contents."""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.settings.counts import shared_place

disable_created_metrics()  # type: ignore[no-untyped-call] # it brings no types

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The counters of one application; `looks` bring up to date what is not counted when it happens."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.looks: list[Callable[[], None]] = []
        labels = ("interaction", "type")
        self._answered = Counter(
            "trialbridge_requests",
            "Requests answered, by FHIR interaction, resource type and HTTP status.",
            (*labels, "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "trialbridge_request_seconds",
            "Seconds from request to answer, by FHIR interaction and resource type.",
            labels,
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._children = lru_cache(maxsize=1024)(self._find)

    def answered(self, *, interaction: str, kind: str, status: int, seconds: float) -> None:
        """Count one answer. `kind` is a type that exists, never what a client wrote."""
        counter, histogram = self._children(interaction, kind, status)
        counter.inc()
        histogram.observe(seconds)

    def _find(self, interaction: str, kind: str, status: int) -> tuple[Counter, Histogram]:
        return (
            self._answered.labels(interaction, kind, str(status)),
            self._seconds.labels(interaction, kind),
        )

    def text(self) -> bytes:
        """In the text format Prometheus reads: of all worker processes, whichever of them is asked."""
        for look in self.looks:
            look()
        place = shared_place()
        return generate_latest(self.registry if place is None else _together(place))


def _together(place: Path) -> CollectorRegistry:
    """What all worker processes have counted, also those that have ended; of how it stands, those alive."""
    for file in place.glob("gauge_live*_*.db"):
        if not _is_alive(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(place))  # type: ignore[no-untyped-call] # as above
    return registry


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
