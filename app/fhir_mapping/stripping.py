"""A document without what identifies a patient: what is left is the content, byte for byte as it was sent.

Decision 34. What cannot be left out safely is refused all the same: a national number within a text, an id or
a reference; a reference of which nothing would be left, so that it would not be known whom this is about; and
what an extension says that changes the meaning of the element it stands in.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from app.fhir_mapping import check, patching
from app.fhir_mapping.identifying import Trait, traits
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.resource import Document

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_GONE: Any = object()
_REFERENCE = ("reference", "identifier")
_YEAR = 4

Cuts = dict[str | int, Any]
"""What to change below an element, by member or number: further cuts, or the Trait that ends there."""


@dataclass(frozen=True, slots=True)
class Stripped:
    """The document and its bytes as they may be kept, and what was left out of them."""

    raw: bytes
    document: Document
    left_out: tuple[Issue, ...] = ()


def stripped(type_name: str, document: Document, raw: bytes, *, years: bool) -> Stripped:
    """The document without what identifies a patient; Refusal 422 where that cannot be left out."""
    found = traits(type_name, document, raw, years=years)
    if not found:
        return Stripped(raw, document)
    kept = [trait.issue for trait in found if not _may_be_cut(document, trait)]
    if kept:
        raise Refusal(422, tuple(kept))
    cuts: Cuts = {}
    for trait in found:
        _add(cuts, _steps(document, trait.cut or ""), trait)
    left = patching.written(raw, document, after=_without(document, cuts))
    try:
        return Stripped(left, check.checked(type_name, left), tuple(_said(trait) for trait in found))
    except Refusal as refused:
        lacking = (replace(one, text=f"with that left out: {one.text}") for one in refused.issues)
        raise Refusal(422, (*(trait.issue for trait in found), *lacking)) from None


def _may_be_cut(document: Document, trait: Trait) -> bool:
    """Whether what is left still means what it meant."""
    if trait.cut is None or ".modifierExtension" in trait.cut:
        return False
    steps = _steps(document, trait.cut)
    around = _at(document, steps[:-1])
    if steps[-1] not in {"display", "identifier"} or not isinstance(around, dict):
        return True
    of_reference = around.keys() <= {"id", "extension", "type", "display", *_REFERENCE}
    return not of_reference or any(name in around for name in _REFERENCE if name != steps[-1])


def _steps(document: Document, path: str) -> list[str | int]:
    """A path as the members and numbers it leads through; `_birthDate` where it leads into a primitive."""
    said = [name or int(number) for name, number in _STEP.findall(path)]
    steps: list[str | int] = []
    at: Any = document
    for place, step in enumerate(said):
        leads_on = isinstance(step, str) and any(isinstance(one, str) for one in said[place + 1 :])
        steps.append(f"_{step}" if leads_on and not _holds_elements(at.get(step)) else step)
        at = at[steps[-1]]
    return steps


def _holds_elements(value: Any) -> bool:
    """Whether there are elements within, and not in what stands beside a primitive."""
    return isinstance(value, dict) or (isinstance(value, list) and isinstance(value[0], dict))


def _at(document: Document, steps: list[str | int]) -> Any:
    at: Any = document
    for step in steps:
        at = at[step]
    return at


def _add(cuts: Cuts, steps: list[str | int], trait: Trait) -> None:
    """Note a cut; what lies within another is cut with it."""
    for step in steps[:-1]:
        inner = cuts.setdefault(step, {})
        if isinstance(inner, Trait):
            return
        cuts = inner
    cuts[steps[-1]] = trait


def _without(value: Any, cuts: Cuts | Trait, *, beside: bool = False) -> Any:
    """What is left of a value; an element of which nothing is left is gone, too.

    What stands `beside` primitives keeps its place in a list, and its id.
    """
    if isinstance(cuts, Trait):
        return value[:_YEAR] if cuts.year else _GONE
    if isinstance(value, list):
        items = [
            _without(one, cuts[at], beside=beside) if at in cuts else one for at, one in enumerate(value)
        ]
        left = [None if one is _GONE else one for one in items if beside or one is not _GONE]
        return left if any(one is not None for one in left) else _GONE
    members = {
        name: _without(one, cuts[name], beside=name.startswith("_")) if name in cuts else one
        for name, one in value.items()
    }
    kept = {name: one for name, one in members.items() if one is not _GONE}
    return kept if kept.keys() - ({"url"} if beside else {"id", "url"}) or "resourceType" in kept else _GONE


def _said(trait: Trait) -> Issue:
    done = "shortened to the year" if trait.year else "left out"
    return replace(
        trait.issue, text=f"{done}: {trait.issue.text}", severity="information", code="informational"
    )
