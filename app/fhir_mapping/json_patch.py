"""JSON Patch: a resource changed by a list of operations on its JSON (RFC 6902).

By hand and not by a library, because numbers keep their digits, true is not 1, a text has no members, and
what a stranger sends is bounded: in operations, in depth, and in what copying may make of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.fhir_mapping import codec, json_pointer
from app.fhir_mapping.codec import DEEPEST, Document
from app.fhir_mapping.json_pointer import Pointer, pointer
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.patching import bounded, copied, settled
from app.fhir_mapping.wording import did_you_mean, quoted

MOST_COPIED = 1_000_000
"""Values and characters that the copies and moves of one patch may add up to."""

_NEEDS = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("from", "path"),
    "copy": ("from", "path"),
    "test": ("path", "value"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as it was sent; `where` is the place a problem with it is said to be at."""

    op: str
    path: Pointer
    source: Pointer
    value: Any
    where: str


def apply(document: Document, operations: Sequence[Operation]) -> Document:
    """The resource after all the operations, in order; the one given stays as it is.

    Refusal 422 where an operation cannot be done.
    """
    work = _Work(copied(document))
    for operation in operations:
        work.carry_out(operation)
    return settled(document, work.holder.get(""))


class _Work:
    """The document being changed, and how much may still be copied or moved within it."""

    def __init__(self, document: Document) -> None:
        self.holder: dict[str, Any] = {"": document}
        self.room = MOST_COPIED

    def carry_out(self, operation: Operation) -> None:
        match operation.op:
            case "add":
                self._put(operation, copied(operation.value))  # to be carried out again on another document
            case "remove":
                self._taken(operation.path, operation.where + ".path")
            case "replace":
                self._replace(operation)
            case "move":
                self._put(
                    operation, self._weighed(operation, self._taken(operation.source, _source(operation)))
                )
            case "copy":
                found = json_pointer.at(self.holder, operation.source, _source(operation))
                self._put(operation, copied(self._weighed(operation, found)))
            case _:
                self._test(operation)

    def _around(self, path: Pointer, where: str) -> Any:
        return json_pointer.at(self.holder, path[:-1], where)

    def _put(self, operation: Operation, value: Any) -> None:
        where = _fitting(operation, value)
        json_pointer.add(self._around(operation.path, where), operation.path[-1], value, where=where)

    def _taken(self, path: Pointer, where: str) -> Any:
        around = self._around(path, where)
        key = json_pointer.key(around, path[-1], where)
        return around.pop(key)

    def _replace(self, operation: Operation) -> None:
        where = _fitting(operation, operation.value)
        around = self._around(operation.path, where)
        around[json_pointer.key(around, operation.path[-1], where)] = copied(operation.value)

    def _test(self, operation: Operation) -> None:
        found = json_pointer.at(self.holder, operation.path, operation.where + ".path")
        if not _same(found, operation.value):
            text = "the value here is not the one the test expects: read the resource again and patch that"
            raise refusal(422, "conflict", text, operation.where + ".value")

    def _weighed(self, operation: Operation, value: Any) -> Any:
        """The value, what it weighs being taken from the room there is."""
        self.room -= _weight(value)
        if self.room < 0:
            text = (
                f"the copies and moves of a patch may make up {MOST_COPIED} characters: send several patches"
            )
            raise refusal(422, "too-costly", text, operation.where)
        return value


def _fitting(operation: Operation, value: Any) -> str:
    """The place a value is put at; Refusal 422 where it would lie too deep."""
    where = operation.where + ".path"
    if len(operation.path) - 1 + _levels(value) > DEEPEST:
        text = f"the result would be nested deeper than {DEEPEST} levels: leave some of them out"
        raise refusal(422, "too-long", text, where)
    return where


def _source(operation: Operation) -> str:
    return operation.where + ".from"


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _levels(value: Any) -> int:
    """The objects and lists within each other."""
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_levels, _inside(value)), default=0)


def _weight(value: Any) -> int:
    """The values and characters a value is made of."""
    names = sum(map(len, value)) if isinstance(value, dict) else 0
    own = len(value) if isinstance(value, str) else names
    return 1 + own + sum(map(_weight, _inside(value)))


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal as JSON: numbers by value, objects without regard to order."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def read(body: bytes) -> Sequence[Operation]:
    """The operations of a JSON Patch; Refusal 400 where the body is none, naming every fault."""
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as said:
        raise refusal(400, "structure", f"the body is not JSON: {said}", "Patch") from None
    try:
        listed = codec.read(b'{"Patch":%b}' % body)["Patch"]
    except Refusal as unreadable:
        raise unreadable.at("Patch") from None
    if not isinstance(listed, list):
        raise refusal(400, "structure", "a JSON Patch must be a list of operations", "Patch")
    bounded(len(listed), "Patch")
    issues = [issue for number, said in enumerate(listed) for issue in _faults(said, f"Patch[{number}]")]
    if issues:
        raise Refusal(400, tuple(issues))
    return [_operation(said, f"Patch[{number}]") for number, said in enumerate(listed)]


def _operation(said: Document, where: str) -> Operation:
    return Operation(
        op=said["op"],
        path=pointer(said["path"]) or (),
        source=pointer(said.get("from", "")) or (),
        value=said.get("value"),
        where=where,
    )


def _faults(said: Any, where: str) -> list[Issue]:
    """What is wrong with one operation, whatever it would be carried out on."""
    if not isinstance(said, dict):
        return [Issue("structure", "an operation must be an object with op and path", where)]
    op = said.get("op")
    if not isinstance(op, str) or op not in _NEEDS:
        shown = quoted(op, "this") if isinstance(op, str) else "this"
        text = f"op must be one of {', '.join(_NEEDS)}, not {shown}"
        meant = did_you_mean(op, _NEEDS) if isinstance(op, str) else ""
        return [Issue("required" if op is None else "code-invalid", text + meant, f"{where}.op")]
    missing = [name for name in _NEEDS[op] if name not in said]
    found = [Issue("required", f"{op} needs {name}", f"{where}.{name}") for name in missing]
    found += [
        Issue("value", f"{name} {json_pointer.MALFORMED}", f"{where}.{name}")
        for name in ("path", "from")
        if name in _NEEDS[op] and name in said and not _is_pointer(said[name])
    ]
    if not found and op == "move" and said["path"].startswith(said["from"] + "/"):
        found.append(Issue("value", "nothing can be moved into itself", f"{where}.path"))
    return found


def _is_pointer(said: Any) -> bool:
    return isinstance(said, str) and pointer(said) is not None
