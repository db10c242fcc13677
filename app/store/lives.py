"""What becomes of a pushed result that is stored already: replay, newer version, late history or conflict."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
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

_CONTENTS = """SELECT c.type, c.id, c.digest FROM {tokens}
 JOIN content c ON c.type = k.type AND c.id = k.system AND {said}"""
_STORED = """SELECT r.type, r.id, r.version, r.last_updated, r.document
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted"""
_LAST = """SELECT v.type, v.id, v.version, v.last_updated, v.document
 FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id AND r.deleted
 JOIN version v ON v.type = r.type AND v.id = r.id AND v.version = r.version - 1"""


@dataclass(slots=True)
class _Known:
    """What is known of the results that arrive: what each said before, and what stands or stood last."""

    had: dict[Key, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    there: dict[Key, Version] = field(default_factory=dict)
    deleted: dict[Key, Version] = field(default_factory=dict)


async def judge(
    database: Database, connection: Connection, pieces: Sequence[Piece], current: Mapping[Key, Current]
) -> None:
    """Say of every pushed resource what is stored for it; refuse a piece that contradicts what stands."""
    said = sorted({one for piece in standing(pieces) for one in _arriving(piece, current)})
    known = await _known(database, connection, said, current) if said else _Known()
    for piece in standing(pieces):
        _judge(piece, known)


def _arriving(piece: Piece, current: Mapping[Key, Current]) -> Iterator[tuple[str, str, str]]:
    """Type, id and content of what arrives again."""
    for place, put, _ in pushed(piece):
        key = (put.resource.name, put.id)
        if key in current:
            arrived = [put, *(twin for _, twin in piece.twins.get(place, ()))]
            yield from ((*key, content.digest(one.document).hex()) for one in arrived)


async def _known(
    database: Database,
    connection: Connection,
    said: Sequence[tuple[str, str, str]],
    current: Mapping[Key, Current],
) -> _Known:
    known, keys = _Known(), sorted({(kind, name) for kind, name, _ in said})
    sql = _CONTENTS.format(tokens=database.tokens(1), said=database.is_hex("c.digest", "k.code"))
    for kind, name, digest in await connection.fetch(sql, database.token_set(said)):
        known.had[kind, name].add(bytes(digest))
    known.there |= await _versions(database, connection, _STORED, keys)
    gone = [key for key in keys if current[key].deleted]
    known.deleted |= await _versions(database, connection, _LAST, gone) if gone else {}
    return known


async def _versions(
    database: Database, connection: Connection, sql: str, keys: Sequence[Key]
) -> dict[Key, Version]:
    rows = await connection.fetch(sql.format(keys=database.keys(1)), database.key_set(keys))
    return {(kind, name): _version(kind, name, *rest) for kind, name, *rest in rows}


def _version(kind: str, name: str, number: int, last_updated: datetime, document: bytes) -> Version:
    return Version(type=kind, id=name, version=number, last_updated=last_updated, document=document)


def _judge(piece: Piece, known: _Known) -> None:
    issues: list[Issue] = []
    for place, put, identity in list(pushed(piece)):
        key = (put.resource.name, put.id)
        is_known = identity in piece.recognised  # else it takes the place of what was no sender's
        stored = known.there.get(key) if is_known else None
        last = known.deleted.get(key) if is_known else None
        heard = known.had.get(key, set())
        arrived = [(place, put), *piece.twins.get(place, ())]
        if last is not None and not any(_brings_back(one, last, heard) for _, one in arrived):
            issues.append(_deleted(put))
            continue
        issues += _stack(piece, place, arrived, stored=stored, heard=heard)
    piece.refused = Refusal(409, tuple(issues)) if issues else None


def _brings_back(put: Put, last: Version, heard: AbstractSet[bytes]) -> bool:
    """Whether a content is newer than what was deleted, and was not said before."""
    is_new = content.digest(put.document) not in heard
    return is_new and result_life.compare(put.document, read(last.document or b"{}")) > 0


def _stack(
    piece: Piece,
    top: int,
    arrived: Sequence[tuple[int, Put]],
    *,
    stored: Version | None,
    heard: AbstractSet[bytes],
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
            put = put if stored is None else _moved(put, stands or {})  # noqa: PLW2901 a word more is said of it
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


def _moved(put: Put, stands: Document) -> Put:
    """It, and that it is about somebody else now, where it is: rightly or not, that must not pass unseen."""
    kind, before, now = put.resource.name, _subject(stands), _subject(put.document)
    if before == now:
        return put
    text = f"this moves {kind}/{put.id} from {before or 'nobody'} to {now or 'nobody'}: see that it is meant"
    said = Issue("business-rule", text, f"{put.where or kind}.subject", severity="warning")
    return replace(put, remarks=(*put.remarks, said))


def _subject(document: Document) -> str:
    about = document.get("subject") or {}
    return str(about.get("reference", ""))


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
    text = f"{kind}/{put.id} was deleted here, and this is not newer: a newer content would bring it back"
    return Issue("deleted", text, put.where or kind)
