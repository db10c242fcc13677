"""What became of every pushed resource, written down in the transaction it tells of."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from app.fhir_mapping import codec, content
from app.fhir_mapping.change import Conditional, Put, Version, Write
from app.fhir_mapping.outcome import Issue
from app.store import models
from app.store.arrivals import rows_of
from app.store.database import Connection, Database, Key, Row
from app.store.identities import follow
from app.store.parking import OpenedAlready, park, pushes
from app.store.piece import Indexes, Piece, standing
from app.store.writing import Plan

_LETTERS = """SELECT r.id FROM parked r WHERE {letter} {locking}"""
_PARKED = "SELECT r.id FROM parked r WHERE r.sender = $1 AND r.digest = $2 {locking}"
_PARKED_AGAIN = """UPDATE parked SET reason = $2, awaits = $3, awaits_system = $4, awaits_value = $5
 WHERE id = $1"""
_SETTLED = "UPDATE inbox SET settled = $2 WHERE settled IS NULL AND {letter}"
_WAITS = "EXISTS (SELECT 1 FROM awaited a WHERE a.type = inbox.type AND a.id = inbox.resource_id)"
_TRANSLATED = f"""UPDATE inbox SET settled = CASE WHEN {_WAITS} THEN NULL ELSE coalesce($2, settled) END
 WHERE reason LIKE 'unmapped-%' AND (settled IS NOT NULL) = {_WAITS}
 AND (type, resource_id) IN (SELECT k.type, k.id FROM {{keys}})"""
_ALREADY = "ON CONFLICT DO NOTHING"


async def open_letters(database: Database, connection: Connection, pieces: Sequence[Piece]) -> None:
    """Refuse what comes from where it was parked and is there no longer: another was quicker."""
    wanted = sorted({piece.letter for piece in pieces if piece.letter})
    if not wanted:
        return
    sql = _LETTERS.format(letter=database.member("r.id", 1), locking=database.locking)
    there = {name for (name,) in await connection.fetch(sql, database.members(wanted))}
    for piece in standing(pieces):
        if piece.letter and piece.letter not in there:
            text = f"what was parked as {piece.letter} is stored already"
            piece.refused = OpenedAlready(410, (Issue("deleted", text),))


async def write_letters(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    *,
    plans: Sequence[Plan],
    indexes: Indexes,
    at: datetime,
) -> None:
    """Write down who is who, what every result said, what became of each, and what is parked."""
    await _remember(database, connection, pieces, plans, indexes=indexes, at=at)
    pushing = [piece for piece in pieces if pushes(piece)]
    for piece in pushing:
        if piece.parked is not None:
            await _keep(database, connection, piece, at)
    done = sorted({piece.letter for piece in standing(pieces) if piece.letter})
    if done:
        await connection.delete(models.parked, "id", [("", letter) for letter in done])
        sql = _SETTLED.format(letter=database.member("letter", 1))
        await connection.execute(sql, database.members(done), at)
    rows = rows_of(pushing, plans, indexes, at)
    if rows:
        await connection.insert(models.inbox, rows)


async def _remember(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    plans: Sequence[Plan],
    *,
    indexes: Indexes,
    at: datetime,
) -> None:
    """Which result is stored as what, every content it had, and what it waits for."""
    await _remember_contents(connection, pieces, plans, indexes=indexes)
    await follow(database, connection, [key for plan in plans if (key := _moved(plan, indexes))])
    again = [(plan.version.type, plan.version.id) for plan in plans if _may_end_waiting(plan)]
    if again:
        await connection.execute(_TRANSLATED.format(keys=database.keys(1)), database.key_set(again), at)


async def _remember_contents(
    connection: Connection, pieces: Sequence[Piece], plans: Sequence[Plan], *, indexes: Indexes
) -> None:
    if not any(isinstance(plan.change, Put) and (plan.change.push or plan.beneath) for plan in plans):
        return
    identities = [row for piece in standing(pieces) for row in _identities(piece, indexes)]
    if identities:
        await connection.insert(models.identity, identities)
    contents = [row for plan in plans for row in _contents(plan, indexes)]
    if contents:
        await connection.insert(models.content, contents, on_conflict=_ALREADY)
    awaited = [row for plan in plans for row in _awaited(plan, indexes)]
    if awaited:
        await connection.insert(models.awaited, awaited, on_conflict=_ALREADY)


def _may_end_waiting(plan: Plan) -> bool:
    """Whether a result that may have waited for a map is another now: only Observations wait."""
    return plan.supersedes and not plan.restores and plan.version.type == "Observation"


def _moved(plan: Plan, indexes: Indexes) -> Key | None:
    """A result that was about somebody else before."""
    change = plan.change
    if not isinstance(change, Put) or change.push is None or not plan.supersedes:
        return None
    is_moved = plan.found.patient != indexes[id(change)].patient
    return (plan.version.type, plan.version.id) if is_moved else None


def _identities(piece: Piece, indexes: Indexes) -> Iterator[Row]:
    for target in piece.targets:
        push = target.push if isinstance(target, Put) else None
        if isinstance(target, Put) and push is not None and (not push.translated_again or push.registers):
            one = push.identity
            if one not in piece.recognised:
                yield one.type, one.system, one.value, one.code, target.id, indexes[id(target)].patient or ""


def _contents(plan: Plan, indexes: Indexes) -> Iterator[Row]:
    stored: list[tuple[Put, Version]] = list(plan.beneath)
    if isinstance(plan.change, Put) and plan.change.push is not None:
        stored.append((plan.change, plan.version))
    for put, version in stored:
        patient = indexes[id(put)].patient or ""
        yield version.type, version.id, content.digest(put.document), version.version, patient


def _awaited(plan: Plan, indexes: Indexes) -> Iterator[Row]:
    change = plan.change
    if isinstance(change, Put) and change.push is not None:
        patient = indexes[id(change)].patient or ""
        for one in change.push.awaited:
            own = (change.push.sender, plan.version.type, plan.version.id, patient)
            yield one.kind, one.system, one.text, *own


async def _keep(database: Database, connection: Connection, piece: Piece, at: datetime) -> None:
    """Park a piece once, however often it arrives."""
    parked = piece.parked
    assert parked is not None  # noqa: S101 - asked of what is parked
    waits = (parked.reason, *parked.awaits)
    if piece.letter is not None:
        await connection.execute(_PARKED_AGAIN, piece.letter, *waits)
        return
    sender = pushes(piece)[0][2].sender
    document = _bundle(piece)
    digest = _digest(document, piece.by.client)
    found = await connection.fetch(_PARKED.format(locking=database.locking), sender, digest)
    if found:
        park(piece, replace(parked, letter=found[0][0]))
        await connection.execute(_PARKED_AGAIN, found[0][0], *waits)
        return
    await connection.insert(
        models.parked, [(parked.letter, sender, *waits, at, digest, document, piece.by.client)]
    )


def _digest(document: bytes, client: str) -> bytes:
    """What tells a letter: its content and who brought it, for it is carried out as what they may do."""
    of_bundle = content.of_bundle(document)
    return content.digest({"client": client, "said": of_bundle.hex()}) if client else of_bundle


def _bundle(piece: Piece) -> bytes:
    """What was asked, as a transaction that may be carried out later."""
    if piece.whole is not None:
        return piece.whole
    entries = [
        b'{"resource":%b,"request":%b}' % (put.raw, codec.write(_request(piece.writes[place], put)))
        for place, put, _ in pushes(piece)
    ]
    return b'{"resourceType":"Bundle","type":"transaction","entry":[%b]}' % b",".join(entries)


def _request(write: Write, put: Put) -> dict[str, str]:
    """What was asked of one resource, with every condition that was set."""
    kind, asked = put.resource.name, {}
    if put.if_match is not None:
        asked["ifMatch"] = ", ".join(one if one == "*" else f'W/"{one}"' for one in put.if_match)
    if put.only_new:
        asked["ifNoneMatch"] = "*"
    if not isinstance(write, Conditional):
        by_id = {"method": "PUT", "url": f"{kind}/{put.id}"}
        return {**({"method": "POST", "url": kind} if put.fresh else by_id), **asked}
    if write.creates:
        return {"method": "POST", "url": kind, "ifNoneExist": write.criteria.text}
    return {"method": "PUT", "url": f"{kind}?{write.criteria.text}", **asked}
