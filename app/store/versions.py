"""A reference to a version (`Patient/p1/_history/2`) leads to one that there is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.fhir_mapping import rewriting
from app.fhir_mapping.change import Put
from app.fhir_mapping.datatypes import reference
from app.fhir_mapping.index import HOSTED
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.current import NEVER, Current
from app.store.database import Connection, Database, Key
from app.store.piece import Piece, standing

_LATEST = "SELECT r.type, r.id, r.version FROM {keys} JOIN resource r ON r.type = k.type AND r.id = k.id"
_HISTORY = "/_history/"


@dataclass(frozen=True, slots=True)
class _Mention:
    key: Key
    version: str
    place: str


async def check_versions(
    database: Database, connection: Connection, pieces: Sequence[Piece], current: Mapping[Key, Current]
) -> None:
    """422 where a resource refers to a version that is not there; rarely does one refer to any."""
    mentions = {id(piece): mentioned for piece in standing(pieces) if (mentioned := list(_of(piece)))}
    if not mentions:
        return
    keys = {mention.key for mentioned in mentions.values() for mention in mentioned}
    sql = _LATEST.format(keys=database.keys(1))
    rows = await connection.fetch(sql, database.key_set(sorted(keys)))
    latest = {(kind, name): version for kind, name, version in rows}
    for piece in standing(pieces):
        coming = [(key, current.get(key, NEVER).version + 1) for key in set(piece.keys())]
        piece.refused = _refusal(mentions.get(id(piece), ()), latest | dict(coming))


def _of(piece: Piece) -> Iterator[_Mention]:
    """The versions a piece refers to of types we host; whether any is a look at the bytes."""
    for put in piece.puts():
        if b"_history" in put.raw:
            yield from _in(put, piece.base)


def _in(put: Put, base: str) -> Iterator[_Mention]:
    for place, text in rewriting.references(put.document, put.where or put.resource.name):
        key = reference(text, base)
        if _HISTORY in text and key is not None and key[0] in HOSTED:
            yield _Mention(key, text.rpartition(_HISTORY)[2], place)


def _refusal(mentions: Sequence[_Mention], latest: Mapping[Key, int]) -> Refusal | None:
    issues = tuple(
        Issue(
            "not-found",
            f"{'/'.join(mention.key)} has no such version: refer to one it has, or to the resource itself",
            mention.place,
        )
        for mention in mentions
        if not _is_there(mention.version, latest.get(mention.key, 0))
    )
    return Refusal(422, issues) if issues else None


def _is_there(version: str, latest: int) -> bool:
    """Whether a version id, of which ours are the numbers from 1, is that of a version until now."""
    is_ours = version.isascii() and version.isdigit() and not version.startswith("0")
    return is_ours and len(version) <= len(str(latest)) and int(version) <= latest
