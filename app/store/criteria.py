"""What the criteria of conditional writes and references find, looked up within the transaction.

Searches for nothing but an identifier, which most are, are answered by one statement however many they
are; any other is one statement each.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from app.fhir_mapping.change import Criteria, Version
from app.fhir_mapping.search_problems import spoken
from app.store.database import Connection, Database, Key
from app.store.documents import COLUMNS, version_of
from app.store.piece import Piece
from app.store.search import matches
from app.store.visibility import Visibility, visible

Match = tuple[str, int]
"""The id and the version of a resource that meets the criteria."""

Token = tuple[str, str, str]
"""The type, system and value of a business identifier."""

Asked = tuple[Piece, Criteria]

_FEW = 2  # so many tell that there are several

_BEARING = """SELECT DISTINCT k.type, k.system, k.code, r.id, r.version FROM {tokens}
 JOIN search_token s ON s.type = k.type AND s.parameter = 'identifier' AND s.code = k.code
  AND s.system = k.system
 JOIN resource r ON r.type = s.type AND r.id = s.id WHERE NOT r.deleted AND {visible} ORDER BY r.id"""
_STORED = f"""SELECT {COLUMNS}
 FROM {{keys}} JOIN resource r ON r.type = k.type AND r.id = k.id WHERE NOT r.deleted AND {{visible}}"""


class Found:
    """What every criteria of some pieces has found."""

    def __init__(self) -> None:
        self._by_identifier: dict[tuple[Visibility, str, str, str], list[Match]] = defaultdict(list)
        self._by_criteria: dict[int, list[Match]] = {}

    def of(self, criteria: Criteria, visibility: Visibility) -> list[Match]:
        """The matches of criteria: all where they ask for an identifier only, else the first few."""
        token = token_of(criteria)
        if token is None:
            return self._by_criteria[id(criteria)]
        return self._by_identifier.get((visibility, *token), [])

    async def look_up(self, database: Database, connection: Connection, asked: Iterable[Asked]) -> None:
        """Search for all that is asked."""
        tokens: dict[Visibility, dict[Token, None]] = defaultdict(dict)
        for piece, criteria in asked:
            token = token_of(criteria)
            if token is not None:
                tokens[piece.visibility][token] = None
                continue
            limit = _FEW + len(piece.writes)  # as many may be deleted or replaced beside it
            self._by_criteria[id(criteria)] = await matches(
                database, connection, piece.visibility, criteria.query, limit
            )
        for visibility, wanted in tokens.items():
            await self._bearing(database, connection, visibility, list(wanted))

    async def _bearing(
        self,
        database: Database,
        connection: Connection,
        visibility: Visibility,
        tokens: list[Token],
    ) -> None:
        values: list[Any] = [database.token_set(tokens)]
        condition = visible(database, visibility, "r", values)
        sql = _BEARING.format(tokens=database.tokens(1), visible=condition)
        for kind, system, code, name, version in await connection.fetch(sql, *values):
            self._by_identifier[visibility, kind, system, code].append((name, version))


def token_of(criteria: Criteria) -> Token | None:
    """The type, system and value of the identifier that is all the criteria ask for."""
    asked = criteria.query.identifier
    return None if asked is None else (criteria.query.resource.name, asked.system or "", asked.code or "")


def asks(criteria: Criteria) -> tuple[str, str]:
    """The type and the search, as it is written behind the question mark."""
    kind = criteria.query.resource.name
    return kind, criteria.text.removeprefix(f"{kind}?")


def named(criteria: Criteria) -> str:
    """The criteria without their values, which may be a patient's: `Patient?identifier=…`."""
    kind, search = asks(criteria)
    names = (part.partition("=")[0] for part in search.split("&"))
    return f"{kind}?" + "&".join(f"{spoken(name, '')}=…" for name in names)


async def stored(
    database: Database, connection: Connection, visibility: Visibility, keys: Sequence[Key]
) -> dict[Key, Version]:
    """The current versions of these resources, as far as they are there and may be seen."""
    values: list[Any] = [database.key_set(sorted(keys))]
    sql = _STORED.format(keys=database.keys(1), visible=visible(database, visibility, "r", values))
    versions = [version_of(row) for row in await connection.fetch(sql, *values)]
    return {(version.type, version.id): version for version in versions}
