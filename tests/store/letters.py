"""Rows of the inbox as the store keeps them, each a resource that a sender pushed."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from app.fhir_mapping.inbox import Arrival
from app.store import models
from app.store.session import Store

NUMBERS = "urn:oid:1.2.250.1.0.99.1"
START = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
"""In Paris the night before the clocks go forward: half past eleven."""


def arrival(number: int, **said: Any) -> Arrival:
    """The resource that arrived in that minute; stored, unless said otherwise."""
    usual: dict[str, Any] = {
        "id": f"{number:04d}",
        "received": START + timedelta(minutes=number),
        "sender": "chu-a",
        "door": "fhir",
        "message": f"m{number}",
        "type": "Observation",
        "system": NUMBERS,
        "value": str(number),
        "code": "http://loinc.org|4485-9",
        "patient_id": "p1",
        "fate": "stored",
        "reason": "",
        "detail": None,
        "status": 201,
        "resource_id": f"o{number}",
        "version": 1,
        "change_reason": None,
        "letter": "",
        "settled": None,
    }
    return Arrival(**usual | said)


def parked(number: int, **said: Any) -> Arrival:
    """One that waits for its subject."""
    waits = {"fate": "parked", "reason": "unknown-subject", "status": 202, "resource_id": "", "version": 0}
    return arrival(number, **waits | {"letter": f"{number:04d}"} | said)


async def arrived(store: Store, arrivals: Iterable[Arrival], *, client: str = "") -> None:
    """Put these into the inbox, brought by a client."""
    names = [column.name for column in models.inbox.columns]
    assert names == [*(field.name for field in fields(Arrival)), "client"]
    rows = [(*(getattr(one, name) for name in names[:-1]), client) for one in arrivals]
    await store.database.write(lambda connection: connection.insert(models.inbox, rows))


async def awaiting(store: Store, *rows: tuple[str, str, str, str, str, str, str]) -> None:
    """Say what no map knows: kind, system, text, sender, type, id, patient."""
    await store.database.write(lambda connection: connection.insert(models.awaited, rows))
