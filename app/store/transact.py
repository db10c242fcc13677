"""Changes in, versions out: the only way anything is written."""

from collections.abc import Sequence

from app.fhir_mapping.change import Change, Version
from app.store.session import Store


async def transact(store: Store, changes: Sequence[Change]) -> list[Version]:
    """Carry out changes, all or none, and return their versions in the same order, after the commit.

    Raises Refusal: 412 where If-Match names another version, 422 where a reference leads nowhere,
    409 where something still refers to what is to be deleted; DatabaseError where the database failed.
    """
    if not changes:
        return []
    return await store.committer.submit(changes)
