"""The three-valued logic every criterion is settled with."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import wire
from app.clinical.truth import Truth, all_of, any_of

YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN
TRUTHS = st.sampled_from(Truth)
LISTS = st.lists(TRUTHS, max_size=6)

AND = {
    (YES, YES): YES,
    (YES, UNKNOWN): UNKNOWN,
    (YES, NO): NO,
    (UNKNOWN, UNKNOWN): UNKNOWN,
    (UNKNOWN, NO): NO,
    (NO, NO): NO,
}
OR = {
    (YES, YES): YES,
    (YES, UNKNOWN): YES,
    (YES, NO): YES,
    (UNKNOWN, UNKNOWN): UNKNOWN,
    (UNKNOWN, NO): UNKNOWN,
    (NO, NO): NO,
}


@pytest.mark.parametrize(("one", "other"), AND)
def test_and_follows_kleene(one: Truth, other: Truth) -> None:
    assert one & other is AND[one, other]
    assert other & one is AND[one, other]


@pytest.mark.parametrize(("one", "other"), OR)
def test_or_follows_kleene(one: Truth, other: Truth) -> None:
    assert one | other is OR[one, other]
    assert other | one is OR[one, other]


def test_not_leaves_the_unknown_unknown() -> None:
    assert (~YES, ~NO, ~UNKNOWN) == (NO, YES, UNKNOWN)


def test_de_morgan_holds_for_every_pair() -> None:
    for one, other in product(Truth, Truth):
        assert ~(one & other) is (~one | ~other)
        assert ~(one | other) is (~one & ~other)


@given(LISTS)
def test_all_of_and_any_of_are_each_others_mirror(truths: list[Truth]) -> None:
    assert all_of(truths) is ~any_of(~truth for truth in truths)


@given(LISTS, st.permutations(range(6)))
def test_the_order_of_the_conditions_does_not_matter(truths: list[Truth], order: list[int]) -> None:
    shuffled = [truths[place] for place in order if place < len(truths)]

    assert all_of(shuffled) is all_of(truths)
    assert any_of(shuffled) is any_of(truths)


@given(LISTS, st.lists(st.booleans(), min_size=6, max_size=6))
def test_learning_what_was_unknown_never_flips_what_was_settled(
    truths: list[Truth], facts: list[bool]
) -> None:
    learnt = [
        Truth.of(fact) if truth is UNKNOWN else truth for truth, fact in zip(truths, facts, strict=False)
    ]

    assert all_of(truths) in (UNKNOWN, all_of(learnt))
    assert any_of(truths) in (UNKNOWN, any_of(learnt))


def test_nothing_asked_is_met_and_nothing_offered_is_not() -> None:
    assert all_of([]) is YES
    assert any_of([]) is NO


def test_a_truth_cannot_be_mistaken_for_a_boolean() -> None:
    with pytest.raises(TypeError, match="three values"):
        bool(UNKNOWN)


def test_the_wire_spells_the_verdicts_as_decided() -> None:
    assert [wire(truth) for truth in (YES, NO, UNKNOWN)] == ["met", "not-met", "undetermined"]
