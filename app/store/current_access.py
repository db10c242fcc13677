"""Who may ask as it is now: the clients, the keys of this server, what was revoked, the parts of studies."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from app.fhir_mapping import codec
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import kept
from app.fhir_mapping.access.jose import Jwk
from app.store.database import Connection, Database, Row

FRESH_SECONDS = 2.0
"""How long a process may go on with who was let in before: so soon does a disabled client count nowhere."""

_MADE_OF = """SELECT 'client', name, 0, definition FROM client
 UNION ALL SELECT 'revoked', jti, 0, NULL FROM revoked
 UNION ALL SELECT 'key', kid, 0, NULL FROM signing_key
 UNION ALL SELECT 'studies', '', coalesce(sum(version), 0), NULL FROM resource WHERE type = 'ResearchStudy'"""
_KEYS = "SELECT made, key FROM signing_key ORDER BY made, kid"
_PARTS = """SELECT f.target_id, f.id FROM search_reference f
 JOIN resource r ON r.type = f.type AND r.id = f.id
 WHERE f.type = 'ResearchStudy' AND f.parameter = 'partof' AND f.target_type = 'ResearchStudy'
 AND NOT r.deleted"""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key this server signs with, or signed with, and when it was made."""

    made: datetime
    key: Jwk


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may ask.

    `clients` by name; `revoked` are ids of tokens; `keys` the server's, the newest last; `parts` by study the
    studies that are part of it.
    """

    clients: Mapping[str, Client] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()
    keys: Sequence[SigningKey] = ()
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    made_of: object = None

    @property
    def kids(self) -> list[str]:
        """What the server's keys are called."""
        return [str(one.key["kid"]) for one in self.keys]

    def client(self, name: str) -> Client | None:
        """A client that is registered and not disabled."""
        found = self.clients.get(name)
        return None if found is None or found.disabled else found


class CurrentAccess:
    """Looked up again when it is older than a moment, or when this process changed what it is made of."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._access = Access()
        self._looked = float("-inf")
        self._expired = 0
        self._turn = asyncio.Lock()

    def expire(self) -> None:
        """Look it up before it is used again, and once more where a look is under way."""
        self._expired += 1
        self._looked = float("-inf")

    async def now(self) -> Access:
        """Who may ask, now or a moment ago."""
        if monotonic() < self._looked + FRESH_SECONDS:
            return self._access
        return await self.anew()

    async def anew(self) -> Access:
        """Who may ask now, for who brings what another process may have just made.

        Who asks while one looks it up waits for one look more, however many they are.
        """
        asked = monotonic()
        async with self._turn:
            if self._looked < asked:
                began, expired = monotonic(), self._expired
                self._access = await self._database.read(self._seen)
                if self._expired == expired:
                    self._looked = began
        return self._access

    async def _seen(self, connection: Connection) -> Access:
        """One statement, unless it changed."""
        rows = await connection.fetch(_MADE_OF)
        made_of = tuple(
            sorted((what, name, int(number), bytes(said or b"")) for what, name, number, said in rows)
        )
        if made_of == self._access.made_of:
            return self._access
        keys = [SigningKey(row[0], codec.read(bytes(row[1]))) for row in await connection.fetch(_KEYS)]
        return Access(
            clients={name: kept(said) for what, name, _, said in made_of if what == "client"},
            revoked=frozenset(name for what, name, _, _ in made_of if what == "revoked"),
            keys=keys,
            parts=_parts(await connection.fetch(_PARTS)),
            made_of=made_of,
        )


def _parts(rows: Sequence[Row]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for whole, part in rows:
        found[whole] = found.get(whole, frozenset()) | {part}
    return found
