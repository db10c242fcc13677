"""Every signature, lock and erasure is what its event says, and none is there that no event tells of."""

from collections.abc import AsyncIterator, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Final

from app.fhir_mapping.audit_evidence import COLUMNS, ERASURE, LOCK, SIGNATURE, UNLOCK, evidence, row_of
from app.store.database import Database, Row

Evidence = tuple[str, str]

PAGE: Final = 500
_KEYS: Final = {SIGNATURE: ("id",), LOCK: ("id",), ERASURE: ("type", "id", "version")}
_FIRST: Final[dict[str, tuple[Any, ...]]] = {SIGNATURE: ("",), LOCK: ("",), ERASURE: ("", "", 0)}
_INSTANTS: Final = frozenset(("signed", "low", "high", "locked", "unlocked", "erased"))


async def acts(
    database: Database, told: AbstractSet[Evidence], *, whole: bool
) -> AsyncIterator[tuple[str, str, str]]:
    """Table, row and what is wrong; `whole` says that `told` is the evidence of every chain."""
    there = set[Evidence]()
    for table in _KEYS:
        async for row in _rows(database, table):
            there.update(_left(table, row))
    for system, value in sorted(told - there):
        yield *row_of(system, value), "is gone, or is not as it was when its event told of it"
    if whole:
        for system, value in sorted(there - told):
            yield *row_of(system, value), "is not what any event tells of"


async def _rows(database: Database, table: str) -> AsyncIterator[dict[str, Any]]:
    keys, place = _KEYS[table], _FIRST[table]
    names = [*COLUMNS[table], *(COLUMNS[UNLOCK][1:] if table == LOCK else ())]
    shown = ", ".join(f"COALESCE(r.{name}, r.{name})" if name in _INSTANTS else f"r.{name}" for name in names)
    own = ", ".join(f"r.{name}" for name in keys)
    marks = ", ".join(f"${number}" for number in range(1, len(keys) + 1))
    sql = f"SELECT {shown} FROM {table} r WHERE ({own}) > ({marks}) ORDER BY {own} LIMIT {PAGE}"
    while rows := await _page(database, sql, place):
        for values in rows:
            yield dict(zip(names, values, strict=True))
        last = dict(zip(names, rows[-1], strict=True))
        place = tuple(last[name] for name in keys)


async def _page(database: Database, sql: str, place: tuple[Any, ...]) -> list[Row]:
    return await database.read(lambda c: c.fetch(sql, *place))


def _left(table: str, row: dict[str, Any]) -> Iterator[Evidence]:
    """What the events of a row must have said."""
    yield evidence(table, [row[name] for name in COLUMNS[table]])
    ended = [row[name] for name in COLUMNS[UNLOCK]] if table == LOCK else []
    if any(value is not None for value in ended[1:]):
        yield evidence(UNLOCK, ended)
