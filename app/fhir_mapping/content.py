"""What a pushed resource says: told from what the server and its translation added, and compared by digits.

A translation only ever adds, and marks what it adds (see `dictionary`), so that what was sent can be told
from it at any time. Two resources say the same where they were sent with the same members and values,
down to the digits of every number; the order of members and white space tell nothing.
"""

import re
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any, Final

import msgspec

from app.fhir_mapping import codec
from app.fhir_mapping.extensions import LAB_PUSH, MAPPED_BY, SENT_CODE
from app.fhir_mapping.resource import Document

Element = dict[str, Any]
Become = Callable[[Element], Element]

UNIT_OF_SYSTEM: Final = ("system", "code")
"""The members of a Quantity that a translation fills."""

_OF_SERVER: Final = frozenset(("versionId", "_versionId", "lastUpdated", "_lastUpdated", "source", "_source"))
_OF_MESSAGE: Final = frozenset(("id", "identifier", "meta", "timestamp"))
_PASSING_NAME: Final = re.compile(rb'"urn:uuid:[0-9A-Fa-f-]{36}"')
_SIXTEEN_BYTES: Final = 16
canonical = msgspec.json.Encoder(decimal_format="number", order="sorted").encode
"""A value as JSON that is the same for the same content: every digit, and the members in order of names."""


def as_sent(document: Document) -> Document:
    """The document without what our translation added; the very same one where it added nothing."""
    if document.get("resourceType") != "Observation":
        return document
    return without_tags(each_element(document, lambda element: measured(_code_sent(element), quantity_sent)))


def digest(document: Document) -> bytes:
    """What tells one content from another: 1.50 is not 1.5, the order of members is nothing."""
    return blake2b(canonical(_said(document)), digest_size=_SIXTEEN_BYTES).digest()


def of_bundle(raw: bytes) -> bytes:
    """What tells one Bundle from another: its content, not its number, time and the names it made up."""
    names: dict[bytes, bytes] = {}
    raw = _PASSING_NAME.sub(lambda found: names.setdefault(found[0].lower(), b'"%d"' % len(names)), raw)
    return digest({name: value for name, value in codec.read(raw).items() if name not in _OF_MESSAGE})


def differing(one: Document, other: Document) -> list[str]:
    """Where two documents, as sent, do not say the same: paths without values."""
    kind = one.get("resourceType") or other.get("resourceType") or ""
    return list(_differences(_said(one), _said(other), kind))


def without_versions(document: Document) -> Document:
    """The document with the maps it was translated by, but not their versions."""
    return each_element(document, lambda element: measured(_code_unversioned(element), _unversioned))


def each_element(document: Document, become: Become) -> Document:
    """The Observation with itself and each of its components exchanged for what they become."""
    return with_items(become(document), "component", become)


def measured(element: Element, become: Become) -> Element:
    """The Observation or component with its value and the bounds of its ranges exchanged."""
    element = with_member(element, "valueQuantity", become)
    return with_items(element, "referenceRange", lambda one: _bounds(one, become))


def with_member(holder: Element, name: str, become: Become) -> Element:
    """The same object, unless that member becomes another one."""
    before = holder.get(name)
    if before is None:
        return holder
    after = become(before)
    return holder if after is before else {**holder, name: after}


def with_items(holder: Element, name: str, become: Become) -> Element:
    """The same object, unless an item of that list becomes another one."""
    before = holder.get(name)
    if before is None:
        return holder
    after = [become(one) for one in before]
    changed = any(one is not other for one, other in zip(after, before, strict=True))
    return {**holder, name: after} if changed else holder


def is_tagged(document: Document, code: str) -> bool:
    """Whether it is said to wait for this."""
    tags = document["meta"].get("tag", ()) if "meta" in document else ()
    return any(_is_ours(tag) and tag.get("code") == code for tag in tags)


def without_tags(document: Document) -> Document:
    """The document without the tags that say what it waits for."""
    meta = document.get("meta")
    if meta is None or not any(_is_ours(tag) for tag in meta.get("tag", ())):
        return document
    meta = with_list(meta, "tag", [tag for tag in meta["tag"] if not _is_ours(tag)])
    if meta:
        return {**document, "meta": meta}
    return {name: value for name, value in document.items() if name != "meta"}


def with_list(holder: Element, name: str, items: list[Any]) -> Element:
    """The object with that list, or without it where it is empty: R4 knows no empty list."""
    if items:
        return {**holder, name: items}
    return {member: value for member, value in holder.items() if member != name}


def _said(document: Document) -> Document:
    """What was sent, without what names and dates the version here."""
    sent = as_sent(document)
    said = {name: value for name, value in sent.items() if name not in ("id", "meta")}
    meta = {name: value for name, value in sent.get("meta", {}).items() if name not in _OF_SERVER}
    return {**said, "meta": meta} if meta else said


def _is_ours(tag: Element) -> bool:
    return tag.get("system") == LAB_PUSH


def _bounds(range_: Element, become: Become) -> Element:
    return with_member(with_member(range_, "low", become), "high", become)


def _mark(element: Element, url: str) -> Element | None:
    return next((one for one in element.get("extension", ()) if one.get("url") == url), None)


def _code_sent(element: Element) -> Element:
    return with_member(element, "code", _concept_sent)


def _concept_sent(concept: Element) -> Element:
    """The code without the codings that were added after those sent."""
    codings = concept.get("coding", [])
    sent = [
        coding
        for number, coding in enumerate(codings)
        if number == 0 or "extension" not in coding or _mark(coding, MAPPED_BY) is None
    ]
    return concept if len(sent) == len(codings) else {**concept, "coding": sent}


def _code_unversioned(element: Element) -> Element:
    return with_member(element, "code", lambda concept: with_items(concept, "coding", _unversioned))


def _unversioned(holder: Element) -> Element:
    if "extension" not in holder or _mark(holder, MAPPED_BY) is None:
        return holder
    return with_items(holder, "extension", _unversioned_mark)


def _unversioned_mark(mark: Element) -> Element:
    if mark.get("url") != MAPPED_BY:
        return mark
    return {**mark, "valueCanonical": str(mark.get("valueCanonical")).partition("|")[0]}


def quantity_sent(quantity: Element) -> Element:
    """The Quantity with the unit it was sent with, and no other."""
    if "extension" not in quantity or _mark(quantity, MAPPED_BY) is None:
        return quantity
    code = (_mark(quantity, SENT_CODE) or {}).get("valueCoding", {})
    kept = [one for one in quantity["extension"] if one.get("url") not in (MAPPED_BY, SENT_CODE)]
    sent = {
        name: code.get(name, value)
        for name, value in quantity.items()
        if name not in UNIT_OF_SYSTEM or name in code
    }
    return with_list(sent, "extension", kept)


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    """The deepest places where two values are not written the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            both = name in one and name in other
            yield from _differences(one[name], other[name], f"{path}.{name}") if both else [f"{path}.{name}"]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, (mine, others) in enumerate(zip(one, other, strict=True)):
            yield from _differences(mine, others, f"{path}[{number}]")
    elif canonical(one) != canonical(other):
        yield path
