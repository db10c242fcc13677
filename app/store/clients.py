"""Who may ask: the registered clients."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import kept, problems, written
from app.fhir_mapping.audit_event import CLIENT
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.store.access_tables import client as client_table
from app.store.acts import command
from app.store.database import Connection
from app.store.session import Store, utc_now

_KEEP = "ON CONFLICT (name) DO UPDATE SET definition = excluded.definition"
_STUDY = """SELECT r.id FROM resource r WHERE r.type = 'ResearchStudy' AND NOT r.deleted
 AND (r.id = $1 OR EXISTS (SELECT 1 FROM search_token t WHERE t.type = r.type AND t.id = r.id
 AND t.parameter = 'identifier' AND t.code = $1)) ORDER BY r.id"""


async def listed(store: Store) -> list[Client]:
    """All that are registered, the disabled ones among them, by name."""
    rows = await store.database.read(lambda c: c.fetch("SELECT definition FROM client ORDER BY name"))
    return [kept(bytes(row[0])) for row in rows]


async def register(store: Store, registered: Client, *, at: datetime) -> None:
    """Register a client, or register it anew with what it is given now.

    It counts in every process within two seconds. Refusal 400 where it cannot be so, such as with scopes its
    role may not have or senders nobody registered.
    """

    async def work(connection: Connection) -> None:
        wrong = [*problems(registered), *await _unknown_senders(connection, registered)]
        if wrong:
            raise Refusal(400, tuple(Issue("value", text) for text in wrong))
        await connection.insert(client_table, [(registered.name, at, written(registered))], on_conflict=_KEEP)

    await command(store, "client-add", work, at=at, named=[(CLIENT, registered.name)])
    store.access.expire()


async def rotate(store: Store, name: str, jwks: Mapping[str, Any], *, keep_old: bool = False) -> None:
    """Know a client by other public keys; with `keep_old` by those it has, too, until it has changed over."""

    def turned(found: Client) -> Client:
        held = list((found.jwks or {}).get("keys", ())) if keep_old else []
        fresh = jwks.get("keys", ())
        changed = replace(found, jwks={"keys": [*fresh, *held]}, jwks_uri=None)
        wrong = problems(changed)
        if wrong:
            raise Refusal(400, tuple(Issue("value", text) for text in wrong))
        return changed

    await _change(store, "client-rotate", name, turned)


async def disable(store: Store, name: str) -> None:
    """Let a client in no more, with whatever token; every process knows within two seconds."""
    await _change(store, "client-disable", name, lambda found: replace(found, disabled=True))


async def _change(store: Store, said: str, name: str, turned: Callable[[Client], Client]) -> None:
    async def work(connection: Connection) -> None:
        found = await connection.fetch("SELECT definition FROM client WHERE name = $1", name)
        if not found:
            raise refusal(404, "not-found", f"no client is registered as {name}")
        changed = written(turned(kept(bytes(found[0][0]))))
        await connection.execute("UPDATE client SET definition = $2 WHERE name = $1", name, changed)

    await command(store, said, work, at=utc_now(), named=[(CLIENT, name)])
    store.access.expire()


async def studies_named(store: Store, names: Sequence[str]) -> tuple[str, ...]:
    """The ids of stored studies that are named by id or by a registry's number, such as NCT03562065."""

    async def work(connection: Connection) -> tuple[str, ...]:
        found = {name: [row[0] for row in await connection.fetch(_STUDY, name)] for name in names}
        unknown = [name for name, ids in found.items() if not ids]
        if unknown:
            raise refusal(404, "not-found", f"no ResearchStudy is stored as {', '.join(unknown)}")
        return tuple(dict.fromkeys(study for ids in found.values() for study in ids))

    return await store.database.read(work)


async def _unknown_senders(connection: Connection, registered: Client) -> list[str]:
    known = {row[0] for row in await connection.fetch("SELECT name FROM sender")}
    return [
        f"no sender is registered as {name}: `trialbridge sender add` registers it"
        for name in registered.senders
        if name not in known
    ]
