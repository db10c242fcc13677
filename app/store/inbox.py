"""What became of each resource a sender pushed, page by page; and what no map knows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from app.fhir_mapping.inbox import Arrival, Unmapped
from app.fhir_mapping.push import UNMAPPED_CODE, UNMAPPED_UNIT
from app.store.database import Key, Row
from app.store.inbox_sight import shown
from app.store.search_statement import Statement
from app.store.session import Store
from app.store.types import computed_instant
from app.store.visibility import EVERYTHING, Visibility, visible_patient

_NAMES: Final = tuple(field.name for field in fields(Arrival))
_COLUMNS: Final = ", ".join(f"i.{name}" for name in _NAMES)
_ORDER: Final = "received DESC, id DESC"
_FEW: Final = ("parked", "refused")
"""The fates of few: these are looked up by themselves, others along the time they came."""
_MOST_ARMS: Final = 100
_UNMAPPED: Final = """SELECT a.sender, a.kind, a.system, a.text, count(*),
 count(DISTINCT nullif(a.patient_id, '')), min((SELECT min(i.received) FROM inbox i
 WHERE i.type = a.type AND i.resource_id = a.id)), min(a.type || '/' || a.id) FROM awaited a
 WHERE {conditions} GROUP BY a.sender, a.kind, a.system, a.text
 ORDER BY 5 DESC, a.sender, a.kind, a.system, a.text LIMIT {count}"""
_WAITS: Final = f"""(i.settled IS NULL AND (i.fate = 'parked'
 OR i.reason IN ('{UNMAPPED_CODE}', '{UNMAPPED_UNIT}')))"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows of the inbox are asked for; what is None narrows nothing.

    `since` is inclusive, `until` exclusive. `after` is the instant and id the previous page ended with.
    """

    sender: str | None = None
    fate: str | None = None
    reason: str | None = None
    waiting: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    message: str | None = None
    identifier: tuple[str, str] | None = None
    patient: str | None = None
    resource: Key | None = None
    id: str | None = None
    count: int = 50
    after: tuple[datetime, str] | None = None

    @property
    def is_of_few(self) -> bool:
        """Whether an index leads to the few rows there are, so that they are better sorted than followed."""
        return self.fate in _FEW or any((self.identifier, self.resource, self.id))


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first; `after` is where the next page goes on."""

    arrivals: list[Arrival]
    after: tuple[datetime, str] | None


async def page(
    store: Store, visibility: Visibility, wanted: Wanted, *, senders: Sequence[str], client: str = ""
) -> Page:
    """A page of the inbox; `senders` are all there are for the asker, a `client` where it signed in.

    What a client brought it sees although it is about nobody who is known.

    The rows of each sender lie in the order they came, and no others do: so each is followed by itself.
    """
    statement = Statement(store.database, visibility)
    apart = wanted.sender is None and not wanted.is_of_few and len(senders) <= _MOST_ARMS
    named = senders if apart else (wanted.sender,)
    arms = [_arm(statement, wanted, name, among=senders, client=client) for name in named]
    if not arms or not wanted.count:
        return Page([], None)
    paged = f"ORDER BY {_ORDER} LIMIT {wanted.count + 1}"
    each = [f"SELECT * FROM ({arm} {paged}) AS arm{at}" for at, arm in enumerate(arms)]
    sql = arms[0] + " " + paged if len(arms) == 1 else f"{' UNION ALL '.join(each)} {paged}"
    rows = await store.search(lambda connection: connection.fetch(sql, *statement.values))
    found = [Arrival(**dict(zip(_NAMES, row, strict=True))) for row in rows]
    if len(found) <= wanted.count:
        return Page(found, None)
    last = found[wanted.count - 1]
    return Page(found[: wanted.count], (last.received, last.id))


def _arm(
    statement: Statement, wanted: Wanted, sender: str | None, *, among: Sequence[str], client: str
) -> str:
    conditions = [*_conditions(statement, wanted, sender)]
    if sender is None and statement.visibility != EVERYTHING:
        conditions.append(_among(statement, "i.sender", among))
    conditions.append(shown(statement, "i", client))
    return f"SELECT {_COLUMNS} FROM inbox i WHERE {' AND '.join(conditions)}"


def _among(statement: Statement, column: str, senders: Sequence[str]) -> str:
    """That it is one of these senders'."""
    statement.values.append(statement.database.members(sorted(senders)))
    return statement.database.member(column, len(statement.values))


def _conditions(statement: Statement, wanted: Wanted, sender: str | None) -> Iterator[str]:
    value: Callable[[object], str] = statement.value
    system, number = wanted.identifier or (None, None)
    kind, name = wanted.resource or (None, None)
    for condition, meant in (
        ("i.sender =", sender),
        ("i.fate =", None if wanted.fate in _FEW else wanted.fate),
        ("i.reason =", wanted.reason),
        ("i.received >=", wanted.since),
        ("i.received <", wanted.until),
        ("i.message =", wanted.message),
        ("i.system =", system),
        ("i.value =", number),
        ("i.patient_id =", wanted.patient),
        ("i.type =", kind),
        ("i.resource_id =", name),
    ):
        if meant is not None:
            yield f"{condition} {value(meant)}"
    if wanted.fate in _FEW:  # written out, which leads SQLite to the index of these
        yield f"i.fate = '{wanted.fate}'"
    if wanted.id is not None:  # what a sender is told: the row itself, or the letter it lies parked as
        named = value(wanted.id)
        yield f"i.id IN (SELECT {named} UNION ALL SELECT l.id FROM inbox l WHERE l.letter = {named})"
    if wanted.waiting is not None:
        yield _WAITS if wanted.waiting else f"NOT {_WAITS}"
    if wanted.after is not None:
        yield f"(i.received, i.id) < ({value(wanted.after[0])}, {value(wanted.after[1])})"


async def unmapped(
    store: Store, visibility: Visibility, *, senders: Sequence[str], kind: str | None, count: int
) -> list[Unmapped]:
    """What no map knows, the most awaited first."""
    statement = Statement(store.database, visibility)
    conditions = [_among(statement, "a.sender", senders)]
    if kind is not None:
        conditions.append(f"a.kind = {statement.value(kind)}")
    conditions.append(visible_patient(store.database, visibility, "a", statement.values))
    sql = _UNMAPPED.format(conditions=" AND ".join(conditions), count=count)
    rows = await store.search(lambda connection: connection.fetch(sql, *statement.values))
    return [_unmapped(row) for row in rows]


def _unmapped(row: Row) -> Unmapped:
    sender, kind, system, text, results, patients, since, example = row
    return Unmapped(
        sender=sender,
        kind=kind,
        system=system,
        text=text,
        results=results,
        patients=patients,
        since=since and computed_instant(since),
        example=example,
    )
