"""How the feed of each sender stands: what it sent day by day and what became of it, and what waits now."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from app.fhir_mapping.inbox import Counted, Day, Standing, beginnings
from app.fhir_mapping.sender import Sender
from app.fhir_mapping.sender_document import kept
from app.store.database import Row
from app.store.inbox_sight import shown
from app.store.search_statement import Statement
from app.store.session import Store
from app.store.types import computed_instant
from app.store.visibility import EVERYTHING, Visibility, visible_patient

Days = tuple[date, date]
"""The first day and the last."""

_SUMS: Final = """SELECT {at}, CASE {days} END, i.fate, i.reason, i.settled IS NOT NULL, i.version > 1,
 count(*), min(i.received), max(i.received) FROM inbox i
 WHERE i.sender = {sender} AND i.received >= {since} AND i.received < {until} AND i.door <> 'replay'
 AND {seen} GROUP BY 1, 2, 3, 4, 5, 6"""
_SENDERS: Final = """SELECT s.registered, s.definition, (SELECT max(i.received) FROM inbox i
 WHERE i.sender = s.name AND {seen}) FROM sender s WHERE {conditions} ORDER BY s.name"""
_PARKED: Final = """SELECT i.sender, 'parked', i.reason, count(*) FROM inbox i
 WHERE i.fate = 'parked' AND i.settled IS NULL AND i.door <> 'replay' AND {seen}
 GROUP BY i.sender, i.reason"""
_REFUSED: Final = """SELECT i.sender, 'refused', i.reason, count(*) FROM inbox i
 WHERE i.fate = 'refused' AND i.received >= {since} AND i.door <> 'replay' AND {seen}
 GROUP BY i.sender, i.reason"""
_WAITING: Final = """SELECT a.sender, 'unmapped', '', count(DISTINCT a.type || '/' || a.id) FROM awaited a
 WHERE {seen} GROUP BY a.sender"""
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A sender and the days asked about, the instants at which they begin and at which the last one ends."""

    sender: Sender
    first: date
    begins: Sequence[datetime]

    @staticmethod
    def of(sender: Sender, days: Days) -> "Span":
        """These days where the sender is."""
        return Span(sender, days[0], beginnings(sender.time_zone, *days))

    def day(self, number: int, counted: Sequence[Counted]) -> Day:
        """One of the days with its lines."""
        return Day(
            sender=self.sender.name,
            day=self.first + number * _ONE_DAY,
            time_zone=self.sender.time_zone,
            counted=counted,
        )


async def reconciled(
    store: Store, visibility: Visibility, asked: Sequence[tuple[Sender, Days]], *, client: str = ""
) -> list[Day]:
    """Each sender's days, one after the other, also those on which nothing came; `client` is who asks."""
    spans = [Span.of(sender, days) for sender, days in asked]
    if not spans:
        return []
    statement = Statement(store.database, visibility)
    sql = " UNION ALL ".join(_sums(statement, at, span, client) for at, span in enumerate(spans))
    found: defaultdict[tuple[int, int], list[Counted]] = defaultdict(list)
    for row in await store.search(lambda connection: connection.fetch(sql, *statement.values)):
        found[row[0], row[1]].append(_counted(row))
    return [
        span.day(number, found[at, number])
        for at, span in enumerate(spans)
        for number in range(len(span.begins) - 1)
    ]


def _sums(statement: Statement, at: int, span: Span, client: str) -> str:
    days = (
        f"WHEN i.received < {statement.value(ends)} THEN {number}"
        for number, ends in enumerate(span.begins[1:])
    )
    return _SUMS.format(
        at=at,
        days=" ".join(days),
        sender=statement.value(span.sender.name),
        since=statement.value(span.begins[0]),
        until=statement.value(span.begins[-1]),
        seen=shown(statement, "i", client),
    )


def _counted(row: Row) -> Counted:
    _, _, fate, reason, settled, changed, number, first, last = row
    return Counted(
        fate=fate,
        reason=reason,
        settled=bool(settled),
        changed=bool(changed),
        number=number,
        first=computed_instant(first),
        last=computed_instant(last),
    )


async def known(store: Store, visibility: Visibility, *, client: str = "") -> list[Sender]:
    """The registered senders, disabled ones among them; those of the patients one sees, or all of them."""
    statement = Statement(store.database, visibility)
    sql = f"SELECT s.definition FROM sender s WHERE {_heard(statement, client)} ORDER BY s.name"
    rows = await store.search(lambda connection: connection.fetch(sql, *statement.values))
    return [kept(row[0]) for row in rows]


async def standings(
    store: Store, visibility: Visibility, *, since: datetime, client: str = ""
) -> list[Standing]:
    """How each of them stands; what was refused is counted since that instant."""
    statement = Statement(store.database, visibility)
    sql = _SENDERS.format(seen=shown(statement, "i", client), conditions=_heard(statement, client))
    rows = await store.search(lambda connection: connection.fetch(sql, *statement.values))
    numbers = await _numbers(store, visibility, since, client)
    return [_standing(row, numbers) for row in rows]


def _standing(row: Row, numbers: Mapping[tuple[str, str], Mapping[str, int]]) -> Standing:
    registered, definition, last = row
    sender = kept(definition)
    return Standing(
        sender=sender,
        registered=registered,
        last=last and computed_instant(last),
        parked=numbers.get((sender.name, "parked"), {}),
        refused=numbers.get((sender.name, "refused"), {}),
        unmapped=sum(numbers.get((sender.name, "unmapped"), {}).values()),
    )


async def _numbers(
    store: Store, visibility: Visibility, since: datetime, client: str
) -> Mapping[tuple[str, str], Mapping[str, int]]:
    """By sender and what is counted: how many for each reason."""
    statement = Statement(store.database, visibility)
    parts = (
        _PARKED.format(seen=shown(statement, "i", client)),
        _REFUSED.format(since=statement.value(since), seen=shown(statement, "i", client)),
        _WAITING.format(seen=visible_patient(store.database, visibility, "a", statement.values)),
    )
    sql = " UNION ALL ".join(parts)
    found: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for sender, what, reason, number in await store.search(lambda c: c.fetch(sql, *statement.values)):
        found[sender, what][reason] = number
    return found


def _heard(statement: Statement, client: str) -> str:
    """That the asker may know of a sender `s`: one of which a row of the inbox is shown to them."""
    if statement.visibility == EVERYTHING:
        return "TRUE"
    seen = shown(statement, "h", client)
    return f"EXISTS (SELECT 1 FROM inbox h WHERE h.sender = s.name AND {seen})"
