"""References lead somewhere: to what is stored, or to what comes in the same piece."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.fhir_mapping.change import Put
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.database import Connection, Database, Key
from app.store.piece import Indexes, Piece, standing
from app.store.settle import entry_of
from app.store.visibility import Visibility, visible

PRESENT = """SELECT r.type, r.id FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id
 WHERE NOT r.deleted AND {visible} ORDER BY r.type, r.id {sharing}"""
_REFERRING = """SELECT target_type, target_id, type, id, EXISTS (
 SELECT 1 FROM resource r WHERE r.type = referring.type AND r.id = referring.id AND {visible}) FROM (
 SELECT 'Patient' AS target_type, patient_id AS target_id, type, id, deleted FROM resource
  WHERE type <> 'Patient' AND patient_id IN (SELECT k.id FROM {doomed} WHERE k.type = 'Patient')
 UNION ALL SELECT 'ResearchStudy', study_id, type, id, deleted FROM resource
  WHERE type <> 'ResearchStudy' AND study_id IN (SELECT k.id FROM {doomed} WHERE k.type = 'ResearchStudy')
 UNION ALL SELECT s.target_type, s.target_id, s.type, s.id, FALSE FROM search_reference s
  JOIN {doomed} ON s.target_type = k.type AND s.target_id = k.id
 ) AS referring WHERE NOT deleted AND NOT EXISTS (
  SELECT 1 FROM {changed} WHERE k.type = referring.type AND k.id = referring.id) LIMIT 20"""


async def check_references(
    database: Database, connection: Connection, pieces: Sequence[Piece], indexes: Indexes
) -> None:
    """422 where a resource refers to one of a type we host that is not there, or may not be seen."""
    wanted: dict[Visibility, set[Key]] = defaultdict(set)
    for piece in standing(pieces):
        own = set(piece.keys())
        for put in piece.documents():
            wanted[piece.visibility].update(key for key in indexes[id(put)].links if key not in own)
    present = {who: await _present(database, connection, who, keys) for who, keys in wanted.items()}
    if present == wanted and not any(piece.deletes() for piece in pieces):
        return
    for piece in standing(pieces):
        piece.refused = _dangling(piece, indexes, present.get(piece.visibility, set()))


async def _present(
    database: Database, connection: Connection, visibility: Visibility, keys: set[Key]
) -> set[Key]:
    """Those of these resources that are there and may be seen; they stay until the commit."""
    if not keys:
        return set()
    values: list[Any] = [database.key_set(sorted(keys))]
    condition = visible(database, visibility, "r", values)
    sql = PRESENT.format(keys=database.keys(1), visible=condition, sharing=database.sharing)
    return {(kind, name) for kind, name in await connection.fetch(sql, *values)}


def _dangling(piece: Piece, indexes: Indexes, present: set[Key]) -> Refusal | None:
    there = (present | set(piece.keys())) - piece.deletes()
    lost = [
        (kind, name, _located(put, path))
        for put in piece.documents()
        for (kind, name), path in indexes[id(put)].links.items()
        if (kind, name) not in there
    ]
    piece.missing += [(kind, "", name) for kind, name, _ in lost]
    issues = [
        Issue(
            "not-found", f"{kind}/{name} is not known here: send it first, or in the same transaction", place
        )
        for kind, name, place in lost
    ]
    return Refusal(422, tuple(issues)) if issues else None


def _located(put: Put, path: str) -> str:
    """The FHIRPath as the sender sees it: inside the Bundle where it came in one."""
    return path if put.where is None else put.where + path.removeprefix(put.resource.name)


def _places(piece: Piece) -> dict[Key, str | None]:
    """Where the sender asked for each deletion: the entry of the Bundle, None where it was not in one."""
    return {
        (one.resource.name, one.id): entry and f"{entry}.request.url"
        for one in piece.changes()
        for entry in [entry_of(one)]
    }


async def check_deletions(database: Database, connection: Connection, pieces: Sequence[Piece]) -> None:
    """409 where something still refers to what is to be deleted.

    What the piece itself changes does not count: what it will refer to then was looked at already.
    """
    for piece in standing(pieces):
        doomed = piece.deletes()
        if not doomed:
            continue
        values: list[Any] = [database.key_set(sorted(doomed)), database.key_set(sorted(piece.keys()))]
        condition = visible(database, piece.visibility, "r", values)
        sql = _REFERRING.format(doomed=database.keys(1), changed=database.keys(2), visible=condition)
        places = _places(piece)
        issues = tuple(
            dict.fromkeys(
                Issue("conflict", _in_the_way(f"{kind}/{name}", by, seen=seen), places[kind, name])
                for kind, name, *by, seen in await connection.fetch(sql, *values)
            )
        )
        piece.refused = Refusal(409, issues) if issues else None


def _in_the_way(doomed: str, by: Sequence[str], *, seen: bool) -> str:
    if seen:
        return f"{doomed} is still referred to by {'/'.join(by)}: delete that first"
    return f"{doomed}: something you may not see still refers to it; ask those who may to delete that first"
