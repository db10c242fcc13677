"""A client proves who it is: by an assertion signed with its key, that is taken once (RFC 7523)."""

import logging
from typing import Final

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.jose import OF_CLIENTS, Claims, Denied, Jwk, Signed, check_times
from app.fhir_mapping.sender_document import NAME
from app.routers.fetching import Published, Unreachable, keys_at
from app.settings import Settings
from app.store.session import Store, utc_now
from app.store.tokens import use_up

TOKEN_PATH: Final = "/auth/token"  # noqa: S105 - an address
SECONDS: Final = 300
"""How far ahead the end of an assertion may lie, and how long an access token lives."""
NOT_KNOWN: Final = "the client is not registered, or none of its keys made this signature"
_LONGEST: Final = 200
_KINDS: Final = ("", "jwt", "client-authentication+jwt")


log = logging.getLogger("trialbridge")


class Assertions:
    """Knows the clients by their keys, be they registered with them or published at an address."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._audience = settings.address + TOKEN_PATH
        self._store = store
        self._published: dict[str, Published] = {}

    async def client(self, assertion: str) -> Client:
        """Whose assertion it is; it is used up now. Denied (`invalid_client`) where it is not believed."""
        said = ""
        try:
            client, claims = await self._signed_by(Signed.of(assertion, OF_CLIENTS))
            said = client.name
            await self._use_up(claims, client)
        except Denied as denied:
            raise Denied("invalid_client", denied.text, said or denied.client) from None
        return client

    async def _signed_by(self, signed: Signed) -> tuple[Client, Claims]:
        """The client that signed it; strangers are not told which names are registered: the log tells why."""
        name, client = await self._claimed(signed)
        try:
            known = _let_in(client)
            return known, signed.verified(await self._keys(known, signed.kid))
        except Denied as denied:
            said = name if NAME.fullmatch(name) else ""
            log.info("assertion not believed", extra={"client": said, "reason": denied.text})
            raise Denied("invalid_client", NOT_KNOWN, "" if client is None else client.name) from None

    async def _use_up(self, claims: Claims, client: Client) -> None:
        if claims.get("aud") != self._audience:
            raise Denied("invalid_client", f"aud must be exactly {self._audience}, as one string")
        ends, jti = check_times(claims, utc_now(), ahead=SECONDS), claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST or "\0" in jti:
            raise Denied("invalid_client", f"jti must be a string of at most {_LONGEST} characters")
        if not await use_up(self._store, client.name, jti, expires=ends):
            raise Denied(
                "invalid_client", "this assertion was used before: sign a new one, with a jti of its own"
            )

    async def _claimed(self, signed: Signed) -> tuple[str, Client | None]:
        """The name it says it is of, and the client of that name, disabled or not.

        Who was registered a moment ago is known, too.
        """
        if signed.kind not in _KINDS:
            raise Denied("invalid_client", "this is another kind of token: sign a client assertion")
        name = signed.claims.get("iss")
        if not isinstance(name, str) or signed.claims.get("sub") != name:
            raise Denied("invalid_client", "iss and sub must both be the client's id, as it is registered")
        client = (await self._store.access.now()).clients.get(name)
        if client is None or client.disabled or (client.jwks_uri is None and signed.kid not in _kids(client)):
            client = (await self._store.access.anew()).clients.get(name)
        return name, client

    async def _keys(self, client: Client, kid: str) -> list[Jwk]:
        if client.jwks_uri is None:
            return list((client.jwks or {}).get("keys", ()))
        published = self._published.setdefault(client.jwks_uri, Published(client.jwks_uri))
        try:
            return await keys_at(published, kid)
        except Unreachable as away:
            raise Denied("invalid_client", str(away)) from None


def _let_in(client: Client | None) -> Client:
    if client is None:
        raise Denied("invalid_client", "no client is registered by this name")
    if client.disabled:
        raise Denied("invalid_client", "this client is disabled")
    return client


def _kids(client: Client) -> list[str]:
    return [str(key["kid"]) for key in (client.jwks or {}).get("keys", ())]
