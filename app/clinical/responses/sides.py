"""What one instrument says at baseline and at a visit, and what is not known of it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

from app.clinical.records import Source
from app.clinical.schedule import Choice, Dated

D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Generic[D]):
    """What one instrument says at one visit; `place` names the visit with its dates."""

    instrument: str
    label: str
    place: str
    reading: D | None
    choice: Choice[D]

    @property
    def missing(self) -> "Gap":
        """That there is no assessment; one that may be it is to be dated."""
        return Gap(self.choice.reasons, self.choice.needs(f"the {self.instrument} at {self.place}"))

    @property
    def contradicted(self) -> "Gap":
        """That what was assessed contradicts itself."""
        sources = " or ".join(str(item.source) for item in self.choice.chosen)
        return Gap(("conflicting-values",), f"a correction of what is contradictory in {sources}")


@dataclass(frozen=True)
class Pair(Generic[D]):
    """One instrument at baseline and at the visit."""

    before: Side[D]
    after: Side[D]

    @property
    def sides(self) -> tuple[Side[D], Side[D]]:
        """Both, the baseline first."""
        return self.before, self.after

    @cached_property
    def used(self) -> tuple[Source, ...]:
        """What was assessed on both sides."""
        return tuple(
            item.source for side in self.sides for item in (*side.choice.chosen, *side.choice.others)
        )

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """What is remarked on what was assessed, and on why it was chosen."""
        return tuple(note for side in self.sides for note in side.choice.notes)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something not known: why, and what would settle it."""

    reasons: tuple[str, ...]
    needs: str
