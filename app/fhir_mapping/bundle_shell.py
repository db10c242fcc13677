"""A Bundle opened just so far that each entry's resource can be read, checked and stored on its own."""

from dataclasses import dataclass
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.resource import Document

_NO_ENTRY = {"request": {"method": "GET", "url": "none"}}


@dataclass(frozen=True, slots=True)
class ShellEntry:
    """One entry of a Bundle, its resource as the bytes received."""

    full_url: str | None
    request: Document | None
    resource: bytes | None


@dataclass(frozen=True, slots=True)
class BundleShell:
    """A Bundle whose resources are not yet read.

    `document` is the Bundle with an empty resource in the place of each, for checking the shell itself.
    `unreadable` is what is wrong with entries that are no sound objects; something sound stands for them.
    """

    type: str | None
    entries: tuple[ShellEntry, ...]
    document: Document
    unreadable: tuple[Issue, ...] = ()


def opened(raw: bytes, *, most: int | None = None) -> BundleShell:
    """A Bundle opened just so far that each entry's resource can be read, checked and stored on its own.

    One of more than `most` entries is refused (413) before any of them is looked at.
    """
    try:
        top = codec.members(raw)
        document = {name: _value(slice_) for name, slice_ in top.items() if name != "entry"}
    except Refusal as refused:
        raise refused.at("Bundle") from None
    listed = top.pop("entry", None)
    unreadable: list[Issue] = []
    found = codec.slices(listed or b"[]", "Bundle.entry")
    if most is not None and len(found) > most:
        text = f"a Bundle may have {most} entries here, not {len(found)}: send it in parts"
        raise refusal(413, "too-costly", text, "Bundle.entry")
    entries_and_shells = [_opened(entry, number, unreadable) for number, entry in enumerate(found)]
    if listed is not None:
        document["entry"] = [shell for _, shell in entries_and_shells]
    entries = tuple(entry for entry, _ in entries_and_shells)
    return BundleShell(_text(document.get("type")), entries, document, tuple(unreadable))


def _opened(raw: bytes, number: int, unreadable: list[Issue]) -> tuple[ShellEntry, Document]:
    """One entry; nothing in its place where it cannot be read, so that the others are looked at."""
    try:
        return _entry(raw, number)
    except Refusal as refused:
        unreadable += refused.at(f"Bundle.entry[{number}]").issues
        return ShellEntry(None, None, None), _NO_ENTRY


def _entry(raw: bytes, number: int) -> tuple[ShellEntry, Document]:
    where = f"Bundle.entry[{number}]"
    if not raw.startswith(b"{"):
        raise refusal(400, "structure", "an entry of a Bundle must be an object", where)
    own = codec.members(raw)
    resource = own.get("resource")
    if resource is not None:
        own["resource"] = b'{"resourceType":"Parameters"}'
    shell = codec.read(codec.joined(own))
    asked, name = shell.get("request"), _text(shell.get("fullUrl"))
    return ShellEntry(name, asked if isinstance(asked, dict) else None, resource), shell


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _value(raw: bytes) -> Any:
    """One member's value, read as strictly as a whole body."""
    return codec.read(b'{"value":%b}' % raw)["value"]
