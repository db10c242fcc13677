"""Clients to sign in as in the sandbox: two sites, the sponsor, an auditor.

Their private keys lie in the open beside this file: they show isolation on synthetic data and keep nothing
secret. Only the sandbox registers them; a server that others reach does not start where they are registered.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from app.demo.left import MARK
from app.fhir_mapping import codec
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import everything
from app.fhir_mapping.access.role import ROLES
from app.store.clients import listed, register
from app.store.session import Store, utc_now

_FILE: Final = "demonstration-only-keys.json"
_STUDIES: Final = ("msc-sle", "msc-ssc")
_PUBLIC: Final = ("kid", "alg", "use", "kty", "crv", "x", "y")

Jwk = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """Somebody to sign in as: the name, what to know of them, the role, and where they belong."""

    name: str
    about: str
    role: str
    sites: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()

    @property
    def key(self) -> Jwk:
        """The private key, which everybody knows."""
        return _keys()[MARK + self.name]

    @property
    def client(self) -> Client:
        """How it is registered: with all that its role may do, in both studies."""
        public = {name: self.key[name] for name in _PUBLIC}
        return Client(
            name=self.name,
            role=self.role,
            scopes=everything(ROLES[self.role]),
            sites=self.sites,
            studies=_STUDIES,
            senders=self.senders,
            jwks={"keys": [public]},
        )


READY: Final = (
    Ready("demo-site-sls", "the site SLS", "site", ("SLS",), ("chu-a",)),
    Ready("demo-site-chu-b", "the site CHU-B", "site", ("CHU-B",), ("chu-b",)),
    Ready("demo-sponsor", "the sponsor, who sees both sites", "sponsor"),
    Ready("demo-auditor", "an auditor, who also sees the trail", "auditor"),
)


async def register_ready(store: Store) -> None:
    """Register those that are not registered yet; what was changed since stays as it is."""
    known = {client.name for client in await listed(store)}
    for one in READY:
        if one.name not in known:
            await register(store, one.client, at=utc_now())


def shown() -> list[Jwk]:
    """They as the page /docs offers them."""
    return [{"client_id": one.name, "about": one.about, "private_key": one.key} for one in READY]


@cache
def _keys() -> dict[str, Jwk]:
    found = codec.read(files(__package__).joinpath(_FILE).read_bytes())["keys"]
    return {key["kid"]: key for key in found}
