"""What both kinds of patch hold to: they change a copy, in bounds, and leave the server's own members."""

from typing import Any

from app.fhir_mapping import codec, slices
from app.fhir_mapping.codec import Document
from app.fhir_mapping.outcome import Issue, Refusal, refusal

MOST_OPERATIONS = 1000
"""Operations of one patch."""

_SET_BY_SERVER = ("versionId", "lastUpdated")


def copied(value: Any) -> Any:
    """A copy that shares nothing that can change; numbers keep their digits."""
    if isinstance(value, dict):
        return {name: copied(one) for name, one in value.items()}
    return [copied(one) for one in value] if isinstance(value, list) else value


def written(stored: bytes, after: Document) -> bytes:
    """The patched resource as JSON; whatever the patch left alone is the very bytes stored."""
    return _written(stored, codec.read(stored), after)


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


def _written(raw: bytes, before: Any, after: Any) -> bytes:
    new = codec.write(after)
    if new == codec.write(before):
        return raw
    if isinstance(before, dict) and isinstance(after, dict):
        held = codec.members(raw)
        return slices.together(
            {
                name: _written(held[name], before[name], value) if name in held else codec.write(value)
                for name, value in after.items()
            }
        )
    if isinstance(before, list) and isinstance(after, list):
        return slices.listed(_written_items(slices.items(raw), before, after))
    return new


def _written_items(raw: list[bytes], before: list[Any], after: list[Any]) -> list[bytes]:
    """Items that only moved are found again; others are taken for what stood in their place."""
    held = {codec.write(one): bytes_ for one, bytes_ in zip(before, raw, strict=True)}
    found = [held.get(codec.write(one)) for one in after]
    return [
        known
        or (_written(raw[number], before[number], after[number]) if number < len(raw) else codec.write(one))
        for number, (known, one) in enumerate(zip(found, after, strict=True))
    ]
