"""What is parked is carried out as soon as it can be, and what no map knew is translated when one does."""

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import Any

from app.fhir_mapping import transaction
from app.fhir_mapping.access.actor import SERVICE
from app.fhir_mapping.companions import accompanied
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import CONSENT_WITHDRAWN, Message
from app.fhir_mapping.registry import RESOURCES
from app.store.access import asker_of
from app.store.asker import Asker
from app.store.current_access import Access
from app.store.database import Connection, Database, Row
from app.store.ids import new_id
from app.store.parking import LOCK, OpenedAlready, withdrawn
from app.store.session import Store, utc_now
from app.store.transact import transact
from app.store.visibility import EVERYTHING, visible

log = logging.getLogger("trialbridge")

PAGE = 200
_ITSELF = Asker(EVERYTHING, SERVICE, EVERYTHING)
"""As whom the service carries out what nobody who signed in brought."""
_ARRIVED = "SELECT i.{column} FROM inbox i WHERE i.letter = p.id AND i.fate = 'parked' ORDER BY i.id LIMIT 1"
_ALL = f"""SELECT p.id, p.sender, p.document, ({_ARRIVED.format(column="message")}),
 ({_ARRIVED.format(column="change_reason")}), p.client
 FROM parked p WHERE p.id > $1{{conditions}} ORDER BY p.id LIMIT ${{last}}"""
_LEFT = "SELECT count(*) FROM parked p WHERE p.id > $1{conditions}"
_REFUSED = """UPDATE parked SET reason = $2, awaits = '', awaits_system = '', awaits_value = ''
 WHERE id = $1"""
_CLIENTS = "SELECT DISTINCT p.client FROM parked p WHERE {sender}"
_THERE = f"""SELECT p.id FROM parked p WHERE p.reason <> '{CONSENT_WITHDRAWN}' AND p.awaits <> ''
 AND p.awaits_system = '' AND {{sender}} AND p.client = $2 AND EXISTS (SELECT 1 FROM resource r
 WHERE r.type = p.awaits AND r.id = p.awaits_value AND NOT r.deleted AND {{visible}})"""
_BORNE = """SELECT p.id FROM parked p WHERE p.awaits_system <> '' AND {sender} AND p.client = $2 AND EXISTS (
 SELECT 1 FROM search_token s JOIN resource r ON r.type = s.type AND r.id = s.id
 WHERE s.type = p.awaits AND s.parameter = 'identifier' AND s.code = p.awaits_value
 AND s.system = p.awaits_system AND NOT r.deleted AND {visible})"""
_WITHDRAWN = f"""SELECT DISTINCT p.awaits_value FROM parked p WHERE p.reason = '{CONSENT_WITHDRAWN}'
 AND {{sender}}"""
_AGREED_AGAIN = f"""SELECT p.id FROM parked p WHERE p.reason = '{CONSENT_WITHDRAWN}' AND {{sender}}
 AND {{patient}}"""
_UNLOCKED = f"""SELECT p.id FROM parked p WHERE p.awaits = '{LOCK}' AND {{sender}}
 AND NOT EXISTS (SELECT 1 FROM data_lock l WHERE l.id = p.awaits_value AND l.unlocked IS NULL)"""


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
    """What is parked: the transaction, its sender, its number, why it was changed, and who brought it."""

    id: str
    sender: str
    document: bytes
    number: str | None
    change_reason: str | None
    client: str


async def replay(
    store: Store,
    intake: Intake,
    *,
    reason: str | None = None,
    senders: Sequence[str] | None = None,
    ids: Sequence[str] = (),
    most: int | None = None,
    after: str = "",
) -> Replayed:
    """Carry out what is parked, by letter, reason or senders: at most so many, those after a letter.

    What cannot be carried out yet stays parked.
    """
    done = Replayed(last=after)
    wanted: list[tuple[str, Any]] = []
    if reason is not None:
        wanted.append(("p.reason = ${}", reason))
    for column, names in (("p.sender", senders), ("p.id", ids or None)):
        if names is not None:
            members = store.database.members(sorted(set(names)))
            wanted.append((store.database.member(column, 2 + len(wanted)), members))
    conditions = "".join(f" AND {text.format(number)}" for number, (text, _) in enumerate(wanted, 2))
    values = [value for _, value in wanted]
    sql = _ALL.format(conditions=conditions, last=2 + len(values))
    while rows := await store.database.read(partial(_fetch, sql, (done.last, *values, _page(done, most)))):
        for name, by, document, *rest in rows:
            letter = Letter(name, by, bytes(document), *rest)
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
    """Carry out one letter, as what who brought it may do now; its fate.

    One of a sender that may not push any more, or of a client that is let in no more, is not opened.
    """
    desk = await store.desk.now()
    bringing = _asker(letter.client, await store.access.now())
    if bringing is None or letter.sender not in {one.name for one in desk.senders.registered}:
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
        by = replace(bringing.actor, reason=letter.change_reason, request=letter.id)
        await transact(store, bringing.writing, writes, whole=letter.document, letter=letter.id, by=by)
    except OpenedAlready:
        return "stored"
    except Refusal as refused:
        return await _refused(store, letter, refused)
    return "stored"


def _asker(client: str, access: Access) -> Asker | None:
    """Whoever brought it, as they are now; None where they are let in no more."""
    if not client:
        return _ITSELF
    known = access.client(client)
    return None if known is None else asker_of(known, known.scopes, access.parts)


async def _refused(store: Store, letter: Letter, refused: Refusal) -> str:
    """What cannot be stored yet, or not just now, stays parked; what is refused waits for people."""
    if refused.status == HTTPStatus.ACCEPTED or "Retry-After" in refused.headers:
        return "parked"
    await store.database.write(lambda c: c.execute(_REFUSED, letter.id, refused.issues[0].code))
    return "refused"


async def sweep(store: Store, intake: Intake, *, but: AbstractSet[str] = frozenset()) -> Replayed:
    """Carry out all that is parked and waits for nothing any more, but these letters."""
    desk, access = await store.desk.now(), await store.access.now()
    names = [one.name for one in desk.senders.registered]
    found = await store.database.read(lambda c: ready(store.database, c, names, access)) if names else set()
    letters = sorted(found - but)
    return await replay(store, intake, ids=letters) if letters else Replayed()


async def ready(
    database: Database, connection: Connection, senders: Sequence[str], access: Access
) -> set[str]:
    """The letters of these senders that wait for nothing any more.

    What somebody else's patient bears, whom who brought the letter does not see, opens it for nobody.
    """
    may_push, own = database.members(senders), database.member("p.sender", 1)
    rows: list[Row] = []
    for (client,) in await connection.fetch(_CLIENTS.format(sender=own), may_push):
        if (bringing := _asker(client, access)) is None:
            continue
        for waiting_for in (_THERE, _BORNE):
            values: list[Any] = [may_push, client]
            seen = visible(database, bringing.writing, "r", values)
            rows += await connection.fetch(waiting_for.format(sender=own, visible=seen), *values)
    rows += await connection.fetch(_UNLOCKED.format(sender=own), may_push)
    waiting = {patient for (patient,) in await connection.fetch(_WITHDRAWN.format(sender=own), may_push)}
    agreed = waiting - await withdrawn(database, connection, waiting, at=utc_now())
    if agreed:
        sql = _AGREED_AGAIN.format(sender=own, patient=database.member("p.awaits_value", 2))
        rows += await connection.fetch(sql, may_push, database.members(sorted(agreed)))
    return {name for (name,) in rows}
