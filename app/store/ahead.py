"""A result issued in the future is refused: its sender's clock is wrong."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeGuard

from app.fhir_mapping import result_life
from app.fhir_mapping.change import Plain, Put, changed
from app.fhir_mapping.dates import LATEST, date_bounds
from app.fhir_mapping.outcome import Issue, Refusal
from app.store.parking import pushes
from app.store.piece import Piece, standing

_AHEAD = timedelta(days=1)


def refuse_ahead(pieces: Sequence[Piece], clock: Callable[[], datetime]) -> None:
    """422 where a result was issued in the future: every true correction of it would count as older."""
    pushing = [piece for piece in standing(pieces) if pushes(piece)]
    at = clock() if pushing else LATEST
    for piece in pushing:
        issues = tuple(_ahead(put) for put in map(changed, piece.writes) if _is_ahead(put, at))
        piece.refused = Refusal(422, issues) if issues else None


def _is_ahead(change: Plain, at: datetime) -> TypeGuard[Put]:
    if not isinstance(change, Put) or change.push is None or change.push.translated_again:
        return False
    issued = date_bounds(change.document.get("issued")) if result_life.has_life(change.document) else None
    return issued is not None and issued[0] > at + _AHEAD


def _ahead(put: Put) -> Issue:
    kind = put.resource.name
    text = "issued more than a day from now: the sender's clock is wrong, correct it and send this again"
    return Issue("value", text, f"{put.where or kind}.issued")
