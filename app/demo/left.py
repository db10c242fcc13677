"""What a demonstration leaves behind in a database: clients whose private keys everybody knows."""

from typing import Final

from app.store.database import Database, DatabaseError
from app.store.registered_keys import key_ids
from app.store.session import open_database

MARK: Final = "demonstration-only-"
"""What the ids of their keys begin with."""


async def left_behind(url: str) -> list[str]:
    """The clients of a demonstration that a database still lets in; none where it cannot be asked now."""
    try:
        database = await open_database(url)
        try:
            return await known_to(database)
        finally:
            await database.close()
    except DatabaseError:  # /readyz says so
        return []


async def known_to(database: Database) -> list[str]:
    """The clients that everybody could sign in as, because a demonstration's key lets them in."""
    keys = await key_ids(database)
    return [name for name, ids in keys.items() if any(one.startswith(MARK) for one in ids)]
