"""Clients that sign in: registered with a key of their own, and let in by the token it gets them."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import everything
from app.fhir_mapping.access.role import ROLES
from app.fhir_mapping.access.scope import parse
from app.store.clients import register
from app.store.session import Store, utc_now

Key = RSAKey | ECKey
BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SITE, ADMINISTRATOR = "site", "administrator"


def new_key(kid: str = "k1", *, algorithm: str = "ES384") -> Key:
    """A client's private key."""
    if algorithm == "RS384":
        return RSAKey.generate_key(2048, {"kid": kid, "alg": algorithm, "use": "sig"})
    return ECKey.generate_key("P-384", {"kid": kid, "alg": algorithm, "use": "sig"})


def jwks(*keys: Key) -> dict[str, Any]:
    """What a client registers: the public side of its keys."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


async def register_client(
    store: Store,
    name: str,
    *,
    role: str = ADMINISTRATOR,
    sites: Sequence[str] = (),
    studies: Sequence[str] | None = None,
    scopes: str | None = None,
    senders: Sequence[str] = (),
    key: Key | None = None,
) -> Key:
    """Register a client, of every study and with all that its role allows unless said; its private key."""
    key = key or new_key()
    client = Client(
        name=name,
        role=role,
        sites=tuple(sites),
        studies=None if studies is None else tuple(studies),
        scopes=everything(ROLES[role]) if scopes is None else parse(scopes),
        senders=tuple(senders),
        jwks=jwks(key),
    )
    await register(store, client, at=utc_now())
    return key


def assertion(name: str, key: Key, audience: str, **changed: Any) -> str:
    """A client's assertion; a claim that is changed to None is left out."""
    now = int(time.time())
    claims = {
        "iss": name,
        "sub": name,
        "aud": audience,
        "jti": uuid.uuid4().hex,
        "iat": now,
        "exp": now + 120,
    } | changed
    said = {name: value for name, value in claims.items() if value is not None}
    algorithm = str(key.get("alg"))
    return jwt.encode({"alg": algorithm, "kid": key.kid}, said, key, algorithms=[algorithm])


def form(signed: str, scope: str | None = None) -> dict[str, str]:
    """What a client sends to get a token."""
    said = {
        "grant_type": "client_credentials",
        "client_assertion_type": BY_ASSERTION,
        "client_assertion": signed,
    }
    return said if scope is None else said | {"scope": scope}


async def bearer(client: httpx.AsyncClient, name: str, key: Key, scope: str | None = None) -> dict[str, str]:
    """The header that lets a registered client in, on an application that is at the client's base URL."""
    address = str(client.base_url).rstrip("/") + "/auth/token"
    answer = await client.post(address, data=form(assertion(name, key, address), scope))
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
