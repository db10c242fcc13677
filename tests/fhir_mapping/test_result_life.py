"""Of two contents of one result, which one stands: the same whatever arrived first."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.result_life import compare

STATUSES = (
    "registered",
    "preliminary",
    "unknown",
    "final",
    "amended",
    "corrected",
    "appended",
    "cancelled",
    "entered-in-error",
)
MOMENTS = (None, "2021-09-14T10:00:00+02:00", "2021-09-14T09:00:00+01:00", "2021-09-14T12:00:00+02:00")


def said(status: str, issued: str | None = MOMENTS[1], value: int = 1) -> dict[str, Any]:
    document = {"resourceType": "Observation", "status": status, "issued": issued, "valueInteger": value}
    return {name: member for name, member in document.items() if member is not None}


@pytest.mark.parametrize(
    ("stored", "new", "stands"),
    [
        (said("preliminary"), said("final"), 1),
        (said("final"), said("corrected"), 1),
        (said("corrected"), said("final", MOMENTS[3]), 1),  # a laboratory may go back to final
        (said("final"), said("preliminary", MOMENTS[3]), -1),  # and never to preliminary
        (said("corrected", MOMENTS[3]), said("corrected"), -1),
        (said("amended"), said("corrected"), 0),
        (said("final"), said("final", value=2), 0),
        (said("final"), said("final", MOMENTS[2], value=2), 0),  # the same moment, written otherwise
        (said("final"), said("cancelled"), 1),
        (said("corrected"), said("entered-in-error"), 1),
        (said("entered-in-error"), said("corrected", MOMENTS[3]), 1),
        (said("final", None), said("corrected", None), 1),
        (said("final", None), said("final", value=2), 1),
        (said("final"), said("corrected", None), 0),  # it may be meant as newer, and nothing says so
        (said("final", MOMENTS[3]), said("entered-in-error", None), 1),
        (said("preliminary"), said("final", None), 1),
    ],
)
def test_which_stands(stored: dict[str, Any], new: dict[str, Any], stands: int) -> None:
    assert compare(new, stored) == stands


def test_of_other_types_what_was_sent_last_stands() -> None:
    assert compare({"resourceType": "Specimen"}, {"resourceType": "Specimen", "status": "available"}) == 1


contents = st.builds(said, st.sampled_from(STATUSES), st.sampled_from(MOMENTS), st.integers(1, 3))


@given(st.lists(contents, min_size=1, max_size=4))
def test_whatever_the_order_of_arrival_the_same_moment_and_status_stand_in_the_end(
    several: list[dict[str, Any]],
) -> None:
    ends = set()
    for order in permutations(several):
        stands = order[0]
        for new in order[1:]:
            if compare(new, stands) > 0:
                stands = new
        ends.add((stands["status"] in STATUSES[3:], stands.get("issued") is not None, _kind(stands)))

    assert len(ends) == 1


def _kind(content: dict[str, Any]) -> str:
    """Its status; those that rank the same as one."""
    status = str(content["status"])
    return "changed" if status in {"amended", "corrected", "appended"} else status
