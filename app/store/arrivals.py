"""What became of every pushed resource, as one row of the inbox tells it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put, Version, changed
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.push import Delivered, Push
from app.fhir_mapping.registry import RESOURCES
from app.store import models
from app.store.bindings import Unbound
from app.store.database import Row
from app.store.ids import new_id
from app.store.parking import OpenedAlready, pushes
from app.store.piece import Indexes, Piece, Twin
from app.store.session import Store
from app.store.writing import Plan

LONGEST_DETAIL = 500
"""Characters of what is said of one resource; the answer to its sender said all of it."""

Said = tuple[str, str, str | None, int]
"""Fate, reason, words, HTTP status."""

Beneath = Mapping[tuple[str, str, str | None], tuple[Put, Version]]
"""What went to the history beneath what stands, by type, id and the place in its Bundle."""


def rows_of(pieces: Sequence[Piece], plans: Sequence[Plan], indexes: Indexes, at: datetime) -> list[Row]:
    """The inbox: one row for each pushed resource of these pieces."""
    laid = ((put, version) for plan in plans for put, version in plan.beneath)
    beneath = {(version.type, version.id, put.where): (put, version) for put, version in laid}
    return [row for piece in pieces for row in _rows(piece, beneath, indexes, at)]


def _rows(piece: Piece, beneath: Beneath, indexes: Indexes, at: datetime) -> Iterator[Row]:
    for place, put, push in pushes(piece):
        again = push.message.letter and (piece.parked or _is_opened(piece))
        if push.companion or push.translated_again or again:
            continue  # nothing arrived
        if isinstance(piece.refused, Unbound):
            continue  # its sender sent nothing
        if piece.refused is not None:
            letter = piece.parked.letter if piece.parked else push.message.letter or ""
            told = said(piece.refused, put.where, parked=piece.parked.reason if piece.parked else None)
            yield row(push, at, letter=letter, said=told, name=new_id(), client=piece.by.client)
            continue
        delivered, answered = piece.deliveries[place], piece.versions[place]
        words = "; ".join(note.text for note in delivered.notes)
        status = 201 if answered.created else 200
        version, patient = _stored(piece, place, put.where, beneath=beneath, indexes=indexes)
        yield row(
            push,
            at,
            letter=push.message.letter or "",
            said=(delivered.fate, delivered.reason, words[:LONGEST_DETAIL] or None, status),
            name=delivered.letter,
            version=version,
            patient=patient,
            client=piece.by.client,
        )


def _is_opened(piece: Piece) -> bool:
    """Whether another was quicker to carry out what was parked."""
    return isinstance(piece.refused, OpenedAlready)


def _stored(
    piece: Piece, place: int, where: str | None, *, beneath: Beneath, indexes: Indexes
) -> tuple[Version, str]:
    """The version that holds what arrived, and whose it is; what came late lies in the history."""
    answered, target = piece.versions[place], piece.targets[place]
    stored = piece.deliveries[place].fate == "stored"
    if stored and (laid := beneath.get((answered.type, answered.id, where))):
        put, version = laid
        return version, indexes[id(put)].patient or ""
    target = piece.targets[target.place] if isinstance(target, Twin) else target
    if isinstance(target, Put):
        return answered, indexes[id(target)].patient or ""
    document = codec.read(answered.document or b"{}")
    found = index_rows(RESOURCES[answered.type], document, base=piece.base, own_id=answered.id)
    return answered, found.patient or ""


def deliver_found(piece: Piece, place: int) -> None:
    """Note that a pushed resource is not stored, because the sender's own criteria found what is here."""
    put, found = changed(piece.writes[place]), piece.targets[place]
    if not isinstance(put, Put) or put.push is None or not isinstance(found, Version):
        return
    text = f"the criteria of this create find {found.type}/{found.id}: it stays as it is, this is not stored"
    note = Issue("informational", text, put.where or put.resource.name, severity="warning")
    piece.deliveries[place] = Delivered(
        sender=put.push.sender, letter=new_id(), fate="replayed", notes=(*put.remarks, note)
    )


def row(
    push: Push,
    at: datetime,
    *,
    said: Said,
    name: str,
    letter: str = "",
    version: Version | None = None,
    patient: str = "",
    client: str,
) -> Row:
    """One row of the inbox; `client` is who brought it."""
    message, one = push.message, push.identity
    stored = ("", 0) if version is None else (version.id, version.version)
    told = (one.type, one.system, one.value, one.code, patient)
    return (name, at, push.sender, message.door, message.number, *told, *said, *stored, message.change_reason,
            letter, None, client)  # fmt: skip


def said(refused: Refusal, where: str | None, *, parked: str | None = None) -> Said:
    """What a Refusal says of the resource of one entry: its own issues, else the first of all."""
    entry = None if where is None else where.removesuffix(".resource")
    own = [issue for issue in refused.issues if entry is None or (issue.expression or "").startswith(entry)]
    issues = own or refused.issues[:1]
    detail = "; ".join(issue.text for issue in issues)[:LONGEST_DETAIL]
    if parked is not None:
        return "parked", parked, detail, refused.status
    return "refused", issues[0].code, detail, refused.status


async def write_rows(store: Store, rows: Sequence[Row]) -> None:
    """Write rows of the inbox that tell of nothing stored."""
    await store.database.write(lambda connection: connection.insert(models.inbox, rows))
