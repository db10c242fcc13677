"""Who may push: the registered senders, and what is recognised of what they sent before that."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.fhir_mapping import codec
from app.fhir_mapping.audit_event import SENDER
from app.fhir_mapping.content import digest
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Document
from app.fhir_mapping.sender import Sender, Senders
from app.fhir_mapping.sender_document import kept, problems, written
from app.store.acts import command
from app.store.database import Connection, Key, Row
from app.store.models import content, identity, sender, sender_system
from app.store.session import Store, utc_now

_PAGE = 500
_SWEPT_ANEW = "DELETE FROM swept WHERE kind = 'sender' AND id = $1"
_KEEP = "ON CONFLICT (name) DO UPDATE SET definition = excluded.definition"
_UNLESS_THERE = "ON CONFLICT DO NOTHING"
_BEARING = """SELECT DISTINCT s.type, s.id, coalesce(v.last_updated, r.last_updated) AS first
 FROM search_token s JOIN resource r ON r.type = s.type AND r.id = s.id
 LEFT JOIN version v ON v.type = s.type AND v.id = s.id AND v.version = 1
 WHERE s.parameter = 'identifier' AND {own} ORDER BY 3, 1, 2"""
_KNOWN = "SELECT k.type, k.id FROM {keys} JOIN identity i ON i.type = k.type AND i.id = k.id"
_CURRENT = """SELECT r.type, r.id, r.patient_id, r.document FROM {keys}
 JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted"""
_VERSIONS = """SELECT e.type, e.id, e.version, e.patient_id, e.document FROM {keys} JOIN (
 SELECT type, id, version, patient_id, document FROM resource
 UNION ALL SELECT type, id, version, patient_id, document FROM version) e
 ON e.type = k.type AND e.id = k.id WHERE e.document IS NOT NULL ORDER BY e.type, e.id, e.version"""


@dataclass(frozen=True, slots=True)
class Recognised:
    """How many stored resources a later resend will be told from, and how many are second to an older one."""

    results: int = 0
    twice: int = 0


async def senders(connection: Connection) -> Senders:
    """All that are registered and not disabled, as seen on this connection."""
    return Senders.of(await every_sender(connection))


async def listed(store: Store) -> list[Sender]:
    """All that are registered, the disabled ones among them, by name."""
    return await store.database.read(every_sender)


async def register(store: Store, registered: Sender, *, at: datetime) -> Recognised:
    """Register a sender, or register it anew under what is now its own; all or nothing.

    What is stored already and bears an identifier of its systems is recognised as its own, so that a
    resend is a replay. Where two stored resources are the same result, the older one is it. All that is its
    own is translated, or translated again, by the next sweep. Refusal 400 where the sender cannot be so, 409
    where a system or a name in HL7 v2 is another's.
    """
    wrong = problems(registered)
    if wrong:
        raise Refusal(400, tuple(Issue("value", text) for text in wrong))

    async def work(connection: Connection) -> Recognised:
        await _refuse_anothers(store, connection, registered)
        await connection.insert(sender, [(registered.name, at, written(registered))], on_conflict=_KEEP)
        await connection.execute("DELETE FROM sender_system WHERE sender = $1", registered.name)
        systems = [(system, registered.name) for system in dict.fromkeys(registered.systems)]
        await connection.insert(sender_system, systems)
        await connection.execute(_SWEPT_ANEW, registered.name)
        return await _recognise(store, connection, registered)

    return await command(store, "sender-add", work, at=at, named=[(SENDER, registered.name)])


async def disable(store: Store, name: str) -> None:
    """Take nothing more as this sender's own; its systems stay its. Refusal 404 where there is none."""

    async def work(connection: Connection) -> None:
        found = await connection.fetch("SELECT definition FROM sender WHERE name = $1", name)
        if not found:
            raise refusal(404, "not-found", f"no sender is registered as {name}")
        closed = written(replace(kept(found[0][0]), disabled=True))
        await connection.execute("UPDATE sender SET definition = $2 WHERE name = $1", name, closed)

    await command(store, "sender-disable", work, at=utc_now(), named=[(SENDER, name)])


async def every_sender(connection: Connection) -> list[Sender]:
    """All that are registered, the disabled ones among them, by name, as seen on this connection."""
    rows = await connection.fetch("SELECT definition FROM sender ORDER BY name")
    return [kept(row[0]) for row in rows]


async def _refuse_anothers(store: Store, connection: Connection, registered: Sender) -> None:
    """A system numbers the results of one sender, and a name in HL7 v2 is one's; else nobody knew whose."""
    own = store.database.member("system", 2)
    sql = f"SELECT system, sender FROM sender_system WHERE sender <> $1 AND {own} ORDER BY 1"
    rows = await connection.fetch(sql, registered.name, store.database.members(registered.systems))
    taken = [(system, other) for system, other in rows]
    for other in await every_sender(connection):
        if other.name != registered.name:
            both = sorted({*other.applications} & {*registered.applications})
            taken += [(application, other.name) for application in both]
    if taken:
        raise Refusal(409, tuple(Issue("conflict", f"{one} is {other}'s") for one, other in taken))


async def _recognise(store: Store, connection: Connection, registered: Sender) -> Recognised:
    """Remember what is stored already: which results they are, and all they ever said."""
    everyone = await senders(connection)
    sql = _BEARING.format(own=store.database.member("s.system", 1))
    rows = await connection.fetch(sql, store.database.members(registered.systems))
    results = twice = 0
    for start in range(0, len(rows), _PAGE):
        page = [(row[0], row[1]) for row in rows[start : start + _PAGE]]
        keys = await _new(store, connection, page)
        found = await _identified(store, connection, keys, everyone)
        went_in = await connection.insert(identity, found, on_conflict=_UNLESS_THERE) if found else 0
        own = await _known(store, connection, keys)
        await _remember(store, connection, own)
        results, twice = results + went_in, twice + len(keys) - len(own)
    return Recognised(results, twice)


async def _known(store: Store, connection: Connection, keys: Sequence[Key]) -> list[Key]:
    """Those of these that are the one resource some result is stored as."""
    sql = _KNOWN.format(keys=store.database.keys(1))
    return [(row[0], row[1]) for row in await connection.fetch(sql, store.database.key_set(keys))]


async def _new(store: Store, connection: Connection, keys: Sequence[Key]) -> list[Key]:
    """Those of these that are not known yet."""
    known = set(await _known(store, connection, keys))
    return [key for key in keys if key not in known]


async def _identified(
    store: Store, connection: Connection, keys: Sequence[Key], everyone: Senders
) -> list[Row]:
    """A row for each result among these, the oldest first."""
    sql = _CURRENT.format(keys=store.database.keys(1))
    rows = await connection.fetch(sql, store.database.key_set(keys))
    there = {(row[0], row[1]): row for row in rows}
    return list(_identities((there[key] for key in keys if key in there), everyone))


def _identities(rows: Iterable[Row], everyone: Senders) -> Iterable[Row]:
    taken = set()
    for kind, name, patient, stored in rows:
        found = identity_of(everyone, codec.read(stored))
        if found is not None and found not in taken:
            taken.add(found)
            yield (kind, found.system, found.value, found.code, name, patient or "")


async def _remember(store: Store, connection: Connection, keys: Sequence[Key]) -> None:
    """Everything these ever said, each with the version that said it first."""
    sql = _VERSIONS.format(keys=store.database.keys(1))
    said: dict[tuple[str, str, bytes], Row] = {}
    for kind, name, number, patient, stored in await connection.fetch(sql, store.database.key_set(keys)):
        document: Document = codec.read(stored)
        mark = digest(document)
        said.setdefault((kind, name, mark), (kind, name, mark, number, patient or ""))
    if said:
        await connection.insert(content, list(said.values()), on_conflict=_UNLESS_THERE)
