"""How many requests a client may make in a minute; what is more is answered 429 and may be sent again.

Each client has a bucket that fills evenly and holds a minute's requests, so a burst is answered at once and
what follows it at the rate agreed. Whoever is not signed in shares the bucket of their address; an IPv6
network of 64 bits counts as one address, for whoever has one of its addresses has all of them. Buckets are
kept by this process alone, and of addresses only the latest, so that no number of them takes its memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from time import monotonic

from app.fhir_mapping.access.actor import Actor
from app.fhir_mapping.outcome import passing

MOST_KEPT = 10_000
"""So many buckets are kept of clients and as many of addresses; the one that rested longest is forgotten."""

_MINUTE = 60.0


@dataclass(slots=True)
class _Bucket:
    """What is left of a minute's requests, and when it was looked at."""

    left: float
    at: float


class Rates:
    """What the clients of this process have left."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = monotonic) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._clients: OrderedDict[str, _Bucket] = OrderedDict()
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()
        self.refused = 0

    def spend(self, actor: Actor) -> None:
        """Count one request of whoever asks; 429 where they have none left. A sandbox counts nobody."""
        if actor.client:
            agreed = actor.requests_per_minute or self._per_minute
            self._take(self._clients, actor.client, agreed, "this client")
        elif actor.role != "sandbox":
            self.spend_of_address(actor.address)

    def spend_of_address(self, address: str) -> None:
        """Count one request of somebody who has not signed in; 429 where their address has none left."""
        self._take(
            self._addresses, network_of(address), self._per_minute, "this address, without signing in,"
        )

    def _take(self, buckets: OrderedDict[str, _Bucket], of: str, per_minute: int, whose: str) -> None:
        now = self._clock()
        bucket = buckets.get(of)
        if bucket is None:
            bucket = buckets[of] = _Bucket(per_minute, now)
            if len(buckets) > MOST_KEPT:
                buckets.popitem(last=False)
        else:
            buckets.move_to_end(of)
        bucket.left = min(per_minute, bucket.left + (now - bucket.at) * per_minute / _MINUTE)
        bucket.at = now
        if bucket.left < 1:
            self.refused += 1
            seconds = ceil((1 - bucket.left) * _MINUTE / per_minute)
            text = f"{whose} may make {per_minute} requests a minute; send this again later"
            raise passing(429, "throttled", text, seconds=seconds)
        bucket.left -= 1


def network_of(address: str) -> str:
    """What is counted as one: an IPv4 address, or the 64 bits of an IPv6 address that are a customer's."""
    try:
        read = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(read, IPv6Address):
        return address
    return str(read.ipv4_mapped or IPv6Network((read, 64), strict=False))
