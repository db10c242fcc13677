"""One operation of a FHIRPath Patch as it was sent, read out of its Parameters."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.fhir_mapping import fhirpath
from app.fhir_mapping.check import problems
from app.fhir_mapping.codec import Document
from app.fhir_mapping.definitions import definition
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.patching import bounded
from app.fhir_mapping.wording import did_you_mean, quoted

_NEEDS = {
    "add": ("path", "name", "value"),
    "insert": ("path", "index", "value"),
    "delete": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "source", "destination"),
}
_NUMBERS = ("index", "source", "destination")
_PARTS = ("type", "path", "name", "value", *_NUMBERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What an element is to say.

    `kind` is the type it was sent as, `beside` what stands beside a primitive. An object of a type that has
    no name of its own is sent as `parts`.
    """

    where: str
    kind: str | None = None
    plain: Any = None
    beside: Any = None
    parts: tuple[tuple[str, "Value"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; `places` says where each of its parts was sent."""

    where: str
    type: str
    path: fhirpath.Path
    name: str
    numbers: dict[str, int]
    value: Value
    places: dict[str, str]

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Whatever is refused within is said of that part, where it is not said of another place."""
        try:
            yield
        except Refusal as problem:
            raise problem.at(self.places[name]) from None


def operations(parameters: Document) -> list[Operation]:
    """The operations that Parameters describe; Refusal 400, naming every fault, where they do not."""
    wrong = problems("Parameters", parameters)
    if wrong:
        raise Refusal(400, wrong)
    listed = parameters.get("parameter", [])
    bounded(len(listed), "Parameters")
    issues: list[Issue] = []
    found = [_read(one, f"Parameters.parameter[{number}]", issues) for number, one in enumerate(listed)]
    if issues:
        raise Refusal(400, tuple(issues))
    return [operation for operation in found if operation is not None]


def _read(parameter: Document, where: str, issues: list[Issue]) -> Operation | None:
    try:
        return _operation(parameter, where)
    except Refusal as problem:
        issues += problem.at(where).issues
        return None


def _operation(parameter: Document, where: str) -> Operation:
    if parameter.get("name") != "operation":
        raise refusal(400, "value", "each parameter of a patch is named 'operation'", f"{where}.name")
    parts, places = _parts(parameter, where)
    kind = _texts(parts, "type", places)
    needed = _needed(kind, parts, places["type"], where=where)
    return Operation(
        where=where,
        type=kind,
        path=_path(_texts(parts, "path", places), places["path"]),
        name=_texts(parts, "name", places) if "name" in needed else "",
        numbers={name: _number(parts[name], places[name]) for name in _NUMBERS if name in needed},
        value=_value(parts["value"], places["value"]) if "value" in needed else Value(where=where),
        places=places,
    )


def _parts(parameter: Document, where: str) -> tuple[dict[str, Document], dict[str, str]]:
    """The parts of an operation by name, and their places."""
    parts: dict[str, Document] = {}
    places: dict[str, str] = {}
    for number, part in enumerate(parameter.get("part", [])):
        name, place = str(part.get("name")), f"{where}.part[{number}]"
        if name not in _PARTS:
            text = f"{quoted(name, 'this')} is not a part of an operation" + did_you_mean(name, _PARTS)
            raise refusal(400, "value", text, f"{place}.name")
        if name in parts:
            raise refusal(400, "duplicate", f"{name} may be said once", place)
        parts[name], places[name] = part, place
    for name in ("type", "path"):
        if name not in parts:
            raise refusal(400, "required", f"an operation needs the part {name}", where)
    return parts, places


def _needed(kind: str, parts: dict[str, Document], place: str, *, where: str) -> tuple[str, ...]:
    if kind not in _NEEDS:
        text = f"type must be one of {', '.join(_NEEDS)}, not {quoted(kind, 'this')}"
        raise refusal(400, "code-invalid", text + did_you_mean(kind, _NEEDS), place)
    missing = [
        Issue("required", f"{kind} needs the part {name}", where)
        for name in _NEEDS[kind]
        if name not in parts
    ]
    if missing:
        raise Refusal(400, tuple(missing))
    return _NEEDS[kind]


def _path(text: str, place: str) -> fhirpath.Path:
    try:
        return fhirpath.path(text)
    except Refusal as problem:
        raise problem.at(place) from None


def _texts(parts: dict[str, Document], name: str, places: dict[str, str]) -> str:
    said = _value(parts[name], places[name]).plain
    if not isinstance(said, str):
        kind = "valueCode" if name == "type" else "valueString"
        raise refusal(400, "value", f"{name} must be said by {kind}", places[name])
    return said


def _number(part: Document, place: str) -> int:
    said = _value(part, place).plain
    if not isinstance(said, int) or isinstance(said, bool) or said < 0:
        raise refusal(400, "value", "this must be a whole number from 0, said by valueInteger", place)
    return said


def _value(part: Document, place: str) -> Value:
    """What a part says: one value, a resource, or parts of its own."""
    known = definition("Parameters.parameter")
    assert known is not None  # noqa: S101 - every R4 file has it
    for member in known.choices["value[x]"]:
        if member in part or f"_{member}" in part:
            kind, plain, beside = known.elements[member].type, part.get(member), part.get(f"_{member}")
            return Value(where=place, kind=kind, plain=plain, beside=beside)
    if "resource" in part:
        return Value(where=place, kind="Resource", plain=part["resource"])
    inner = enumerate(part.get("part", []))
    parts = tuple((str(one["name"]), _value(one, f"{place}.part[{number}]")) for number, one in inner)
    if not parts:
        raise refusal(400, "required", "this part says nothing: give it a value, such as valueString", place)
    return Value(where=place, parts=parts)
