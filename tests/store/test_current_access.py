"""Who may ask is never older than it is said to be."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.store.clients import disable
from app.store.current_access import CurrentAccess
from app.store.database import Connection, Database
from app.store.session import Store
from tests.access.signing import register_client

T = TypeVar("T")


class Overtaken:
    """A database in which a client is disabled between what is read and its being known."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.then: Callable[[], Awaitable[None]] | None = None

    async def read(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        found = await self.database.read(work)
        if self.then is not None:
            await self.then()
            self.then = None
        return found


async def test_what_changes_while_it_is_looked_up_counts_at_once(store: Store) -> None:
    await register_client(store, "chu-a")
    overtaken = Overtaken(store.database)
    access = CurrentAccess(overtaken)  # type: ignore[arg-type] # it only reads

    async def change() -> None:
        await disable(store, "chu-a")
        access.expire()

    overtaken.then = change
    await access.now()

    assert (await access.now()).client("chu-a") is None
