"""Whose address is told: that of the nearest who is no proxy of ours, whatever a client writes."""

from types import SimpleNamespace

import httpx
import pytest

from app.routers.hops import address_of
from app.settings.addresses import networks

PROXIES = "10.0.0.5, 10.1.0.0/16, fd00::/8"


def told(peer: str | None, trusted: str, *headers: tuple[str, str]) -> str:
    settings = SimpleNamespace(trusted_proxies=networks(trusted))
    service = SimpleNamespace(settings=settings)
    return address_of(
        {
            "app": SimpleNamespace(state=SimpleNamespace(service=service)),
            "client": None if peer is None else (peer, 1234),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        }
    )


FOR = "X-Forwarded-For"


@pytest.mark.parametrize(
    ("peer", "headers", "address"),
    [
        # nobody between us
        ("192.0.2.7", [], "192.0.2.7"),
        (None, [], ""),
        # who is no proxy of ours is not believed
        ("192.0.2.7", [(FOR, "198.51.100.1")], "192.0.2.7"),
        ("192.0.2.7", [("Forwarded", "for=198.51.100.1")], "192.0.2.7"),
        ("10.0.0.6", [(FOR, "198.51.100.1")], "10.0.0.6"),
        # one proxy, and more of them
        ("10.0.0.5", [(FOR, "198.51.100.1")], "198.51.100.1"),
        ("::ffff:10.0.0.5", [(FOR, "198.51.100.1")], "198.51.100.1"),
        ("10.0.0.5", [(FOR, "198.51.100.1, 10.1.2.3")], "198.51.100.1"),
        ("10.0.0.5", [(FOR, "198.51.100.1"), (FOR, "10.1.2.3")], "198.51.100.1"),
        ("fd00::1", [(FOR, "2001:db8::1")], "2001:db8::1"),
        ("10.0.0.5", [("Forwarded", 'for="[2001:db8::1]:4711";proto=https')], "2001:db8::1"),
        ("10.0.0.5", [("Forwarded", "For=198.51.100.1:80;by=10.0.0.5, for=10.1.2.3")], "198.51.100.1"),
        # what a client wrote stands to the left of what the proxies wrote
        ("10.0.0.5", [(FOR, "203.0.113.9, 198.51.100.1")], "198.51.100.1"),
        ("10.0.0.5", [(FOR, "10.0.0.5, 198.51.100.1")], "198.51.100.1"),
        ("10.0.0.5", [(FOR, "203.0.113.9, 198.51.100.1, 10.1.2.3")], "198.51.100.1"),
        # nothing that can be read: the nearest that is known
        ("10.0.0.5", [], "10.0.0.5"),
        ("10.0.0.5", [(FOR, "")], "10.0.0.5"),
        ("10.0.0.5", [(FOR, "203.0.113.9, unknown")], "10.0.0.5"),
        ("10.0.0.5", [("Forwarded", "for=_hidden")], "10.0.0.5"),
        ("10.0.0.5", [("Forwarded", "proto=https")], "10.0.0.5"),
        ("10.0.0.5", [(FOR, "203.0.113.9, <script>, 10.1.2.3")], "10.1.2.3"),
        # a header the proxy passed on as it came contradicts the one it wrote
        ("10.0.0.5", [(FOR, "198.51.100.1"), ("Forwarded", "for=203.0.113.9")], "10.0.0.5"),
        ("10.0.0.5", [(FOR, "198.51.100.1"), ("Forwarded", "for=198.51.100.1")], "198.51.100.1"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_is_told(
    peer: str | None, headers: list[tuple[str, str]], address: str
) -> None:
    assert told(peer, PROXIES, *headers) == address


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.5"])
def test_without_trusted_proxies_nobody_is_believed(peer: str) -> None:
    assert told(peer, "", (FOR, "198.51.100.1"), ("Forwarded", "for=198.51.100.1")) == peer


async def test_a_spoofed_address_makes_no_new_bucket_of_requests(client: httpx.AsyncClient) -> None:
    service = client._transport.app.state.service  # type: ignore[attr-defined]  # noqa: SLF001

    for number in range(5):
        headers = {FOR: f"203.0.113.{number}", "Authorization": "Bearer nothing"}
        assert (await client.get("/fhir/Patient", headers=headers)).status_code == 401

    assert list(service.load.rates._addresses) == ["127.0.0.1"]  # noqa: SLF001
