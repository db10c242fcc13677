"""Where a request comes from: the nearest address that is not one of the operator's own proxies.

Each proxy adds the address it was asked from at the right of `X-Forwarded-For` or `Forwarded` (RFC 7239), so
what is left of the first address that is no proxy of ours is whatever its client cared to write.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.types import Scope

from app.routers.negotiation import merged
from app.settings.addresses import Network

Address = IPv4Address | IPv6Address
_BY_HEADER = (b"x-forwarded-for", b"forwarded")


def address_of(scope: Scope) -> str:
    """Where a request comes from, as the audit trail tells it and as it is counted."""
    client = scope.get("client")
    peer: str = client[0] if client else ""
    trusted: Sequence[Network] = scope["app"].state.service.settings.trusted_proxies
    if not trusted or not _is_one_of(_read(peer), trusted):
        return peer
    headers = merged(scope["headers"])
    told = {_nearest(_hops(name, headers[name]), trusted, peer) for name in _BY_HEADER if name in headers}
    # A proxy writes one of the two headers and may pass the other on as its client sent it: of two that
    # tell different addresses neither is believed.
    return told.pop() if len(told) == 1 else peer


def _nearest(hops: Iterable[str], trusted: Sequence[Network], peer: str) -> str:
    """The first from the right that is no proxy of ours; a hop that hides itself ends the search."""
    found = peer
    for hop in hops:
        address = _read(hop)
        if address is None:
            return found
        found = str(address)
        if not _is_one_of(address, trusted):
            return found
    return found


def _hops(name: bytes, value: bytes) -> list[str]:
    """The addresses a header tells, the nearest first."""
    told = [one.strip() for one in value.decode("latin-1").split(",")]
    told.reverse()
    return told if name == b"x-forwarded-for" else [_for(one) for one in told]


def _for(element: str) -> str:
    pairs = (pair.partition("=") for pair in element.split(";"))
    return next((value.strip(' "') for name, _, value in pairs if name.strip().lower() == "for"), "")


def _read(text: str) -> Address | None:
    """An address with or without its port; IPv4 written as IPv6 is IPv4."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_one_of(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in one for one in networks)
