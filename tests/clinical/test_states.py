"""The states of a subject: which may follow which, and what a correction takes back."""

from itertools import product

import pytest

from app.clinical.subjects.states import (
    ENROLLED,
    ON_STUDY,
    TRANSITIONS,
    may_follow,
    next_states,
    states_before,
)

R4 = {
    "candidate",
    "eligible",
    "follow-up",
    "ineligible",
    "not-registered",
    "off-study",
    "on-study",
    "on-study-intervention",
    "on-study-observation",
    "pending-on-study",
    "potential-candidate",
    "screening",
    "withdrawn",
}


def test_the_states_are_those_of_r4() -> None:
    assert set(TRANSITIONS) == R4
    assert {after for arrows in TRANSITIONS.values() for after in arrows} < R4
    assert set(ENROLLED) | ON_STUDY < R4


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("potential-candidate", "candidate"),
        ("candidate", "screening"),
        ("screening", "eligible"),
        ("screening", "ineligible"),
        ("ineligible", "screening"),
        ("eligible", "pending-on-study"),
        ("eligible", "on-study"),
        ("pending-on-study", "on-study-intervention"),
        ("on-study", "on-study-intervention"),
        ("on-study-intervention", "on-study-observation"),
        ("on-study-observation", "on-study-intervention"),
        ("on-study-observation", "follow-up"),
        ("follow-up", "off-study"),
        ("on-study", "withdrawn"),
    ],
)
def test_steps_a_subject_may_take(before: str, after: str) -> None:
    assert may_follow(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("candidate", "on-study"),
        ("screening", "on-study"),
        ("screening", "candidate"),
        ("ineligible", "on-study"),
        ("on-study", "screening"),
        ("on-study", "ineligible"),
        ("follow-up", "on-study-intervention"),
        ("off-study", "on-study"),
        ("withdrawn", "screening"),
        ("off-study", "withdrawn"),
    ],
)
def test_steps_nobody_takes(before: str, after: str) -> None:
    assert not may_follow(before, after)


def test_the_final_states_are_final() -> None:
    assert [state for state in TRANSITIONS if not next_states(state)] == ["off-study", "withdrawn"]


def test_a_correction_takes_an_arrow_back_and_nothing_else() -> None:
    for before, after in product(R4, R4):
        assert may_follow(before, after, correction=True) == may_follow(after, before)
    assert "on-study" in states_before("off-study")


def test_every_state_can_be_reached_and_left_for_an_end() -> None:
    reached = {"potential-candidate"}
    while more := {after for state in reached for after in next_states(state)} - reached:
        reached |= more
    assert reached == R4


def test_every_arrow_says_what_happens() -> None:
    assert all(why for arrows in TRANSITIONS.values() for why in arrows.values())
