"""A server killed in the middle of a stream of writes loses nothing it acknowledged, and keeps no half."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from uuid import uuid4

import httpx

from tests.acceptance.lupus import Json
from tests.servers import Server, running_server

SYSTEM = "urn:trialbridge:test:stream"
TOGETHER = 5
LARGE = 1000
PATIENCE = 30.0


def patient(mark: str) -> Json:
    return {"resourceType": "Patient", "identifier": [{"system": SYSTEM, "value": mark}], "gender": "female"}


def weight(mark: str, subject: str) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": SYSTEM, "value": mark}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": subject},
        "valueQuantity": {"value": 61.5, "system": "http://unitsofmeasure.org", "code": "kg"},
    }


def together(mark: str) -> Json:
    """A new patient with results, in one transaction, each with the same mark."""
    entries: list[Json] = [
        {
            "fullUrl": "urn:uuid:8b7e3f6e-7c1d-4a39-9e55-0f7f0d8a2f10",
            "resource": patient(mark),
            "request": {"method": "POST", "url": "Patient"},
        }
    ]
    for _ in range(TOGETHER - 1):
        observation = weight(mark, "urn:uuid:8b7e3f6e-7c1d-4a39-9e55-0f7f0d8a2f10")
        entries.append({"resource": observation, "request": {"method": "POST", "url": "Observation"}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


@dataclass
class Acknowledged:
    """What the server said it has, and the marks of the transactions it was sent."""

    versions: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)
    large: str = field(default_factory=lambda: uuid4().hex)
    enough: threading.Event = field(default_factory=threading.Event)

    def add(self, locations: Iterator[str]) -> None:
        self.versions.extend(locations)
        if len(self.versions) > 300 and len(self.transactions) > 10:
            self.enough.set()


def write_singles(client: httpx.Client, seen: Acknowledged) -> None:
    """One resource after the other."""
    while True:
        answer = client.post("/fhir/Patient", json=patient(uuid4().hex))
        assert answer.status_code == 201, answer.text
        seen.add(iter([path(answer.headers["location"])]))


def write_again(client: httpx.Client, seen: Acknowledged) -> None:
    """Version after version of one resource."""
    address = f"/fhir/Patient/{uuid4()}"
    for _ in count():
        document = patient(uuid4().hex) | {"id": address.rpartition("/")[2]}
        answer = client.put(address, json=document)
        assert answer.is_success, answer.text
        seen.add(iter([path(answer.headers["location"])]))


def write_transactions(client: httpx.Client, seen: Acknowledged) -> None:
    """One transaction after the other."""
    while True:
        mark = uuid4().hex
        seen.sent.append(mark)
        answer = client.post("/fhir", json=together(mark))
        assert answer.status_code == 200, answer.text
        seen.transactions.append(mark)
        seen.add(path(entry["response"]["location"]) for entry in answer.json()["entry"])


def path(location: str) -> str:
    """`/fhir/Type/id/_history/n` of an address, absolute or relative to the FHIR base."""
    return "/fhir/" + "/".join(location.split("/")[-4:])


def stream(server: Server, write: Callable[[httpx.Client, Acknowledged], None], seen: Acknowledged) -> None:
    """Write until the server is gone."""
    with httpx.Client(base_url=server.url, timeout=PATIENCE) as client:
        try:
            write(client, seen)
        except httpx.TransportError:
            assert server.process.poll() is not None or seen.enough.is_set()


def write_a_large_transaction(client: httpx.Client, seen: Acknowledged) -> None:
    """So large that it is being carried out when the blow falls."""
    assert seen.enough.wait(PATIENCE)
    document = together(seen.large)
    document["entry"] += document["entry"][-1:] * (LARGE - TOGETHER)
    client.post("/fhir", json=document)


def killed_while_writing(database_url: str, directory: Path) -> Acknowledged:
    """What a server acknowledged before SIGKILL struck it in the middle of its work."""
    seen = Acknowledged()
    writers = [*[write_singles, write_again, write_transactions] * 2, write_a_large_transaction]
    with running_server(database_url, directory) as server, ThreadPoolExecutor(len(writers)) as pool:
        streams = [pool.submit(stream, server, write, seen) for write in writers]
        assert seen.enough.wait(PATIENCE), [one.exception() for one in streams if one.done()]
        time.sleep(0.2)
        server.process.kill()
        server.process.wait()
        for one in streams:
            one.result(PATIENCE)
    return seen


def test_sigkill_loses_no_acknowledged_write_and_keeps_no_half_of_a_transaction(
    database_url: str, tmp_path: Path
) -> None:
    seen = killed_while_writing(database_url, tmp_path)

    with running_server(database_url, tmp_path) as server, httpx.Client(base_url=server.url) as client:
        lost = [address for address in seen.versions if client.get(address).status_code != 200]
        halves = {mark: how_many(client, mark) for mark in seen.sent}
        large = how_many(client, seen.large)
        still_writes = client.post("/fhir", json=together(uuid4().hex))

    assert lost == []
    assert {halves[mark] for mark in seen.transactions} == {TOGETHER}
    assert set(halves.values()) <= {0, TOGETHER}
    assert large in (0, LARGE)
    assert still_writes.status_code == 200


def how_many(client: httpx.Client, mark: str) -> int:
    """How many resources bear the mark."""
    asked = {"identifier": f"{SYSTEM}|{mark}", "_summary": "count"}
    answers = [client.get(f"/fhir/{kind}", params=asked).json() for kind in ("Patient", "Observation")]
    return sum(int(answer["total"]) for answer in answers)
