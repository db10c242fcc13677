"""Which stored resource a pushed one is: looked up by its identity, decided by the database's constraint.

A look-up finds what is there; that nobody else stores the same result meanwhile is the business of the
primary key of `identity`. Whoever comes second is turned away by it, tries again and finds the first.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from app.fhir_mapping import rewriting
from app.fhir_mapping.change import Conditional, Put, Write
from app.fhir_mapping.codec import read
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.push import Identity
from app.store.criteria import named
from app.store.current import seen
from app.store.database import Connection, Database, Key
from app.store.piece import Piece, Twin, standing
from app.store.settle import changed_twice, together
from app.store.visibility import EVERYTHING, Visibility, visible

_KNOWN = """SELECT i.type, i.system, i.value, i.code, i.id FROM {tokens}
 JOIN identity i ON i.type = k.type AND i.system = k.system AND i.value = k.code"""
_BEARING = """SELECT k.type, k.system, k.code, r.id FROM {tokens}
 JOIN search_token s ON s.type = k.type AND s.parameter = 'identifier' AND s.code = k.code
  AND s.system = k.system
 JOIN resource r ON r.type = s.type AND r.id = s.id WHERE NOT r.deleted AND {visible} ORDER BY r.id"""
_OTHERS = """SELECT i.type, i.system, i.value, i.code, i.id FROM {keys}
 JOIN identity i ON i.type = k.type AND i.id = k.id"""
_FOLLOW = """UPDATE identity SET patient_id = coalesce((SELECT r.patient_id FROM resource r
 WHERE r.type = identity.type AND r.id = identity.id), '')
 WHERE (type, id) IN (SELECT k.type, k.id FROM {keys})"""

Known = Mapping[Identity, str]
"""The ids under which results are stored."""


def plain(write: Write) -> Write:
    """A condition that asks for the number a pushed resource is told by anyway says nothing more."""
    if not isinstance(write, Conditional) or not isinstance(write.change, Put) or write.change.push is None:
        return write
    identity = write.change.push.identity
    own = ("identifier", f"{identity.system}|{identity.value}")
    return write.change if own in parse_qsl(write.criteria.text) else write


def pushed(piece: Piece) -> Iterator[tuple[int, Put, Identity]]:
    """What a piece brings from registered senders: place among its writes, and which result it is."""
    for place, target in enumerate(piece.targets):
        if isinstance(target, Put) and target.push is not None and not target.push.translated_again:
            yield place, target, target.push.identity


async def recognise(database: Database, connection: Connection, pieces: Sequence[Piece]) -> None:
    """Lead every pushed resource to where it is stored already, and every mention of it, too.

    What is stored out of sight leads nobody there: a result of that number is refused (404) without a word
    of what it is, and what only comes with results is stored anew.
    """
    pushing: dict[Visibility, list[Piece]] = defaultdict(list)
    for piece in standing(pieces):
        if any(pushed(piece)):
            pushing[piece.visibility].append(piece)
    for visibility, own in pushing.items():
        known, hidden = await _known(database, connection, visibility, own)
        for piece in own:
            piece.recognised = {one for _, _, one in pushed(piece) if one in known or one in hidden}
            piece.refused = together([*_out_of_sight(piece, hidden), *_led_astray(piece, known)])
        for piece in standing(own):
            _lead(piece, known)
            _join(piece)
            piece.refused = changed_twice(piece) if len(piece.writes) > 1 else None
        await _refuse_others(database, connection, own, known)


async def _known(
    database: Database, connection: Connection, visibility: Visibility, pieces: Sequence[Piece]
) -> tuple[Known, AbstractSet[Identity]]:
    """Where what these bring is stored, as far as it may be seen; what of it is stored out of sight."""
    tokens = {(one.type, one.system, one.value) for piece in pieces for _, _, one in pushed(piece)}
    rows = await connection.fetch(
        _KNOWN.format(tokens=database.tokens(1)), database.token_set(sorted(tokens))
    )
    known = {Identity(kind, system, value, code): name for kind, system, value, code, name in rows}
    hidden: set[Identity] = set()
    if known and visibility != EVERYTHING:
        keys = sorted({(one.type, name) for one, name in known.items()})
        there = await seen(database, connection, visibility, keys)
        hidden = {one for one, name in known.items() if (one.type, name) not in there}
    known = {one: name for one, name in known.items() if one not in hidden}
    return known | await _borne(database, connection, visibility, pieces, known=known), hidden


def _out_of_sight(piece: Piece, hidden: AbstractSet[Identity]) -> Iterator[Refusal]:
    for _, put, identity in pushed(piece):
        if identity in hidden and not (put.push is not None and put.push.companion):
            kind = put.resource.name
            text = "a result of this number is not known here as one that you may see or change"
            yield refusal(404, "not-found", text, f"{put.where or kind}.identifier")


async def refuse_taken(database: Database, connection: Connection, pieces: Sequence[Piece]) -> None:
    """409 where a person gives a resource, by a patch, the identity another one has."""
    registering = [
        (piece, put, put.push.identity)
        for piece in standing(pieces)
        for put in piece.puts()
        if put.push is not None and put.push.registers
    ]
    if not registering:
        return
    tokens = sorted({(one.type, one.system, one.value) for _, _, one in registering})
    rows = await connection.fetch(_KNOWN.format(tokens=database.tokens(1)), database.token_set(tokens))
    known = {Identity(kind, system, value, code): name for kind, system, value, code, name in rows}
    given: dict[Identity, str] = {}
    for piece, put, identity in registering:
        own = given.setdefault(identity, known.get(identity, put.id))
        if own != put.id:
            name = f"{identity.type}/{own}" if piece.visibility == EVERYTHING else "another resource"
            text = f"{name} is this result of its sender's: change that one"
            place = f"{put.where or identity.type}.identifier"
            piece.refused = refusal(409, "conflict", text, place)


async def follow(database: Database, connection: Connection, moved: Sequence[Key]) -> None:
    """Note whom results are about that are now about somebody else."""
    if moved:
        await connection.execute(_FOLLOW.format(keys=database.keys(1)), database.key_set(moved))


async def _borne(
    database: Database,
    connection: Connection,
    visibility: Visibility,
    pieces: Sequence[Piece],
    *,
    known: Known,
) -> dict[Identity, str]:
    """What only comes with results, and is here already under an identifier it bears: the oldest of these."""
    wanted = {
        one
        for piece in pieces
        for _, put, one in pushed(piece)
        if put.push is not None and put.push.companion and one not in known
    }
    if not wanted:
        return {}
    tokens = sorted((one.type, one.system, one.value) for one in wanted)
    values: list[Any] = [database.token_set(tokens)]
    condition = visible(database, visibility, "r", values)
    sql = _BEARING.format(tokens=database.tokens(1), visible=condition)
    rows = await connection.fetch(sql, *values)
    return {Identity(kind, system, value): name for kind, system, value, name in reversed(rows)}


def _led_astray(piece: Piece, known: Known) -> Iterator[Refusal]:
    """409 where the criteria of an update find another resource than the one the result is stored as."""
    for place, put, identity in pushed(piece):
        kind, write = put.resource.name, piece.writes[place]
        name = known.get(identity, put.id)
        if name != put.id and (kind, put.id) in piece.expected and isinstance(write, Conditional):
            text = (
                f"{named(write.criteria)} finds {kind}/{put.id}, and this result is stored as {kind}/{name}:"
                " update that one, by its own identifier or its id"
            )
            yield refusal(409, "conflict", text, write.criteria.where)


def _lead(piece: Piece, known: Known) -> None:
    """Give every pushed resource the id it is stored under; those that are the same have one."""
    names: dict[Identity, str] = {}
    moved: dict[str, str] = {}
    for place, put, identity in list(pushed(piece)):
        name = names.setdefault(identity, known.get(identity, put.id))
        if name != put.id:
            moved[f"{put.resource.name}/{put.id}"] = f"{put.resource.name}/{name}"
        fresh = put.fresh and identity not in known
        if (name, fresh) != (put.id, put.fresh):
            piece.settle(place, replace(put, id=name, fresh=fresh))
    if not moved:
        return
    for place, target in enumerate(piece.targets):
        if isinstance(target, Put) and (raw := rewriting.resolved(target.raw, moved)) != target.raw:
            piece.settle(place, replace(target, raw=raw, document=read(raw)))


def _join(piece: Piece) -> None:
    """Let what is the same result as another of the piece share its place; which stands is judged later.

    What only comes with results may be told by several identifiers, and be one all the same.
    """
    first: dict[Identity | Key, int] = {}
    for place, put, identity in list(pushed(piece)):
        is_companion = put.push is not None and put.push.companion
        top = first.setdefault((put.resource.name, put.id) if is_companion else identity, place)
        if top != place:
            piece.twins.setdefault(top, []).append((place, put))
            piece.targets[place] = Twin(top)


async def _refuse_others(
    database: Database, connection: Connection, pieces: Sequence[Piece], known: Known
) -> None:
    """409 where a sender stores a result under an id that another of its results has.

    All of these see the same; what stands out of sight under that id is refused as such later.
    """
    chosen = {
        (put.resource.name, put.id)
        for piece in pieces
        for _, put, identity in pushed(piece)
        if not put.fresh and identity not in known
    }
    if not chosen:
        return
    rows = await connection.fetch(_OTHERS.format(keys=database.keys(1)), database.key_set(sorted(chosen)))
    taken: dict[Key, set[Identity]] = defaultdict(set)
    for kind, system, value, code, name in rows:
        taken[kind, name].add(Identity(kind, system, value, code))
    if taken and pieces[0].visibility != EVERYTHING:
        there = await seen(database, connection, pieces[0].visibility, sorted(taken))
        taken = {key: others for key, others in taken.items() if key in there}
    for piece in standing(pieces):
        issues = tuple(
            _taken(put)
            for _, put, identity in pushed(piece)
            if (others := taken.get((put.resource.name, put.id))) and identity not in others
        )
        piece.refused = Refusal(409, issues) if issues else None


def _taken(put: Put) -> Issue:
    kind = put.resource.name
    text = f"{kind}/{put.id} is another result, with another identifier: send each under an id of its own"
    return Issue("conflict", text, f"{put.where or kind}.id")
