"""What is parked is carried out as soon as it can be, and what no map knew is translated when one does."""

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import Any

from app.fhir_mapping import transaction
from app.fhir_mapping.companions import accompanied
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import CONSENT_WITHDRAWN, Message
from app.fhir_mapping.registry import RESOURCES
from app.store.database import Connection, Row
from app.store.ids import new_id
from app.store.parking import OpenedAlready, withdrawn
from app.store.session import Store, utc_now
from app.store.transact import transact
from app.store.visibility import EVERYTHING

log = logging.getLogger("trialbridge")

PAGE = 200
_ARRIVED = "SELECT i.{column} FROM inbox i WHERE i.letter = p.id AND i.fate = 'parked' ORDER BY i.id LIMIT 1"
_ALL = f"""SELECT p.id, p.sender, p.document, ({_ARRIVED.format(column="message")}),
 ({_ARRIVED.format(column="change_reason")})
 FROM parked p WHERE p.id > $1{{conditions}} ORDER BY p.id LIMIT ${{last}}"""
_LEFT = "SELECT count(*) FROM parked p WHERE p.id > $1{conditions}"
_REFUSED = """UPDATE parked SET reason = $2, awaits = '', awaits_system = '', awaits_value = ''
 WHERE id = $1"""
_THERE = f"""SELECT p.id FROM parked p WHERE p.reason <> '{CONSENT_WITHDRAWN}' AND p.awaits <> ''
 AND p.awaits_system = '' AND {{sender}} AND EXISTS (SELECT 1 FROM resource r
 WHERE r.type = p.awaits AND r.id = p.awaits_value AND NOT r.deleted)"""
_BORNE = """SELECT p.id FROM parked p WHERE p.awaits_system <> '' AND {sender} AND EXISTS (
 SELECT 1 FROM search_token s WHERE s.type = p.awaits AND s.parameter = 'identifier'
 AND s.code = p.awaits_value AND s.system = p.awaits_system)"""
_WITHDRAWN = f"""SELECT DISTINCT p.awaits_value FROM parked p WHERE p.reason = '{CONSENT_WITHDRAWN}'
 AND {{sender}}"""
_AGREED_AGAIN = f"""SELECT p.id FROM parked p WHERE p.reason = '{CONSENT_WITHDRAWN}' AND {{sender}}
 AND {{patient}}"""


@dataclass(slots=True)
class Replayed:
    """What became of letters that were opened again: their ids, each with its fate; which of them `failed`.

    A refusal is no failure: what is refused waits for people. What failed stays parked, to be tried again.
    `left` are those that were not opened, because so many are not opened at once; they come after `last`.
    """

    fates: dict[str, str] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    left: int = 0
    last: str = ""

    def count(self, fate: str) -> int:
        """How many came to this."""
        return sum(one == fate for one in self.fates.values())


@dataclass(frozen=True, slots=True)
class Letter:
    """What is parked: the transaction, who sent it, under which number, and why it was changed."""

    id: str
    sender: str
    document: bytes
    number: str | None
    change_reason: str | None


async def replay(
    store: Store,
    intake: Intake,
    *,
    reason: str | None = None,
    sender: str | None = None,
    ids: Sequence[str] = (),
    most: int | None = None,
    after: str = "",
) -> Replayed:
    """Carry out what is parked, by letter, reason or sender: at most so many, those after a letter.

    What cannot be carried out yet stays parked.
    """
    done = Replayed(last=after)
    wanted: list[tuple[str, Any]] = []
    if reason is not None:
        wanted.append(("p.reason = ${}", reason))
    if sender is not None:
        wanted.append(("p.sender = ${}", sender))
    if ids:
        members = store.database.members(sorted(set(ids)))
        wanted.append((store.database.member("p.id", 2 + len(wanted)), members))
    conditions = "".join(f" AND {text.format(number)}" for number, (text, _) in enumerate(wanted, 2))
    values = [value for _, value in wanted]
    sql = _ALL.format(conditions=conditions, last=2 + len(values))
    while rows := await store.database.read(partial(_fetch, sql, (done.last, *values, _page(done, most)))):
        for name, by, document, number, change_reason in rows:
            letter = Letter(name, by, bytes(document), number, change_reason)
            done.fates[name] = await _fate(store, intake, letter, done)
        done.last = rows[-1][0]
        if len(done.fates) == most:
            counted = _LEFT.format(conditions=conditions)
            [[done.left]] = await store.database.read(partial(_fetch, counted, (done.last, *values)))
            break
    return done


def _page(done: Replayed, most: int | None) -> int:
    """How many are read at once."""
    return PAGE if most is None else min(PAGE, most - len(done.fates))


async def _fetch(sql: str, values: Sequence[Any], connection: Connection) -> list[Row]:
    return await connection.fetch(sql, *values)


async def _fate(store: Store, intake: Intake, letter: Letter, done: Replayed) -> str:
    """What becomes of one letter; whatever happens to it, those behind it are opened."""
    try:
        return await _open(store, intake, letter)
    except Exception as error:  # noqa: BLE001 as just said
        log.warning("a letter failed", extra={"letter": letter.id, "error": [type(error).__name__]})
        done.failed.add(letter.id)
        return "parked"


async def _open(store: Store, intake: Intake, letter: Letter) -> str:
    """Carry out one letter; its fate. One of a sender that may not push any more is not opened."""
    desk = await store.desk.now()
    if letter.sender not in {one.name for one in desk.senders.registered}:
        return "parked"
    message = Message(
        door="replay", number=letter.number or "", change_reason=letter.change_reason, letter=letter.id
    )
    try:
        plan = transaction.plan(
            letter.document,
            resources=RESOURCES,
            new_id=new_id,
            base=intake.base,
            intake=replace(intake, desk=desk, message=message),
            most=len(letter.document),  # it was let in when it came
        )
        writes = [write for _, write in accompanied(plan).writes]
        await transact(store, EVERYTHING, writes, whole=letter.document, letter=letter.id)
    except OpenedAlready:
        return "stored"
    except Refusal as refused:
        return await _refused(store, letter, refused)
    return "stored"


async def _refused(store: Store, letter: Letter, refused: Refusal) -> str:
    """What cannot be stored yet, or not just now, stays parked; what is refused waits for people."""
    if refused.status == HTTPStatus.ACCEPTED or "Retry-After" in refused.headers:
        return "parked"
    await store.database.write(lambda c: c.execute(_REFUSED, letter.id, refused.issues[0].code))
    return "refused"


async def sweep(store: Store, intake: Intake, *, but: AbstractSet[str] = frozenset()) -> Replayed:
    """Carry out all that is parked and waits for nothing any more, but these letters."""
    desk = await store.desk.now()
    names = [one.name for one in desk.senders.registered]
    found = await store.database.read(lambda c: ready(store, c, names)) if names else set()
    letters = sorted(found - but)
    return await replay(store, intake, ids=letters) if letters else Replayed()


async def ready(store: Store, connection: Connection, senders: Sequence[str]) -> set[str]:
    """The letters of these senders that wait for nothing any more."""
    database = store.database
    may_push, own = database.members(senders), database.member("p.sender", 1)
    rows = await connection.fetch(_THERE.format(sender=own), may_push)
    rows += await connection.fetch(_BORNE.format(sender=own), may_push)
    waiting = {patient for (patient,) in await connection.fetch(_WITHDRAWN.format(sender=own), may_push)}
    agreed = waiting - await withdrawn(database, connection, waiting, at=utc_now())
    if agreed:
        sql = _AGREED_AGAIN.format(sender=own, patient=database.member("p.awaits_value", 2))
        rows += await connection.fetch(sql, may_push, database.members(sorted(agreed)))
    return {name for (name,) in rows}
