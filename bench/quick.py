"""`make bench-quick`: four workloads on both databases in under two minutes, each with its ratio to a limit.

The service runs as in production with one worker, and so does the bare handler of `bench.bare`; both
are driven by the same client from another process, one after the other, in the same run.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import uvloop

from app.store.migrate import upgrade
from app.store.session import open_database
from bench import bare, material
from bench.material import CODES, PATIENTS, PER_PATIENT, request
from tests.postgres import running_postgres
from tests.servers import answers, free_port, running_server

SECONDS = 3.0
EXPECTED = {"POST": 0.60, "transaction": 0.30, "read": 0.40, "search": 0.40}


def drive(
    port: int, requests: list[bytes], *, clients: int, place: Path, seconds: float = SECONDS
) -> dict[str, float]:
    """What the driving process saw."""
    file = place / "requests"
    file.write_bytes(msgspec.msgpack.encode(requests))
    command = [sys.executable, "-m", "bench.drive", str(port), str(clients), str(seconds), str(file)]
    seen = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=seconds + 30).stdout
    return msgspec.json.decode(seen, type=dict[str, float])


@contextmanager
def bare_server(url: str) -> Iterator[int]:
    """The bare handler, in a process of its own."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "bench.bare", str(port), url]) as process:
        try:
            while not answers(f"http://127.0.0.1:{port}/fhir/Observation/{material.result_id(0)}"):
                if process.poll() is not None:
                    raise RuntimeError("the bare handler did not start")
            yield port
        finally:
            process.terminate()


def workloads() -> dict[str, tuple[list[bytes], int]]:
    """The requests of each workload, and by how many clients at once."""
    found = range(0, PATIENTS * PER_PATIENT, 7)
    searches = [
        f"/fhir/Observation?patient={material.patient_id(n)}&code={CODES[n % 5]}&date=gt2017&_count=20"
        for n in range(PATIENTS)
    ]
    posts = [request("POST", "/fhir/Observation", material.observation(n)) for n in range(50_000, 52_000)]
    hundreds = [material.transaction(range(n, n + 100)) for n in range(60_000, 62_000, 100)]
    return {
        "POST": (posts, 64),
        "transaction": ([request("POST", "/fhir", body) for body in hundreds], 8),
        "read": ([request("GET", f"/fhir/Observation/{material.result_id(n)}") for n in found], 64),
        "search": ([request("GET", path) for path in searches], 32),
    }


def fill(url: str) -> None:
    """Patients and their results."""
    with httpx.Client(base_url=url, timeout=60) as client:
        for body in (material.patients(), *material.filling(500)):
            answer = client.post("/fhir", content=body, headers={"Content-Type": "application/fhir+json"})
            if answer.status_code != httpx.codes.OK:
                raise RuntimeError(f"filling failed: {answer.status_code} {answer.text[:500]}")


async def learn(url: str) -> None:
    """Let the database know what it holds, as PostgreSQL's autovacuum does in the long run."""
    database = await open_database(url)
    await database.write(lambda connection: connection.execute("ANALYZE"))
    await database.close()


def measure(name: str, url: str, place: Path) -> None:
    """One database: the service, then the limit, a line for each workload."""
    upgrade(url)
    loads = workloads()
    with running_server(url, place) as server:
        fill(server.url)
        uvloop.run(learn(url))
        port = int(server.url.rsplit(":", 1)[1])
        ours = {load: drive(port, requests, clients=n, place=place) for load, (requests, n) in loads.items()}
    with bare_server(url) as port:
        limits = {
            load: drive(port, requests, clients=n, place=place)["rate"]
            for load, (requests, n) in loads.items()
            if load != "transaction"
        }
    limits["transaction"] = uvloop.run(bare.driver_rate(url, size=100, seconds=SECONDS)) / 100
    for load, seen in ours.items():
        _line(name, load, seen, limits[load])


def _line(name: str, load: str, seen: dict[str, float], limit: float) -> None:
    ratio = seen["rate"] / limit
    many = 100 if load == "transaction" else 1
    verdict = "" if ratio >= EXPECTED[load] else "  below"
    failed = f"  {seen['failed']:.0f} FAILED" if seen["failed"] else ""
    print(
        f"{name:11} {load:12} {seen['rate'] * many:9,.0f} {limit * many:9,.0f} {ratio:6.0%}"
        f" {EXPECTED[load]:7.0%} {seen['p50']:8.2f} {seen['p95']:8.2f} {seen['p99']:8.2f}{verdict}{failed}"
    )


def main() -> None:
    """Print the table."""
    print("database    workload       ours/s   limit/s  ratio  expect   p50 ms   p95 ms   p99 ms")
    with tempfile.TemporaryDirectory() as directory:
        measure("SQLite", f"sqlite:///{directory}/bench.db", Path(directory))
        with running_postgres(fsync=True) as url:
            measure("PostgreSQL", url, Path(directory))
    print("resources a second for POST and transaction (of 100), requests a second otherwise;")
    print("limit: a bare handler making the same statements, for transactions the driver's own inserts")


if __name__ == "__main__":
    main()
