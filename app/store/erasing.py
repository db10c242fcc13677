"""Erasure: the documents of a resource leave the store for good, and a tombstone says so.

What stands is deleted first, as anything is. Then its versions lose their documents, and the tables beside
lose what could tell of them: the numbers it was told by (`identity`), the digests of what it said
(`content`), the messages that wait with it (`parked`) and what the inbox says of those that came. Kept are
the ids, whose it was (by which it is hidden from those who may not know), the rows of the inbox without
numbers, for the sums, and signatures, locks and the trail, which hold ids and digests.

The trail keeps what was asked and why as well, because it is evidence of who looked for whom: a search by a
number holds the number (base64, in the query of its event), and a reason for a change holds its words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.audit_event import Event
from app.fhir_mapping.audit_evidence import ERASURE, evidence
from app.fhir_mapping.change import Delete
from app.fhir_mapping.outcome import not_found, refusal
from app.fhir_mapping.registry import RESOURCES
from app.store import models
from app.store.acts import act, carry_out
from app.store.database import Connection, Database, Key, Row
from app.store.locks import Datum, holding, locked, stopping
from app.store.session import Store
from app.store.tombstones import Tombstone, tombstones
from app.store.transact import transact
from app.store.visibility import Visibility, donor_arms, visible

_THERE = """SELECT r.version, r.deleted, r.patient_id, r.study_id FROM resource r
 WHERE r.type = $1 AND r.id = $2 AND {visible}"""
_DOCUMENTS = """SELECT v.version, v.document FROM version v
 WHERE v.type = $1 AND v.id = $2 AND v.document IS NOT NULL ORDER BY v.version"""
_EMPTY = "UPDATE version SET document = NULL WHERE type = $1 AND id = $2 AND version = $3"
_SAME = """EXISTS (SELECT 1 FROM identity n WHERE n.type = $1 AND n.id = $2 AND n.type = i.type
 AND n.system = i.system AND n.value = i.value AND n.code = i.code)"""
_LETTERS = f"""SELECT p.id, (SELECT count(*) FROM inbox i WHERE i.letter = p.id AND NOT {_SAME})
 FROM parked p WHERE EXISTS (SELECT 1 FROM inbox i WHERE i.letter = p.id AND {_SAME})"""
_WAITING = "SELECT p.id, p.document FROM parked p"
_THROWN_AWAY = """UPDATE inbox SET message = '', system = '', value = '', code = '', detail = NULL,
 change_reason = NULL, fate = 'refused', reason = 'erased' WHERE {letter}"""
_CLEANSED = f"""UPDATE inbox AS i SET message = '', system = '', value = '', code = '', detail = NULL,
 change_reason = NULL WHERE (i.type = $1 AND i.resource_id = $2) OR {_SAME}"""
_FORGOTTEN = "DELETE FROM content WHERE type = $1 AND id = $2 AND version = $3"
_CLEANSED_VERSION = """UPDATE inbox SET detail = NULL, change_reason = NULL
 WHERE type = $1 AND resource_id = $2 AND version = $3"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """What is to be erased, all of it or one version, by whom and why."""

    key: Key
    version: int | None
    by: Actor
    reason: str


async def erase(store: Store, asked: Erasing, *, writing: Visibility, at: datetime) -> list[Tombstone]:
    """Erase one earlier version, or delete the resource and erase all; every tombstone of it there is.

    Raises Refusal 404 where it is not known, 409 where something refers to it, or the version stands, or a
    message waits that holds more than this, 423 where it is locked.
    """
    if asked.version is None:
        deletion = Delete(resource=RESOURCES[asked.key[0]], id=asked.key[1])
        await transact(store, writing, [deletion], by=replace(asked.by, reason=asked.reason))

    async def work(connection: Connection) -> tuple[list[Tombstone], Event]:
        database = store.database
        await database.alone(connection)
        patient, study = await _erasable(database, connection, writing, asked)
        documents = await _documents(connection, asked)
        made = [_tombstone(asked, number, bytes(document), at) for number, document in documents]
        donors = [_is_donors(asked.key, bytes(document)) for _, document in documents]
        left = await _bury(connection, made, donors, patient=patient or "")
        if asked.version is None:
            await _forget(database, connection, asked.key)
        found = await tombstones(database, connection, [asked.key])
        versions = [one.version for one in made] or (0,)
        by = replace(asked.by, reason=asked.reason)
        event = act("$erase", asked.key, versions=versions, by=by, at=at, patient=patient, study=study)
        return found, replace(event, named=left)

    return await carry_out(store, work)


async def _erasable(
    database: Database, connection: Connection, visibility: Visibility, asked: Erasing
) -> tuple[str | None, str | None]:
    """Whose it is; a Refusal where it may not be erased as it stands."""
    values: list[Any] = [*asked.key]
    sql = _THERE.format(visible=visible(database, visibility, "r", values))
    rows = await connection.fetch(sql, *values)
    name = "/".join(asked.key)
    if not rows or (asked.version is not None and not 0 < asked.version <= rows[0][0]):
        raise not_found(name if not rows else f"{name}/_history/{asked.version}")
    current, deleted, patient, study = rows[0]
    if asked.version is None and not deleted:
        raise refusal(409, "conflict", f"{name} was stored again meanwhile: erase it again", "http.url")
    if asked.version == current:
        text = f"version {current} of {name} stands: correct it or delete it first, then erase this version"
        raise refusal(409, "conflict", text, "http.version")
    datum = Datum(key=asked.key, patient=patient, studies=(study,) if study else (), where="http.url")
    stops = list(stopping([datum], await holding(database, connection, [datum])))
    if stops:
        raise locked(stops, seen={lock.key for _, lock in stops})
    return patient, study


async def _documents(connection: Connection, asked: Erasing) -> list[Row]:
    """The versions that are erased now, with their documents."""
    rows = await connection.fetch(_DOCUMENTS, *asked.key)
    return [row for row in rows if asked.version in (None, row[0])]


def _tombstone(asked: Erasing, number: int, document: bytes, at: datetime) -> Tombstone:
    return Tombstone(*asked.key, number, at, asked.by.client, asked.reason, sha256(document).digest())


def _is_donors(key: Key, document: bytes) -> bool:
    """Whether it says that its patient takes part as a donor, by which they stay hidden."""
    if key[0] != "ResearchSubject":
        return False
    said = codec.read(document)
    return not donor_arms().isdisjoint((said.get("assignedArm"), said.get("actualArm")))


async def _bury(
    connection: Connection, made: Sequence[Tombstone], donors: Sequence[bool], *, patient: str
) -> list[tuple[str, str]]:
    """Take the documents away, and leave the tombstones; the evidence of these."""
    rows = [
        (one.type, one.id, one.version, one.erased, one.client, one.reason, one.digest, patient, donor)
        for one, donor in zip(made, donors, strict=True)
    ]
    if rows:
        await connection.insert(models.erasure, rows)
    for one in made:
        await connection.execute(_EMPTY, one.type, one.id, one.version)
        await connection.execute(_FORGOTTEN, one.type, one.id, one.version)
        await connection.execute(_CLEANSED_VERSION, one.type, one.id, one.version)
    return [evidence(ERASURE, row) for row in rows]


async def _forget(database: Database, connection: Connection, key: Key) -> None:
    """Take away what the tables beside know of it."""
    await _throw_away(database, connection, await _letters(connection, key))
    await connection.execute(_CLEANSED, *key)
    for table in (models.identity, models.content, models.awaited):
        await connection.delete(table, "type, id", [key])


async def _letters(connection: Connection, key: Key) -> list[str]:
    """The letters that wait with it, or with data about the patient who is erased.

    Raises Refusal 409 where one waits with something else beside.
    """
    rows = await connection.fetch(_LETTERS, *key)
    mixed = sorted(name for name, others in rows if others)
    if mixed:
        text = (
            f"{'/'.join(key)} waits in messages that hold more than this ({', '.join(mixed)}): nothing else"
            " may be lost with it; let them be stored first ($replay)"
        )
        raise refusal(409, "conflict", text, "http.url")
    found = [name for name, _ in rows]
    if key[0] == "Patient":
        named = f'"Patient/{key[1]}"'.encode()
        found += [name for name, document in await connection.fetch(_WAITING) if named in bytes(document)]
    return found


async def _throw_away(database: Database, connection: Connection, letters: Sequence[str]) -> None:
    if letters:
        sql = _THROWN_AWAY.format(letter=database.member("letter", 1))
        await connection.execute(sql, database.members(letters))
        await connection.delete(models.parked, "id", [("", letter) for letter in letters])
