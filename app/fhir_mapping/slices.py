"""Parts of JSON kept as the bytes they are, taken from lists and put together to objects."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from app.fhir_mapping import codec

_items = msgspec.json.Decoder(list[msgspec.Raw])
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


Piece = bytes | msgspec.Raw
"""A part as bytes of its own, or as a look at those it lies in, which copies nothing."""


def items(raw: bytes) -> list[bytes]:
    """The items of a list, each as the bytes it is."""
    return [bytes(item) for item in _items.decode(raw)]


def pieces_of_list(raw: Piece) -> list[Piece]:
    """The same, none of them copied."""
    return [*_items.decode(raw)]


def pieces_of_object(raw: Piece) -> dict[str, Piece]:
    """The members of an object that was found sound before, none of them copied."""
    return {**_members.decode(raw)}


def listed(values: Iterable[bytes]) -> bytes:
    """The list of these."""
    return b"[%b]" % b",".join(values)


def together(members: Mapping[str, bytes]) -> bytes:
    """The object with these members, in their order."""
    return b"{%b}" % b",".join([named(name) + value for name, value in members.items()])


@lru_cache(maxsize=4096)
def named(name: str) -> bytes:
    """The name of a member, with what separates it from its value."""
    return codec.write(name) + b":"
