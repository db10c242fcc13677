"""When a map changes, what means another by it is translated again: a new version, by the server itself.

What was done is remembered (`swept`): the version of each ConceptMap by which all that is stored reads. Who
finds another version looks up what any version since then said otherwise of, and translates that again; only
then is the new version remembered. A process that is killed before that leaves it to the next.

Nothing escapes: a commit that begins when a map is changed translates by the changed map what it stores (see
`desk.translate_anew`), and those that began earlier are waited for before anything is looked up.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import SERVICE, Actor
from app.fhir_mapping.change import Put
from app.fhir_mapping.desk import Desk
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Message, Push
from app.fhir_mapping.registry import RESOURCES
from app.store import models
from app.store.changed_maps import Changed, changed, pages
from app.store.database import Connection, DatabaseError, Key, Row
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING

log = logging.getLogger("trialbridge")

_TRIES = 5
"""How often a result is read again because somebody else changed it meanwhile."""
_STORED = """SELECT r.type, r.id, r.version, r.document FROM {keys}
 JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted"""
_NEWER = "ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version"
_UNITS_OF = "UPDATE awaited SET system = $2 WHERE kind = 'unit' AND sender = $1 AND system <> $2"


async def retranslate(store: Store) -> int:
    """Translate again whatever reads otherwise by the maps as they are now; how many results did."""
    desk = await store.database.read(store.desk.seen)
    if desk.made_of == store.desk.swept:
        return 0
    await store.database.horizon()  # what was translated by earlier maps is stored by now, or never will be
    what = await store.database.read(lambda connection: changed(connection, desk.senders))
    count = 0
    async for keys in pages(store, desk.senders, what):
        count += await _translate(store, desk, what, keys)
    if await _remember(store, desk, what):
        store.desk.swept = desk.made_of
    return count


async def _remember(store: Store, desk: Desk, what: Changed) -> bool:
    """Remember what is done, unless a map changed meanwhile: then some of it is to be done again."""
    rows = [("ConceptMap", name, version) for name, (_, version) in what.maps.items()]
    rows += [("sender", sender.name, 1) for sender in what.senders]

    async def work(connection: Connection) -> bool:
        if (await store.desk.seen(connection)).made_of != desk.made_of:
            return False
        for sender in what.senders:
            await connection.execute(_UNITS_OF, sender.name, desk.dictionaries[sender.name].unit_system)
        await connection.insert(models.swept, rows, on_conflict=_NEWER)
        return True

    return await store.database.write(work, feeding=True) if rows else True


async def _translate(store: Store, desk: Desk, what: Changed, keys: Sequence[Key]) -> int:
    """Store these again as they read now; how many read otherwise before."""
    done, left = 0, list(keys)
    for _ in range(_TRIES):
        sql = _STORED.format(keys=store.database.keys(1))
        wanted = store.database.key_set(left)
        rows = await store.database.read(lambda c, sql=sql, wanted=wanted: c.fetch(sql, wanted))  # type: ignore[misc]
        puts = [put for row in rows if (put := _put(desk, row)) is not None]
        asked = (transact(store, EVERYTHING, [put], by=_because(desk, what, put)) for put in puts)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        left = [key for put, answer in zip(puts, answers, strict=True) if (key := _overtaken(put, answer))]
        done += len(puts) - len(left)
        if not left:
            return done
    raise DatabaseError("what is to be translated again is changed all the time")


def _because(desk: Desk, what: Changed, put: Put) -> Actor:
    """The service itself, which says by which maps it does so: who wrote these is behind it."""
    sender = next(one for one in desk.senders.registered if put.push and one.name == put.push.sender)
    return replace(SERVICE, reason=what.why(sender, put.raw))


def _overtaken(put: Put, answer: object) -> Key | None:
    """What somebody else changed meanwhile: it is read again, for it may have been stored as it stood."""
    if not isinstance(answer, BaseException):
        return None
    if not isinstance(answer, Refusal) or "Retry-After" in answer.headers:
        raise answer
    key = (put.resource.name, put.id)
    if answer.status == HTTPStatus.PRECONDITION_FAILED:
        return key
    log.warning("not translated again", extra={"status": answer.status, "resource": "/".join(key)})
    return None


def _put(desk: Desk, row: Row) -> Put | None:
    """What stores a result as it reads now; None where it reads so already, or its sender pushes no more."""
    kind, name, version, raw = row[0], row[1], row[2], bytes(row[3])
    document = codec.read(raw)
    identity = identity_of(desk.senders, document)
    if identity is None:
        return None
    sender = desk.senders.by_system[identity.system].name
    push = Push(sender=sender, identity=identity, message=Message(door="replay"), translated_again=True)
    stored = Put(resource=RESOURCES[kind], id=name, raw=raw, document=document, if_match=(str(version),))
    put = desk.translated(stored, push)
    return None if put.raw == raw else put
