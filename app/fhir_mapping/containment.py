"""Contained resources: each is referred to, each `#id` is found, and none has a life of its own.

The invariants dom-2 to dom-5 and ref-1 of https://hl7.org/fhir/R4/domainresource.html#invs.
"""

from collections.abc import Iterator
from typing import Any

from app.fhir_mapping.wording import is_code_like, place_of

Complaint = tuple[str, str, str]
"""Invariant, what is wrong, and the path from the resource (`.contained[0].meta`)."""

_OF_REFERENCE = frozenset(
    f"{mark}{name}"
    for mark in ("", "_")
    for name in ("id", "extension", "reference", "type", "identifier", "display")
)


def complaints(document: dict[str, Any]) -> list[Complaint]:
    """Every rule of containment the resource breaks."""
    contained = _contained(document)
    found = [
        one for number, inner in enumerate(contained) for one in _own_life(inner, f".contained[{number}]")
    ]
    ids = {inner["id"] for inner in contained if isinstance(inner.get("id"), str)}
    mentions = list(_mentions(document, ""))
    named = {path: mention for path, mention, _ in mentions}
    for path, mention, literal in mentions:
        if literal and mention[1:] not in ids and not _from_inside(path, mention):
            shown = mention if is_code_like(mention[1:]) else "what this refers to"
            found.append(("ref-1", f"{shown} is not contained in this resource", path))
    mentioned = {*named.values(), *_referring_out(named)}
    for number, inner in enumerate(contained):
        if mentioned.isdisjoint((f"#{inner.get('id')}", f".contained[{number}]")):
            text = "a contained resource must be referred to from the resource around it"
            found.append(("dom-3", text, f".contained[{number}]"))
    return found


def _contained(document: dict[str, Any]) -> list[dict[str, Any]]:
    listed = document.get("contained")
    return [one if isinstance(one, dict) else {} for one in listed] if isinstance(listed, list) else []


def _own_life(inner: dict[str, Any], path: str) -> Iterator[Complaint]:
    if "contained" in inner:
        yield "dom-2", "a contained resource may not contain another", f"{path}.contained"
    meta = inner.get("meta")
    if not isinstance(meta, dict):
        return
    if any(name in meta for name in ("versionId", "_versionId", "lastUpdated", "_lastUpdated")):
        yield "dom-4", "a contained resource has no versionId or lastUpdated of its own", f"{path}.meta"
    if "security" in meta:
        yield "dom-5", "a contained resource has no security label of its own", f"{path}.meta.security"


def _mentions(value: Any, path: str, *, literal: bool = False) -> Iterator[tuple[str, str, bool]]:
    """Every text beginning with #, the path to it, and whether it is a Reference's own."""
    if isinstance(value, str):
        if value.startswith("#"):
            yield path, value, literal
    elif isinstance(value, dict):
        refers = value.keys() <= _OF_REFERENCE  # the `reference` of an Expression is an address
        for name, inner in value.items():
            yield from _mentions(inner, place_of(path, name), literal=refers and name == "reference")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _mentions(inner, f"{path}[{number}]")


def _from_inside(path: str, mention: str) -> bool:
    """`#` alone, said inside a contained resource, means the resource around it."""
    return mention == "#" and path.startswith(".contained[")


def _referring_out(named: dict[str, str]) -> Iterator[str]:
    """The contained resources that refer to the resource around them (`.contained[3]`)."""
    for path, mention in named.items():
        if _from_inside(path, mention):
            yield path.partition("]")[0] + "]"
