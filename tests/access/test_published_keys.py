"""Keys a client publishes at an https address: read over TLS from the address the name was looked up as."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import certifi
import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.scope import parse
from app.routers import fetching
from app.store.clients import register
from app.store.session import Store, utc_now
from tests.access.attacks import AUDIENCE
from tests.access.signing import Key, assertion, form, jwks, new_key

HOST = "keys.chu-a.example"
KEY = new_key("p1")


def certificate(directory: Path) -> Path:
    """A certificate of HOST, which signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return file


class Answer(BaseHTTPRequestHandler):
    """The JWKS, and a redirect to it."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/jwks")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Cache-Control", "public, max-age=7")
        self.end_headers()
        self.wfile.write(msgspec.json.encode(jwks(KEY)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        pass


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where it listens, under the names HOST and other.example."""
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    real = socket.getaddrinfo

    def looked_up(host: str, *args: Any, **given: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".example") else host, *args, **given)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    monkeypatch.setattr(certifi, "where", lambda: str(file))
    monkeypatch.setattr(fetching, "_is_public", lambda address: ip_address(address).is_loopback)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


async def test_keys_are_kept_for_a_minute_at_least(port: int) -> None:
    assert await fetching.fetched(f"https://{HOST}:{port}/jwks") == (jwks(KEY), 60.0)


async def test_only_the_host_the_operator_chose_may_be_in_our_own_network(
    port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _host, *args, **more: real("127.0.0.1", *args, **more))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))  # the hospital's own authority
    address = f"https://{HOST}:{port}/jwks"

    assert (await fetching.fetched(address, chosen=HOST))[0] == jwks(KEY)
    for chosen in ("", "id.chu-a.example"):
        with pytest.raises(fetching.Unreachable, match="not a public address"):
            await fetching.fetched(address, chosen=chosen)


async def test_a_certificate_of_another_name_and_a_redirect_are_not_followed(port: int) -> None:
    for address in (f"https://other.example:{port}/jwks", f"https://{HOST}:{port}/moved"):
        with pytest.raises(fetching.Unreachable):
            await fetching.fetched(address)


async def signs_in(client: httpx.AsyncClient, key: Key) -> tuple[int, str]:
    answer = await client.post("/auth/token", data=form(assertion("chu-a", key, AUDIENCE)))
    return answer.status_code, answer.json().get("error_description", "")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_client_signs_in_with_a_key_it_publishes(
    client: httpx.AsyncClient, store: Store, port: int
) -> None:
    uri = f"https://{HOST}:{port}/jwks"
    scopes = parse("system/Patient.rs")
    publishing = Client(name="chu-a", role="auditor", studies=None, scopes=scopes, jwks_uri=uri)
    await register(store, publishing, at=utc_now())

    assert await signs_in(client, KEY) == (200, "")
    assert (await signs_in(client, new_key("p1")))[0] == 401
    assert (await signs_in(client, new_key("p2")))[0] == 401
