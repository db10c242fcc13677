"""An external identity provider that signs the access tokens: where its keys are, and its endpoints."""

from typing import Any
from urllib.parse import urlsplit

from app.fhir_mapping.access.jose import OF_ISSUERS, Denied, Jwk
from app.routers.fetching import Published, Unreachable, keys_at
from app.settings import is_loopback

DISCOVERY = "/.well-known/openid-configuration"


class Issuer:
    """The provider at this URL; on this machine, for trials, without TLS."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._here = is_loopback(urlsplit(url).hostname or "")
        self._description = Published(url.rstrip("/") + DISCOVERY, here=self._here)
        self._keys: Published | None = None

    async def keys(self, kid: str) -> list[Jwk]:
        """Its public keys; Denied where they cannot be had."""
        try:
            if self._keys is None:
                address = str((await self.described()).get("jwks_uri", ""))
                self._keys = Published(address, here=self._here)
            return await keys_at(self._keys, kid, OF_ISSUERS)
        except Unreachable:
            raise _away() from None

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
