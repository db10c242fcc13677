"""An external identity provider that signs the access tokens: where its keys are, and its endpoints."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from app.fhir_mapping.access.jose import OF_ISSUERS, Denied, Jwk
from app.routers.fetching import Published, Unreachable, keys_at, listed

DISCOVERY = "/.well-known/openid-configuration"


class Issuer:
    """The provider at this URL: it may be inside the hospital, or, for trials, on this machine without TLS.

    So may its keys, but only on the same host.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._host = urlsplit(url).hostname or ""
        self._description = Published(url.rstrip("/") + DISCOVERY, chosen=self._host)
        self._keys: Published | None = None

    async def keys(self, kid: str) -> list[Jwk]:
        """Its public keys; Denied where they cannot be had."""
        try:
            if self._keys is None:
                address = str((await self.described()).get("jwks_uri", ""))
                self._keys = Published(address, chosen=self._host)
            return await keys_at(self._keys, kid, OF_ISSUERS)
        except Unreachable:
            raise _away() from None

    async def publishes(self, keys: Sequence[Jwk]) -> bool:
        """Whether these keys are its own still; Denied where that cannot be known."""
        try:
            now = [] if self._keys is None else listed(await self._keys.now())
        except Unreachable:
            raise _away() from None
        return all(key in now for key in keys)

    async def described(self) -> dict[str, Any]:
        """What it says of itself (OpenID Connect Discovery); Denied where it does not, or is another."""
        try:
            said = await self._description.now()
        except Unreachable:
            raise _away() from None
        if said.get("issuer") != self.url:
            raise Denied(
                "invalid_token", "the identity provider calls itself otherwise: see TRIALBRIDGE_ISSUER"
            )
        return said


def _away() -> Denied:
    return Denied("invalid_token", "the identity provider does not answer now: send it again later")
