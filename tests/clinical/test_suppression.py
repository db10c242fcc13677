"""Which counts may be told: none of fewer than five, and none that would tell one by subtraction."""

from collections.abc import Iterator, Mapping
from itertools import chain, combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.studies.suppression import Count, K, Sums, is_safe, tellable

SUMS: Sums = {"all": ("a", "b", "c"), "b": ("b1", "b2"), "c": ("c1",)}
FEW = range(1, K)


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Count]:
    """Counts as SUMS has them, with those nobody names."""
    number = st.one_of(st.integers(0, 9), st.integers(0, 40))
    leaves = {name: (draw(number), draw(number)) for name in ("a", "b1", "b2", "c1")}
    rests = {name: (draw(number), draw(number)) for name in ("all", "b", "c")}
    found = {name: Count(own + others, others) for name, (own, others) in leaves.items()}
    for total in ("c", "b", "all"):
        parts = [found[one] for one in SUMS[total]]
        own, others = rests[total]
        found[total] = Count(
            own + others + sum(one.every for one in parts), others + sum(one.others for one in parts)
        )
    return found


def within(total: str) -> Iterator[str]:
    for part in SUMS.get(total, ()):
        yield part
        yield from within(part)


def differences(counts: Mapping[str, Count], names: set[str]) -> Iterator[Count]:
    """What is left of each total when any of the others that share nobody are taken away."""
    for total in names:
        inside = [one for one in within(total) if one in names]
        for some in chain.from_iterable(combinations(inside, size) for size in range(len(inside) + 1)):
            if not any(one in within(other) for one in some for other in some):
                left = counts[total]
                for one in some:
                    left = left.less(counts[one])
                yield left


@given(trees())
@settings(max_examples=300)
def test_no_few_are_left_when_told_counts_are_subtracted(counts: dict[str, Count]) -> None:
    names = set(tellable(counts, SUMS))

    assert not any(left.others in FEW or left.every in FEW for left in differences(counts, names))


@given(trees())
def test_all_is_told_where_no_few_are_left(counts: dict[str, Count]) -> None:
    safe = not any(left.others in FEW or left.every in FEW for left in differences(counts, set(counts)))

    assert is_safe(counts, SUMS) is safe
    if safe:
        assert tellable(counts, SUMS) == counts.keys()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"n": 20, "met": 8, "not": 9, "open": 3}, {"n", "not"}),  # the next smallest is not told either
        ({"n": 20, "met": 18, "not": 1, "open": 1}, {"n"}),
        ({"n": 20, "met": 10, "not": 10, "open": 0}, {"n", "met", "not", "open"}),
        ({"n": 9, "met": 6, "not": 2, "open": 1}, {"n"}),
        ({"n": 4, "met": 4, "not": 0, "open": 0}, {"not", "open"}),
        ({"n": 12, "met": 7, "not": 5, "open": 0}, {"n", "met", "not", "open"}),
    ],
    ids=[
        "one of few",
        "two of few",
        "many and none",
        "all parts but one of few",
        "few in all",
        "just enough",
    ],
)
def test_the_smallest_is_hidden_with_what_would_tell_it(counts: dict[str, int], expected: set[str]) -> None:
    found = {name: Count(number, number) for name, number in counts.items()}

    assert tellable(found, {"n": ("met", "not", "open")}) == expected


def test_what_is_told_elsewhere_is_not_hidden_instead_of_what_would_tell() -> None:
    """Eight infused are told by other questions: how many there are in all would tell of the two."""
    found = {
        name: Count(number, number) for name, number in {"n": 30, "few": 2, "most": 20, "given": 8}.items()
    }
    sums = {"n": ("few", "most", "given")}

    assert tellable(found, sums) == {"n", "most"}
    assert tellable(found, sums, elsewhere=("given",)) == {"n", "given"}
    assert tellable(found, sums, elsewhere=("given", "most")) == {"given", "most"}
