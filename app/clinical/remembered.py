"""What is read off a history, or off a protocol, once, however many questions rest on it.

What is read off a history is kept with it and goes with it: nothing of a subject outlives the question.
Neither ever changes, so that what was read off it once is what would be read off it again.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from app.clinical.history import History
from app.protocol.definition import Protocol

P = ParamSpec("P")
T = TypeVar("T")
_FEW = 64
Read = Callable[Concatenate[Protocol, History, P], T]


def remembered(read: Read[P, T]) -> Read[P, T]:
    """The same reading of a history by a protocol, done once for all that ask for it."""

    @wraps(read)
    def known(protocol: Protocol, history: History, /, *args: P.args, **named: P.kwargs) -> T:
        # A protocol is known by which it is, not by all it says; kept here, no other can take its place.
        key: Any = (read, id(protocol), args, *named.items())
        found = history.known.get(key)
        if found is None:
            found = history.known[key] = (protocol, read(protocol, history, *args, **named))
        return found[1]

    return known


def of_protocol(read: Callable[[Protocol], T]) -> Callable[[Protocol], T]:
    """The same reading of a protocol, done once for each of the few there are."""
    found: dict[int, tuple[Protocol, T]] = {}

    @wraps(read)
    def known(protocol: Protocol) -> T:
        kept = found.get(id(protocol))
        if kept is None:
            if len(found) == _FEW:
                found.clear()
            kept = found[id(protocol)] = (protocol, read(protocol))
        return kept[1]

    return known
