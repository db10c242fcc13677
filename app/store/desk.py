"""The desk as it is now: the senders that are registered, and the ConceptMaps that say what they mean."""

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.desk import Desk
from app.fhir_mapping.dictionary import Dictionary
from app.store.database import Connection, Database, Row
from app.store.piece import Piece, standing
from app.store.senders import senders

FRESH_SECONDS = 2.0
"""How long another process may go on with who was registered before: a sender should be registered before it
begins to push. What it takes in meanwhile is translated by the maps there are when it is stored."""

_MADE_OF = """SELECT 'ConceptMap', '', coalesce(sum(version), 0), NULL FROM resource
 WHERE type = 'ConceptMap' UNION ALL SELECT 'sender', s.name,
 (SELECT count(*) FROM swept w WHERE w.kind = 'sender' AND w.id = s.name), s.definition FROM sender s"""
_MAPS = """SELECT id, version, document FROM resource
 WHERE type = 'ConceptMap' AND NOT deleted ORDER BY id"""


class CurrentDesk:
    """Looked up again when it is older than a moment, or when this process changed what it is made of."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._desk = Desk()
        self._until = 0.0
        self.swept: object = None
        """What the desk was made of by which, as far as this process knows, all that is stored reads."""

    def expire(self) -> None:
        """Look it up before it is used again."""
        self._until = 0.0

    async def now(self) -> Desk:
        """The desk as it is, or was a moment ago."""
        if monotonic() >= self._until:
            self._desk = await self._database.read(self.seen)
            self._until = monotonic() + FRESH_SECONDS
        return self._desk

    async def seen(self, connection: Connection) -> Desk:
        """The desk as this connection sees it: one statement, unless it changed.

        Every write of a ConceptMap, be it a deletion, adds to the sum of their versions; who registers a
        sender has all swept that is the sender's.
        """
        made_of = _made_of(await connection.fetch(_MADE_OF))
        known = self._desk
        if made_of == known.made_of:
            return known
        registered = await senders(connection)
        maps = [_read(row) for row in await connection.fetch(_MAPS)] if registered.registered else []
        dictionaries = {one.name: Dictionary.of(one, maps) for one in registered.registered}
        self._desk = Desk(registered, dictionaries, made_of)
        return self._desk


def _made_of(rows: Sequence[Row]) -> object:
    return tuple(sorted((kind, name, int(number), bytes(said or b"")) for kind, name, number, said in rows))


def _read(row: Row) -> tuple[dict[str, object], int]:
    return codec.read(bytes(row[2])), row[1]


async def translate_anew(desk: CurrentDesk, connection: Connection, pieces: Sequence[Piece]) -> None:
    """Translate what is about to be stored by the maps there are now, where others stood when it came in.

    Whoever changes a map may so rely on it: what is stored later reads by it, whichever process took it in.
    """
    translated = [piece for piece in standing(pieces) if any(map(_is_translated, _all(piece)))]
    if not translated:
        return
    now = await desk.seen(connection)
    for piece in translated:
        for place, target in enumerate(piece.targets):
            if isinstance(target, Put) and (anew := _anew(now, target)) is not target:
                piece.settle(place, anew)
        for place, twins in piece.twins.items():
            piece.twins[place] = [(own, _anew(now, put)) for own, put in twins]


def _all(piece: Piece) -> list[Put]:
    return [*piece.puts(), *(put for twins in piece.twins.values() for _, put in twins)]


def _is_translated(put: Put) -> bool:
    return put.push is not None and put.push.desk is not None


def _anew(now: Desk, put: Put) -> Put:
    push = put.push
    if push is None or push.desk is None or push.desk == now.made_of:
        return put
    return now.translated(replace(put, push=None), push)
