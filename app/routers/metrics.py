"""How many requests of which kind were answered how fast; no ids, no contents."""

from functools import lru_cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

disable_created_metrics()  # type: ignore[no-untyped-call] # it brings no types

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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
        """In the text format Prometheus reads."""
        return generate_latest(self.registry)
