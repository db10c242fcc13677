"""What signing in, isolation and the audit trail cost: the same requests in several ways, in turn.

They go to real servers on the same database: to an open one; to one where clients sign in, as the
administrator (who sees everything) and as a site (whose every statement bears the predicate); and to one
that also writes down every access.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
import uvloop

from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import everything
from app.fhir_mapping.access.role import ROLES
from app.store.clients import register
from app.store.session import Store, utc_now
from bench.drive import Base
from bench.servers import MANY, Measured, service
from tests.access.signing import Key, assertion, form, jwks, new_key


@dataclass(frozen=True)
class Way:
    """One way of asking: a word for it, the server's settings, and the role that signs in."""

    about: str
    auth: str
    audit: str
    role: str = ""


OFF, ON = "open, audit off", "site, audit all"
WAYS: Final = (
    Way(OFF, "none", "off"),
    Way("administrator, audit off", "smart", "off", "administrator"),
    Way("site, audit off", "smart", "off", "site"),
    Way(ON, "smart", "all", "site"),
)


async def registered(url: str, key: Key, *, study: str) -> None:
    """The administrator, and the site with its study, known by one key."""
    store = await Store.open(url)
    try:
        for role, sites, studies in (("administrator", (), None), ("site", ("SLS",), (study,))):
            client = Client(
                name=f"bench-{role}",
                role=role,
                sites=sites,
                studies=studies,
                scopes=everything(ROLES[role]),
                jwks=jwks(key),
                requests_per_minute=MANY,
            )
            await register(store, client, at=utc_now())
    finally:
        await store.close()


@dataclass(frozen=True)
class Asked:
    """Servers of every kind on one database, and the key to those where clients sign in."""

    servers: dict[tuple[str, str], Measured]
    key: Key

    def by(self, way: Way) -> Measured:
        """The server asked in this way, with a new token where there is a role: good for five minutes."""
        server = self.servers[way.auth, way.audit]
        if way.role:
            token = self._token(server.base.url.removesuffix("/fhir"), way.role)
            server = replace(server, base=Base(server.base.url, (f"Authorization: Bearer {token}",)))
        return replace(server, way=way.about)

    def _token(self, url: str, role: str) -> str:
        address = f"{url}/auth/token"
        said = form(assertion(f"bench-{role}", self.key, address))
        return str(httpx.post(address, data=said, timeout=30).raise_for_status().json()["access_token"])


@contextmanager
def servers_of(
    name: str, url: str, place: Path, *, study: str, ways: Sequence[Way] = WAYS
) -> Iterator[Asked]:
    """The servers there have to be for these ways of asking."""
    key = new_key()
    uvloop.run(registered(url, key, study=study))
    with ExitStack() as stack:
        servers = {
            (auth, audit): stack.enter_context(service(name, url, place, auth=auth, audit=audit))
            for auth, audit in dict.fromkeys((way.auth, way.audit) for way in ways)
        }
        yield Asked(servers, key)
