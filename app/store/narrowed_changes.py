"""What a token may change or delete is judged by what stands, too, where its scope is narrowed.

A scope `Observation.u?code=X` changes what is X now into what is X then; what another letter of the same
token sees is no leave to overwrite it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from app.fhir_mapping.change import Delete, Plain, Put
from app.fhir_mapping.outcome import Refusal
from app.store.access import Choices, narrowed_to
from app.store.current import NEVER, Current, seen
from app.store.database import Connection, Database, Key
from app.store.piece import Piece, standing
from app.store.rights import lacking
from app.store.settle import together
from app.store.visibility import Visibility

_Judged = tuple[Plain, str, Visibility]


async def check_what_stands(
    database: Database, connection: Connection, pieces: Sequence[Piece], current: Mapping[Key, Current]
) -> None:
    """403 for a change of what does not bear the tokens its letter is narrowed to; one statement for all."""
    judged = {piece: list(_judged(piece, current)) for piece in standing(pieces)}
    keys: dict[Visibility, set[Key]] = defaultdict(set)
    for changes in judged.values():
        for change, _, only in changes:
            keys[only].add((change.resource.name, change.id))
    bearing = {only: await seen(database, connection, only, sorted(own)) for only, own in keys.items()}
    for piece, changes in judged.items():
        piece.refused = together(_refusals(changes, bearing))


def _judged(piece: Piece, current: Mapping[Key, Current]) -> Iterator[_Judged]:
    """What stands and is to be changed by a letter that is narrowed, with what that letter allows."""
    for target in piece.targets:
        if not isinstance(target, Put | Delete) or piece.by.scopes is None:
            continue
        kind, letter = target.resource.name, "d" if isinstance(target, Delete) else "u"
        choices: Choices = narrowed_to(piece.by.scopes, kind, letter)
        if choices and not current.get((kind, target.id), NEVER).deleted:
            yield target, letter, Visibility(narrowed=((kind, choices),))


def _refusals(changes: Sequence[_Judged], bearing: Mapping[Visibility, set[Key]]) -> list[Refusal]:
    return [
        lacking(change.resource.name, letter, change.where, narrowed=True)
        for change, letter, only in changes
        if (change.resource.name, change.id) not in bearing[only]
    ]
