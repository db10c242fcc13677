"""Changes that belong together, on their way into the store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.fhir_mapping.change import Change, Delete, IndexRows, Put, Version
from app.fhir_mapping.outcome import Refusal
from app.store.database import Key

Indexes = dict[int, IndexRows]
"""What each Put is found by and refers to, under the identity of the Put."""


@dataclass(slots=True, eq=False)
class Piece:
    """Changes that belong together: all are carried out, or none."""

    changes: Sequence[Change]
    refused: Refusal | None = None
    versions: list[Version] = field(default_factory=list)

    def keys(self) -> Iterator[Key]:
        """The resources it changes."""
        return ((change.resource.name, change.id) for change in self.changes)

    def puts(self) -> list[Put]:
        """What it stores."""
        return [change for change in self.changes if isinstance(change, Put)]

    def deletes(self) -> set[Key]:
        """What it deletes."""
        return {(one.resource.name, one.id) for one in self.changes if isinstance(one, Delete)}


def standing(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces that are not refused."""
    return [piece for piece in pieces if piece.refused is None]
