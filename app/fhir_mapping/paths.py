"""Where a search parameter looks: a path of JSON members, and the element R4 says it leads to.

A path is a small FHIRPath over JSON names: `component.code`, `telecom.where(system='phone')`,
`extension('url').valueCode`; `$this` is the resource itself.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from app.fhir_mapping.definitions import Element, definition

THIS: Final = "$this"

_STEP: Final = re.compile(r"(\w+)(?:\('([^']+)'\)|\.where\((\w+)='([^']+)'\))?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    """A member, or those of its values whose own `member` says `says`."""

    name: str
    member: str | None = None
    says: str | None = None


@lru_cache(maxsize=2048)
def steps(path: str) -> tuple[Step, ...]:
    """A path taken apart; none for `$this`."""
    if path == THIS:
        return ()
    return tuple(_step(*match.groups()) for match in _STEP.finditer(path))


def _step(name: str, url: str | None, member: str | None, says: str | None) -> Step:
    return Step(name, "url", url) if url is not None else Step(name, member, says)


def element(kind: str, path: str) -> Element | None:
    """What R4 says of the element a path leads to from a type; None where it knows no such element."""
    found: Element | None = None
    for step in steps(path):
        holder = definition(kind)
        found = holder.elements.get(step.name) if holder is not None else None
        if found is None:
            return None
        kind = found.type
    return found
