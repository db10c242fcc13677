"""What docs/operating.md and docs/scaling.md say of metrics, the log and a database is what there is."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.main import create_app
from app.settings import Settings
from app.store.session import open_database
from app.store.verify import Fault, Verification
from tests import servers
from tests.databases import PostgreSQL, copy_of, outside_the_loop
from tests.postgres import ROOT
from tests.servers import Server, client_of, running, running_server

OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
SCALING = (ROOT / "docs" / "scaling.md").read_text("utf-8")
TOLD = {
    name: (kind, set(re.findall(r"\w+", labels)))
    for name, kind, labels in re.findall(
        r"^\| `(\w+)` \| (counter|gauge|histogram) \| ([\w, ]*)\|", OPERATING, re.MULTILINE
    )
}
"""The metrics of the page: the kind of each, and its labels."""
ON_SQLITE_ALONE = {"trialbridge_wal_bytes"}
SAYS = [
    phrase
    for row in re.findall(r"^\| (`.*?) \| (?:error|warning) \|", OPERATING, re.MULTILINE)
    for phrase in re.findall(r"`([^`]+)`", row)
]
"""What the page has the log say that something is wrong."""


async def test_each_metric_is_on_the_page_and_each_of_the_page_there_is(
    client: httpx.AsyncClient, database_url: str
) -> None:
    await client.get("/fhir/Patient")

    text = (await client.get("/metrics")).text

    found = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    elsewhere = set() if database_url.startswith("sqlite") else ON_SQLITE_ALONE
    assert found == {name: kind for name, (kind, _) in TOLD.items() if name not in elsewhere}
    for name, labels in re.findall(r"^(\w+?)(?:_bucket|_sum|_count)?\{(.*)\} ", text, re.MULTILINE):
        assert set(re.findall(r'(\w+)="', labels)) - {"le"} == TOLD[name][1], name


def test_every_metric_an_alarm_is_made_of_exists() -> None:
    named = set(re.findall(r"\b((?:trialbridge|process)_[a-z_]+[a-z])\b", OPERATING))

    bare = {re.sub("_(bucket|sum|count)$", "", name) for name in named}
    assert bare - set(TOLD) == set()
    assert len(TOLD) > 20


@pytest.mark.parametrize("phrase", SAYS)
def test_what_the_log_is_said_to_say_is_said_somewhere(phrase: str) -> None:
    sources = (path.read_text("utf-8") for path in (ROOT / "app").rglob("*.py"))

    assert any(f'"{phrase}"' in source for source in sources)


def total(server: Server) -> float:
    """How many FHIR requests were answered, as whichever worker is asked tells it."""
    text = httpx.get(f"{server.url}/metrics", timeout=20).text
    return sum(
        float(value) for value in re.findall(r"^trialbridge_requests_total\{.*\} (.*)$", text, re.MULTILINE)
    )


def workers(server: Server) -> float:
    text = httpx.get(f"{server.url}/metrics", timeout=20).text
    return float(re.findall(r"^trialbridge_workers (.*)$", text, re.MULTILINE)[0])


def worker_that_answers(server: Server) -> str:
    """Ask on a connection of its own; the process that answered, by its part of the request id."""
    answer = httpx.get(f"{server.url}/fhir/Patient/nobody", timeout=20)
    assert answer.status_code == 404
    return answer.headers["x-request-id"].partition("-")[0]


PATIENCE = 120.0
"""Four processes are started, beside other tests."""


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.1)


def test_any_worker_tells_the_counts_of_all_also_of_those_that_were_replaced(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "PATIENCE", PATIENCE)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    url = copy_of(migrated_sqlite, tmp_path)
    options = ("--workers", "2")
    with running_server(
        url, tmp_path, *options, TRIALBRIDGE_AUDIT="changes", TMPDIR=str(temporary)
    ) as server:
        wait_until(lambda: workers(server) == 2)
        seen = set()
        for number in range(1, 31):
            seen.add(worker_that_answers(server))
            assert total(server) == number
        first = set(seen)

        os.kill(server.process.pid, signal.SIGHUP)  # replaces one after the other
        answered = 30
        while len(seen - first) < 2:
            seen.add(worker_that_answers(server))
            answered += 1
        wait_until(lambda: workers(server) == 2)
        assert total(server) == answered
        assert len(first) == 2
        assert list(temporary.iterdir()) != []

    assert server.process.returncode == 0
    assert list(temporary.iterdir()) == []


def test_on_a_database_that_may_only_be_read_nothing_is_shown_that_cannot_be_written_down(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    """As on a standby."""

    async def stands(url: str) -> tuple[int, int, list[Fault]]:
        settings = Settings(database_url=url, base_url="http://test", auth="none", audit="all")
        async with running(create_app(settings)) as app, client_of(app) as client:
            stored = await client.put("/fhir/Patient/p1", json={"resourceType": "Patient", "id": "p1"})
            assert stored.status_code == 201
        owner = await asyncpg.connect(url)
        name = await owner.fetchval("SELECT current_database()")
        await owner.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await owner.close()
        async with running(create_app(settings)) as app, client_of(app) as client:
            read = await client.get("/fhir/Patient/p1")
            written = await client.put("/fhir/Patient/p1", json={"resourceType": "Patient", "id": "p1"})
        database = await open_database(url)
        faults = [fault async for fault in Verification(database, base="http://test/fhir").faults()]
        await database.close()
        return read.status_code, written.status_code, faults

    with postgres.database(migrated_postgres) as name:
        found = outside_the_loop(lambda: asyncio.run(stands(postgres.url_of(name))))

    assert found == (503, 503, [])


def test_the_settings_of_postgresql_that_are_recommended_exist_and_are_taken(
    postgres: PostgreSQL, migrated_postgres: str
) -> None:
    blocks = dict(re.findall(r"```(\w+)\n(.*?)```", SCALING.partition("## A standby")[0], re.DOTALL))
    named = re.findall(r"^(\w+) = ", blocks["ini"], re.MULTILINE)

    async def take(url: str) -> set[str]:
        connection = await asyncpg.connect(url)
        await connection.execute(blocks["sql"])
        rows = await connection.fetch("SELECT name FROM pg_settings WHERE name = ANY($1::text[])", named)
        await connection.close()
        return {row["name"] for row in rows}

    with postgres.database(migrated_postgres) as name:
        known = outside_the_loop(lambda: asyncio.run(take(postgres.url_of(name))))

    assert known == set(named)
    assert re.search(r"^synchronous_commit = on\b", blocks["ini"], re.MULTILINE)
