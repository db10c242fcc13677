"""Keys that are published at an address somebody gave us; nobody reaches our own network by it.

Only https, no redirects, a few seconds and kilobytes; the name is resolved once, must lead to public
addresses, and the connection goes to the address that was looked at (CWE-918).
"""

import asyncio
import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from app.fhir_mapping import codec
from app.fhir_mapping.access.jose import OF_CLIENTS, Jwk, key_problem
from app.fhir_mapping.outcome import Refusal
from app.settings import is_loopback

_SECONDS: Final = 5.0
_LARGEST: Final = 256 * 1024
_KEPT: Final = (60.0, 3600.0)
"""For how long keys are kept at least and at most, whatever their Cache-Control says."""
_USUALLY: Final = 300.0
_BETWEEN: Final = 10.0
"""Seconds between two fetches of the same address, whoever asks for them."""
_MAX_AGE: Final = re.compile(r"max-age=(\d{1,9})")


class Unreachable(Exception):
    """What should be at an address cannot be had; the text says why, without what was found there."""


async def fetched(address: str, *, here: bool = False) -> tuple[dict[str, Any], float]:
    """The JSON object at an address, and for how many seconds it may be kept. Unreachable otherwise.

    `here` allows an address of this machine, too, without TLS.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await _fetched(address, here=here)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, Refusal) as error:
        raise Unreachable(f"{address} cannot be read ({type(error).__name__})") from None


async def _fetched(address: str, *, here: bool) -> tuple[dict[str, Any], float]:
    parts = urlsplit(address)
    host = parts.hostname or ""
    local = here and is_loopback(host)
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise Unreachable(f"{address} must be https")
    pinned = await _public_address(host, parts.port or 443, local=local)
    url = httpx.URL(address).copy_with(host=pinned)
    headers = {"Host": parts.netloc.rpartition("@")[2], "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream("GET", url, headers=headers, extensions={"sni_hostname": host}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise Unreachable(f"{address} answered {answer.status_code}")
        return codec.read(await _body(answer, address)), _keep(answer.headers.get("cache-control", ""))


async def _public_address(host: str, port: int, *, local: bool) -> str:
    """The address behind a name, unless it is one of a network nobody outside reaches."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    for one in addresses:
        if not (ip_address(one).is_loopback if local else _is_public(one)):
            raise Unreachable(f"{host} is not a public address")
    return addresses[0]


def _is_public(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return ip.is_global and not ip.is_multicast and (mapped is None or mapped.is_global)


async def _body(answer: httpx.Response, address: str) -> bytes:
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

    def __init__(self, address: str, *, here: bool = False) -> None:
        self._address = address
        self._here = here
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
            self._said, seconds = await fetched(self._address, here=self._here)
            self._until = monotonic() + seconds


async def keys_at(published: Published, kid: str, algorithms: Sequence[str] = OF_CLIENTS) -> list[Jwk]:
    """The keys of a published JWKS that are fit to be used; it is fetched again where it lacks this one."""
    keys = _fit(await published.now(), algorithms)
    if all(key["kid"] != kid for key in keys):
        keys = _fit(await published.now(again=True), algorithms)
    return keys


def _fit(jwks: Mapping[str, Any], algorithms: Sequence[str]) -> list[Jwk]:
    keys = jwks.get("keys")
    listed = [key for key in keys if isinstance(key, dict)] if isinstance(keys, list) else []
    return [key for key in listed if key_problem(key, algorithms) is None]
