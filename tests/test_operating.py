"""What docs/operating.md tells an operator to do is done here, on both databases, with trials in them."""

import asyncio
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from alembic.script import ScriptDirectory
from typer.testing import CliRunner, Result

from app.cli import cli
from app.demo.sandbox import load_once
from app.main import create_app
from app.settings import Settings
from app.store.migrate import downgrade, upgrade
from app.store.revision import MIGRATIONS, head
from tests.databases import PostgreSQL, copy_of, outside_the_loop, sqlite_url
from tests.postgres import binaries_directory
from tests.servers import Server, client_of, running, running_server

BASE = "http://127.0.0.1:8000"
FHIR = {"Content-Type": "application/fhir+json"}
TYPES = (
    "Patient",
    "ResearchStudy",
    "ResearchSubject",
    "Observation",
    "AdverseEvent",
    "MedicationAdministration",
)
EARLIER = [ScriptDirectory(str(MIGRATIONS)).get_revision(head()).down_revision, "0001"]
"""The migration before the newest, and the first."""


def run(url: str, *words: str) -> Result:
    """A command of the service on this database."""
    settings = {"TRIALBRIDGE_DATABASE_URL": url, "TRIALBRIDGE_BASE_URL": BASE, "TRIALBRIDGE_AUTH": "none"}
    return outside_the_loop(lambda: CliRunner(env=settings).invoke(cli, words))


def settings_of(url: str) -> Settings:
    return Settings(database_url=url, base_url=BASE, auth="none", audit="changes")


async def fill(url: str) -> None:
    await load_once(settings_of(url))


async def act(url: str) -> None:
    """What a year leaves behind: a signature, a deletion, an erased version."""
    async with running(create_app(settings_of(url))) as app, client_of(app) as client:
        note = {"resourceType": "Observation", "id": "n1", "status": "final", "code": {"text": "a note"}}
        sign = "meaning=review&signer=Dr%20Example&reauthenticated=true"
        erase = "reason=A%20test&version=1&confirm=Observation/n1"
        for method, address, sent in (
            ("PUT", "n1", note | {"valueString": "one"}),
            ("PUT", "n1", note | {"valueString": "two"}),
            ("POST", f"msc-sle-01-m6-pga/$sign?{sign}", None),
            ("POST", f"n1/$erase?{erase}", None),
            ("DELETE", "n1", None),
        ):
            done = await client.request(method, f"/fhir/Observation/{address}", json=sent)
            assert done.is_success, done.text


@pytest.fixture(scope="module")
def filled_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    url = copy_of(migrated_sqlite, tmp_path_factory.mktemp("filled"))
    outside_the_loop(lambda: asyncio.run(fill(url)))
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture(scope="module")
def filled_postgres(postgres: PostgreSQL, migrated_postgres: str) -> Iterator[str]:
    with postgres.database(migrated_postgres) as name:
        outside_the_loop(lambda: asyncio.run(fill(postgres.url_of(name))))
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database with the trials in it, for one test alone."""
    if request.param == "sqlite":
        yield copy_of(request.getfixturevalue("filled_sqlite"), tmp_path)
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    with server.database(request.getfixturevalue("filled_postgres")) as name:
        yield server.url_of(name)


@pytest.fixture
def empty(filled: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where a backup of it is restored to."""
    if filled.startswith("sqlite"):
        (tmp_path / "restored").mkdir()
        yield sqlite_url(tmp_path / "restored" / "trialbridge.db")
        return
    server: PostgreSQL = request.getfixturevalue("postgres")
    with server.database() as name:
        yield server.url_of(name)


def questions(at: datetime) -> list[str]:
    """What is asked before and after, all of it as of one moment where the day decides."""
    moment = quote(at.isoformat())
    of_all = ("$status?", "$eligibility?", "$timeline?")
    asked_of = {
        "msc-sle-01": ("$sri-status?visit=M6&", *of_all),
        "msc-sle-04": ("$sri-status?visit=M3&",),
        "msc-ssc-01": of_all,
    }
    return [
        *(f"/fhir/{kind}?_count=1000&_sort=_id" for kind in TYPES),
        *(f"/fhir/{kind}/_history?_count=1000" for kind in TYPES),
        "/fhir/Observation/msc-sle-04-m3-pga",
        "/fhir/Observation/msc-sle-04-m3-pga/_history",
        "/fhir/Observation/msc-sle-04-m3-pga/_history/1",
        "/fhir/Observation?subject=Patient/msc-sle-p01&code=http://loinc.org|4485-9&date=ge2001",
        "/fhir/Observation?value-quantity=gt1&_include=Observation:subject&_count=50&_sort=date,_id",
        "/fhir/ResearchSubject?patient.gender=female&_sort=_id",
        *(
            f"/fhir/ResearchSubject/{name}/{one}asOf={moment}"
            for name, all_ in asked_of.items()
            for one in all_
        ),
        f"/fhir/ResearchStudy/msc-sle/$endpoint-summary?visit=M6&asOf={moment}",
    ]


def answered(url: str, at: datetime) -> dict[str, bytes]:
    """What the service says on this database, byte for byte, but for when it was asked and its links."""

    async def ask() -> dict[str, bytes]:
        async with running(create_app(settings_of(url))) as app, client_of(app) as client:
            return {question: stated(await client.get(question)) for question in questions(at)}

    return outside_the_loop(lambda: asyncio.run(ask()))


def stated(answer: httpx.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    body = answer.content
    if body.startswith(b'{"resourceType":"Bundle"'):
        assert b'"entry"' in body, answer.url
        return body[body.index(b'"entry"') :]
    return body


def is_whole(url: str, *heads: str) -> None:
    """The trail proves what is stored, and what is derived is what would be derived again."""
    for words in (("audit", "verify", *heads), ("rebuild", "--check")):
        said = run(url, *words)
        assert said.exit_code == 0, said.output


def program(name: str, *words: str) -> None:
    """A program of PostgreSQL."""
    subprocess.run([binaries_directory() / name, *words], check=True, capture_output=True, timeout=60)


def backed_up(url: str, to: Path) -> None:
    if url.startswith("sqlite"):
        said = run(url, "backup", str(to))
        assert said.exit_code == 0, said.output
    else:
        program("pg_dump", "--format=custom", f"--file={to}", url)


def restored(backup: Path, url: str) -> None:
    if url.startswith("sqlite"):
        backup.rename(url.removeprefix("sqlite:///"))
    else:
        program("pg_restore", "--exit-on-error", "--no-owner", f"--dbname={url}", str(backup))
        program("psql", "--quiet", "--command=ANALYZE", url)
    said = run(url, "migrate")
    assert said.exit_code == 0, said.output


@contextmanager
def writing(server: Server) -> Iterator[list[str]]:
    """Somebody who writes all the while: the addresses that were answered 201."""
    stored: list[str] = []
    ended = threading.Event()

    def write() -> None:
        with httpx.Client(base_url=server.url, headers=FHIR) as client:
            while not ended.is_set():
                answer = client.post("/fhir/Patient", json={"resourceType": "Patient"})
                assert answer.status_code == 201, answer.text
                stored.append(f"/fhir/Patient/{answer.json()['id']}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield stored
    finally:
        ended.set()
        writer.join()


def wait_until(holds: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_a_backup_taken_while_others_write_holds_all_that_was_answered_before_it(
    filled: str, empty: str, tmp_path: Path
) -> None:
    outside_the_loop(lambda: asyncio.run(act(filled)))
    at = datetime.now(UTC)
    before = answered(filled, at)
    with running_server(filled, tmp_path, TRIALBRIDGE_AUDIT="changes") as server, writing(server) as stored:
        wait_until(lambda: len(stored) >= 20)
        acknowledged = list(stored)
        heads = run(filled, "audit", "heads").stdout
        backed_up(filled, tmp_path / "backup")
        so_far = len(stored)
        wait_until(lambda: len(stored) > so_far)

    restored(tmp_path / "backup", empty)

    (tmp_path / "heads").write_text(heads)
    is_whole(empty, "--heads", str(tmp_path / "heads"))
    after = answered(empty, at)
    of_patients = {"/fhir/Patient?_count=1000&_sort=_id", "/fhir/Patient/_history?_count=1000"}
    assert {q: after[q] for q in after if q not in of_patients} == {
        q: before[q] for q in before if q not in of_patients
    }
    listed = after["/fhir/Patient?_count=1000&_sort=_id"].decode()
    assert [one for one in acknowledged if f'"{one.rpartition("/")[2]}"' not in listed] == []


@pytest.mark.parametrize("revision", EARLIER)
def test_a_filled_store_of_an_earlier_form_answers_as_before_once_it_is_migrated(
    filled: str, revision: str
) -> None:
    at = datetime.now(UTC)
    before = answered(filled, at)
    outside_the_loop(lambda: downgrade(filled, revision))
    assert readiness(filled) == 503

    said = run(filled, "migrate")

    assert said.exit_code == 0, said.output
    assert readiness(filled) == 200
    assert answered(filled, at) == before
    is_whole(filled)


def readiness(url: str) -> int:
    async def ask() -> int:
        async with running(create_app(settings_of(url))) as app, client_of(app) as client:
            return (await client.get("/readyz")).status_code

    return outside_the_loop(lambda: asyncio.run(ask()))


def test_migrating_what_is_migrated_and_backing_up_over_a_file_change_nothing(
    filled_sqlite: Path, tmp_path: Path
) -> None:
    url = copy_of(filled_sqlite, tmp_path)
    there = tmp_path / "there"
    there.write_text("mine")

    outside_the_loop(lambda: upgrade(url))
    said = run(url, "backup", str(there))

    assert (said.exit_code, there.read_text()) == (1, "mine")
    assert list(tmp_path.glob("*.part")) == []
    is_whole(url)
