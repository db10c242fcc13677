"""Members that stand twice in one object, which readers of JSON disagree about."""

import json  # noqa: TID251 - the one place: only its pairs hook can name a member that stands twice
from typing import Any

from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.wording import quoted


def problems(raw: bytes) -> tuple[Issue, ...]:
    """Every name that stands twice; ValueError if it is no JSON, RecursionError if too deep."""
    found: dict[str, None] = {}

    def noted(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                found[name] = None
            seen.add(name)

    json.loads(raw, object_pairs_hook=noted, parse_float=str, parse_int=str)
    return tuple(_stands_twice(name) for name in found)


def _stands_twice(name: str) -> Issue:
    return Issue(
        "structure",
        f"{quoted(name, 'a member')} stands twice in one object: readers of JSON disagree which one counts",
    )
