"""Three-valued truth: what is not known is never silently "no".

Kleene's strong logic, as the protocols are read (clinical conventions §0.2): a conjunction is
settled by one "no", a disjunction by one "yes", and everything else stays open.
"""

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """Whether a protocol's condition holds: met, not met, or not decidable from what is recorded."""

    NO = -1
    UNKNOWN = 0
    YES = 1

    def __and__(self, other: "Truth") -> "Truth":
        return Truth(min(self.value, other.value))

    def __or__(self, other: "Truth") -> "Truth":
        return Truth(max(self.value, other.value))

    def __invert__(self) -> "Truth":
        return Truth(-self.value)

    def __bool__(self) -> bool:
        raise TypeError("a Truth has three values: compare with `is Truth.YES`")

    @staticmethod
    def of(fact: bool) -> "Truth":
        """A fact that is known, as a Truth."""
        return Truth.YES if fact else Truth.NO


def all_of(truths: Iterable[Truth]) -> Truth:
    """The conjunction; of nothing at all it is met."""
    return Truth(min((truth.value for truth in truths), default=Truth.YES.value))


def any_of(truths: Iterable[Truth]) -> Truth:
    """The disjunction; of nothing at all it is not met."""
    return Truth(max((truth.value for truth in truths), default=Truth.NO.value))
