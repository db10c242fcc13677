"""Conditional references: after the writes of their piece, each names the one resource its criteria find.

What the piece itself stores counts, and what it deletes does not. For an identifier that can be said
without having written; so can, whatever the criteria, which resource a conditional write beside them has
created or found. Any other criteria about types the piece writes are looked up in a `trial`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.fhir_mapping import codec, rewriting
from app.fhir_mapping.change import Criteria, Put, Version, changed
from app.fhir_mapping.outcome import Refusal, refusal
from app.store.claims import late
from app.store.criteria import Found, Token, asks, named, token_of
from app.store.piece import Piece, borne
from app.store.settle import several, together


def asked(piece: Piece) -> Iterator[Criteria]:
    """The criteria to be looked up before the piece is written."""
    types = piece.types()
    for criteria in _references(piece):
        if token_of(criteria) is not None or not late(criteria, types):
            yield criteria


def asked_late(piece: Piece) -> list[Criteria]:
    """The criteria that only a trial answers."""
    types = piece.types()
    return [
        criteria for criteria in _references(piece) if token_of(criteria) is None and late(criteria, types)
    ]


def link(piece: Piece, found: Found) -> None:
    """Put what was found in the place of every conditional reference, or refuse the piece."""
    linking = [
        (place, target)
        for place, target in enumerate(piece.targets)
        if isinstance(target, Put) and target.references
    ]
    if not linking and not piece.twins:
        return
    names = {search: _name_at(piece, place) for search, place in _twins(piece).items()}
    bearers = _bearers(piece)
    refusals = []
    for criteria in _references(piece):
        try:
            names[asks(criteria)] = _name(piece, criteria, found, bearers)
        except Refusal as refused:
            refusals.append(refused)
            token = token_of(criteria)
            if token is not None and refused.issues[0].code == "not-found":
                piece.missing.append(token)
    piece.refused = together(refusals)
    if piece.refused is None:
        for place, put in linking:
            piece.settle(place, _linked(put, names))
        for top, twins in piece.twins.items():
            piece.twins[top] = [(place, _linked(put, names)) for place, put in twins]


def _references(piece: Piece) -> Iterator[Criteria]:
    """One criteria for each search the piece refers by, but for those that a write beside them answers."""
    seen = set(_twins(piece))
    for write in piece.writes:
        change = changed(write)
        for criteria in (change.references or {}).values() if isinstance(change, Put) else ():
            if asks(criteria) not in seen:
                seen.add(asks(criteria))
                yield criteria


def _twins(piece: Piece) -> dict[tuple[str, str], int]:
    """The searches by which the piece creates or updates, each with the place of that write."""
    return {
        asks(write.criteria): place for place, write in piece.conditionals() if isinstance(write.change, Put)
    }


def _name_at(piece: Piece, place: int) -> str:
    """The id of the resource that a conditional create or update has come to."""
    target = piece.targets[place]
    if not isinstance(target, Put | Version):
        raise TypeError(target)
    return target.id


def _bearers(piece: Piece) -> dict[Token, list[str]]:
    """The ids under which the piece stores what bears an identifier."""
    bearers: dict[Token, list[str]] = defaultdict(list)
    for put in piece.puts():
        for system, code in borne(piece.indexes[id(put)]):
            bearers[put.resource.name, system, code].append(put.id)
    return bearers


def _name(piece: Piece, criteria: Criteria, found: Found, bearers: Mapping[Token, list[str]]) -> str:
    """The id of the one resource that is meant."""
    kind, token = criteria.query.resource.name, token_of(criteria)
    names = [name for name, _ in found.of(criteria, piece.visibility)]
    if token is not None:
        rewritten = set(piece.keys())
        names = [name for name in names if (kind, name) not in rewritten]
        names += dict.fromkeys(bearers.get(token, ()))
    if len(names) > 1:
        raise several(criteria, names)
    if not names:
        text = f"{named(criteria)} finds nothing to refer to: send that first, or in the same transaction"
        raise refusal(412, "not-found", text, criteria.where)
    return names[0]


def _linked(put: Put, names: Mapping[tuple[str, str], str]) -> Put:
    """The Put with literal references only."""
    literal = {
        text: f"{criteria.query.resource.name}/{names[asks(criteria)]}"
        for text, criteria in (put.references or {}).items()
    }
    raw = rewriting.resolved(put.raw, literal)
    return replace(put, raw=raw, document=codec.read(raw), references=None)
