"""Writes that belong together, on their way into the store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from app.fhir_mapping.access.actor import SERVICE, Actor
from app.fhir_mapping.change import (
    Conditional,
    Delete,
    IndexRows,
    Patch,
    Plain,
    Put,
    Version,
    Write,
    changed,
)
from app.fhir_mapping.index import index_rows
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.push import Delivered, Identity
from app.store.database import Key
from app.store.visibility import Visibility

Indexes = dict[int, IndexRows]
"""What each Put is found by and refers to, under the identity of the Put."""


@dataclass(frozen=True, slots=True)
class Twin:
    """What another write of the same piece brings, too: its place among them."""

    place: int


Awaits = tuple[str, str, str]
"""What is not here yet: its type, and the identifier (system, value) it is to bear or, after "", its id."""

Target = Plain | Key | Version | Twin | None
"""What a write comes to: a change of one resource, the one that is there already, or nothing."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Why a piece is parked instead of carried out, and what it waits for."""

    reason: str
    awaits: Awaits
    letter: str

    def foretold(self) -> Refusal:
        """202: what a sender pushes so is kept until what it waits for is there; none is kept now."""
        text = (
            f"a push of this would be parked ({self.reason}), and be stored by itself as soon as that changes"
        )
        return Refusal(202, (Issue("informational", text, severity="warning"),))


@dataclass(slots=True, eq=False)
class Piece:
    """Writes that belong together: all are carried out, or none.

    `targets` say what each write comes to, in the same order. `expected` are the versions the criteria
    have found, `newcomers` the ids under which they have found nothing; `missing` is what is referred to and
    not there. Of what registered senders push, `recognised` is stored already; `twins` are, by the place of
    the first, those that turn out to be the same result; `beneath` what goes to the history beneath what is
    stored there; `deliveries` what is to be said of each. `whole` is the Bundle the writes came in, kept
    should they have to be `parked`, `letter` where they were parked before.
    """

    writes: Sequence[Write]
    base: str
    visibility: Visibility
    by: Actor = SERVICE
    indexes: Indexes = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    expected: dict[Key, int] = field(default_factory=dict)
    newcomers: set[Key] = field(default_factory=set)
    recognised: set[Identity] = field(default_factory=set)
    twins: dict[int, list[tuple[int, Put]]] = field(default_factory=dict)
    beneath: dict[int, list[Put]] = field(default_factory=dict)
    deliveries: dict[int, Delivered] = field(default_factory=dict)
    whole: bytes | None = None
    missing: list[Awaits] = field(default_factory=list)
    parked: Parked | None = None
    refused: Refusal | None = None
    versions: list[Version] = field(default_factory=list)
    letter: str | None = None

    def searches(self) -> bool:
        """Whether anything has to be searched for before it is known what to write."""
        return any(
            isinstance(write, Conditional) or (isinstance(write, Put) and write.references is not None)
            for write in self.writes
        )

    def settle(self, place: int, target: Target) -> None:
        """Say what the write at this place comes to."""
        self.targets[place] = target
        if isinstance(target, Put):
            self.indexes[id(target)] = index_of(target, self.base)

    def changes(self) -> Iterator[Plain]:
        """What it changes."""
        return (target for target in self.targets if isinstance(target, Put | Delete | Patch))

    def keys(self) -> Iterator[Key]:
        """The resources it changes."""
        return ((change.resource.name, change.id) for change in self.changes())

    def puts(self) -> list[Put]:
        """What it stores."""
        return [target for target in self.targets if isinstance(target, Put)]

    def documents(self) -> list[Put]:
        """What it stores, and what goes to the history beneath that."""
        return [*self.puts(), *(put for beneath in self.beneath.values() for put in beneath)]

    def deletes(self) -> set[Key]:
        """What it deletes."""
        return {(one.resource.name, one.id) for one in self.targets if isinstance(one, Delete)}

    def conditionals(self) -> list[tuple[int, Conditional]]:
        """The writes whose target is searched for, each with its place among the writes."""
        return [(place, write) for place, write in enumerate(self.writes) if isinstance(write, Conditional)]

    def types(self) -> set[str]:
        """The types it may change."""
        return {changed(write).resource.name for write in self.writes}


def standing(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces that are not refused."""
    return [piece for piece in pieces if piece.refused is None]


def index_of(put: Put, base: str) -> IndexRows:
    """What a Put will be found by under its id."""
    return index_rows(put.resource, put.document, base=base, own_id=put.id)


def borne(index: IndexRows) -> list[tuple[str, str]]:
    """The business identifiers of a document: system and value."""
    return [(system, code) for name, system, code, *_ in index.tokens if name == "identifier"]
