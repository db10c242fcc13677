"""One transaction for everything that arrived together; each piece is carried out whole or refused.

First it is found out what the writes come to: what conditions find, what stands under the ids, what a
patch makes of it, what conditional references mean. Then the changes are checked and written. The number
of statements does not depend on how much is written: whatever is asked is asked by one statement for all,
and each table is written by one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from app.fhir_mapping.change import Criteria, Patch, Version
from app.fhir_mapping.outcome import Refusal, not_found
from app.store import linking, settle
from app.store.ahead import refuse_ahead
from app.store.arms import check_arms
from app.store.arrivals import deliver_found
from app.store.bindings import refuse_registering, refuse_unbound
from app.store.claims import Claims
from app.store.criteria import Found, stored
from app.store.current import Current, lock_current, objection
from app.store.database import Connection, Contention, Database, Key
from app.store.desk import CurrentDesk, translate_anew
from app.store.identities import recognise, refuse_taken
from app.store.integrity import check_deletions, check_references
from app.store.letters import open_letters, write_letters
from app.store.lives import judge
from app.store.locks import check_locks
from app.store.maps_of_senders import refuse_others_maps
from app.store.narrowed_changes import check_what_stands
from app.store.parking import park_unknown, park_withdrawn
from app.store.piece import Indexes, Piece, standing
from app.store.rights import check_rights, refuse_untried
from app.store.sight import check_sight
from app.store.sites import tag_sites
from app.store.states import check_enrolments, check_states
from app.store.versions import check_versions
from app.store.visibility import Visibility
from app.store.writing import TICK, Plan, planned, write

_LATEST = "SELECT last_updated FROM resource ORDER BY last_updated DESC LIMIT 1"


async def commit(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    *,
    desk: CurrentDesk,
    claimed: Claims,
    clock: Callable[[], datetime],
) -> tuple[Sequence[Plan], Indexes, datetime]:
    """Carry out the pieces; a refused one leaves no trace and does not touch its neighbours.

    Returns what was written, and when.
    """
    if claimed.exclusive or claimed.shared:
        await database.claim(connection, sorted(claimed.exclusive), sorted(claimed.shared))
    await open_letters(database, connection, pieces)
    current = await _settle(database, connection, pieces, clock)
    park_unknown(pieces)
    await translate_anew(desk, connection, pieces)
    await refuse_taken(database, connection, pieces)
    await judge(database, connection, pieces, current)
    check_rights(pieces, current)
    await check_what_stands(database, connection, pieces, current)
    await refuse_others_maps(database, connection, pieces)
    indexes = _indexes(pieces)
    await _check(database, connection, pieces, current, indexes)
    at = await _instant(connection, clock)
    park_unknown(pieces)
    await park_withdrawn(database, connection, pieces, indexes, at=at)
    plans = planned(pieces, current, at)
    await write(database, connection, plans, indexes, at=at)
    await check_sight(database, connection, pieces, plans=plans, indexes=indexes)
    await write_letters(database, connection, pieces, plans=plans, indexes=indexes, at=at)
    return plans, indexes, at


async def _settle(
    database: Database, connection: Connection, pieces: Sequence[Piece], clock: Callable[[], datetime]
) -> dict[Key, Current]:
    """Find out what every write comes to; what stands under the ids they change."""
    refuse_untried(pieces)
    refuse_unbound(pieces)
    refuse_ahead(pieces, clock)
    found = Found()
    searching = [piece for piece in pieces if piece.searches()]
    await found.look_up(database, connection, _asked(searching))
    for piece in standing(pieces):
        settle.settle(piece, found)
    await recognise(database, connection, pieces)
    current = await lock_current(database, connection, pieces)
    for piece in standing(pieces):
        piece.refused = objection(piece, current)
    await _fetch(database, connection, pieces)
    refuse_registering(pieces)
    tag_sites(pieces, current)
    for piece in standing(searching):
        late = [*linking.asked_late(piece), *settle.asked_late(piece)]
        if late:
            await _try(database, connection, piece, current, found=found, late=late, at=clock())
        if piece.refused is None:
            linking.link(piece, found)
    return current


async def _check(
    database: Database,
    connection: Connection,
    pieces: Sequence[Piece],
    current: dict[Key, Current],
    indexes: Indexes,
) -> None:
    """Refuse what must not stand: each rule by one statement for all the pieces."""
    await check_references(database, connection, pieces, indexes)
    await check_locks(database, connection, pieces, current, indexes)
    await check_versions(database, connection, pieces, current)
    await check_arms(database, connection, pieces, indexes)
    await check_states(database, connection, pieces, current, indexes)
    await check_enrolments(database, connection, pieces, indexes)
    await check_deletions(database, connection, pieces)


def _asked(pieces: Sequence[Piece]) -> Iterable[tuple[Piece, Criteria]]:
    """What is searched for before anything is written."""
    for piece in pieces:
        yield from ((piece, criteria) for criteria in settle.asked(piece))
        yield from ((piece, criteria) for criteria in linking.asked(piece))


async def _fetch(database: Database, connection: Connection, pieces: Sequence[Piece]) -> None:
    """Fetch what is to be patched and what is answered as it stands; a patch becomes what it results in."""
    wanted: dict[Visibility, list[Key]] = defaultdict(list)
    for piece in standing(pieces):
        for target in piece.targets:
            if isinstance(target, Patch):
                wanted[piece.visibility].append((target.resource.name, target.id))
            elif isinstance(target, tuple):
                wanted[piece.visibility].append(target)
    there = {who: await stored(database, connection, who, keys) for who, keys in wanted.items()}
    for piece in standing(pieces):
        if piece.visibility in there:
            _fill(piece, there[piece.visibility])


def _fill(piece: Piece, there: dict[Key, Version]) -> None:
    refusals = []
    for place, target in enumerate(piece.targets):
        if isinstance(target, Patch):
            try:
                _patch(piece, place, target, there)
            except Refusal as refused:
                refusals.append(refused)
        elif isinstance(target, tuple):
            if target not in there:
                raise Contention("what the criteria found was deleted meanwhile")
            piece.settle(place, replace(there[target], matched=True))
            deliver_found(piece, place)
    piece.refused = settle.together(refusals)


def _patch(piece: Piece, place: int, patch: Patch, there: dict[Key, Version]) -> None:
    version = there.get((patch.resource.name, patch.id))
    if version is None or version.document is None:
        raise not_found(f"{patch.resource.name}/{patch.id}")
    put = patch.become(patch.id, version.document)
    if put.raw == version.document:
        # nothing changes, not even a digit, so nothing is stored
        piece.settle(place, replace(version, matched=True, remarks=put.remarks))
        return
    piece.settle(place, replace(put, id=patch.id, fresh=False, if_match=None, only_new=False))


async def _try(
    database: Database,
    connection: Connection,
    piece: Piece,
    current: dict[Key, Current],
    *,
    found: Found,
    late: Sequence[Criteria],
    at: datetime,
) -> None:
    """Look up what only the piece itself decides: write it, search, and take it back."""
    await connection.execute("SAVEPOINT trial")
    plans = planned([piece], current, at)
    await write(database, connection, plans, _indexes([piece]), at=at)
    await found.look_up(database, connection, ((piece, criteria) for criteria in late))
    await connection.execute("ROLLBACK TO SAVEPOINT trial")
    piece.versions.clear()
    settle.check_newcomers(piece, found)


def _indexes(pieces: Sequence[Piece]) -> Indexes:
    return {
        id(put): piece.indexes[id(put)]
        for piece in standing(pieces)
        for put in [*piece.puts(), *(put for beneath in piece.beneath.values() for put in beneath)]
    }


async def _instant(connection: Connection, clock: Callable[[], datetime]) -> datetime:
    """When this is recorded: after everything that was recorded before, whatever the clocks say."""
    rows = await connection.fetch(_LATEST)
    return max(clock(), rows[0][0] + TICK) if rows else clock()
