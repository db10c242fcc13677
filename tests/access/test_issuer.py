"""An identity provider of the operator's own signs the access tokens: a real little server stands for it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx
import msgspec
import pytest
from joserfc import jwt

from app.main import create_app
from app.routers import fetching
from app.settings import Settings
from app.store.session import Store
from tests.access.signing import Key, jwks, new_key, register_client
from tests.servers import client_of, running

BASE = "http://test/fhir"


class Provider:
    """What the identity provider publishes, at which address, and how often it was asked for its keys."""

    def __init__(self) -> None:
        self.url = ""
        self.key: Key = new_key("p1", algorithm="RS384")
        self.asked = 0

    def page(self, path: str) -> Any:
        if path == "/jwks":
            self.asked += 1
            return jwks(self.key)
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks", "token_endpoint": f"{self.url}/token"}
        return None

    def token(self, *, key: Key | None = None, **changed: Any) -> dict[str, str]:
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": [BASE, "account"],
            "azp": "chu-a",
            "sub": "0b5e",
            "scope": "openid system/Patient.rs",
            "iat": now,
            "exp": now + 300,
        } | changed
        said = {name: value for name, value in claims.items() if value is not None}
        by = key or self.key
        algorithm = str(by.get("alg"))
        token = jwt.encode({"alg": algorithm, "kid": by.kid}, said, by, algorithms=[algorithm])
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def serving(provider: Provider) -> Iterator[None]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = provider.page(self.path)
            self.send_response(404 if page is None else 200)
            self.end_headers()
            self.wfile.write(msgspec.json.encode(page))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        provider.url = f"http://127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    with serving(found):
        yield found


@pytest.fixture
async def client(provider: Provider, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database_url=database_url, base_url="http://test", issuer=provider.url)
    async with running(create_app(settings)) as app, client_of(app) as client:
        store: Store = app.state.service.store
        await register_client(store, "chu-a", scopes="system/Patient.rs system/Device.rs")
        yield client


async def test_a_token_of_the_provider_lets_a_registered_client_in_for_what_both_allow(
    provider: Provider, client: httpx.AsyncClient
) -> None:
    wide = provider.token(scope="system/*.cruds")

    assert (await client.get("/fhir/Patient", headers=provider.token())).status_code == 200
    assert (await client.get("/fhir/Device", headers=provider.token())).status_code == 403
    assert (await client.get("/fhir/Device", headers=wide)).status_code == 200
    assert (await client.get("/fhir/Observation", headers=wide)).status_code == 403
    listed = provider.token(scope=None, scp=["system/Device.rs"])
    assert (await client.get("/fhir/Device", headers=listed)).status_code == 200
    by_subject = provider.token(azp=None, sub="chu-a")
    assert (await client.get("/fhir/Patient", headers=by_subject)).status_code == 200


async def test_a_token_that_is_not_the_providers_or_not_for_us_lets_nobody_in(
    provider: Provider, client: httpx.AsyncClient
) -> None:
    tokens = {
        "another key": provider.token(key=new_key("p1", algorithm="RS384")),
        "unknown kid": provider.token(key=new_key("p9")),
        "another issuer": provider.token(iss="https://other.example"),
        "for another": provider.token(aud=["account"]),
        "for nobody": provider.token(aud=None),
        "expired": provider.token(exp=int(time.time()) - 1),
        "without end": provider.token(exp=None),
        "not registered": provider.token(azp="chu-z"),
        "a person called like a client": provider.token(azp="portal", sub="chu-a"),
    }

    answers = {
        name: (await client.get("/fhir/Patient", headers=one)).status_code for name, one in tokens.items()
    }

    assert answers == dict.fromkeys(tokens, 401)
    assert (await client.get("/fhir/Patient", headers=provider.token(scope=None))).status_code == 403


async def test_our_own_token_endpoint_is_off_and_the_configuration_names_the_providers(
    provider: Provider, client: httpx.AsyncClient
) -> None:
    answer = await client.post("/auth/token", data={"grant_type": "client_credentials"})
    said = (await client.get("/fhir/.well-known/smart-configuration")).json()

    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert (said["issuer"], said["token_endpoint"]) == (provider.url, f"{provider.url}/token")


async def test_keys_are_fetched_again_when_a_new_one_is_named_but_not_for_every_stranger(
    provider: Provider, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await client.get("/fhir/Patient", headers=provider.token())).status_code == 200
    monkeypatch.setattr(fetching, "_BETWEEN", 0.2)
    await asyncio.sleep(0.25)
    provider.key = new_key("p2")
    assert (await client.get("/fhir/Patient", headers=provider.token())).status_code == 200
    asked = provider.asked

    strangers = [provider.token(key=new_key(f"s{number}")) for number in range(5)]
    for stranger in strangers:
        assert (await client.get("/fhir/Patient", headers=stranger)).status_code == 401

    assert provider.asked <= asked + 1


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"ends": 3600}, 200),
        ({"ends": 3700}, 401),
        ({"ends": 1800, "began": -2000}, 401),
        ({"ends": 3500, "began": None}, 200),
        ({"ends": 3700, "began": None}, 401),
    ],
)
async def test_a_token_of_the_provider_counts_for_an_hour_at_most(
    provider: Provider, client: httpx.AsyncClient, claims: dict[str, int | None], status: int
) -> None:
    now, began = int(time.time()), claims.get("began", 0)
    token = provider.token(exp=now + (claims["ends"] or 0), iat=None if began is None else now + began)

    assert (await client.get("/fhir/Patient", headers=token)).status_code == status


@pytest.mark.parametrize("kid", ["p1", "p2"])
async def test_a_token_counts_no_longer_than_the_provider_publishes_its_key(
    provider: Provider, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, kid: str
) -> None:
    monkeypatch.setattr(fetching, "_KEPT", (0.0, 0.1))
    monkeypatch.setattr(fetching, "_BETWEEN", 0.0)
    token = provider.token()
    assert (await client.get("/fhir/Patient", headers=token)).status_code == 200

    provider.key = new_key(kid, algorithm="RS384")
    await asyncio.sleep(0.2)

    assert (await client.get("/fhir/Patient", headers=token)).status_code == 401
    assert (await client.get("/fhir/Patient", headers=provider.token())).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "http://keys.example/jwks",
        "https://127.0.0.1/jwks",
        "https://localhost/jwks",
        "https://10.0.0.7/jwks",
        "https://192.168.1.1/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/jwks",
        "https://[::ffff:127.0.0.1]/jwks",
        "https://[fd00::1]/jwks",
        "https://[64:ff9b::a00:1]/jwks",
        "https://0.0.0.0/jwks",
        "https://2130706433/jwks",
        "file:///etc/passwd",
        "https:///jwks",
        "",
    ],
)
async def test_nothing_is_fetched_from_our_own_network(address: str) -> None:
    with pytest.raises(fetching.Unreachable):
        await fetching.fetched(address)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("64:ff9b::a00:1", False),  # NAT64 of 10.0.0.1
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::a00:1", False),
        ("::7f00:1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("ff0e::1", False),
        ("2002:a00:1::1", False),  # 6to4 of 10.0.0.1
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),  # Teredo of 10.0.0.1
        ("2001:db8::1", False),
    ],
)
def test_which_addresses_are_public(address: str, *, public: bool) -> None:
    assert fetching._is_public(address) is public  # noqa: SLF001


async def test_an_address_of_this_machine_is_not_fetched_for_a_client(provider: Provider) -> None:
    with pytest.raises(fetching.Unreachable):
        await fetching.fetched(f"{provider.url}/jwks")

    found, seconds = await fetching.fetched(f"{provider.url}/jwks", chosen="127.0.0.1")

    assert found == jwks(provider.key)
    assert seconds == 300


async def test_what_is_large_or_elsewhere_is_not_read(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_LARGEST", 100)

    for path in ("/jwks", "/nothing"):
        with pytest.raises(fetching.Unreachable):
            await fetching.fetched(f"{provider.url}{path}", chosen="127.0.0.1")
