"""A result's life: of two contents of the same result, which one stands.

A laboratory says a result again and again: preliminary, final, corrected, withdrawn; and its messages arrive
in any order. Whatever the order, what was issued last stands, and a preliminary result never takes the place
of a final one. Where either was sent without `issued`, the status tells; where that is the same, what was
issued at a known moment stands.
Other resources have no such life: what was sent last stands.
"""

from typing import Final

from app.fhir_mapping.dates import date_bounds
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.resource import Document

_HAVE_A_LIFE: Final = frozenset(("Observation", "DiagnosticReport"))
_NOT_YET: Final = {"unknown": 0, "registered": 1, "partial": 2, "preliminary": 3}
_SETTLED: Final = {
    "final": 0,
    "amended": 1,
    "corrected": 1,
    "appended": 1,
    "cancelled": 2,
    "entered-in-error": 3,
}
CHANGED: Final = frozenset(("amended", "corrected", "appended", "entered-in-error"))
"""The statuses that say an earlier final result was wrong or incomplete."""


def compare(new: Document, stored: Document) -> int:
    """1 where the new content stands, -1 where the stored one does, 0 where nothing says which."""
    kind = new.get("resourceType")
    if kind not in _HAVE_A_LIFE:
        return 1
    (settled, rank), (settled_before, rank_before) = _standing(new), _standing(stored)
    if settled != settled_before:
        return 1 if settled else -1
    issued, issued_before = new.get("issued"), stored.get("issued")
    if issued and issued_before and (moved := _later(issued, issued_before)):
        return moved
    if rank != rank_before:
        return 1 if rank > rank_before else -1
    return bool(issued) - bool(issued_before)


def warnings(new: Document, *, reason: str | None) -> list[Issue]:
    """What a change lacks that should come with it; `reason` is why its sender says it was changed."""
    kind = new["resourceType"]
    if kind not in _HAVE_A_LIFE or new.get("status") not in CHANGED:
        return []
    lacking = []
    if not new.get("issued"):
        text = "a change came without `issued`: only its status says that it is newer"
        lacking.append(Issue("incomplete", text, f"{kind}.issued", severity="warning"))
    if reason is None and not new.get("note"):
        text = "a change came without a reason: send it as a note, or in the header X-Change-Reason"
        lacking.append(Issue("incomplete", text, kind, severity="information"))
    return lacking


def _standing(document: Document) -> tuple[bool, int]:
    """Whether the result is settled, and how its status ranks among those issued at the same moment."""
    status = document.get("status", "")
    if status in _SETTLED:
        return True, _SETTLED[status]
    return False, _NOT_YET.get(status, 0)


def _later(one: str, other: str) -> int:
    mine, others = date_bounds(one), date_bounds(other)
    if mine is None or others is None:
        return 0
    return (mine[0] > others[0]) - (mine[0] < others[0])
