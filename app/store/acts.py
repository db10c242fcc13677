"""Signing, locking, erasing, and commands: written down in the trail by the transaction that does it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

from app.fhir_mapping.access.actor import OPERATOR, Actor
from app.fhir_mapping.audit_event import Entity, Event
from app.store.database import Connection, Key
from app.store.session import Store

T = TypeVar("T")


async def carry_out(store: Store, work: Callable[[Connection], Awaitable[tuple[T, Event]]]) -> T:
    """Carry out an act and write it down, both or neither."""

    async def with_events(connection: Connection) -> tuple[T, Sequence[Event]]:
        done, event = await work(connection)
        return done, [event]

    return await store.committer.chains.write(with_events)


async def command(
    store: Store,
    name: str,
    work: Callable[[Connection], Awaitable[T]],
    *,
    at: datetime,
    named: Sequence[tuple[str, str]] = (),
    by: Actor = OPERATOR,
) -> T:
    """Carry out what was commanded on the server itself and write down that it was; `named` is what about."""

    async def with_event(connection: Connection) -> tuple[T, Event]:
        done = await work(connection)
        return done, Event(recorded=at, action="E", interaction=name, status=200, actor=by, named=named)

    return await carry_out(store, with_event)


def act(
    name: str,
    key: Key,
    *,
    versions: Sequence[int] = (0,),
    by: Actor,
    at: datetime,
    patient: str | None = None,
    study: str | None = None,
) -> Event:
    """What was done to which resource, or to which versions of it."""
    kind, own = key
    return Event(
        recorded=at,
        action="E",
        interaction=name,
        status=200,
        actor=by,
        study=study or "",
        entities=[
            Entity(type=kind, id=own, version=number, patient=patient or "", action="E")
            for number in versions
        ],
    )
