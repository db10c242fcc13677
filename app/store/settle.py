"""What the conditional writes of a piece come to, given what their criteria have found.

The rules are R4's (https://hl7.org/fhir/R4/http.html#cond-update): none, one and several each mean
something else for a create, an update, a patch and a delete.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from app.fhir_mapping.change import Conditional, Criteria, Delete, Patch, Plain, Put, changed
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.store.claims import types_of
from app.store.criteria import Found, Token, asks, named, token_of
from app.store.database import Key
from app.store.piece import Piece, Target, borne


def settle(piece: Piece, found: Found) -> None:
    """Say what every write comes to; refuse the piece where one cannot be, or two come to the same."""
    piece.targets = [None if isinstance(write, Conditional) else write for write in piece.writes]
    if None in piece.targets:
        piece.refused = _settle_conditionals(piece, found)
    if piece.refused is None and len(piece.targets) > 1:
        piece.refused = changed_twice(piece)


def asked(piece: Piece) -> Iterator[Criteria]:
    """The criteria of its conditional writes."""
    return (write.criteria for _, write in piece.conditionals())


def asked_late(piece: Piece) -> list[Criteria]:
    """The criteria that have found nothing, and might find what is written beside them."""
    return [criteria for own, criteria in _newcomers(piece) if _is_decided_late(piece, own, criteria)]


def _is_decided_late(piece: Piece, own: Key, criteria: Criteria) -> bool:
    """Whether more than an identifier is asked of types that are written beside."""
    if token_of(criteria) is not None:
        return False
    beside = {change.resource.name for change in piece.changes() if (change.resource.name, change.id) != own}
    return not types_of(criteria.query).isdisjoint(beside)


def check_newcomers(piece: Piece, found: Found) -> None:
    """Refuse the piece where criteria that had found nothing found, on trial, what another entry brings."""
    refusals = [
        _brought(criteria)
        for own, criteria in _newcomers(piece)
        if _is_decided_late(piece, own, criteria)
        and any((own[0], name) != own for name, _ in found.of(criteria, piece.visibility))
    ]
    piece.refused = together(refusals)


def together(refusals: list[Refusal]) -> Refusal | None:
    """One Refusal for several: all with the status of the first."""
    if not refusals:
        return None
    status = refusals[0].status
    return Refusal(status, tuple(issue for one in refusals if one.status == status for issue in one.issues))


def entry_of(change: Plain) -> str | None:
    """The entry of the Bundle a change came in."""
    return None if change.where is None else change.where.removesuffix(".resource")


def several(criteria: Criteria, names: list[str]) -> Refusal:
    """412: the criteria have to find one."""
    kind = criteria.query.resource.name
    text = f"{named(criteria)} finds {kind}/{names[0]}, {kind}/{names[1]}"
    text += " and more" if len(names) > 2 else ""  # noqa: PLR2004 two are named
    return refusal(
        412, "multiple-matches", f"{text}: add to the criteria what tells them apart", criteria.where
    )


def _settle_conditionals(piece: Piece, found: Found) -> Refusal | None:
    doomed = set(_doomed(piece, found))
    refusals = []
    for place, write in piece.conditionals():
        try:
            piece.settle(place, _target(piece, write, found, doomed))
        except Refusal as refused:
            refusals.append(refused)
    return together(refusals) or together(list(_brought_beside(piece)))


def _doomed(piece: Piece, found: Found) -> Iterator[Key]:
    """What is gone before the creates of the piece look for anything."""
    for write in piece.writes:
        if isinstance(write, Delete):
            yield write.resource.name, write.id
        elif isinstance(write, Conditional) and isinstance(write.change, Delete):
            names = [name for name, _ in found.of(write.criteria, piece.visibility)]
            yield from ((write.change.resource.name, name) for name in names[:1] if len(names) == 1)


def _target(piece: Piece, write: Conditional, found: Found, doomed: set[Key]) -> Target:
    kind = write.change.resource.name
    matches = dict(found.of(write.criteria, piece.visibility))
    if write.creates:
        matches = {name: version for name, version in matches.items() if (kind, name) not in doomed}
    if len(matches) > 1:
        raise several(write.criteria, list(matches))
    if not matches:
        return _none_found(piece, write)
    [(name, version)] = matches.items()
    if write.creates:
        return kind, name
    piece.expected[kind, name] = version
    return _one_found(write, name)


def _none_found(piece: Piece, write: Conditional) -> Target:
    if write.change.if_match is not None and not isinstance(write.change, Patch):
        raise _unmatched(write)
    match write.change:
        case Delete():
            return None
        case Patch():
            text = f"{named(write.criteria)} finds nothing to patch: create it first, or correct the criteria"
            raise refusal(404, "not-found", text, write.criteria.where)
        case Put() as put:
            piece.newcomers.add((put.resource.name, put.id))
            return put


def _unmatched(write: Conditional) -> Refusal:
    """412: If-Match wants a version, and there is nothing that could have one."""
    text = f"{named(write.criteria)} finds nothing, so that no version matches: correct the criteria"
    text += "" if isinstance(write.change, Delete) else ", or create it without If-Match"
    entry = entry_of(write.change)
    return refusal(412, "conflict", text, "http.if-match" if entry is None else f"{entry}.request.ifMatch")


def _one_found(write: Conditional, name: str) -> Target:
    change = write.change
    if not isinstance(change, Put):
        return replace(change, id=name)
    if write.own_id not in {None, name}:
        kind = change.resource.name
        text = (
            f"{named(write.criteria)} finds {kind}/{name}, and the resource carries another id:"
            " send it without one, or correct the criteria"
        )
        raise refusal(400, "value", text, f"{change.where or kind}.id")
    return replace(change, id=name, fresh=False)


def changed_twice(piece: Piece) -> Refusal | None:
    """400 where two entries change one resource: their order would decide."""
    seen: dict[Key, Plain] = {}
    issues = []
    for change in piece.changes():
        key = (change.resource.name, change.id)
        first = seen.setdefault(key, change)
        if first is not change:
            text = f"{entry_of(first) or 'another entry'} changes {'/'.join(key)} too: send one change of it"
            own = entry_of(change)
            issues.append(Issue("invariant", text, None if own is None else f"{own}.request.url"))
    return Refusal(400, tuple(issues)) if issues else None


def _brought_beside(piece: Piece) -> Iterator[Refusal]:
    """400 where what the criteria of one entry do not find comes with another entry of the piece."""
    if len(piece.writes) == 1 or not piece.newcomers:
        return
    bearers: dict[Token, list[Key]] = defaultdict(list)
    for put in _stored(piece):
        for system, code in borne(piece.indexes[id(put)]):
            bearers[put.resource.name, system, code].append((put.resource.name, put.id))
    asking: dict[tuple[str, str], Key] = {}
    for own, criteria in _newcomers(piece):
        token = token_of(criteria)
        others = bearers[token] if token is not None else ()
        same = asking.setdefault(asks(criteria), own)
        if same != own or any(other != own for other in others):
            yield _brought(criteria)


def _newcomers(piece: Piece) -> Iterator[tuple[Key, Criteria]]:
    """What is stored because its criteria have found nothing."""
    for _, write in piece.conditionals():
        own = (write.change.resource.name, write.change.id)
        if own in piece.newcomers:
            yield own, write.criteria


def _brought(criteria: Criteria) -> Refusal:
    """400: what is looked for would be there after all."""
    text = f"another entry brings what {named(criteria)} asks for: refer to that entry instead"
    return refusal(400, "invariant", text, criteria.where)


def _stored(piece: Piece) -> Iterator[Put]:
    """The Puts of a piece as they were sent, those aside that find what they would create."""
    for write, target in zip(piece.writes, piece.targets, strict=True):
        change = changed(write)
        if isinstance(change, Put) and not isinstance(target, tuple):
            yield change
