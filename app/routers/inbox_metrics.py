"""What the database knows, for Prometheus: how the feed of each sender stands, and how large it is.

It is the same whichever process is asked.
"""

import asyncio

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from app.fhir_mapping.inbox import Standing
from app.routers.errors import log
from app.routers.logs import lineage
from app.routers.trial_answers import now
from app.store.feeds import standings
from app.store.session import Store
from app.store.visibility import EVERYTHING

PATIENCE = 5.0
"""Seconds the database has for its part: who scrapes waits for ten."""


async def text(store: Store) -> bytes:
    """In the text format Prometheus reads; nothing where the database does not answer: /readyz says so."""
    at = now()
    try:
        async with asyncio.timeout(PATIENCE):
            found = await standings(store, EVERYTHING, since=at)
            [[size]] = await store.search(lambda connection: connection.fetch(store.database.sizing))
    except Exception as error:  # noqa: BLE001 the counters of the process are told in any case
        log.warning("no metrics of the database", extra={"error": lineage(error)})
        return b""
    return generate_latest(_told([(one, one.is_silent(at)) for one in found], size))


def _told(found: list[tuple[Standing, bool | None]], size: int) -> CollectorRegistry:
    registry = CollectorRegistry()
    Gauge("trialbridge_database_bytes", "Size of the database.", registry=registry).set(size)

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"trialbridge_{name}", about, ("sender", *labels), registry=registry)

    last = gauge("sender_last_message_seconds", "When a sender was last heard of, in seconds since 1970.")
    silent = gauge("sender_silent", "1 where nothing came for longer than was agreed with the sender.")
    parked = gauge("parked", "Pushed resources that wait, by reason.", "reason")
    unmapped = gauge("unmapped", "Stored results that wait for a map of their code or unit.")
    for one, is_silent in found:
        name = one.sender.name
        unmapped.labels(name).set(one.unmapped)
        if one.last is not None:
            last.labels(name).set(one.last.timestamp())
        if is_silent is not None:
            silent.labels(name).set(is_silent)
        for reason, count in one.parked.items():
            parked.labels(name, reason).set(count)
    return registry
