"""What both kinds of patch hold to: they change a copy, in bounds, and leave the server's own members."""

from typing import Any

from app.fhir_mapping import codec, slices
from app.fhir_mapping.codec import Document
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.slices import Piece

MOST_OPERATIONS = 1000
"""Operations of one patch."""

_NESTING = frozenset((dict, list))
_SET_BY_SERVER = ("versionId", "lastUpdated")


def copied(value: Any) -> Any:
    """A copy that shares nothing that can change; numbers keep their digits."""
    if isinstance(value, dict):
        return {name: copied(one) for name, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


def written(stored: bytes, before: Document, *, after: Document) -> bytes:
    """The patched resource as JSON; whatever the patch left alone is the very bytes stored.

    `before` is what the bytes stored are read as. They themselves are returned where nothing changed.
    """
    writing = _Writing()
    writing.write(stored, before, after)
    return b"".join(writing.pieces)


def bounded(count: int, where: str) -> None:
    """Refuse a patch of too many operations."""
    if count > MOST_OPERATIONS:
        text = f"a patch may have {MOST_OPERATIONS} operations: send the whole resource, or several patches"
        raise refusal(400, "too-long", text, where)


def settled(before: Document, after: Any) -> Document:
    """The patched resource with the version and instant it had; Refusal 422 where it became another one.

    The server numbers and dates every version itself, so a patch cannot: such changes are passed over.
    """
    kind = before["resourceType"]
    if not isinstance(after, dict):
        raise refusal(422, "structure", "a patch must leave a resource: an object", kind)
    issues = [_fixed(kind, name) for name in ("resourceType", "id") if after.get(name) != before.get(name)]
    if issues:
        raise Refusal(422, tuple(issues))
    if before.get("meta") != after.get("meta"):
        _put_back(before.get("meta", {}), after)
    return after


def _fixed(kind: str, name: str) -> Issue:
    text = f"a patch may not change {name}: create another resource, and delete this one, instead"
    return Issue("business-rule", text, f"{kind}.{name}")


def _put_back(meta: Any, after: Document) -> None:
    """The server's members of meta as they were; what is no object is left for the checks to refuse."""
    kept = {name: meta[name] for name in _SET_BY_SERVER if name in meta}
    patched = after.get("meta", {})
    if not isinstance(patched, dict):
        return
    for name in _SET_BY_SERVER:
        patched.pop(name, None)
    if kept or patched:
        after["meta"] = kept | patched
    else:
        after.pop("meta", None)


class _Text:
    """Tells values apart by the text they are written as: by every digit, and by the order of members.

    What holds no other object or list is told by that text itself; what does is numbered once, by what it
    holds, so that no text is written again for each level it lies in, and to ask again costs nothing.
    """

    def __init__(self) -> None:
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._seen: dict[int, tuple[int, list[bytes | int]]] = {}

    def of(self, value: Any) -> bytes | int:
        """The same for two values exactly where they are written the same."""
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if _NESTING.isdisjoint(map(type, held)):
            return codec.write(value)
        if id(value) not in self._seen:
            inside = [self.of(one) for one in held]
            names = value if isinstance(value, dict) else ()
            number = self._numbers.setdefault((*names, *inside), len(self._numbers))
            self._seen[id(value)] = number, inside
        return self._seen[id(value)][0]

    def of_items(self, values: list[Any]) -> list[bytes | int]:
        """The same of each item, remembered from when the list was numbered."""
        return self._seen[id(values)][1] if id(values) in self._seen else [self.of(one) for one in values]


class _Writing:
    """A resource written after a patch: the pieces of text it is put together from at the end."""

    def __init__(self) -> None:
        self._text = _Text()
        self.pieces: list[Piece] = []

    def write(self, raw: Piece, before: Any, after: Any) -> None:
        """What became of a value: its own bytes where it is the same, else only what differs is new."""
        if self._text.of(before) == self._text.of(after):
            self.pieces.append(raw)
        elif isinstance(before, dict) and isinstance(after, dict):
            self._write_members(slices.pieces_of_object(raw), before, after)
        elif isinstance(before, list) and isinstance(after, list):
            self._write_items(slices.pieces_of_list(raw), before, after)
        else:
            self.pieces.append(codec.write(after))

    def _write_members(self, raw: dict[str, Piece], before: Document, after: Document) -> None:
        between = b"{"
        for name, value in after.items():
            self.pieces += (between, slices.named(name))
            if name in raw:
                self.write(raw[name], before[name], value)
            else:
                self.pieces.append(codec.write(value))
            between = b","
        self.pieces.append(b"}" if after else b"{}")

    def _write_items(self, raw: list[Piece], before: list[Any], after: list[Any]) -> None:
        """Items that only moved are found again; others are taken for what stood in their place."""
        held = dict(zip(self._text.of_items(before), raw, strict=True))
        between = b"["
        for number, (value, text) in enumerate(zip(after, self._text.of_items(after), strict=True)):
            self.pieces.append(between)
            if text in held:
                self.pieces.append(held[text])
            elif number < len(raw):
                self.write(raw[number], before[number], value)
            else:
                self.pieces.append(codec.write(value))
            between = b","
        self.pieces.append(b"]" if after else b"[]")
