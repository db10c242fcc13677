"""What becomes of a pushed result that is stored already: replay, newer version, late history or conflict."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.fhir_mapping import content, result_life
from app.fhir_mapping.change import Put, Version
from app.fhir_mapping.codec import read
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.push import LATE, Delivered, Fate
from app.fhir_mapping.resource import Document
from app.store.current import Current
from app.store.database import Connection, Database, Key
from app.store.identities import pushed
from app.store.ids import new_id
from app.store.piece import Piece, index_of, standing

_CONTENTS = """SELECT c.type, c.id, c.digest FROM {keys}
 JOIN content c ON c.type = k.type AND c.id = k.id"""
_STORED = """SELECT r.type, r.id, r.version, r.last_updated, r.document
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted"""

Digests = Mapping[Key, set[bytes]]
"""The contents every result ever had."""


async def judge(
    database: Database, connection: Connection, pieces: Sequence[Piece], current: Mapping[Key, Current]
) -> None:
    """Say of every pushed resource what is stored for it; refuse a piece that contradicts what stands."""
    keys = {
        (put.resource.name, put.id)
        for piece in standing(pieces)
        for _, put, _ in pushed(piece)
        if (put.resource.name, put.id) in current
    }
    had: dict[Key, set[bytes]] = defaultdict(set)
    there: dict[Key, Version] = {}
    if keys:
        wanted = database.key_set(sorted(keys))
        for kind, name, digest in await connection.fetch(_CONTENTS.format(keys=database.keys(1)), wanted):
            had[kind, name].add(bytes(digest))
        for kind, name, *rest in await connection.fetch(_STORED.format(keys=database.keys(1)), wanted):
            there[kind, name] = _version(kind, name, *rest)
    for piece in standing(pieces):
        _judge(piece, had, there, current)


def _version(kind: str, name: str, number: int, last_updated: datetime, document: bytes) -> Version:
    return Version(type=kind, id=name, version=number, last_updated=last_updated, document=document)


def _judge(piece: Piece, had: Digests, there: Mapping[Key, Version], current: Mapping[Key, Current]) -> None:
    issues: list[Issue] = []
    for place, put, identity in list(pushed(piece)):
        key = (put.resource.name, put.id)
        is_known = identity in piece.recognised  # else it takes the place of what was no sender's
        stored, heard = there.get(key) if is_known else None, had.get(key, set())
        if stored is None and key in current and content.digest(put.document) in heard:
            issues.append(_deleted(put))
            continue
        arrived = [(place, put), *piece.twins.get(place, ())]
        issues += _stack(piece, place, arrived, stored=stored, heard=heard)
    piece.refused = Refusal(409, tuple(issues)) if issues else None


def _stack(
    piece: Piece, top: int, arrived: Sequence[tuple[int, Put]], *, stored: Version | None, heard: set[bytes]
) -> list[Issue]:
    """Lay what arrived over and under what stands: the content that stands in the end is on top."""
    issues: list[Issue] = []
    winner, beneath, known = None, [], set(heard)
    stands = None if stored is None else read(stored.document or b"{}")
    for place, put in arrived:
        digest = content.digest(put.document)
        order = 1 if stands is None else result_life.compare(put.document, stands)
        if digest in known:
            _deliver(piece, place, put, "replayed")
        elif stands is not None and put.push is not None and put.push.companion:
            _deliver(piece, place, _left_as_it_is(put, stands), "replayed")
        elif order == 0:
            issues.append(_conflict(put, content.differing(stands or {}, put.document)))
        elif order < 0:
            beneath.append(put)
            _deliver(piece, place, put, "stored", reason=LATE)
        else:
            beneath += [] if winner is None else [winner]
            winner, stands = put, put.document
            _deliver(piece, place, put, "stored", corrects=stored.version if stored else None)
        known.add(digest)
    _lay(piece, top, winner, stored=stored, beneath=beneath)
    return issues


def _lay(piece: Piece, top: int, winner: Put | None, *, stored: Version | None, beneath: list[Put]) -> None:
    """Put what stands in its place, and what is older beneath it.

    Where that stands already, it is stored once more on top: the newest version is the one that stands.
    """
    own = piece.targets[top]
    assert isinstance(own, Put)  # noqa: S101 - it was pushed
    if winner is not None:
        if winner is not own:
            piece.settle(top, replace(winner, id=own.id, fresh=own.fresh))
    elif stored is not None and beneath:
        raw = stored.document or b"{}"
        piece.settle(top, replace(own, raw=raw, document=read(raw), push=None))
    elif stored is not None:
        piece.settle(top, replace(stored, matched=True))
    if beneath:
        piece.beneath[top] = beneath
        piece.indexes |= {id(put): index_of(put, piece.base) for put in beneath}


def _deliver(
    piece: Piece, place: int, put: Put, fate: Fate, *, reason: str = "", corrects: int | None = None
) -> None:
    """Note what is to be said of a pushed resource."""
    push = put.push
    assert push is not None  # noqa: S101 - it was pushed
    notes = [*put.remarks]
    if corrects is not None:
        notes += result_life.warnings(put.document, reason=push.message.change_reason)
    notes += [_late(put)] if reason == LATE else []
    piece.deliveries[place] = Delivered(
        sender=push.sender,
        letter=new_id(),
        fate=fate,
        reason=reason or (push.awaited[0].reason if push.awaited else ""),
        notes=notes,
        corrects=corrects,
    )


def _left_as_it_is(put: Put, stands: Document) -> Put:
    """What is here already under its identifier, and says so where it says something else."""
    paths = content.differing(stands, put.document)
    if not paths:
        return put
    kind = put.resource.name
    text = (
        f"{kind}/{put.id} is here already and stays as it is, though it differs in {', '.join(paths[:5])}:"
        " update it by itself to change it"
    )
    said = Issue("informational", text, put.where or kind, severity="warning")
    return replace(put, remarks=(*put.remarks, said))


def _late(put: Put) -> Issue:
    text = "a newer content of this result is stored already: this one is kept in its history"
    return Issue("informational", text, put.where or put.resource.name, severity="warning")


def _conflict(put: Put, paths: Sequence[str]) -> Issue:
    kind = put.resource.name
    text = (
        f"{kind}/{put.id} has other content in {', '.join(paths)}, and nothing says that this is newer: send"
        " a correction with a later `issued`, and status corrected or amended"
    )
    return Issue("conflict", text, put.where or kind)


def _deleted(put: Put) -> Issue:
    kind = put.resource.name
    text = f"{kind}/{put.id} was deleted here, and this is what it said: a newer content would bring it back"
    return Issue("deleted", text, put.where or kind)
