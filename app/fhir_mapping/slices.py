"""Parts of JSON kept as the bytes they are, taken from lists and put together to objects."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from app.fhir_mapping import codec

_items = msgspec.json.Decoder(list[msgspec.Raw])


def items(raw: bytes) -> list[bytes]:
    """The items of a list, each as the bytes it is."""
    return [bytes(item) for item in _items.decode(raw)]


def listed(values: Iterable[bytes]) -> bytes:
    """The list of these."""
    return b"[%b]" % b",".join(values)


def together(members: Mapping[str, bytes]) -> bytes:
    """The object with these members, in their order."""
    return b"{%b}" % b",".join([_name(name) + value for name, value in members.items()])


@lru_cache(maxsize=4096)
def _name(name: str) -> bytes:
    return codec.write(name) + b":"
