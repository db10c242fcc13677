"""A result's life: of two contents of the same result, which one stands.

A laboratory says a result again and again: preliminary, final, corrected, withdrawn; and its messages arrive
in any order. Whatever the order, what was issued last stands, and a preliminary result never takes the place
of a final one; of what was issued at the same moment, the status tells. What comes without `issued` is older
than what has it, and is not taken for late history but refused, for it might be meant as newer; only a result
that is taken back without `issued` is taken back for good.
Other resources have no such life: what was sent last stands.
"""

from datetime import datetime
from typing import Final

from app.fhir_mapping.dates import EARLIEST, LATEST, date_bounds
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
_TAKEN_BACK: Final = frozenset(("cancelled", "entered-in-error"))
CHANGED: Final = frozenset(("amended", "corrected", "appended", "entered-in-error"))
"""The statuses that say an earlier final result was wrong or incomplete."""


def compare(new: Document, stored: Document) -> int:
    """1 where the new content stands, -1 where the stored one does, 0 where nothing says which."""
    if new.get("resourceType") not in _HAVE_A_LIFE:
        return 1
    mine, others = _order(new), _order(stored)
    undated = mine[1] == EARLIEST and others[1] != EARLIEST
    if mine == others or (undated and mine[0] == others[0]):
        return 0
    return 1 if mine > others else -1


def has_life(document: Document) -> bool:
    """Whether it is a result, which is said again and again."""
    return document.get("resourceType") in _HAVE_A_LIFE


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


def _order(document: Document) -> tuple[bool, datetime, int]:
    """What a content is ordered by: whether the result is settled, when it was issued, and its status."""
    status, issued = document.get("status", ""), date_bounds(document.get("issued"))
    undated = LATEST if status in _TAKEN_BACK else EARLIEST
    rank = _SETTLED.get(status, _NOT_YET.get(status, 0))
    return status in _SETTLED, undated if issued is None else issued[0], rank
