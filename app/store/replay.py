"""What is parked is carried out as soon as it can be, and what no map knew is translated when one does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from app.fhir_mapping import criteria, transaction
from app.fhir_mapping.change import Criteria
from app.fhir_mapping.companions import accompanied
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.push import CONSENT_WITHDRAWN, Message
from app.fhir_mapping.registry import RESOURCES
from app.store.criteria import token_of
from app.store.database import Connection, Row
from app.store.ids import new_id
from app.store.parking import withdrawn
from app.store.session import Store, utc_now
from app.store.transact import transact
from app.store.visibility import EVERYTHING

PAGE = 200
_MOST_ENTRIES = 1_000_000  # it was let in when it came
_ALL = "SELECT id, document FROM parked WHERE id > $1{conditions} ORDER BY id LIMIT $2"
_WAITING = "SELECT DISTINCT reason, awaits FROM parked"
_REFUSED = "UPDATE parked SET reason = $2, awaits = '' WHERE id = $1"
_THERE = (
    "SELECT r.type, r.id FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted"
)
_BORNE = """SELECT DISTINCT k.type, k.system, k.code FROM {tokens}
 JOIN search_token s ON s.type = k.type AND s.parameter = 'identifier' AND s.code = k.code
  AND s.system = k.system"""
_OF = "SELECT id FROM parked WHERE reason = $1 AND awaits = $2 ORDER BY id"


@dataclass(slots=True)
class Replayed:
    """What became of letters that were opened again: their ids, each with its fate."""

    fates: dict[str, str] = field(default_factory=dict)

    def count(self, fate: str) -> int:
        """How many came to this."""
        return sum(one == fate for one in self.fates.values())


async def replay(
    store: Store,
    intake: Intake,
    *,
    reason: str | None = None,
    sender: str | None = None,
    ids: Sequence[str] = (),
) -> Replayed:
    """Carry out what is parked, by letter, reason or sender; what still cannot be stays parked."""
    done = Replayed()
    wanted: list[tuple[str, Any]] = []
    if reason is not None:
        wanted.append(("reason = ${}", reason))
    if sender is not None:
        wanted.append(("sender = ${}", sender))
    if ids:
        wanted.append(
            (store.database.member("id", 3 + len(wanted)), store.database.members(sorted(set(ids))))
        )
    conditions = "".join(f" AND {text.format(number)}" for number, (text, _) in enumerate(wanted, 3))
    sql, values = _ALL.format(conditions=conditions), [value for _, value in wanted]
    last = ""
    while rows := await store.database.read(partial(_fetch, sql, (last, PAGE, *values))):
        for letter, document in rows:
            done.fates[letter] = await _open(store, intake, letter, bytes(document))
        last = rows[-1][0]
    return done


async def _fetch(sql: str, values: Sequence[Any], connection: Connection) -> list[Row]:
    return await connection.fetch(sql, *values)


async def _open(store: Store, intake: Intake, letter: str, document: bytes) -> str:
    """Carry out one letter; its fate."""
    own = replace(intake, desk=await store.desk.now(), message=Message(door="replay", letter=letter))
    try:
        plan = transaction.plan(
            document,
            resources=RESOURCES,
            new_id=new_id,
            base=intake.base,
            intake=own,
            most=_MOST_ENTRIES,
        )
        writes = [write for _, write in accompanied(plan).writes]
        await transact(store, EVERYTHING, writes, whole=document)
    except Refusal as refused:
        fate = {202: "parked", 410: "stored", 429: "parked"}.get(refused.status, "refused")
        if fate == "refused":  # it waits for people now
            code = refused.issues[0].code
            await store.database.write(lambda c: c.execute(_REFUSED, letter, code))
        return fate
    return "stored"


async def sweep(store: Store, intake: Intake) -> Replayed:
    """Carry out all that is parked and waits for nothing any more."""
    waiting = await store.database.read(lambda c: c.fetch(_WAITING))
    ready = await store.database.read(lambda c: _ready(store, c, waiting))
    letters: list[str] = []
    for reason, awaits in ready:
        rows = await store.database.read(partial(_fetch, _OF, (reason, awaits)))
        letters += [name for (name,) in rows]
    return await replay(store, intake, ids=letters) if letters else Replayed()


Waiting = tuple[str, str]
"""A reason, and what is waited for."""


async def _ready(store: Store, connection: Connection, waiting: Sequence[Row]) -> list[Waiting]:
    """Those of these that wait for nothing any more."""
    database = store.database
    by_name = [(reason, awaits) for reason, awaits in waiting if "/" in awaits and "?" not in awaits]
    by_search = {(reason, awaits): _sought(awaits) for reason, awaits in waiting if "?" in awaits}
    keys = {_key(awaits) for _, awaits in by_name}
    there: set[tuple[str, ...]] = set()
    if keys:
        sql = _THERE.format(keys=database.keys(1))
        there = {(kind, name) for kind, name in await connection.fetch(sql, database.key_set(sorted(keys)))}
    patients = {_key(awaits)[1] for reason, awaits in by_name if reason == CONSENT_WITHDRAWN}
    gone = await withdrawn(database, connection, patients, at=utc_now())
    ready = [
        (reason, awaits)
        for reason, awaits in by_name
        if _key(awaits) in there and not (reason == CONSENT_WITHDRAWN and _key(awaits)[1] in gone)
    ]
    tokens = {token for one in by_search.values() if (token := token_of(one)) is not None}
    if tokens:
        sql = _BORNE.format(tokens=database.tokens(1))
        borne = {tuple(row) for row in await connection.fetch(sql, database.token_set(sorted(tokens)))}
        ready += [waits for waits, one in by_search.items() if token_of(one) in borne]
    return ready


def _key(awaits: str) -> tuple[str, str]:
    kind, _, name = awaits.partition("/")
    return kind, name


def _sought(awaits: str) -> Criteria:
    kind, _, text = awaits.partition("?")
    return criteria.criteria(RESOURCES[kind], text, base="", where="parked")
