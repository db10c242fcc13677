"""The desk as it is now: the senders that are registered, and the ConceptMaps that say what they mean."""

from time import monotonic

from app.fhir_mapping import codec
from app.fhir_mapping.desk import Desk
from app.fhir_mapping.dictionary import Dictionary
from app.fhir_mapping.sender import Sender
from app.store.database import Connection, Database, Row
from app.store.senders import senders

FRESH_SECONDS = 2.0
"""How long another process may go on with what was registered before. What it could not translate meanwhile
is translated when the next sweep comes by; a sender should be registered before it begins to push."""

_MAPS = """SELECT id, version, document FROM resource
 WHERE type = 'ConceptMap' AND NOT deleted ORDER BY id"""


class CurrentDesk:
    """Looked up again when it is older than a moment, or when this process changed what it is made of."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._desk = Desk()
        self._made_of: tuple[tuple[Sender, ...], tuple[tuple[str, int], ...]] | None = None
        self._until = 0.0

    def expire(self) -> None:
        """Look it up before it is used again."""
        self._until = 0.0

    async def now(self) -> Desk:
        """The desk as it is."""
        if monotonic() >= self._until:
            self._desk = await self._database.read(self._looked_up)
            self._until = monotonic() + FRESH_SECONDS
        return self._desk

    async def _looked_up(self, connection: Connection) -> Desk:
        registered = await senders(connection)
        maps = await connection.fetch(_MAPS) if registered.registered else []
        made_of = (registered.registered, tuple((row[0], row[1]) for row in maps))
        if made_of == self._made_of:
            return self._desk
        self._made_of = made_of
        known = [_read(row) for row in maps]
        return Desk(registered, {one.name: Dictionary.of(one, known) for one in registered.registered})


def _read(row: Row) -> tuple[dict[str, object], int]:
    return codec.read(bytes(row[2])), row[1]
