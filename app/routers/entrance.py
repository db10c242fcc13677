"""Who asks: the token of a request becomes an asker, with what they may see and do."""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from app.fhir_mapping.access.jose import OF_ISSUERS, SIGNING, Claims, Denied, Jwk, Signed, check_times
from app.fhir_mapping.access.scope import Scope, granted
from app.fhir_mapping.outcome import Issue, Refusal
from app.routers.assertions import Assertions
from app.routers.issuer import Issuer
from app.routers.rates import Rates
from app.settings import Settings
from app.store.access import asker_of
from app.store.asker import OPEN, Asker
from app.store.current_access import Access
from app.store.session import Store, utc_now

ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - its kind (RFC 9068), by which it is told from an assertion
SMART_CONFIGURATION: Final = "/.well-known/smart-configuration"
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9\-._~+/]+=*) *", re.ASCII | re.IGNORECASE)
TOLD_A_MINUTE: Final = 10
"""So many refusals of one client are told in a minute: whoever knows its name can send bad assertions. The
others are counted among the answers (`trialbridge_requests`)."""
_LONGEST_LIFE: Final = 3600
"""Seconds from its beginning to its end that a token of an identity provider may count."""
_REMEMBERED: Final = 4096
"""Tokens whose signature need not be looked at again."""


@dataclass(slots=True)
class _Known:
    """A token whose signature held: what it claims, by which key; and whom it lets in, as registered when.

    `keys` are those of the identity provider by which it was verified.
    """

    claims: Claims
    kid: str
    keys: Sequence[Jwk] = ()
    asker: Asker = OPEN
    made_of: object = None


class Entrance:
    """Lets clients in by their access tokens; an open sandbox lets in whoever comes without one."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.issuer = None if settings.issuer is None else Issuer(settings.issuer)
        self.assertions = Assertions(settings, store)
        self.refusals_told = Rates(TOLD_A_MINUTE)
        self._settings = settings
        self._store = store
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    async def asker(self, authorization: str | None, *, address: str, request: str) -> Asker:
        """Who asks, from which address, in which request. Refusal 401 where they may not come in."""
        where = self._settings.fhir_base + SMART_CONFIGURATION
        if authorization is None and not self._settings.is_open:
            text = f"sign in: send Authorization: Bearer and an access token; {where} says where there is one"
            raise unauthorised(text, where=where)
        try:
            found = OPEN if authorization is None else await self._let_in(authorization, bearer)
        except Denied as denied:
            raise unauthorised(denied.text, denied.error, where=where) from None
        return _asking(found, address=address, request=request)

    async def named(self, client: str, *, address: str, request: str) -> Asker:
        """A client that needs no token where it comes in, as what it may do now; none in an open sandbox.

        Refusal 401 where it is not let in, or none is named.
        """
        access = await self._store.access.now()
        known = access.client(client)
        if known is not None:
            found = asker_of(known, known.scopes, access.parts)
        elif client or not self._settings.is_open:
            text = f"no client {client!r} is let in: `trialbridge client list` shows which are"
            raise unauthorised(text, where=self._settings.fhir_base + SMART_CONFIGURATION)
        else:
            found = OPEN
        return _asking(found, address=address, request=request)

    async def claims(self, token: str) -> Claims:
        """What an access token says; Denied where it lets nobody in."""
        await self._let_in(token, str)
        return (await self._believed(token, str)).claims

    async def _let_in(self, sent: str, token_of: Callable[[str], str]) -> Asker:
        known = await self._believed(sent, token_of)
        check_times(known.claims, utc_now())
        access = await self._store.access.now()
        if known.made_of is not access.made_of:
            known.asker, known.made_of = self._asker(known, access), access.made_of
        return known.asker

    async def _believed(self, sent: str, token_of: Callable[[str], str]) -> _Known:
        """A token signed by whom we trust, for us, in what was sent; both are looked at once.

        The signature is looked at again when its key does not count any more.
        """
        mark = sha256(sent.encode()).digest()
        known = self._known.get(mark)
        if known is None or not (self.issuer is None or await self.issuer.publishes(known.keys)):
            token = token_of(sent)
            known = await (self._own(token) if self.issuer is None else self._of(self.issuer, token))
            self._known[mark] = known
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return known

    async def _own(self, token: str) -> _Known:
        signed = Signed.of(token, [SIGNING])
        access = await self._store.access.now()
        if signed.kid not in access.kids:
            access = await self._store.access.anew()
        claims = signed.verified([one.key for one in access.keys])
        if signed.kind != ACCESS_TOKEN or claims.get("iss") != self._settings.address:
            raise Denied(
                "invalid_token", "this is no access token of this server: POST /auth/token gives one"
            )
        self._check_audience(claims)
        return _Known(claims, signed.kid)

    async def _of(self, issuer: Issuer, token: str) -> _Known:
        signed = Signed.of(token, OF_ISSUERS)
        keys = [key for key in await issuer.keys(signed.kid) if key["kid"] == signed.kid]
        claims = signed.verified(keys)
        if claims.get("iss") != issuer.url:
            raise Denied("invalid_token", "this is no access token of the identity provider trusted here")
        self._check_audience(claims)
        now = utc_now()
        if check_times(claims, now) - float(claims.get("iat", now.timestamp())) > _LONGEST_LIFE:
            text = f"its exp may lie {_LONGEST_LIFE} seconds after its iat: ask for a shorter one"
            raise Denied("invalid_token", text)
        return _Known(claims, signed.kid, keys)

    def _check_audience(self, claims: Claims) -> None:
        here, said = self._settings.fhir_base, claims.get("aud")
        if here not in (said if isinstance(said, list) else [said]):
            raise Denied("invalid_token", f"it is meant for another server: its aud must be {here}")

    def _asker(self, known: _Known, access: Access) -> Asker:
        """Whom a token lets in, by what is registered now."""
        client = access.client(_named(known.claims))
        if client is None or known.claims.get("jti") in access.revoked:
            raise Denied(
                "invalid_token", "it counts no more: it was revoked, or its client is not known here"
            )
        if self.issuer is None and known.kid not in access.kids:
            raise Denied("invalid_token", "the key it is signed with counts no more: ask for another token")
        scopes = granted(_scopes(known.claims), client.scopes)
        return asker_of(client, scopes, access.parts)


def _asking(known: Asker, *, address: str, request: str) -> Asker:
    """Who is let in, as they ask now."""
    return Asker(known.visibility, replace(known.actor, address=address, request=request), known.writing)


def bearer(authorization: str) -> str:
    """The token of an Authorization header; Denied where it holds anything else."""
    sent = _BEARER.fullmatch(authorization)
    if sent is None:
        text = "send Authorization once: Bearer, a blank, and one access token"
        raise Denied("invalid_request", text)
    return sent[1]


def _named(claims: Claims) -> str:
    """The client a token is of; identity providers name it in azp or client_id."""
    return str(next((claims[name] for name in ("azp", "client_id", "sub") if claims.get(name)), ""))


def _scopes(claims: Claims) -> tuple[Scope, ...]:
    """The scopes a token bears; those of an identity provider that are not SMART's are passed over."""
    said = claims.get("scope", claims.get("scp", ""))
    found = []
    for one in said if isinstance(said, list) else str(said).split():
        try:
            found.append(Scope.of(str(one)))
        except Refusal:
            continue
    return tuple(found)


def unauthorised(text: str, error: str | None = None, *, where: str) -> Refusal:
    """401, with how to sign in; `error` is that of RFC 6750, where a token was sent."""
    challenge = f'Bearer realm="Trialbridge", smart-configuration="{where}"'
    if error is not None:
        challenge += f', error="{error}", error_description="{text}"'
    return Refusal(401, (Issue("login", text, "http.authorization"),), {"WWW-Authenticate": challenge})
