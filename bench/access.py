"""`python -m bench.access`: what signing in, isolation and the audit trail cost, on both databases.

The same requests go to real servers on the same database, in turn: to an open one; to one where clients sign
in, as the administrator (who sees everything) and as a site (whose every statement bears the predicate); and
to one that also writes down every access. Each rate stands beside its ratio to the first; below it, what the
server's processor did for one request, which is less blurred by what else the machine does.
"""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

import httpx
import uvloop

from app.fhir_mapping import codec
from app.fhir_mapping.access.client import Client
from app.fhir_mapping.access.client_document import everything
from app.fhir_mapping.access.role import ROLES
from app.fhir_mapping.extensions import SITE
from app.store.clients import register
from app.store.migrate import upgrade
from app.store.session import Store, utc_now
from bench import material
from bench.material import CODES, PATIENTS, PER_PATIENT, request
from bench.quick import drive, learn
from tests.access.signing import Key, assertion, form, jwks, new_key
from tests.postgres import running_postgres
from tests.servers import Server, running_server

SECONDS, ROUNDS = 1.2, 2
MANY = 1_000_000_000
"""Requests a minute: no limit is measured here."""
FHIR: Final = {"Content-Type": "application/fhir+json"}
RESULTS_IN_ONE = 1000


@dataclass(frozen=True)
class Way:
    """One way of asking: a word for it, the server's settings, and the client that signs in."""

    about: str
    auth: str
    audit: str
    client: str = ""


WAYS: Final = (
    Way("open, audit off", "none", "off"),
    Way("administrator, audit off", "smart", "off", "bench-administrator"),
    Way("site, audit off", "smart", "off", "bench-site"),
    Way("site, audit all", "smart", "all", "bench-site"),
)


def people() -> bytes:
    """A study with its subjects, all of one site."""
    site = {"security": [{"system": SITE, "code": "SLS"}]}

    def entries() -> Iterator[dict[str, object]]:
        yield {"resourceType": "ResearchStudy", "id": "bench", "status": "active"}
        for number in range(PATIENTS):
            patient = material.patient_id(number)
            yield {"resourceType": "Patient", "id": patient, "meta": site, "gender": "female"}
            yield {
                "resourceType": "ResearchSubject",
                "id": f"{patient}-part",
                "meta": site,
                "status": "on-study",
                "study": {"reference": "ResearchStudy/bench"},
                "individual": {"reference": f"Patient/{patient}"},
            }

    found = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in entries()
    ]
    return codec.write({"resourceType": "Bundle", "type": "transaction", "entry": found})


def workloads() -> dict[str, tuple[list[bytes], int, int]]:
    """The requests of each workload, by how many clients at once, and how many resources each is about."""
    read = [f"/fhir/Observation/{material.result_id(n)}" for n in range(0, PATIENTS * PER_PATIENT, 7)]
    page = [
        f"/fhir/Observation?patient={material.patient_id(n)}&code={CODES[n % 5]}&_count=20"
        for n in range(PATIENTS)
    ]
    posts = [request("POST", "/fhir/Observation", material.observation(n)) for n in range(50_000, 52_000)]
    whole = [material.transaction(range(n, n + RESULTS_IN_ONE)) for n in range(60_000, 64_000, 1000)]
    return {
        "read by id": ([request("GET", path) for path in read], 64, 1),
        "search, page of 20": ([request("GET", path) for path in page], 32, 1),
        "POST, 64 clients": (posts, 64, 1),
        "transaction of 1000": ([request("POST", "/fhir", body) for body in whole], 2, RESULTS_IN_ONE),
    }


def busy(server: Server) -> float:
    """Milliseconds of processor the server has used."""
    said = Path(f"/proc/{server.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def signed_in(requests: list[bytes], token: str) -> list[bytes]:
    """The same, by who holds the token; by nobody where it is empty."""
    if not token:
        return requests
    line = b"\r\nAuthorization: Bearer " + token.encode() + b"\r\n"
    return [one.replace(b"\r\n", line, 1) for one in requests]


async def registered(url: str, key: Key) -> None:
    """The administrator and the site, known by one key."""
    store = await Store.open(url)
    try:
        for role, sites, studies in (("administrator", (), None), ("site", ("SLS",), ("bench",))):
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


def token_of(server: Server, way: Way, key: Key) -> str:
    """An access token for five minutes, which is longer than this takes."""
    if not way.client:
        return ""
    address = f"{server.url}/auth/token"
    answer = httpx.post(address, data=form(assertion(way.client, key, address)), timeout=30)
    return str(answer.raise_for_status().json()["access_token"])


def fill(server: Server) -> None:
    """The people and their results."""
    with httpx.Client(base_url=server.url, timeout=60) as client:
        for body in (people(), *material.filling(500)):
            client.post("/fhir", content=body, headers=FHIR).raise_for_status()


def measure(name: str, url: str, place: Path) -> None:
    """One database: each workload in every way, in turn."""
    upgrade(url)
    key = new_key()
    asyncio.run(registered(url, key))
    with ExitStack() as stack:
        servers: dict[tuple[str, str], Server] = {}
        for way in WAYS:
            said = {"TRIALBRIDGE_AUTH": way.auth, "TRIALBRIDGE_AUDIT": way.audit}
            said["TRIALBRIDGE_REQUESTS_PER_MINUTE"] = str(MANY)
            if (way.auth, way.audit) not in servers:
                server = stack.enter_context(running_server(url, place, **said))
                servers[way.auth, way.audit] = server
        fill(servers["none", "off"])
        uvloop.run(learn(url))
        for load, (requests, clients, many) in workloads().items():
            rates: dict[Way, list[float]] = {way: [] for way in WAYS}
            spent: dict[Way, list[float]] = {way: [] for way in WAYS}
            failed = 0.0
            for way in WAYS * ROUNDS:
                server = servers[way.auth, way.audit]
                asked = signed_in(requests, token_of(server, way, key))
                port = int(server.url.rsplit(":", 1)[1])
                before = busy(server)
                seen = drive(port, asked, clients=clients, place=place, seconds=SECONDS)
                spent[way].append((busy(server) - before) / seen["answered"])
                rates[way].append(seen["rate"] * many)
                failed += seen["failed"]
            _line(name, load, [mean(rates[way]) for way in WAYS], failed)
            _line("", "  ms of processor", [mean(spent[way]) for way in WAYS], 0, digits=2)


def _line(name: str, load: str, rates: list[float], failed: float, *, digits: int = 0) -> None:
    cells = "".join(f"{rate:12,.{digits}f} {rate / rates[0]:6.0%}" for rate in rates)
    print(f"{name:11} {load:20}{cells}" + (f"  {failed:.0f} FAILED" if failed else ""), flush=True)


def main() -> None:
    """Print the table."""
    print(f"{'':32}" + "".join(f"{way.about:>19}" for way in WAYS))
    with tempfile.TemporaryDirectory() as directory:
        measure("SQLite", f"sqlite:///{directory}/bench.db", Path(directory))
        with running_postgres(fsync=True) as url:
            measure("PostgreSQL", url, Path(directory))
    print("requests a second (resources a second for the transaction), and the ratio to the first column")


if __name__ == "__main__":
    main()
