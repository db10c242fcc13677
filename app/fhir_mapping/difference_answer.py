"""What changed between two versions, and who changed it, as an answer: Parameters or compact plain JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.change import Version
from app.fhir_mapping.definitions import definition
from app.fhir_mapping.difference import Change
from app.fhir_mapping.provenance import Work

Part = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two versions of a resource, what changed between them, and who made the versions.

    `authors` are by version, as far as the trail tells, the work of each that came after the earlier.
    """

    from_: Version
    to: Version
    changes: Sequence[Change]
    authors: Mapping[int, Work]

    @property
    def of(self) -> str:
        """The resource."""
        return f"{self.to.type}/{self.to.id}"


def parameters(difference: Difference) -> bytes:
    """The difference as Parameters: a part for each change, and one for each version that made them."""
    of, made = difference.of, sorted(difference.authors.items())
    parts = [
        _reference("resource", of),
        _reference("from", f"{of}/_history/{difference.from_.version}"),
        _reference("to", f"{of}/_history/{difference.to.version}"),
        *({"name": "version", "part": list(_author(of, number, work))} for number, work in made),
        *({"name": "change", "part": list(_change(change))} for change in difference.changes),
    ]
    return codec.write({"resourceType": "Parameters", "parameter": parts})


def plain(difference: Difference) -> bytes:
    """The same as compact plain JSON; what is not known is left out."""
    return codec.write(
        {
            "resource": difference.of,
            "from": difference.from_.version,
            "to": difference.to.version,
            "versions": [_plain_author(number, work) for number, work in sorted(difference.authors.items())],
            "changes": [_plain_change(change) for change in difference.changes],
        }
    )


def _reference(name: str, text: str) -> Part:
    return {"name": name, "valueReference": {"reference": text}}


def _author(of: str, version: int, work: Work) -> Iterator[Part]:
    yield _reference("reference", f"{of}/_history/{version}")
    yield {"name": "recorded", "valueInstant": work.recorded}
    yield {"name": "who", "valueString": work.name}
    if work.reason:
        yield {"name": "why", "valueString": work.reason}


def _plain_author(version: int, work: Work) -> dict[str, Any]:
    said = {"version": version, "recorded": work.recorded, "who": work.name, "why": work.reason}
    return {name: value for name, value in said.items() if value}


def _change(change: Change) -> Iterator[Part]:
    yield {"name": "kind", "valueCode": change.kind}
    yield {"name": "path", "valueString": change.path}
    if change.moved_from:
        yield {"name": "movedFrom", "valueString": change.moved_from}
    for name, value, kind in (
        ("was", change.was, change.type_before),
        ("is", change.is_, change.type),
    ):
        if value is not None:
            yield {"name": name} | _value(value, kind)


def _plain_change(change: Change) -> dict[str, Any]:
    said = {
        "kind": change.kind,
        "path": change.path,
        "movedFrom": change.moved_from or None,
        "was": change.was,
        "is": change.is_,
    }
    return {name: value for name, value in said.items() if value is not None}


def _value(value: Any, kind: str) -> Part:
    """The value as what a parameter can hold: by its own type, a resource, or its JSON as a text."""
    if kind == "Resource":
        return {"resource": value}
    member = _members().get(kind)
    if member is not None:
        return {member: value}
    return {"valueString": value if isinstance(value, str) else codec.write(value).decode()}


@cache
def _members() -> dict[str, str]:
    """By type, the member of a parameter that holds such a value."""
    known = definition("Parameters.parameter")
    elements = () if known is None else known.elements.values()
    found = {element.type: element.name for element in elements if element.choice is not None}
    return found | dict.fromkeys(("SimpleQuantity", "MoneyQuantity"), "valueQuantity")
