"""Keys that are published at an address somebody gave us; nobody reaches our own network by it.

Only https, no redirects, a few seconds and kilobytes; the name is resolved once, must lead to public
addresses, and the connection goes to the address that was looked at (CWE-918). One host may be anywhere:
that of the identity provider, which the operator chose.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import certifi

from app.fhir_mapping import codec
from app.fhir_mapping.access.jose import OF_CLIENTS, Jwk, key_problem
from app.fhir_mapping.outcome import Refusal
from app.settings import is_loopback

if TYPE_CHECKING:
    import httpx

_SECONDS: Final = 5.0
_LARGEST: Final = 256 * 1024
_KEPT: Final = (60.0, 300.0)
"""For how long keys are kept at least and at most, whatever their Cache-Control says: so soon does a key
that was withdrawn count nowhere."""
_USUALLY: Final = 300.0
_BETWEEN: Final = 10.0
"""Seconds between two fetches of the same address, whoever asks for them."""
_UNICAST: Final = IPv6Network("2000::/3")
"""All IPv6 addresses there are to reach; beside them lie those that stand for others, such as NAT64's."""
_TUNNELS: Final = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
"""Teredo and 6to4: an IPv4 address is behind each."""
_MAX_AGE: Final = re.compile(r"max-age=(\d{1,9})")


class Unreachable(Exception):
    """What should be at an address cannot be had; the text says why, without what was found there."""


async def fetched(address: str, *, chosen: str = "") -> tuple[dict[str, Any], float]:
    """The JSON object at an address, and for how many seconds it may be kept. Unreachable otherwise.

    `chosen` is a host the operator trusts: it may be one of our own network, with a certificate of the
    hospital's own authority, or this machine without TLS.
    """
    import httpx  # noqa: PLC0415 - only when keys are fetched: it is slow to load

    try:
        async with asyncio.timeout(_SECONDS):
            return await _fetched(address, chosen=chosen)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, Refusal) as error:
        raise Unreachable(f"{address} cannot be read ({type(error).__name__})") from None


async def _fetched(address: str, *, chosen: str) -> tuple[dict[str, Any], float]:
    import httpx  # noqa: PLC0415 - as above

    parts = urlsplit(address)
    host = parts.hostname or ""
    trusted = bool(host) and host == chosen
    if parts.scheme != "https" and not (trusted and is_loopback(host) and parts.scheme == "http"):
        raise Unreachable(f"{address} must be https")
    pinned = await _address(host, parts.port or 443, trusted=trusted)
    url = httpx.URL(address).copy_with(host=pinned)
    headers = {"Host": parts.netloc.rpartition("@")[2], "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(
            timeout=_SECONDS, follow_redirects=False, trust_env=False, verify=_authorities(trusted=trusted)
        ) as client,
        client.stream("GET", url, headers=headers, extensions={"sni_hostname": host}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise Unreachable(f"{address} answered {answer.status_code}")
        return codec.read(await _body(answer, address)), _keep(answer.headers.get("cache-control", ""))


def _authorities(*, trusted: bool) -> ssl.SSLContext:
    """Whose certificates are believed: the public authorities', and this machine's own for a chosen host."""
    context = ssl.create_default_context(cafile=certifi.where())
    if trusted:
        context.load_default_certs()
    return context


async def _address(host: str, port: int, *, trusted: bool) -> str:
    """The address behind a name, unless it is one of a network nobody outside reaches."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not trusted and not all(map(_is_public, addresses)):
        raise Unreachable(f"{host} is not a public address")
    return addresses[0]


def _is_public(address: str) -> bool:
    """Whether everybody can reach it, and nothing else is reached by it."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and (ip not in _UNICAST or any(ip in one for one in _TUNNELS)):
        return False
    return ip.is_global and not ip.is_multicast


async def _body(answer: "httpx.Response", address: str) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) > _LARGEST:
            raise Unreachable(f"what is at {address} is larger than {_LARGEST} bytes")
    return bytes(body)


def _keep(cache_control: str) -> float:
    said = _MAX_AGE.search(cache_control)
    return min(max(float(said[1]) if said else _USUALLY, _KEPT[0]), _KEPT[1])


class Published:
    """The JSON at an address, fetched again when it is old, or when somebody needs what is not in it yet."""

    def __init__(self, address: str, *, chosen: str = "") -> None:
        self._address = address
        self._chosen = chosen
        self._said: dict[str, Any] = {}
        self._until = float("-inf")
        self._tried = float("-inf")
        self._turn = asyncio.Lock()

    async def now(self, *, again: bool = False) -> dict[str, Any]:
        """What is there, at most as old as it may be. Unreachable where it cannot be had."""
        asked = monotonic()
        if again or asked >= self._until:
            async with self._turn:
                if min(asked, monotonic() - _BETWEEN) > self._tried:
                    await self._fetch()
        if monotonic() >= self._until:
            raise Unreachable(f"what is at {self._address} cannot be read now")
        return self._said

    async def _fetch(self) -> None:
        self._tried = monotonic()
        with suppress(Unreachable):
            self._said, seconds = await fetched(self._address, chosen=self._chosen)
            self._until = monotonic() + seconds


async def keys_at(published: Published, kid: str, algorithms: Sequence[str] = OF_CLIENTS) -> list[Jwk]:
    """The keys of a published JWKS that are fit to be used; it is fetched again where it lacks this one."""
    keys = _fit(await published.now(), algorithms)
    if all(key["kid"] != kid for key in keys):
        keys = _fit(await published.now(again=True), algorithms)
    return keys


def _fit(jwks: Mapping[str, Any], algorithms: Sequence[str]) -> list[Jwk]:
    return [key for key in listed(jwks) if key_problem(key, algorithms) is None]


def listed(jwks: Mapping[str, Any]) -> list[Jwk]:
    """What a JWKS says are keys."""
    keys = jwks.get("keys")
    return [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
