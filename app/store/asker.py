"""Whoever asks: what they may see, and who they are."""

from dataclasses import dataclass

from app.fhir_mapping.access.actor import SANDBOX, Actor
from app.store.visibility import EVERYTHING, Visibility


@dataclass(frozen=True, slots=True)
class Asker:
    """What the asker may see, which every statement applies, and who they are, which every trace tells."""

    visibility: Visibility
    actor: Actor


NOBODY = Asker(
    Visibility(kinds=frozenset()), Actor(role="nobody", scopes=(), senders=frozenset(), acts=frozenset())
)
"""Who has not been let in: sees nothing and may do nothing."""

OPEN = Asker(EVERYTHING, SANDBOX)
"""Whoever asks an open sandbox."""
