"""For whom a client may push: the registered senders it is bound to."""

from collections.abc import Iterable, Sequence

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.change import Put
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.push import Push
from app.fhir_mapping.sender import Senders
from app.store.parking import pushes
from app.store.piece import Piece, standing


class Unbound(Refusal):
    """What a client pushes for a sender it is not bound to: that sender said nothing, and its inbox stays."""


def may_push(actor: Actor, sender: str) -> bool:
    """Whether somebody may push for this sender."""
    return actor.senders is None or sender in actor.senders


def bound(actor: Actor, senders: Senders) -> Senders:
    """The senders somebody may push for; the others are to them as if they were not registered."""
    known = (one for one in senders.registered if may_push(actor, one.name))
    return senders if actor.senders is None else Senders.of(known)


def refuse_unbound(pieces: Sequence[Piece]) -> None:
    """403 for what is pushed for another's sender, before it is looked up which result it is."""
    for piece in standing(pieces):
        piece.refused = _refused(piece, ((put, push) for _, put, push in pushes(piece)))


def refuse_registering(pieces: Sequence[Piece]) -> None:
    """403 where a patch gives a resource a number of another's sender."""
    for piece in standing(pieces):
        given = ((put, put.push) for put in piece.puts() if put.push is not None and put.push.registers)
        piece.refused = _refused(piece, given)


def _unbound(system: str, place: str) -> Unbound:
    """403: results numbered so are not pushed by this client; whose they are, nobody else is told."""
    text = f"this client may not push what is numbered by {system}: ask the operator whose numbers these are"
    return Unbound(403, (Issue("forbidden", text, place),))


def _refused(piece: Piece, given: Iterable[tuple[Put, Push]]) -> Refusal | None:
    refusals = [
        _unbound(push.identity.system, f"{put.where or put.resource.name}.identifier")
        for put, push in given
        if not push.companion and not may_push(piece.by, push.sender)
    ]
    return Unbound(403, tuple(issue for one in refusals for issue in one.issues)) if refusals else None
