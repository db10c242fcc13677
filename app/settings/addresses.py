"""Addresses an operator writes down: of this service, of the proxies in front of it, of pages that ask."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

Network = IPv4Network | IPv6Network


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach that address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def loopback_address(host: str, port: int) -> str:
    """The address a client on this machine asks at."""
    name = "127.0.0.1" if host == "localhost" else host.strip("[]")
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def is_private(url: str) -> bool:
    """Whether what is sent to this address is read by nobody on the way: TLS, or this machine alone."""
    return url.startswith("https://") or is_loopback(urlsplit(url).hostname or "")


def root(url: str) -> str:
    """The address of this service without a closing slash and without /fhir: both ways of giving it work."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return url.rstrip("/").removesuffix("/fhir")


def issuer(url: str) -> str:
    """The address of an identity provider, whose keys must come from it and nobody between."""
    if not is_private(url):
        raise ValueError("must start with https://")
    return url


def networks(written: str) -> tuple[Network, ...]:
    """Networks; a single address is a network of one."""
    try:
        found = tuple(ip_network(one) for one in _separated(written))
    except ValueError:
        raise ValueError("must be addresses or networks, such as 10.0.0.5, 10.1.0.0/16") from None
    if any(one.prefixlen == 0 for one in found):
        raise ValueError("must name the proxies: a network of every address would believe anybody")
    return found


def origins(written: str) -> tuple[str, ...]:
    """Origins exactly as browsers send them: scheme, host in small letters, a port that is not the usual."""
    found = tuple(_separated(written))
    if not all(_is_origin(one) for one in found):
        raise ValueError("must be exact origins, such as https://app.example.org, without path and without *")
    return found


def _is_origin(text: str) -> bool:
    if re.fullmatch(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]{1,5})?", text) is None:
        return False
    return not text.endswith(":443" if text.startswith("https") else ":80")


def _separated(written: str) -> list[str]:
    return written.replace(",", " ").split()
