"""The shapes of an answer: a summary of a resource, some of its elements, or the same set out for reading.

After https://hl7.org/fhir/R4/search.html#summary and #elements. What is kept is kept as the bytes stored.
"""

from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Literal

import msgspec

from app.fhir_mapping import codec, slices
from app.fhir_mapping.definitions import Definition, definition, resource_types
from app.fhir_mapping.invariants import INVARIANTS
from app.fhir_mapping.primitives import EXPECTED

Summary = Literal["true", "text", "data", "count", "false"]
Members = dict[str, bytes]

SUBSETTED = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED")
"""The tag, as system and code, of a resource that may not be all there is."""

_TAG = codec.write(dict(zip(("system", "code"), SUBSETTED, strict=True)))
_ALWAYS = frozenset(("resourceType", "id", "meta"))
_KEPT_WHOLE = EXPECTED.keys() | {"Extension", "Resource", "Narrative", "Meta"}


def shaped(
    document: bytes, *, summary: Summary | None = None, elements: tuple[str, ...] | None = None
) -> bytes:
    """The part of a stored resource that was asked for, tagged SUBSETTED wherever something may be missing.

    What R4 requires and what modifies the rest is always kept, and so is what is contained where something
    kept refers to it. `elements` are names at the top level
    (`status`, or `Observation.status` where only that type is meant); they decide where both are given. A
    summary of "count" is about a search, and leaves a resource as it is.
    """
    if elements is None and summary in {None, "false", "count"}:
        return document
    members = codec.members(document)
    kept = _kept(members["resourceType"][1:-1].decode(), members, summary, elements)
    if kept is None:
        return document
    if "contained" in members and any(b'"#' in value for value in kept.values()):
        kept["contained"] = members["contained"]  # what is kept would not say what it is about
    return _tagged(kept)


def is_subsetted(document: codec.Document) -> bool:
    """Whether a resource says that it may not be all there is, so that it must not be written back."""
    meta = document.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return isinstance(tags, list) and any(_says_subsetted(tag) for tag in tags)


def pretty(body: bytes) -> bytes:
    """The same JSON set out on lines for people to read, every number with its digits."""
    return msgspec.json.format(body, indent=2)


def _kept(
    type_name: str, members: Members, summary: Summary | None, elements: tuple[str, ...] | None
) -> Members | None:
    """The members asked for; None where all are."""
    if elements is None and summary == "true":
        return _summarised(type_name, members)
    if elements is None and summary == "data":
        return {name: value for name, value in members.items() if name != "text"}
    names = _of_text(type_name) if elements is None else _with_elements(type_name, elements)
    return None if names is None else {name: value for name, value in members.items() if name in names}


def _says_subsetted(tag: Any) -> bool:
    return isinstance(tag, dict) and (tag.get("system"), tag.get("code")) == SUBSETTED


def _tagged(members: Members) -> bytes:
    """The object of these members, with SUBSETTED among the tags of its meta."""
    meta = codec.members(members.get("meta", b"{}"))
    tags = slices.items(meta.get("tag", b"[]"))
    if not any(_says_subsetted(codec.read(tag)) for tag in tags):
        tags.append(_TAG)
    meta["tag"] = slices.listed(tags)
    first = {name: members[name] for name in ("resourceType", "id") if name in members}
    others = {name: value for name, value in members.items() if name not in _ALWAYS}
    return slices.together(first | {"meta": slices.together(meta)} | others)


def _and_siblings(names: Iterator[str] | frozenset[str]) -> frozenset[str]:
    """The names, and those of the members that carry a primitive's extensions."""
    return frozenset(each for name in names for each in (name, f"_{name}"))


def _indispensable(type_name: str) -> frozenset[str]:
    """What R4 requires, alone or as one of several (a Consent's policy), and what modifies the rest."""
    known = _defined(type_name)
    required = {member for members in known.required.values() for member in members}
    one_of = {name for law in INVARIANTS.get(type_name, ()) if law.form == "any" for name in law.elements}
    return known.modifiers | required | (one_of & known.elements.keys())


@cache
def _of_text(type_name: str) -> frozenset[str]:
    return _ALWAYS | {"text"} | _and_siblings(_indispensable(type_name))


@lru_cache(maxsize=512)
def _with_elements(type_name: str, elements: tuple[str, ...]) -> frozenset[str] | None:
    """The members kept of a type; None where what was asked for is about other types alone."""
    known = _defined(type_name)
    steps = [element.split(".") for element in elements]
    about = [
        path[1] if path[0] == type_name and len(path) > 1 else path[0]
        for path in steps
        if path[0] == type_name or path[0] not in resource_types()
    ]
    if not about:
        return None
    asked = (member for name in about for member in (name, *known.members(f"{name}[x]")))
    return _ALWAYS | _and_siblings(_indispensable(type_name)) | _and_siblings(asked)


@cache
def _of_summary(type_name: str) -> dict[str, str]:
    """The members a summary keeps, each with the type of what it holds."""
    known = _defined(type_name)
    kept = {name: known.elements[name].type for name in known.summary | _indispensable(type_name)}
    beside = {f"_{name}": "Extension" for name, kind in kept.items() if kind in EXPECTED}
    return kept | beside | {"resourceType": "code"}


def _summarised(type_name: str, members: Members) -> Members:
    kept = _of_summary(type_name)
    return {name: _summary(kept[name], value) for name, value in members.items() if name in kept}


def _summary(type_name: str, raw: bytes) -> bytes:
    """What a summary keeps of an element: all of it where nothing would be left, as none may be empty."""
    if type_name in _KEPT_WHOLE:
        return raw
    if raw.startswith(b"["):
        return slices.listed([_summary(type_name, item) for item in slices.items(raw)])
    members = _summarised(type_name, codec.members(raw))
    return slices.together(members) if members else raw


def _defined(type_name: str) -> Definition:
    known = definition(type_name)
    assert known is not None, type_name  # noqa: S101 - it came from a definition
    return known
