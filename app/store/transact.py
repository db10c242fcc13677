"""Writes in, versions out: the only way anything is written."""

from collections.abc import Sequence

from app.fhir_mapping.access.actor import SERVICE, Actor
from app.fhir_mapping.change import Version, Write
from app.store.session import Store
from app.store.visibility import Visibility


async def transact(
    store: Store,
    visibility: Visibility,
    writes: Sequence[Write],
    *,
    whole: bytes | None = None,
    letter: str | None = None,
    by: Actor = SERVICE,
) -> list[Version]:
    """Carry out writes, all or none, and return their versions in the same order, after the commit.

    What the asker may not see is as if it were not there: no criteria find it, no reference may lead to it,
    and it is neither changed nor deleted. A conditional delete that finds nothing is answered by a deleted
    version 0 without an id.

    What a registered sender pushes is told by its identity and stored once (`Version.delivered` says what
    became of it); `whole` is the Bundle it came in, kept should it have to be parked, which is a Refusal 202.
    `letter` is where it was parked before: carried out, it lies there no longer. `by` is who does it.

    Raises Refusal: 412 where If-Match names another version or criteria find several, 404 and 410 where
    there is nothing to patch, 404 where what stands there may not be seen, 400 where two writes come to the
    same resource, 422 where a reference leads nowhere, 409 where something still refers to what is to be
    deleted; DatabaseError where the database failed.
    """
    if not writes:
        return []
    return await store.committer.submit(writes, visibility, by=by, whole=whole, letter=letter)


async def rehearse(
    store: Store, visibility: Visibility, writes: Sequence[Write], *, by: Actor = SERVICE
) -> None:
    """Carry out writes and take them back: raises what `transact` would raise, and nothing remains."""
    await store.committer.rehearse(writes, visibility, by=by)
