"""JSON Pointer: the way to one value of a document (RFC 6901)."""

import re
from typing import Any, Final

from app.fhir_mapping.outcome import refusal

Pointer = tuple[str, ...]
"""The names and numbers on the way, the document itself being the member "" of the object it is held in."""

LONGEST = 1000
"""Characters of one pointer."""
MALFORMED: Final = (
    f"must be a JSON Pointer of at most {LONGEST} characters, such as /code/coding/0/code: "
    "'~' is written ~0 there, and '/' ~1"
)

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


def pointer(text: str) -> Pointer | None:
    """The way a text describes; None where it is no JSON Pointer, or too long a one."""
    if len(text) > LONGEST or _POINTER.fullmatch(text) is None:
        return None
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in text.split("/"))


def at(holder: Any, way: Pointer, where: str) -> Any:
    """The value at the end of the way."""
    for step in way:
        holder = holder[key(holder, step, where)]
    return holder


def key(container: Any, step: str, where: str) -> Any:
    """What Python reaches an existing member or item by; Refusal 422 where there is none."""
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list) and _NUMBER.fullmatch(step) and int(step) < len(container):
        return int(step)
    text = "there is nothing at this place: read the resource again, or use add for what is missing"
    raise refusal(422, "not-found", text, where)


def add(container: Any, step: str, value: Any, *, where: str) -> None:
    """Set a member, or insert an item before that number; "-" is the end of a list."""
    if isinstance(container, dict):
        container[step] = value
        return
    if not isinstance(container, list):
        raise refusal(422, "not-found", "a single value has nothing within it: nothing can be added", where)
    number = len(container) if step == "-" else int(step) if _NUMBER.fullmatch(step) else None
    if number is None or number > len(container):
        text = f"this list takes a value at 0 to {len(container)}, or at - for its end"
        raise refusal(422, "not-found", text, where)
    container.insert(number, value)
