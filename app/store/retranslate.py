"""When a map grows, what waited for it is translated: a new version of each, by the server itself."""

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.desk import Desk
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import Message, Push
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.translation import translated
from app.store.database import Connection, Key, Row
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING

PAGE = 200
_AWAITED = "SELECT DISTINCT kind, system, text, sender FROM awaited"
_WAITING = """SELECT type, id FROM awaited
 WHERE kind = $1 AND system = $2 AND text = $3 AND sender = $4 AND (type, id) > ($5, $6)
 ORDER BY type, id LIMIT $7"""
_STORED = """SELECT r.type, r.id, r.version, r.document FROM {keys}
 JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted"""


async def retranslate(store: Store) -> int:
    """Translate again what waits for a code or a unit that a map knows by now; how many were."""
    desk = await store.desk.now()
    count = 0
    for awaited in await store.database.read(lambda c: c.fetch(_AWAITED)):
        if _is_known(desk, awaited):
            async for keys in _waiting(store, awaited):
                count += await _translate(store, desk, keys)
    return count


async def _fetch(sql: str, values: Sequence[Any], connection: Connection) -> list[Row]:
    return await connection.fetch(sql, *values)


def _is_known(desk: Desk, awaited: Row) -> bool:
    kind, system, text, sender = awaited
    dictionary = desk.dictionaries.get(sender)
    if dictionary is None:
        return False
    return (system, text) in dictionary.codes if kind == "code" else text in dictionary.units


async def _waiting(store: Store, awaited: Row) -> AsyncIterator[list[Key]]:
    """What waits for one code or unit, page by page."""
    last: Key = ("", "")
    while True:
        values = (*awaited, *last, PAGE)
        rows = await store.database.read(partial(_fetch, _WAITING, values))
        if not rows:
            return
        keys = [(kind, name) for kind, name in rows]
        yield keys
        last = keys[-1]


async def _translate(store: Store, desk: Desk, keys: Sequence[Key]) -> int:
    """Store these again as they read now; one that somebody changes meanwhile is left for later."""
    sql = _STORED.format(keys=store.database.keys(1))
    rows = await store.database.read(lambda c: c.fetch(sql, store.database.key_set(sorted(keys))))
    puts = [put for row in rows if (put := _put(desk, row)) is not None]
    done = 0
    for put in puts:
        with suppress(Refusal):
            await transact(store, EVERYTHING, [put])
            done += 1
    return done


def _put(desk: Desk, row: Row) -> Put | None:
    kind, name, version, raw = row[0], row[1], row[2], bytes(row[3])
    document = codec.read(raw)
    identity = identity_of(desk.senders, document)
    if identity is None:
        return None
    sender = desk.senders.by_system[identity.system].name
    found = translated(raw, document, desk.dictionaries[sender])
    if found.raw == raw:
        return None
    message = Message(door="replay")
    push = Push(
        sender=sender, identity=identity, message=message, awaited=found.awaited, translated_again=True
    )
    return Put(
        resource=RESOURCES[kind],
        id=name,
        raw=found.raw,
        document=found.document,
        if_match=(str(version),),
        push=push,
    )
