"""Locks are set and ended here, each waiting for the writers under way."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.audit_event import Event
from app.fhir_mapping.audit_evidence import LOCK as LOCKED
from app.fhir_mapping.audit_evidence import UNLOCK, evidence
from app.fhir_mapping.outcome import Refusal, gone, not_found, refusal
from app.store import models
from app.store.acts import act, carry_out
from app.store.current import seen
from app.store.database import Connection, Database, Key, Row
from app.store.ids import new_id
from app.store.locks import COLUMNS, Datum, Lock, holding
from app.store.parking import LOCK
from app.store.session import Store
from app.store.visibility import Visibility, visible

_WHOSE = (
    "SELECT r.deleted, r.study_id, r.patient_id FROM resource r WHERE r.type = $1 AND r.id = $2 AND {visible}"
)
_IN_FORCE = f"""SELECT {COLUMNS} FROM data_lock l WHERE l.unlocked IS NULL
 AND (l.study_id = $1 OR l.subject <> '') AND l.subject = $2 AND l.visit = $3"""
_END = "UPDATE data_lock SET unlocked = $2, unlocked_by = $3, unlock_reason = $4 WHERE id = $1"
_WAITING = f"SELECT count(*) FROM parked p WHERE p.awaits = '{LOCK}' AND p.awaits_value = $1"
_ANEW = "DELETE FROM swept"
_OF_SUBJECT = f"""WITH RECURSIVE whole(study) AS (
 SELECT r.study_id FROM resource r WHERE r.type = 'ResearchSubject' AND NOT r.deleted
  AND r.patient_id = (SELECT o.patient_id FROM resource o WHERE o.type = 'ResearchSubject' AND o.id = $1)
 UNION SELECT s.target_id FROM whole w JOIN search_reference s ON s.type = 'ResearchStudy' AND s.id = w.study
  AND s.parameter = 'partof' AND s.target_type = 'ResearchStudy')
SELECT {COLUMNS} FROM data_lock l WHERE l.subject = $1
 OR (l.subject = '' AND l.study_id IN (SELECT w.study FROM whole w) AND EXISTS (
 SELECT 1 FROM resource r WHERE r.type = 'ResearchStudy' AND r.id = l.study_id AND {{visible}}))
 ORDER BY l.locked, l.id"""
_OF_STUDY = f"""SELECT {COLUMNS} FROM data_lock l WHERE l.study_id = $1 AND (l.subject = '' OR EXISTS (
 SELECT 1 FROM resource r WHERE r.type = 'ResearchSubject' AND r.id = l.subject AND {{visible}}))
 ORDER BY l.locked, l.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """What is to be locked or unlocked, by which client and why; `span` is when a visit's data are."""

    key: Key
    visit: str = ""
    span: tuple[datetime, datetime] | None = None
    by: Actor
    reason: str


async def lock(store: Store, visibility: Visibility, asked: Locking, *, at: datetime) -> Lock:
    """Lock it; what is locked already is answered by the lock there is. Refusal 404, 410, 503."""

    async def work(connection: Connection) -> tuple[Lock, Event]:
        study, subject, patient = await _found(store.database, connection, visibility, asked.key)
        if subject and not patient:
            text = f"{'/'.join(asked.key)} names no patient: no data belong to it"
            raise refusal(422, "business-rule", text, asked.key[0])
        rows = await connection.fetch(_IN_FORCE, study, subject, asked.visit)
        event = act("$lock", asked.key, by=asked.by, at=at, patient=patient, study=study)
        if rows:
            return Lock(*rows[0]), event
        low, high = asked.span or (None, None)
        own = (new_id(), study, subject, patient, asked.visit, low, high, at, asked.by.client, asked.reason)
        await connection.insert(models.data_lock, [(*own, None, None, None)])
        return Lock(*own), replace(event, named=[evidence(LOCKED, own)])

    return await carry_out(store, work)


async def unlock(store: Store, visibility: Visibility, asked: Locking, *, at: datetime) -> tuple[Lock, int]:
    """End the lock; it, and how many messages were parked because of it.

    Raises Refusal 409 where it is not locked, 404, 410, 503. What maps say otherwise by now is translated
    again, for none of what was locked was.
    """

    async def work(connection: Connection) -> tuple[tuple[Lock, int], Event]:
        study, subject, patient = await _found(
            store.database, connection, visibility, asked.key, even_deleted=True
        )
        rows = await connection.fetch(_IN_FORCE, study, subject, asked.visit)
        if not rows:
            datum = Datum(key=asked.key, patient=patient, studies=(study,))
            found = await holding(store.database, connection, [datum])
            others = [one for locks in found.values() for one in locks]
            keys = sorted({one.key for one in others})
            in_sight = await seen(store.database, connection, visibility, keys)
            raise _not_locked(asked, [one for one in others if one.key in in_sight])
        ended = Lock(*rows[0])
        await connection.execute(_END, ended.id, at, asked.by.client, asked.reason)
        await connection.execute(_ANEW)
        [[waiting]] = await connection.fetch(_WAITING, ended.id)
        ended = replace(ended, unlocked=at, unlocked_by=asked.by.client, unlock_reason=asked.reason)
        event = act("$unlock", asked.key, by=asked.by, at=at, patient=patient, study=study)
        left = evidence(UNLOCK, (ended.id, at, asked.by.client, asked.reason))
        return (ended, int(waiting)), replace(event, named=[left])

    done = await carry_out(store, work)
    store.desk.swept = None
    if store.committer.on_stored is not None:
        store.committer.on_stored({asked.key[0]})
    return done


def _not_locked(asked: Locking, others: Sequence[Lock]) -> Refusal:
    name = "/".join(asked.key)
    held = sorted({str(one) for one in others})
    beside = f"; these are: {', '.join(held)}" if held else ""
    what = f"visit {asked.visit} of {name}" if asked.visit else name
    return refusal(409, "conflict", f"{what} is not locked{beside}", "http.url")


async def _found(
    database: Database,
    connection: Connection,
    visibility: Visibility,
    key: Key,
    *,
    even_deleted: bool = False,
) -> tuple[str, str, str]:
    """The study, the subject and the patient that a lock of this names; nobody else writes from now on."""
    await database.alone(connection)
    values: list[Any] = [*key]
    sql = _WHOSE.format(visible=visible(database, visibility, "r", values))
    rows = await connection.fetch(sql, *values)
    if not rows:
        raise not_found("/".join(key))
    deleted, study, patient = rows[0]
    if deleted and not even_deleted:
        raise gone("/".join(key))
    is_subject = key[0] == "ResearchSubject"
    return study or "", key[1] if is_subject else "", (patient or "") if is_subject else ""


async def locks_of(store: Store, visibility: Visibility, key: Key) -> list[Lock]:
    """Every lock that concerns a subject or study, past and present, the earliest first; Refusal 404.

    A lock is told to whoever may see what it was asked of: of a subject's other studies nobody else learns.
    """
    kind, name = key
    known: list[Any] = [*key]
    there = _WHOSE.format(visible=visible(store.database, visibility, "r", known))
    values: list[Any] = [name]
    sql = _OF_STUDY if kind == "ResearchStudy" else _OF_SUBJECT
    sql = sql.format(visible=visible(store.database, visibility, "r", values))

    async def work(connection: Connection) -> list[Row]:
        if not await connection.fetch(there, *known):
            raise not_found("/".join(key))
        return await connection.fetch(sql, *values)

    return [Lock(*row) for row in await store.database.read(work)]
