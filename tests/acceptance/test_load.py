"""Against a real server: its memory stays bounded under large transactions and many slow clients.

What is measured is the resident memory of the server process over what it has at rest. The bounds are
generous, and still far below what would be held if each client could make the server hold what it declares.
"""

import asyncio
import json
import statistics
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import httpx
import pytest

from tests.databases import copy_of
from tests.servers import Server, running_server

MB = 1024 * 1024
SLOW_CLIENTS = 200
ENTRIES = 10_000
OTHERS = 4
UCUM = "http://unitsofmeasure.org"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


@pytest.fixture
def alone(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has asked for anything yet."""
    with running_server(copy_of(migrated_sqlite, tmp_path), tmp_path) as server:
        yield server


def memory(server: Server) -> float:
    """The resident memory of the server, in MB."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return int(kilobytes) / 1024


@dataclass
class Watched:
    """What happened to the server and to the other clients meanwhile."""

    rest: float
    peak: float = 0.0
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def grown(self) -> float:
        """By how many MB the server grew at most."""
        return self.peak - self.rest

    @property
    def median(self) -> float:
        """How long the others usually waited."""
        return statistics.median(self.seconds)


async def watch(server: Server, client: httpx.AsyncClient, seen: Watched, patient: str) -> None:
    """One of the other clients, which writes and reads in turn; and the memory after each."""
    while True:
        for writes in (False, True):
            began = perf_counter()
            asked = client.post("/fhir/Patient", json=subject()) if writes else client.get(patient)
            answer = await asked
            seen.seconds.append(perf_counter() - began)
            seen.statuses[answer.status_code] += 1
            seen.peak = max(seen.peak, memory(server))
            await asyncio.sleep(0.02)


async def meanwhile(
    server: Server, client: httpx.AsyncClient, work: Callable[[], Awaitable[None]]
) -> Watched:
    """Do the work while others ask too."""
    patient = (await client.post("/fhir/Patient", json=subject())).headers["location"].split("/_history")[0]
    seen = Watched(memory(server))
    others = [asyncio.create_task(watch(server, client, seen, patient)) for _ in range(OTHERS)]
    try:
        await work()
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    return seen


async def nothing_held(client: httpx.AsyncClient) -> None:
    """Wait until the server has let go of everything, which it does as soon as it sees who has gone away."""
    told = ""
    for _ in range(100):
        told = (await client.get("/metrics")).text
        if "trialbridge_held_bytes 0.0" in told and "trialbridge_requests_under_way 0.0" in told:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(told)


def subject() -> dict[str, object]:
    return {"resourceType": "Patient", "gender": "female"}


def creatinine(number: int, patient: str) -> dict[str, object]:
    """A synthetic result as a laboratory sends it, of about 1 KB."""
    coded = {"unit": "µmol/L", "system": UCUM, "code": "umol/L"}
    text = "Creatinine [Moles/volume] in Serum or Plasma"
    return {
        "resourceType": "Observation",
        "identifier": [{"use": "official", "system": "urn:oid:2.999.1.2", "value": f"F-{number:08d}-2160"}],
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "laboratory", "display": "Laboratory"}]}],
        "code": {
            "coding": [{"system": "http://loinc.org", "code": "14682-9", "display": text}],
            "text": text,
        },
        "subject": {"reference": patient},
        "effectiveDateTime": f"2024-03-{number % 28 + 1:02d}T08:15:00+01:00",
        "issued": f"2024-03-{number % 28 + 1:02d}T11:02:41.000+01:00",
        "valueQuantity": {"value": 40 + number % 60} | coded,
        "referenceRange": [{"low": {"value": 45} | coded, "high": {"value": 84} | coded}],
    }


def transaction(patient: str) -> bytes:
    """10,000 results in one transaction, about 10 MB."""
    entries = [
        {"resource": creatinine(number, patient), "request": {"method": "POST", "url": "Observation"}}
        for number in range(ENTRIES)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()


async def slowly(server: Server, declared: int, *, sent: int, seconds: float) -> int:
    """Send the beginning of a body of the declared size little by little; the status of the answer, or 0.

    A client that has sent all it means to send goes away.
    """
    where = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    answer = asyncio.create_task(reader.readline())
    head = "POST /fhir HTTP/1.1\r\nHost: a\r\nContent-Type: application/fhir+json\r\n"
    writer.write(f"{head}Content-Length: {declared}\r\n\r\n".encode())
    pieces = 40
    try:
        for _ in range(pieces):
            writer.write(b" " * (sent // pieces))
            await writer.drain()
            await asyncio.sleep(seconds / pieces)
            if answer.done():
                break
        if sent // pieces * pieces == declared:
            await answer
        return int(answer.result().split()[1]) if answer.done() else 0
    except ConnectionError:
        return 429  # it closed the connection of who sends slowly, after its answer
    finally:
        answer.cancel()
        writer.close()


async def test_a_transaction_of_10_000_results_takes_a_bounded_part_of_the_memory(alone: Server) -> None:
    async with httpx.AsyncClient(base_url=alone.url, timeout=120) as client:
        patient = (await client.post("/fhir/Patient", json=subject())).json()["id"]
        body = transaction(f"Patient/{patient}")
        assert 7 * MB < len(body) < 16 * MB

        async def push() -> None:
            answer = await client.post(
                "/fhir", content=body, headers={"content-type": "application/fhir+json"}
            )
            assert answer.status_code == 200, answer.text[:1000]
            assert len(answer.json()["entry"]) == ENTRIES

        seen = await meanwhile(alone, client, push)

        assert seen.grown < 400, seen
        assert set(seen.statuses) == {200, 201}
        assert seen.median < 0.5, "others are answered while it is being read and stored"


@pytest.mark.parametrize(
    ("declared", "sent", "seconds"),
    [(1 * MB, 1 * MB, 8.0), (16 * MB, 4 * MB, 8.0)],
    ids=["1 MB each", "16 MB each"],
)
async def test_200_slow_clients_take_what_may_be_held_and_shut_nobody_out(
    alone: Server, declared: int, sent: int, seconds: float
) -> None:
    limits = httpx.Limits(max_connections=OTHERS)
    async with httpx.AsyncClient(base_url=alone.url, timeout=60, limits=limits) as client:
        statuses: Counter[int] = Counter()

        async def push() -> None:
            slow = (slowly(alone, declared, sent=sent, seconds=seconds) for _ in range(SLOW_CLIENTS))
            statuses.update(await asyncio.gather(*slow))

        seen = await meanwhile(alone, client, push)

        assert sum(statuses.values()) == SLOW_CLIENTS
        assert seen.grown < 300, f"{seen.grown} MB for {SLOW_CLIENTS} clients who sent {sent // MB} MB each"
        assert statuses[429] > 0, "more was sent than is held"
        assert set(seen.statuses) == {200, 201}, "a single result gets in all the while"
        assert seen.median < 0.5
        await nothing_held(client)
