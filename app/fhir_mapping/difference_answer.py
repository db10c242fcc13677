"""What changed between two versions, and who changed it, as an answer: Parameters or compact plain JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from app.fhir_mapping import codec, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.definitions import definition
from app.fhir_mapping.difference import Change

Part = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who made a version, when and why, as the trail knows it; who and why may not be known."""

    version: int
    recorded: datetime
    who: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two versions of a resource, what changed between them, and who made each version after the earlier."""

    from_: Version
    to: Version
    changes: Sequence[Change]
    authors: Sequence[Author]

    @property
    def of(self) -> str:
        """The resource."""
        return f"{self.to.type}/{self.to.id}"


def parameters(difference: Difference) -> bytes:
    """The difference as Parameters: a part for each change, and one for each version that made them."""
    of = difference.of
    parts = [
        _reference("resource", of),
        _reference("from", f"{of}/_history/{difference.from_.version}"),
        _reference("to", f"{of}/_history/{difference.to.version}"),
        *({"name": "version", "part": list(_author(of, author))} for author in difference.authors),
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
            "versions": [_plain_author(author) for author in difference.authors],
            "changes": [_plain_change(change) for change in difference.changes],
        }
    )


def _reference(name: str, text: str) -> Part:
    return {"name": name, "valueReference": {"reference": text}}


def _author(of: str, author: Author) -> Iterator[Part]:
    yield _reference("reference", f"{of}/_history/{author.version}")
    yield {"name": "recorded", "valueInstant": links.instant(author.recorded)}
    for name, text in (("who", author.who), ("why", author.why)):
        if text:
            yield {"name": name, "valueString": text}


def _plain_author(author: Author) -> dict[str, Any]:
    said = {
        "version": author.version,
        "recorded": links.instant(author.recorded),
        "who": author.who,
        "why": author.why,
    }
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
