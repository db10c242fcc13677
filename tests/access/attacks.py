"""Tokens that must not be believed: each is one way to get in without belonging, and what it is answered.

`AT_THE_DESK` are tried where access tokens are given, `AT_THE_DOOR` where they are used.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from app.fhir_mapping.access import jose
from app.store.clients import disable
from app.store.session import Store, utc_now
from app.store.tokens import key_to_sign, rotate
from tests.access.signing import Key, assertion, bearer, form, new_key, register_client

ADDRESS = "http://test"
AUDIENCE = f"{ADDRESS}/auth/token"
BASE = f"{ADDRESS}/fhir"


@dataclass
class Scene:
    """A server that knows two clients, and an attacker who has what is in `loot`."""

    client: httpx.AsyncClient
    store: Store
    keys: dict[str, Key]
    loot: dict[str, str] = field(default_factory=dict)

    async def ask(self, signed: str, **said: str) -> httpx.Response:
        return await self.client.post("/auth/token", data=form(signed) | said)

    async def come(self, authorization: str) -> httpx.Response:
        return await self.client.get("/fhir/Patient", headers={"Authorization": authorization})

    async def token(self, name: str = "chu-a", scope: str | None = None) -> str:
        headers = await bearer(self.client, name, self.keys[name], scope)
        return headers["Authorization"].removeprefix("Bearer ")


Attack = Callable[[Scene], Awaitable[httpx.Response]]
Expected = tuple[int, str | None]


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def opened(part: str) -> Any:
    return msgspec.json.decode(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def claims_of(name: str = "chu-a", **changed: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": name,
        "sub": name,
        "aud": AUDIENCE,
        "exp": now + 120,
        "jti": encoded(time.time_ns().to_bytes(8)),
    }
    return {key: value for key, value in (claims | changed).items() if value is not None}


def signed(header: Mapping[str, Any], claims: Mapping[str, Any], key: Any) -> str:
    return jwt.encode(dict(header), dict(claims), key, algorithms=[str(header["alg"])])


def unsigned(header: Mapping[str, Any], claims: Mapping[str, Any], signature: str = "") -> str:
    parts = (encoded(msgspec.json.encode(part)) for part in (header, claims))
    return ".".join((*parts, signature))


@dataclass(frozen=True)
class Ahead:
    """So many seconds after the attack: a table is read long before its attacks are tried."""

    seconds: int
    kind: type = int


def ahead(seconds: int) -> int:
    return int(time.time()) + seconds


def said_now(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.kind(ahead(value.seconds)) if isinstance(value, Ahead) else value
        for name, value in claims.items()
    }


def sends(**changed: Any) -> Attack:
    """An assertion of chu-a, with its own key, that claims this."""

    async def attack(scene: Scene) -> httpx.Response:
        return await scene.ask(assertion("chu-a", scene.keys["chu-a"], AUDIENCE, **said_now(changed)))

    return attack


def sends_form(**changed: str | None) -> Attack:
    """A good assertion in a form that says this."""

    async def attack(scene: Scene) -> httpx.Response:
        said = form(assertion("chu-a", scene.keys["chu-a"], AUDIENCE)) | changed
        return await scene.client.post("/auth/token", data={k: v for k, v in said.items() if v is not None})

    return attack


async def no_algorithm(scene: Scene) -> httpx.Response:
    return await scene.ask(unsigned({"alg": "none", "kid": "k1"}, claims_of()))


async def public_key_as_a_secret(scene: Scene) -> httpx.Response:
    public = scene.keys["chu-b"].public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = OctKey.import_key(encoded(public))
    return await scene.ask(signed({"alg": "HS256", "kid": "k1"}, claims_of("chu-b"), secret))


async def weaker_algorithm(scene: Scene) -> httpx.Response:
    key = RSAKey.import_key({**scene.keys["chu-b"].as_dict(private=True), "alg": "RS256"})
    return await scene.ask(signed({"alg": "RS256", "kid": "k1"}, claims_of("chu-b"), key))


async def algorithm_of_another_kind_of_key(scene: Scene) -> httpx.Response:
    """It says RS384, its kid names an EC key."""
    return await scene.ask(signed({"alg": "RS384", "kid": "k1"}, claims_of(), new_key(algorithm="RS384")))


async def key_of_another_client(scene: Scene) -> httpx.Response:
    """chu-b says that it is chu-a, with its own key and kid."""
    return await scene.ask(signed({"alg": "RS384", "kid": "b1"}, claims_of(), scene.keys["chu-b"]))


async def key_of_another_client_by_our_kid(scene: Scene) -> httpx.Response:
    other = await register_client(scene.store, "chu-c", key=new_key("k1"))
    return await scene.ask(signed({"alg": "ES384", "kid": "k1"}, claims_of(), other))


async def unknown_kid(scene: Scene) -> httpx.Response:
    return await scene.ask(signed({"alg": "ES384", "kid": "nobody"}, claims_of(), scene.keys["chu-a"]))


async def no_kid(scene: Scene) -> httpx.Response:
    return await scene.ask(signed({"alg": "ES384"}, claims_of(), new_key()))


async def kid_that_is_a_statement(scene: Scene) -> httpx.Response:
    return await scene.ask(signed({"alg": "ES384", "kid": "' OR '1'='1"}, claims_of(), new_key()))


async def own_key_in_the_header(scene: Scene) -> httpx.Response:
    own = new_key("k1")
    header = {"alg": "ES384", "kid": "k1", "jwk": own.as_dict(private=False)}
    return await scene.ask(signed(header, claims_of(), own))


async def own_address_in_the_header(scene: Scene) -> httpx.Response:
    own = new_key("k1")
    header = {"alg": "ES384", "kid": "k1", "jku": "https://evil.example/jwks.json"}
    return await scene.ask(signed(header, claims_of(), own))


async def critical_extension(scene: Scene) -> httpx.Response:
    header = {"alg": "ES384", "kid": "k1", "crit": ["b64"], "b64": True}
    token = unsigned(header, claims_of(), encoded(bytes(96)))
    return await scene.ask(token)


async def fresh_key_under_our_kid(scene: Scene) -> httpx.Response:
    return await scene.ask(signed({"alg": "ES384", "kid": "k1"}, claims_of(), new_key("k1")))


async def unknown_client(scene: Scene) -> httpx.Response:
    return await scene.ask(assertion("chu-z", new_key(), AUDIENCE))


async def disabled_client(scene: Scene) -> httpx.Response:
    key = await register_client(scene.store, "closed")
    await disable(scene.store, "closed")
    return await scene.ask(assertion("closed", key, AUDIENCE))


async def replayed(scene: Scene) -> httpx.Response:
    once = assertion("chu-a", scene.keys["chu-a"], AUDIENCE)
    assert (await scene.ask(once)).status_code == 200
    return await scene.ask(once)


async def replayed_number_in_another_assertion(scene: Scene) -> httpx.Response:
    key = scene.keys["chu-a"]
    assert (await scene.ask(assertion("chu-a", key, AUDIENCE, jti="7"))).status_code == 200
    return await scene.ask(assertion("chu-a", key, AUDIENCE, jti="7", exp=ahead(200)))


async def tampered_assertion(scene: Scene) -> httpx.Response:
    head, body, tail = assertion("chu-a", scene.keys["chu-a"], AUDIENCE).split(".")
    changed = encoded(msgspec.json.encode(opened(body) | {"exp": ahead(200)}))
    return await scene.ask(f"{head}.{changed}.{tail}")


async def access_token_as_assertion(scene: Scene) -> httpx.Response:
    return await scene.ask(await scene.token())


async def garbage(scene: Scene) -> httpx.Response:
    return await scene.ask("not.a.token")


async def far_too_long(scene: Scene) -> httpx.Response:
    return await scene.ask("a" * 20_000)


async def nested_deeply(scene: Scene) -> httpx.Response:
    head = encoded(b'{"alg":"ES384","kid":"k1"}')
    return await scene.ask(f"{head}.{encoded(b'[' * 3000)}.{encoded(bytes(96))}")


async def twice_in_the_form(scene: Scene) -> httpx.Response:
    said = form(assertion("chu-a", scene.keys["chu-a"], AUDIENCE))
    content = httpx.QueryParams([*said.items(), ("scope", "system/*.rs"), ("scope", "system/*.cruds")])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return await scene.client.post("/auth/token", content=str(content), headers=headers)


async def form_as_json(scene: Scene) -> httpx.Response:
    return await scene.client.post("/auth/token", json=form("x"))


async def more_than_is_held(scene: Scene) -> httpx.Response:
    signed_ = assertion("reader", scene.keys["reader"], AUDIENCE)
    return await scene.ask(signed_, scope="system/Patient.cud system/Observation.d")


async def a_persons_scope(scene: Scene) -> httpx.Response:
    return await scene.ask(assertion("chu-a", scene.keys["chu-a"], AUDIENCE), scope="user/*.cruds")


AT_THE_DESK: dict[str, tuple[Attack, Expected]] = {
    "alg none": (no_algorithm, (401, "invalid_client")),
    "HS256 with the public key": (public_key_as_a_secret, (401, "invalid_client")),
    "RS256 with the right key": (weaker_algorithm, (401, "invalid_client")),
    "RS384 by an EC key": (algorithm_of_another_kind_of_key, (401, "invalid_client")),
    "key and kid of another client": (key_of_another_client, (401, "invalid_client")),
    "key of another client, by our kid": (key_of_another_client_by_our_kid, (401, "invalid_client")),
    "unknown kid": (unknown_kid, (401, "invalid_client")),
    "no kid": (no_kid, (401, "invalid_client")),
    "kid that is SQL": (kid_that_is_a_statement, (401, "invalid_client")),
    "own key in the header (jwk)": (own_key_in_the_header, (401, "invalid_client")),
    "own address in the header (jku)": (own_address_in_the_header, (401, "invalid_client")),
    "crit in the header": (critical_extension, (401, "invalid_client")),
    "fresh key under our kid": (fresh_key_under_our_kid, (401, "invalid_client")),
    "expired": (sends(exp=Ahead(-30), iat=None), (401, "invalid_client")),
    "exp as a string": (sends(exp=Ahead(120, str)), (401, "invalid_client")),
    "exp as true": (sends(exp=True), (401, "invalid_client")),
    "exp a day ahead": (sends(exp=Ahead(86_400)), (401, "invalid_client")),
    "no exp": (sends(exp=None), (401, "invalid_client")),
    "nbf in the future": (sends(nbf=Ahead(200)), (401, "invalid_client")),
    "iat in the future": (sends(iat=Ahead(200)), (401, "invalid_client")),
    "aud of another server": (sends(aud="https://other.example/auth/token"), (401, "invalid_client")),
    "aud of our FHIR base": (sends(aud=BASE), (401, "invalid_client")),
    "aud as a list": (sends(aud=[AUDIENCE, "https://other.example"]), (401, "invalid_client")),
    "no aud": (sends(aud=None), (401, "invalid_client")),
    "iss is not sub": (sends(sub="chu-b"), (401, "invalid_client")),
    "no iss": (sends(iss=None), (401, "invalid_client")),
    "unknown client": (unknown_client, (401, "invalid_client")),
    "disabled client": (disabled_client, (401, "invalid_client")),
    "no jti": (sends(jti=None), (401, "invalid_client")),
    "jti too long": (sends(jti="j" * 201), (401, "invalid_client")),
    "jti as a number": (sends(jti=7), (401, "invalid_client")),
    "replayed": (replayed, (401, "invalid_client")),
    "replayed jti in another assertion": (replayed_number_in_another_assertion, (401, "invalid_client")),
    "tampered": (tampered_assertion, (401, "invalid_client")),
    "an access token": (access_token_as_assertion, (401, "invalid_client")),
    "garbage": (garbage, (401, "invalid_client")),
    "far too long": (far_too_long, (401, "invalid_client")),
    "nested deeply": (nested_deeply, (401, "invalid_client")),
    "client_id of another": (sends_form(client_id="chu-b"), (401, "invalid_client")),
    "wrong assertion type": (sends_form(client_assertion_type="password"), (400, "invalid_request")),
    "no assertion": (sends_form(client_assertion=None), (400, "invalid_request")),
    "wrong grant": (sends_form(grant_type="password"), (400, "unsupported_grant_type")),
    "a parameter twice": (twice_in_the_form, (400, "invalid_request")),
    "JSON instead of a form": (form_as_json, (400, "invalid_request")),
    "scope that is not held": (more_than_is_held, (400, "invalid_scope")),
    "scope of a person": (a_persons_scope, (400, "invalid_scope")),
}


def comes(authorization: str) -> Attack:
    """This as the header Authorization."""

    async def attack(scene: Scene) -> httpx.Response:
        return await scene.come(authorization)

    return attack


def own(**changed: Any) -> Attack:
    """An access token that claims this, signed with the server's own key."""

    async def attack(scene: Scene) -> httpx.Response:
        key = await key_to_sign(scene.store, at=utc_now())
        claims = opened((await scene.token()).split(".")[1]) | said_now(changed)
        said = {name: value for name, value in claims.items() if value is not None}
        return await scene.come(f"Bearer {jose.signed(said, key, kind='at+jwt')}")

    return attack


async def nothing(scene: Scene) -> httpx.Response:
    return await scene.client.get("/fhir/Patient")


async def assertion_as_access_token(scene: Scene) -> httpx.Response:
    return await scene.come(f"Bearer {assertion('chu-a', scene.keys['chu-a'], BASE)}")


async def unsigned_access_token(scene: Scene) -> httpx.Response:
    claims = opened((await scene.token()).split(".")[1])
    return await scene.come(f"Bearer {unsigned({'alg': 'none', 'typ': 'at+jwt'}, claims)}")


async def signature_stripped(scene: Scene) -> httpx.Response:
    return await scene.come(f"Bearer {(await scene.token()).rpartition('.')[0]}.")


async def signature_of_zeros(scene: Scene) -> httpx.Response:
    """The signature CVE-2022-21449 took for everything."""
    return await scene.come(f"Bearer {(await scene.token()).rpartition('.')[0]}.{encoded(bytes(96))}")


async def scope_widened(scene: Scene) -> httpx.Response:
    head, body, tail = (await scene.token("reader")).split(".")
    wider = encoded(msgspec.json.encode(opened(body) | {"scope": "system/*.cruds"}))
    return await scene.come(f"Bearer {head}.{wider}.{tail}")


async def key_of_another_server(scene: Scene) -> httpx.Response:
    claims = opened((await scene.token()).split(".")[1])
    return await scene.come(f"Bearer {jose.signed(claims, jose.new_key(), kind='at+jwt')}")


async def key_of_another_server_under_our_kid(scene: Scene) -> httpx.Response:
    token = await scene.token()
    foreign = {**jose.new_key(), "kid": opened(token.split(".")[0])["kid"]}
    return await scene.come(f"Bearer {jose.signed(opened(token.split('.')[1]), foreign, kind='at+jwt')}")


async def our_public_key_as_a_secret(scene: Scene) -> httpx.Response:
    token = await scene.token()
    key = ECKey.import_key((await scene.client.get("/auth/jwks")).json()["keys"][-1])
    public = key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": key.kid, "typ": "at+jwt"}
    forged = signed(header, opened(token.split(".")[1]), OctKey.import_key(encoded(public)))
    return await scene.come(f"Bearer {forged}")


async def another_kind_of_token(scene: Scene) -> httpx.Response:
    key = await key_to_sign(scene.store, at=utc_now())
    claims = opened((await scene.token()).split(".")[1])
    return await scene.come(f"Bearer {jose.signed(claims, key, kind='JWT')}")


async def revoked(scene: Scene) -> httpx.Response:
    token = await scene.token()
    assert (await scene.come(f"Bearer {token}")).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    assert (
        await scene.client.post("/auth/revoke", data={"token": token}, headers=headers)
    ).status_code == 200
    return await scene.come(f"Bearer {token}")


async def disabled_since(scene: Scene) -> httpx.Response:
    scene.keys["closing"] = await register_client(scene.store, "closing")
    token = await scene.token("closing")
    assert (await scene.come(f"Bearer {token}")).status_code == 200
    await disable(scene.store, "closing")
    return await scene.come(f"Bearer {token}")


async def key_dropped_since(scene: Scene) -> httpx.Response:
    token = await scene.token()
    assert (await scene.come(f"Bearer {token}")).status_code == 200
    await rotate(scene.store, at=utc_now(), drop=True)
    return await scene.come(f"Bearer {token}")


async def two_headers(scene: Scene) -> httpx.Response:
    token = await scene.token()
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", "Bearer other")]
    return await scene.client.get("/fhir/Patient", headers=headers)


async def token_in_the_address(scene: Scene) -> httpx.Response:
    return await scene.client.get("/fhir/Patient", params={"access_token": await scene.token()})


AT_THE_DOOR: dict[str, tuple[Attack, Expected]] = {
    "no token": (nothing, (401, None)),
    "Basic": (comes("Basic Y2h1LWE6cGFzc3dvcmQ="), (401, "invalid_request")),
    "empty": (comes(""), (401, "invalid_request")),
    "Bearer and nothing": (comes("Bearer "), (401, "invalid_request")),
    "Bearer garbage": (comes("Bearer abc.def.ghi"), (401, "invalid_token")),
    "two Authorization headers": (two_headers, (401, "invalid_request")),
    "token in the address": (token_in_the_address, (400, "security")),
    "an assertion": (assertion_as_access_token, (401, "invalid_token")),
    "alg none, to the door": (unsigned_access_token, (401, "invalid_token")),
    "signature stripped": (signature_stripped, (401, "invalid_token")),
    "signature of zeros": (signature_of_zeros, (401, "invalid_token")),
    "scope widened": (scope_widened, (401, "invalid_token")),
    "key of another server": (key_of_another_server, (401, "invalid_token")),
    "key of another server, our kid": (key_of_another_server_under_our_kid, (401, "invalid_token")),
    "HS256 with our public key": (our_public_key_as_a_secret, (401, "invalid_token")),
    "another kind of token": (another_kind_of_token, (401, "invalid_token")),
    "expired access token": (own(exp=Ahead(-1)), (401, "invalid_token")),
    "access token without end": (own(exp=None), (401, "invalid_token")),
    "access token of another issuer": (own(iss="https://other.example"), (401, "invalid_token")),
    "access token for another server": (own(aud="https://other.example/fhir"), (401, "invalid_token")),
    "access token of nobody": (own(sub="nobody", client_id="nobody"), (401, "invalid_token")),
    "access token of tomorrow": (own(nbf=Ahead(3600)), (401, "invalid_token")),
    "revoked": (revoked, (401, "invalid_token")),
    "client disabled since": (disabled_since, (401, "invalid_token")),
    "key dropped since": (key_dropped_since, (401, "invalid_token")),
}
