"""Whoever asks: what they may see, and who they are."""

from dataclasses import dataclass

from app.fhir_mapping.access.actor import SANDBOX, Actor
from app.store.visibility import EVERYTHING, Visibility


@dataclass(frozen=True, slots=True)
class Asker:
    """What the asker may see, which every statement applies, and who they are, which every trace tells.

    `writing` is what is there for their writes, which may refer to types they may not read.
    """

    visibility: Visibility
    actor: Actor
    writing: Visibility


_NOTHING = Visibility(kinds=frozenset())
NOBODY = Asker(_NOTHING, Actor(role="nobody", scopes=(), senders=frozenset(), acts=frozenset()), _NOTHING)
"""Who has not been let in: sees nothing and may do nothing."""

OPEN = Asker(EVERYTHING, SANDBOX, EVERYTHING)
"""Whoever asks an open sandbox."""
