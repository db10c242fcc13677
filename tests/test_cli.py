"""The command line as an operator meets it: a process, what it says, and its exit code."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.databases import copy_of
from tests.postgres import ROOT
from tests.routers.make import HEADERS, body
from tests.servers import answers, end, free_port, running_server

ANYWHERE = ".".join("0000")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command, in an environment without settings of our own."""
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=clean() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TRIALBRIDGE_")}


@pytest.mark.parametrize(
    "command", ["serve", "demo", "migrate", "backup", "rebuild", "export", "openapi", "sender"]
)
def test_each_command_explains_itself(command: str) -> None:
    assert command in run("--help").stdout
    explained = run(command, "--help")

    assert explained.returncode == 0
    assert "Usage" in explained.stdout


def test_it_says_its_version() -> None:
    assert run("--version").stdout.startswith("trialbridge 0.")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"TRIALBRIDGE_AUTH": "none"}, "loopback only"),
        ({"TRIALBRIDGE_AUTH": "none", "TRIALBRIDGE_BASE_URL": "https://a.example"}, "loopback only"),
        ({"TRIALBRIDGE_AUTH": "none-i-accept"}, "TRIALBRIDGE_AUTH: Input should be 'smart' or 'none'"),
        ({}, "TRIALBRIDGE_BASE_URL is needed"),
        ({"TRIALBRIDGE_BASE_URL": "http://trial.example.org"}, "https://"),
    ],
)
def test_serve_does_not_open_itself_to_the_network(settings: dict[str, str], says: str) -> None:
    refused = run("serve", "--host", ANYWHERE, **settings)

    assert refused.returncode == 2
    assert says in refused.stderr


def test_serve_is_not_open_unless_it_is_told_so(migrated_sqlite: Path, tmp_path: Path) -> None:
    with running_server(copy_of(migrated_sqlite, tmp_path), tmp_path, TRIALBRIDGE_AUTH=None) as server:
        answer = httpx.get(f"{server.url}/fhir/Patient/1")

    assert (answer.status_code, answer.json()["resourceType"]) == (401, "OperationOutcome")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("command", ["serve", "migrate", "rebuild"])
def test_a_setting_that_does_not_exist_stops_a_command(command: str) -> None:
    refused = run(command, TRIALBRIDGE_PORT="1")

    assert refused.returncode == 2
    assert "TRIALBRIDGE_PORT is not a setting" in refused.stderr


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    with serving_demo(tmp_path, "--empty") as (url, _):
        port = url.rpartition(":")[2]
        refused = run("demo", "--port", port, "--data", str(tmp_path / "other"))

    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in refused.stderr


def test_a_database_is_migrated_again_and_again_and_rebuilt(empty_database_url: str) -> None:
    settings = {"TRIALBRIDGE_DATABASE_URL": empty_database_url}

    first, second, rebuilt = (
        run("migrate", **settings),
        run("migrate", **settings),
        run("rebuild", **settings),
    )

    assert [first.returncode, second.returncode, rebuilt.returncode] == [0, 0, 0]
    assert "measurement: 0" in rebuilt.stdout


def test_a_database_that_cannot_be_reached_is_an_exit_code(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")

    failed = run("migrate", TRIALBRIDGE_DATABASE_URL=f"sqlite:///{file}/below.db")
    unmigrated = run("rebuild", TRIALBRIDGE_DATABASE_URL=f"sqlite:///{tmp_path}/new.db")

    assert (failed.returncode, unmigrated.returncode) == (1, 1)
    assert "could not be migrated" in failed.stderr
    assert "nothing was changed" in unmigrated.stderr


def test_the_description_is_printed() -> None:
    assert run("openapi").stdout.encode() == (ROOT / "openapi" / "openapi.json").read_bytes()


NUMBERS, CODES = "urn:oid:1.2.250.1.0.99.1", "urn:oid:1.2.250.1.0.99.2"
EVERYTHING_OF_CHU_A = (
    *("--system", NUMBERS, "--system", "https://chu-a.example/lab", "--codes", CODES),
    *("--units", "https://chu-a.example/units", "--subjects", "https://chu-a.example/subjects"),
    *("--application", "LAB|CHU-A", "--zone", "Indian/Reunion", "--silent-after", "90"),
)


def test_a_sender_is_registered_shown_and_disabled(database_url: str) -> None:
    def sender(*words: str) -> subprocess.CompletedProcess[str]:
        return run("sender", *words, TRIALBRIDGE_DATABASE_URL=database_url)

    assert (sender("list").returncode, sender("list").stdout) == (0, "")
    added = sender("add", "chu-a", *EVERYTHING_OF_CHU_A)
    assert (added.returncode, "chu-a is registered" in added.stderr) == (0, True), added.stderr
    assert sender("list").stdout == f"chu-a\t{NUMBERS} https://chu-a.example/lab\n"

    shown = sender("show", "chu-a").stdout.splitlines()
    assert shown[0] == "chu-a"
    assert tuple(word for line in shown[1:] for word in line.split(" ", 1)) == EVERYTHING_OF_CHU_A

    assert sender("disable", "chu-a").returncode == 0
    assert sender("list").stdout.endswith("\tdisabled\n")
    assert sender("show", "chu-a").stdout.startswith("chu-a (disabled)\n")
    assert sender("add", "chu-a", "--system", NUMBERS).returncode == 0
    assert sender("list").stdout == f"chu-a\t{NUMBERS}\n"


def test_what_cannot_be_registered_is_said_with_an_exit_code(database_url: str) -> None:
    def sender(*words: str) -> tuple[int, str]:
        done = run("sender", *words, TRIALBRIDGE_DATABASE_URL=database_url)
        return done.returncode, done.stderr

    assert sender("add", "chu-a", "--system", NUMBERS)[0] == 0

    code, said = sender("add", "chu b", "--system", "numbers", "--zone", "Paris", "--silent-after", "0")
    assert code == 2
    assert all(word in said for word in ("name", "--system", "--zone", "--silent-after"))
    code, said = sender("add", "chu-b", "--system", NUMBERS)
    assert (code, f"{NUMBERS} is chu-a's" in said) == (1, True)
    code, said = sender("disable", "chu-b")
    assert (code, "no sender is registered as chu-b" in said) == (1, True)
    code, said = sender("show", "chu-b")
    assert (code, "there are chu-a" in said) == (1, True)
    assert sender("add", "chu-b")[0] == 2


def test_senders_are_kept_in_a_database_that_is_migrated(empty_database_url: str) -> None:
    refused = run("sender", "list", TRIALBRIDGE_DATABASE_URL=empty_database_url)

    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


@contextmanager
def serving_demo(data: Path, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The sandbox, once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--data", str(data), *options]
    with subprocess.Popen(
        command, cwd=ROOT, env=clean(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            give_up = time.monotonic() + 60
            while time.monotonic() < give_up and process.poll() is None:
                if answers(f"http://127.0.0.1:{port}/readyz"):
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}", process
        finally:
            end(process)  # type: ignore[arg-type] # a process that writes text ends like any other


def test_the_demonstration_answers_what_it_says_on_the_screen(tmp_path: Path) -> None:
    with serving_demo(tmp_path / "data") as (url, process):
        address = f"{url}/fhir/ResearchSubject/msc-sle-01/$sri-status?visit=M6&view=plain"
        answer = httpx.get(address)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)

    assert answer.json()["results"][0]["visit"] == "M6"
    assert f"curl '{address}'" in said
    assert f"{url}/docs" in said
    assert process.returncode == 0


def test_the_demonstration_keeps_its_data(tmp_path: Path) -> None:
    with serving_demo(tmp_path) as (url, _):
        stored = httpx.post(f"{url}/fhir/Patient", content=body("Patient"), headers=HEADERS)
    with serving_demo(tmp_path) as (url, process):
        again = httpx.get(f"{url}/fhir/Patient/{stored.json()['id']}")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=20)

    assert again.status_code == 200
    assert "loaded" not in said


def test_an_empty_sandbox_has_no_trial(tmp_path: Path) -> None:
    with serving_demo(tmp_path, "--empty") as (url, _):
        assert httpx.get(f"{url}/fhir/ResearchStudy?_summary=count").json()["total"] == 0


def test_a_request_under_way_ends_before_the_server_does(database_url: str, tmp_path: Path) -> None:
    with running_server(database_url, tmp_path) as server:

        def slowly() -> Iterator[bytes]:
            raw = body("Patient")
            yield raw[:10]
            server.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            yield raw[10:]

        answer = httpx.post(f"{server.url}/fhir/Patient", content=slowly(), headers=HEADERS, timeout=20)
        code = server.process.wait(20)

    assert (answer.status_code, code) == (201, 0)


def test_serving_on_loopback_it_knows_its_own_address(database_url: str, tmp_path: Path) -> None:
    with running_server(database_url, tmp_path, TRIALBRIDGE_BASE_URL=None) as server:
        lost = f"{server.url}/fhir/Patient/nobody"
        sent = body("Observation", subject={"reference": lost})
        answer = httpx.post(f"{server.url}/fhir/Observation", content=sent, headers=HEADERS)

    assert answer.status_code == 422


def test_workers_share_one_database(database_url: str, tmp_path: Path) -> None:
    with running_server(database_url, tmp_path, "--workers", "2") as server, httpx.Client() as client:
        stored = [
            client.post(f"{server.url}/fhir/Patient", content=body("Patient"), headers=HEADERS)
            for _ in range(20)
        ]
        read = [client.get(answer.headers["location"]).status_code for answer in stored]

    assert read == [200] * 20


def test_a_study_is_exported_to_files_with_progress(tmp_path: Path) -> None:
    with serving_demo(tmp_path):
        pass
    database, to = {"TRIALBRIDGE_DATABASE_URL": f"sqlite:///{tmp_path / 'trialbridge.db'}"}, tmp_path / "out"

    done = run("export", "--study", "NCT03562065", "--to", str(to), **database)
    refused = run("export", "--study", "NCT00000000", "--to", str(to), **database)

    assert done.returncode == 0, done.stderr
    assert "11 of 11 patients" in done.stderr
    assert (to / "subjects.csv").read_text().count("\n") == 12
    assert len((to / "Patient.ndjson").read_bytes().splitlines()) == 11
    assert not list(to.glob("*.part"))
    assert (refused.returncode, refused.stderr.strip()) == (
        1,
        "trialbridge: ResearchStudy NCT00000000 is not known here",
    )
