"""Whose maps say what a sender's results mean: only who pushes for the sender may write them.

A ConceptMap from a sender's own codes or units has all translated anew that the sender ever pushed, so a
client that may not push for it may not change one either.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from app.fhir_mapping import codec
from app.fhir_mapping.change import Delete, Put
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.sender import Sender
from app.store.bindings import may_push
from app.store.database import Connection, Database
from app.store.piece import Piece, standing
from app.store.senders import every_sender

_KIND: Final = "ConceptMap"
_STANDING = """SELECT r.id, r.document FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id
 WHERE NOT r.deleted"""


async def refuse_others_maps(database: Database, connection: Connection, pieces: Sequence[Piece]) -> None:
    """403 for a ConceptMap, as it is sent or as it stands, from the codes or units of another's sender."""
    bound = [piece for piece in standing(pieces) if piece.by.senders is not None]
    changing = {piece: list(_changes(piece)) for piece in bound}
    keys = sorted({(_KIND, change.id) for changes in changing.values() for change in changes})
    if not keys:
        return
    senders = await every_sender(connection)
    sql = _STANDING.format(keys=database.keys(1))
    rows = await connection.fetch(sql, database.key_set(keys))
    stands = {name: codec.read(bytes(raw)) for name, raw in rows}
    for piece, changes in changing.items():
        others = {uri for one in senders if not may_push(piece.by, one.name) for uri in _own(one)}
        issues = [issue for change in changes for issue in _issues(change, stands, others)]
        piece.refused = Refusal(403, tuple(issues)) if issues else None


def _changes(piece: Piece) -> Iterator[Put | Delete]:
    for target in piece.targets:
        if isinstance(target, Put | Delete) and target.resource.name == _KIND:
            yield target


def _own(sender: Sender) -> Iterator[str]:
    yield from sender.code_systems
    if sender.unit_system is not None:
        yield sender.unit_system


def _issues(
    change: Put | Delete, stands: Mapping[str, Mapping[str, Any]], others: set[str]
) -> Iterator[Issue]:
    documents = [stands.get(change.id, {}), change.document if isinstance(change, Put) else {}]
    for uri in sorted(others & set(_sources(documents))):
        text = f"what {uri} means is said by who may push what is coded in it; this client may not"
        yield Issue("forbidden", text, f"{change.where or _KIND}.group.source")


def _sources(documents: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for document in documents:
        yield from (group["source"] for group in document.get("group", ()) if "source" in group)
