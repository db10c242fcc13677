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
        return all_of((self, other))

    def __or__(self, other: "Truth") -> "Truth":
        return any_of((self, other))

    def __invert__(self) -> "Truth":
        return _OPPOSITE[self]

    def __bool__(self) -> bool:
        raise TypeError("a Truth has three values: compare with `is Truth.YES`")

    @staticmethod
    def of(fact: bool) -> "Truth":
        """A fact that is known, as a Truth."""
        return Truth.YES if fact else Truth.NO


_OPPOSITE = {Truth.NO: Truth.YES, Truth.UNKNOWN: Truth.UNKNOWN, Truth.YES: Truth.NO}


def all_of(truths: Iterable[Truth]) -> Truth:
    """The conjunction; of nothing at all it is met."""
    return _settled(truths, by=Truth.NO, otherwise=Truth.YES)


def any_of(truths: Iterable[Truth]) -> Truth:
    """The disjunction; of nothing at all it is not met."""
    return _settled(truths, by=Truth.YES, otherwise=Truth.NO)


def _settled(truths: Iterable[Truth], *, by: Truth, otherwise: Truth) -> Truth:
    """Settled by a single one; else open as long as any is."""
    found = otherwise
    for truth in truths:
        if truth is by:
            return by
        if truth is Truth.UNKNOWN:
            found = truth
    return found
