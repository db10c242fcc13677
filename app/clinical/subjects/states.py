"""The states of a subject in a study, and which may follow which: R4's thirteen codes as a state machine.

A subject may be created in any state, for a running trial is imported as it stands. From then on a change
of state is an arrow of this table, or a correction, which goes back along one. Source of the states:
https://hl7.org/fhir/R4/valueset-research-subject-status.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

Arrows = Mapping[str, str]

LEAVES: Final[Arrows] = {"withdrawn": "the person withdraws"}
"""R4 speaks of a withdrawal before registration; sites use the word afterwards, too."""

FAILS: Final[Arrows] = {
    "ineligible": "a criterion is not met",
    "not-registered": "the registration is not completed",
}

BEGINS: Final[Arrows] = {
    "on-study": "the person is registered on the study",
    "on-study-intervention": "the person is registered and receives the study's product",
    "on-study-observation": "the person is registered and observed by the study's calendar",
}

ENDS: Final[Arrows] = {
    "follow-up": "nothing more is given, the planned follow-up goes on",
    "off-study": "the part in the study ends: complete, stopped, lost or died",
}

TRANSITIONS: Final[Mapping[str, Arrows]] = MappingProxyType(
    {
        "potential-candidate": {
            "candidate": "the person can be considered for the study",
            "screening": "the person is examined for the study",
            **FAILS,
            **LEAVES,
        },
        "candidate": {
            "screening": "the person is examined for the study",
            "eligible": "the records at hand show that every criterion is met",
            **FAILS,
            **LEAVES,
        },
        "screening": {"eligible": "every criterion is met", **FAILS, **LEAVES},
        "eligible": {
            "screening": "the findings have become too old and are taken again",
            "pending-on-study": "the person is pre-registered",
            **BEGINS,
            **FAILS,
            **LEAVES,
        },
        "pending-on-study": {**BEGINS, **FAILS, **LEAVES},
        "on-study": {
            "on-study-intervention": "the study's product is given",
            "on-study-observation": "the person is observed by the study's calendar",
            **ENDS,
            **LEAVES,
        },
        "on-study-intervention": {
            "on-study-observation": "the product was given, the person is observed by the study's calendar",
            **ENDS,
            **LEAVES,
        },
        "on-study-observation": {
            "on-study-intervention": "the study's product is given, or given again",
            **ENDS,
            **LEAVES,
        },
        "follow-up": {"off-study": ENDS["off-study"], **LEAVES},
        "ineligible": {"screening": "the person is screened again", **LEAVES},
        "not-registered": {"screening": "the person is screened again", **LEAVES},
        "off-study": {},
        "withdrawn": {},
    }
)
"""By state: those that may follow it, each with what happens then."""

ON_STUDY: Final = frozenset(BEGINS)
"""The states nobody comes into without a consent in force."""

ENROLLED: Final = (
    "pending-on-study",
    "on-study",
    "on-study-intervention",
    "on-study-observation",
    "follow-up",
)
"""The states of a part in a study that goes on; a patient has at most one such part in one study."""


def next_states(state: str) -> tuple[str, ...]:
    """The states that may follow; none where the state is final."""
    return tuple(TRANSITIONS.get(state, ()))


def states_before(state: str) -> tuple[str, ...]:
    """The states from which one comes into this one: those a correction may go back to."""
    return tuple(before for before, after in TRANSITIONS.items() if state in after)


def may_follow(before: str, after: str, *, correction: bool = False) -> bool:
    """Whether a subject may go from one state to another; a correction takes an arrow back."""
    return after in (states_before(before) if correction else next_states(before))
