"""Clients that sign in, sign out and are refused: noted in the trail, never with what would let them in."""

from dataclasses import replace
from hashlib import sha256
from typing import Final

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.audit_event import TOKEN, Event
from app.fhir_mapping.outcome import Refusal
from app.routers.service import Service
from app.store.access import asker_of
from app.store.session import utc_now

_DIGITS: Final = 12


async def note(
    service: Service, client: Client, *, interaction: str, address: str, token: str = "", status: int = 200
) -> None:
    """Note that a client got or gave back the access token of this id, or was refused."""
    access = await service.store.access.now()
    asker = asker_of(client, client.scopes, access.parts)
    mark = sha256(token.encode()).hexdigest()[:_DIGITS]
    event = Event(
        recorded=utc_now(),
        action="E",
        interaction=interaction,
        status=status,
        actor=replace(asker.actor, address=address),
        named=[(TOKEN, mark)] if token else (),
    )
    await service.store.auditor.note(event, asker.visibility)


async def note_refused(service: Service, name: str, *, interaction: str, address: str, status: int) -> None:
    """Note that what was sent in the name of a client was refused; nothing where none is of this name."""
    client = (await service.store.access.now()).client(name)
    if client is None:
        return
    try:
        service.entrance.refusals_told.spend(Actor(client=name))
    except Refusal:
        return
    await note(service, client, interaction=interaction, address=address, status=status)
