"""Which counts may be told to who sees only some of those counted, so that nobody's few can be worked out.

A count under five is not told, nor one of which the others (all without the asker's own, whom the asker
knows) are under five; nor what would tell such a count by subtraction.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

K: Final = 5
"""The least number of subjects that is told."""


class Count(NamedTuple):
    """How many there are in all, and how many of them the asker does not see."""

    every: int
    others: int

    @property
    def is_small(self) -> bool:
        """Whether telling it would tell of few; a count that cannot be is not trusted."""
        return not 0 <= self.others <= self.every or 0 < self.every < K or 0 < self.others < K

    def is_near(self, other: "Count") -> bool:
        """Whether the two differ by few."""
        return any(0 < abs(one - two) < K for one, two in zip(self, other, strict=True))

    def less(self, part: "Count") -> "Count":
        """What is left without a part of it."""
        return Count(self.every - part.every, self.others - part.others)


NONE: Final = Count(0, 0)

Counts = Mapping[str, Count]
Sums = Mapping[str, Sequence[str]]
"""By a count, the counts that are parts of it, which share nobody; there may be more that are not named."""


def is_safe(counts: Counts, sums: Sums) -> bool:
    """Whether all may be told: no count is small, and nobody's few are left where parts are subtracted."""
    return not any(one.is_small for one in counts.values()) and not any(
        _rest(total, counts, sums, counts.keys()).is_small for total in sums if total in counts
    )


def tellable(counts: Counts, sums: Sums, elsewhere: Collection[str] = ()) -> frozenset[str]:
    """The counts that may be told together.

    Where few are left when the parts that are told are subtracted from a total, the smallest of these parts
    is not told either, and so on; at last the total itself is not. To hide what is told `elsewhere` helps
    nobody.
    """
    told = {name for name, count in counts.items() if not count.is_small}
    while (risky := _risky(counts, sums, told)) is not None:
        inside = {one for one in _parts(risky, sums, told) if counts[one] != NONE}.difference(elsewhere)
        told.discard(min(inside, key=lambda name: (*counts[name], name), default=risky))
    return frozenset(told)


def _risky(counts: Counts, sums: Sums, told: set[str]) -> str | None:
    """A total that tells of few by what is left of it."""
    return next((one for one in sums if one in told and _rest(one, counts, sums, told).is_small), None)


def _rest(total: str, counts: Counts, sums: Sums, told: Collection[str]) -> Count:
    left = counts[total]
    for part in _parts(total, sums, told):
        left = left.less(counts[part])
    return left


def _parts(total: str, sums: Sums, told: Collection[str]) -> Iterator[str]:
    """The parts of a total that are told; of one that is not, its own."""
    for part in sums.get(total, ()):
        if part in told:
            yield part
        else:
            yield from _parts(part, sums, told)
