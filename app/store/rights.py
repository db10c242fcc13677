"""What whoever writes may write: the scopes of their token, and a reason for what they correct.

Looked at where it is known what each write comes to, so that there is no door, Bundle, condition or patch it
is not looked at for. Source of the letters: SMART App Launch 2.2, scopes; of the reason: ICH E6(R3) 4.2.2.
"""

from collections.abc import Iterator, Mapping, Sequence

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.access.scope import Scope, Token, may, mentions
from app.fhir_mapping.change import Conditional, Delete, IndexRows, Plain, Put, Write, changed
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.access import narrowed_to
from app.store.claims import types_of
from app.store.current import NEVER, Current
from app.store.database import Key
from app.store.piece import Piece, standing
from app.store.settle import together


def check_rights(pieces: Sequence[Piece], current: Mapping[Key, Current]) -> None:
    """403 where a token does not allow a write, 400 where a correction says no reason."""
    for piece in standing(pieces):
        if piece.by.scopes is None:
            continue
        refusals = [*_searched(piece), *_written(piece, current)]
        refusals += [] if refusals else _without_reason(piece, current)
        piece.refused = together(refusals)


def refuse_untried(pieces: Sequence[Piece]) -> None:
    """403 where a token allows no such write of any resource of the type, before it is looked what stands.

    Else a 404 beside a 403 would tell what is there from what never was.
    """
    for piece in standing(pieces):
        if piece.by.scopes is not None:
            piece.refused = together([*_untried(piece.by.scopes, piece)])


def _untried(scopes: Sequence[Scope], piece: Piece) -> Iterator[Refusal]:
    for change in map(changed, piece.writes):
        push = change.push if isinstance(change, Put) else None
        letters = "d" if isinstance(change, Delete) else "u"
        if isinstance(change, Put) and change.fresh:
            letters = "cu"
        is_companion = push is not None and push.companion  # it may be here already, and then is not written
        if not is_companion and not any(mentions(scopes, change.resource.name, letter) for letter in letters):
            yield lacking(change.resource.name, letters[0], change.where)


def lacking(kind: str, letter: str, place: str | None = None, *, narrowed: bool = False) -> Refusal:
    """403: the token does not allow this with resources of this type, or with some of them only."""
    scope = f"system/{kind}.{letter}"
    needed = f"the scope {scope}, which the token does not have"
    if narrowed:
        needed = f"more than the token has of {scope}, which is narrowed"
    how = "ask for it in `scope`, or have the operator grant it (trialbridge client add)"
    text = f"this needs {needed}: {how}"
    return Refusal(403, (Issue("forbidden", text, place),))


def _searched(piece: Piece) -> Iterator[Refusal]:
    """What is looked for before it is known what to write: that tells what is there."""
    for write in piece.writes:
        for kind in _looked_for(write):
            scopes = piece.by.scopes or ()
            if not mentions(scopes, kind, "s"):
                yield lacking(kind, "s", changed(write).where)
            elif set(narrowed_to(scopes, kind, "s")) - set(dict(piece.visibility.narrowed).get(kind, ())):
                yield lacking(kind, "s", changed(write).where, narrowed=True)


def _looked_for(write: Write) -> Iterator[str]:
    change = changed(write)
    push = change.push if isinstance(change, Put) else None
    if isinstance(write, Conditional) and not (push and push.companion):
        yield from sorted(types_of(write.criteria.query))
    if isinstance(change, Put):
        for criteria in (change.references or {}).values():
            yield from sorted(types_of(criteria.query))


def _written(piece: Piece, current: Mapping[Key, Current]) -> Iterator[Refusal]:
    for target in piece.targets:
        if isinstance(target, Put):
            letter = "c" if target.fresh and not _stands(target, current) else "u"
            if not _may(piece.by, target.resource.name, letter, piece.indexes[id(target)]):
                yield _lacking(piece, target, letter)
        elif isinstance(target, Delete) and not mentions(piece.by.scopes or (), target.resource.name, "d"):
            yield _lacking(piece, target, "d")


def _lacking(piece: Piece, change: Plain, letter: str) -> Refusal:
    kind = change.resource.name
    return lacking(kind, letter, change.where, narrowed=mentions(piece.by.scopes or (), kind, letter))


def _may(actor: Actor, kind: str, letter: str, index: IndexRows) -> bool:
    """Whether a scope allows it: one that is narrowed, only what bears its tokens."""

    def has(token: Token) -> bool:
        name, system, code = token
        return any(
            (found, said) == (name, code) and system in (None, of) for found, of, said, _ in index.tokens
        )

    return may(actor.scopes or (), kind, letter, has=has)


def _without_reason(piece: Piece, current: Mapping[Key, Current]) -> Iterator[Refusal]:
    """A person or program that changes what stands says why; what a sender corrects says so by its status."""
    if piece.by.reason:
        return
    for target in piece.targets:
        pushed = isinstance(target, Put) and target.push is not None
        if isinstance(target, Put | Delete) and not pushed and _stands(target, current):
            name = f"{target.resource.name}/{target.id}"
            text = f"{name} is there already: say why it is changed, in the header X-Change-Reason"
            yield Refusal(400, (Issue("required", text, "http.x-change-reason"),))


def _stands(change: Put | Delete, current: Mapping[Key, Current]) -> bool:
    return not current.get((change.resource.name, change.id), NEVER).deleted
