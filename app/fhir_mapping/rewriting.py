"""References between the entries of a transaction, given the ids the server chose: byte by byte.

Only the value of a reference is exchanged, or of a uri or url; every other byte of the resource stays as
sent. This is safe on the JSON text itself, because a quotation mark inside a string is escaped:
`"reference":"` can only be a member. Canonical addresses and identifiers are left alone. R4 counts uuid and
oid among what is exchanged; they are left, since an address is neither and the result would not be valid.
Source: https://hl7.org/fhir/R4/http.html#trules
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.primitives import UUID

_STRING = rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"'
_MEMBER = re.compile(rb'("(?:reference|url|uri|valueUri|valueUrl)"\s*:\s*)' + _STRING, re.DOTALL)
_REFERENCE = re.compile(rb'("reference"\s*:\s*)' + _STRING, re.DOTALL)
_LIST = re.compile(rb'"instantiatesUri"\s*:\s*\[[^\]]*\]')
_ITEM = re.compile(rb"([\[,]\s*)" + _STRING, re.DOTALL)
_NARRATIVE = re.compile(rb'"div"\s*:\s*' + _STRING, re.DOTALL)
_ATTRIBUTE = re.compile(rb"((?:href|src)\s*=\s*(?:\\\"|'))([^\"'\\<>]*)()")
_OPEN = re.compile(rb'"reference"\s*:\s*"(?:urn:|[A-Za-z]+\?)')
_RESTFUL = re.compile(r"(https?://.*/)([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})", re.ASCII)
_CONDITIONAL = re.compile(r"[A-Z][A-Za-z]+\?", re.ASCII)

Names = Mapping[str, str]
"""What an entry is called in the Bundle (its fullUrl), to what it is called here (`Type/id`)."""


def root(full_url: str | None) -> str:
    """The address a relative reference of this entry is relative to, empty where there is none."""
    restful = _RESTFUL.fullmatch(full_url or "")
    return restful[1] if restful else ""


def rewritten(raw: bytes, names: Names, *, relative_to: str = "") -> bytes:
    """The resource with every mention of another entry replaced by where that entry is to stand."""
    if not names:
        return raw

    def member(found: re.Match[bytes]) -> bytes:
        target = _target(found[2], names, relative_to)
        return found[0] if target is None else b'%b"%b"' % (found[1], target)

    def attribute(found: re.Match[bytes]) -> bytes:
        target = _target(found[2], names, relative_to)
        return found[0] if target is None else found[1] + target

    raw = _MEMBER.sub(member, raw)
    if b'"instantiatesUri"' in raw:
        raw = _LIST.sub(lambda found: _ITEM.sub(member, found[0]), raw)
    if b"href" in raw or b"src" in raw:
        raw = _NARRATIVE.sub(lambda found: _ATTRIBUTE.sub(attribute, found[0]), raw)
    return raw


def resolved(raw: bytes, found: Names) -> bytes:
    """The resource with its conditional references replaced by what they have been found to mean."""

    def member(mention: re.Match[bytes]) -> bytes:
        target = _target(mention[2], found, "")
        return mention[0] if target is None else b'%b"%b"' % (mention[1], target)

    return _REFERENCE.sub(member, raw)


def unresolved(
    document: dict[str, Any], where: str, *, called: Collection[str], searched: bool = False
) -> list[Issue]:
    """The references that name an entry which is not there, or ask for a search: none may be stored.

    `called` are the names of all entries: one still named so was refused itself, which says enough.
    `searched` says that searches are made for the conditional ones.
    """
    return [
        _unresolvable(text, path)
        for path, text in references(document, where)
        if _is_open(text) and text not in called and not (searched and is_conditional(text))
    ]


def is_conditional(text: str) -> bool:
    """Whether a reference names its target by a search (`Patient?identifier=…`)."""
    return _CONDITIONAL.match(text) is not None


def may_be_open(raw: bytes) -> bool:
    """Whether the resource may hold a reference `unresolved` would find; a quick look before a long one."""
    return b"\\" in raw or _OPEN.search(raw) is not None


def _target(written: bytes, names: Names, relative_to: str) -> bytes | None:
    if b"\\" in written:
        written = codec.read(b'{"text":"%b"}' % written)["text"].encode()
    text = written.decode(errors="replace")
    found = names.get(text)
    if found is None and relative_to:
        found = names.get(relative_to + text)
    return None if found is None else found.encode()


def references(element: Any, where: str) -> Iterator[tuple[str, str]]:
    """Every literal reference below an element, with its FHIRPath."""
    if isinstance(element, list):
        for number, item in enumerate(element):
            yield from references(item, f"{where}[{number}]")
    elif isinstance(element, dict):
        for name, value in element.items():
            if name == "reference" and isinstance(value, str):
                yield f"{where}.reference", value
            elif isinstance(value, dict | list):
                yield from references(value, f"{where}.{name}")


def _is_open(text: str) -> bool:
    return text.startswith(("urn:uuid:", "urn:oid:")) or is_conditional(text)


def _unresolvable(text: str, path: str) -> Issue:
    if text.startswith("urn:"):
        shown = text if re.fullmatch(UUID, text) else "this"
        return Issue(
            "not-found",
            f"{shown} is the fullUrl of no other entry here; only entries of one transaction may refer"
            " to each other so",
            path,
        )
    return Issue(
        "not-supported",
        "a reference by a search is resolved within a transaction only: send this in one, or refer to the id",
        path,
    )
