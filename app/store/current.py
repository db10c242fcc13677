"""What stands under the ids that are to be changed, locked until the commit, and what it forbids."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from app.fhir_mapping.change import Delete, Patch, Plain, Put
from app.fhir_mapping.outcome import Issue, Refusal, gone, not_found
from app.store.database import Connection, Contention, Database, Key
from app.store.piece import Piece, standing
from app.store.settle import entry_of, together
from app.store.visibility import EVERYTHING, Visibility, visible

_CURRENT = """SELECT r.type, r.id, r.version, r.deleted, r.last_updated, r.patient_id, r.study_id, r.site
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id ORDER BY r.type, r.id {locking}"""

_SEEN = """SELECT r.type, r.id FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id
 WHERE {visible}"""


@dataclass(frozen=True, slots=True)
class Current:
    """The current version of a resource, or that there never was one; whether who changes it may see it."""

    version: int = 0
    deleted: bool = True
    last_updated: datetime | None = None
    patient: str | None = None
    study: str | None = None
    site: str | None = None
    seen: bool = True


NEVER = Current()


async def lock_current(
    database: Database, connection: Connection, pieces: Sequence[Piece]
) -> dict[Key, Current]:
    """What stands now under the ids to be changed; ids the server has just made need no look.

    Raises Contention where what the criteria found has been changed meanwhile, or where two pieces turn
    out to change the same.
    """
    keys = [
        (change.resource.name, change.id)
        for piece in standing(pieces)
        for change in piece.changes()
        if not (isinstance(change, Put) and change.fresh)
    ]
    if not keys:
        return {}
    if len(keys) != len(set(keys)):
        raise Contention("two writers were led to the same resource")
    sql = _CURRENT.format(keys=database.keys(1), locking=database.locking)
    rows = await connection.fetch(sql, database.key_set(sorted(keys)))
    current = {(kind, name): Current(*rest) for kind, name, *rest in rows}
    for piece in standing(pieces):
        for key, version in piece.expected.items():
            found = current.get(key, NEVER)
            if found.deleted or found.version != version:
                raise Contention("what the criteria found was changed meanwhile")
    for visibility in {piece.visibility for piece in standing(pieces)} - {EVERYTHING}:
        own = set[Key]().union(*(one.keys() for one in standing(pieces) if one.visibility == visibility))
        await _hide(database, connection, visibility, current, sorted(own & current.keys()))
    return current


async def _hide(
    database: Database,
    connection: Connection,
    visibility: Visibility,
    current: dict[Key, Current],
    keys: Sequence[Key],
) -> None:
    """Mark what stands under these ids and may not be seen."""
    in_sight = await seen(database, connection, visibility, keys)
    for key in keys:
        current[key] = replace(current[key], seen=key in in_sight)


async def seen(
    database: Database, connection: Connection, visibility: Visibility, keys: Sequence[Key]
) -> set[Key]:
    """Those of these resources, the deleted ones among them, that may be seen."""
    values: list[Any] = [database.key_set(keys)]
    sql = _SEEN.format(keys=database.keys(1), visible=visible(database, visibility, "r", values))
    return {(kind, name) for kind, name in await connection.fetch(sql, *values)}


def objection(piece: Piece, current: dict[Key, Current]) -> Refusal | None:
    """Why what stands there forbids a change: it is another version, it is there, or it is not there."""
    refusals = [refused for change in piece.changes() for refused in _objections(piece, change, current)]
    return together(refusals)


def _objections(piece: Piece, change: Plain, current: dict[Key, Current]) -> Iterator[Refusal]:
    key = (change.resource.name, change.id)
    found = current.get(key, NEVER)
    if not found.seen or _is_nobodys(piece, change, found) or (isinstance(change, Patch) and found.deleted):
        said = (not_found if found is NEVER or not found.seen else gone)("/".join(key))
        yield said if change.where is None else said.within(key[0], _place(change, "url"))
    elif change.if_match is not None and not _is_matched(change.if_match, found):
        stands = "nothing stands there" if found.deleted else f'the current version is W/"{found.version}"'
        text = f"{'/'.join(key)}: {stands}; read it again and send your change on top"
        yield Refusal(412, (Issue("conflict", text, _place(change, "ifMatch")),))
    elif isinstance(change, Put) and not found.deleted:
        yield from _taken(piece, change, found)


def _is_nobodys(piece: Piece, change: Plain, found: Current) -> bool:
    """Whether nothing ever stood what is to be changed, which must not be told from what is out of sight.

    An id that the client chose for something new is the one thing that tells: if it stands out of sight it is
    404, and nothing is changed; else it is stored.
    """
    changes_what_stands = isinstance(change, Delete) or change.if_match is not None
    return found is NEVER and changes_what_stands and piece.visibility != EVERYTHING


def _taken(piece: Piece, put: Put, found: Current) -> Iterator[Refusal]:
    """Where a Put must not meet anything, and does."""
    key = (put.resource.name, put.id)
    if put.only_new:
        text = f'{"/".join(key)} exists, at version W/"{found.version}": update it without If-None-Match'
        yield Refusal(412, (Issue("conflict", text, _place(put, "ifNoneMatch")),))
    elif key in piece.newcomers:
        text = f"{'/'.join(key)} exists, and the criteria do not find it: correct them, or the id"
        yield Refusal(409, (Issue("conflict", text, f"{put.where or put.resource.name}.id"),))


def _is_matched(if_match: Sequence[str], found: Current) -> bool:
    return not found.deleted and not {"*", str(found.version)}.isdisjoint(if_match)


_HEADERS = {"ifMatch": "http.if-match", "ifNoneMatch": "http.if-none-match", "url": "http.url"}


def _place(change: Plain, element: str) -> str:
    """Where the sender said it: in the request of the entry of the Bundle, or in the header."""
    entry = entry_of(change)
    return _HEADERS[element] if entry is None else f"{entry}.request.{element}"
