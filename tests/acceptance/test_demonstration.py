"""`trialbridge demo` as a newcomer meets it: it loads, answers as the README says, ends, starts again."""

import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.acceptance.lupus import Json
from tests.postgres import ROOT
from tests.servers import end, free_port, wait_until_ready

ANNOUNCED = "http://127.0.0.1:8000"
IN_SECONDS = 15


@dataclass(frozen=True)
class Demonstration:
    """A demonstration that is ready, and how long that took."""

    url: str
    client: httpx.Client
    process: subprocess.Popen[bytes]
    log: Path
    seconds: float

    @property
    def said(self) -> str:
        return self.log.read_text("utf-8")


@contextmanager
def demonstration(data: Path, *options: str) -> Iterator[Demonstration]:
    """`trialbridge demo` on a free port, ready to answer."""
    port = free_port()
    url, log = f"http://127.0.0.1:{port}", data.with_suffix(f".{port}.log")
    command = [sys.executable, "-m", "app.cli", "demo", "--port", str(port), "--data", str(data), *options]
    began = time.monotonic()
    with (
        log.open("wb") as said,
        subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said) as process,
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        try:
            wait_until_ready(process, url, log)
            yield Demonstration(url, client, process, log, time.monotonic() - began)
        finally:
            end(process)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """One demonstration for the tests that only ask, or that push what does no harm."""
    with demonstration(tmp_path_factory.mktemp("demo") / "var") as one:
        yield one


# ---- The README, whose commands are carried out as they stand --------------------------------------


def commands() -> list[list[str]]:
    """The words of every curl the README shows."""
    shown = "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL))
    whole: list[str] = []
    for line in shown.replace("\\\n", " ").splitlines():
        if line.startswith("curl "):
            whole.append(line)
        elif whole and whole[-1].count("'") % 2:  # the quotation goes on
            whole[-1] += line
    return [shlex.split(command) for command in whole]


def carry_out(command: list[str], running: Demonstration) -> httpx.Response:
    """What curl would do: GET, or POST where there is data."""
    headers, data, address = {}, None, None
    words = iter(command[1:])
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                data = next(words)
            case _:
                assert address is None, command
                assert word.startswith(ANNOUNCED), command
                address = word.replace(ANNOUNCED, running.url)
    assert address is not None
    if data is None:
        return running.client.get(address, headers=headers)
    return running.client.post(address, headers=headers, content=data)


def asked(running: Demonstration, part: str) -> httpx.Response:
    """The answer to the one command of the README whose address has this part and which sends nothing."""
    [command] = [one for one in commands() if part in one[-1] and "-d" not in one]
    return carry_out(command, running)


def test_every_command_of_the_readme_is_answered(running: Demonstration) -> None:
    found = commands()

    answers = [carry_out(command, running) for command in found]

    assert len(found) >= 4
    assert [(answer.status_code, answer.is_success) for answer in answers if not answer.is_success] == []


def test_the_first_subject_has_responded_for_the_registry_and_not_for_the_synopsis(
    running: Demonstration,
) -> None:
    answer = asked(running, "$sri-status").json()

    verdicts = {result["rule"]: result["verdict"] for result in answer["results"]}
    assert answer["subject"].startswith("ResearchSubject/msc-sle-01/")
    assert verdicts == {"registry": "met", "synopsis": "not-met", "published": "met"}
    assert {result["visit"] for result in answer["results"]} == {"M6"}
    [failed] = [one for one in by_rule(answer, "synopsis")["criteria"] if one["verdict"] == "not-met"]
    assert failed["id"] == "new-bilag-b-limit"
    assert all(criterion["evidence"] for criterion in by_rule(answer, "registry")["criteria"])


def by_rule(answer: Json, rule: str) -> Json:
    found: Json = next(result for result in answer["results"] if result["rule"] == rule)
    return found


def test_without_view_plain_the_same_comes_as_parameters(running: Demonstration) -> None:
    [command] = [one for one in commands() if "$sri-status" in one[-1]]
    plainly = carry_out(command, running).json()

    answer = carry_out([*command[:-1], command[-1].replace("&view=plain", "")], running).json()

    assert answer["resourceType"] == "Parameters"
    results = [one["part"] for one in answer["parameter"] if one["name"] == "result"]
    verdicts = [one["valueCode"] for parts in results for one in parts if one["name"] == "verdict"]
    assert verdicts == [result["verdict"] for result in plainly["results"]]


def test_a_result_pushed_in_another_unit_is_found_by_its_canonical_value(running: Demonstration) -> None:
    [push] = [one for one in commands() if "-d" in one]
    pushed = carry_out(push, running)
    assert (pushed.status_code, pushed.json()["valueQuantity"]["value"]) == (201, 85)

    newest = asked(running, "Observation?").json()
    by_value = running.client.get(
        "/fhir/Observation",
        params={
            "patient": "msc-sle-p01",
            "code": "4485-9",
            "date": "2021-09-14",
            "value-quantity": "0.85|http://unitsofmeasure.org|g/L",
        },
    ).json()

    assert newest["entry"][0]["resource"]["valueQuantity"]["code"] == "mg/dL"
    assert len(newest["entry"]) == 2
    assert pushed.json()["id"] in [entry["resource"]["id"] for entry in by_value["entry"]]


def test_a_candidate_is_answered_for_with_every_criterion(running: Demonstration) -> None:
    [result] = asked(running, "$eligibility").json()["results"]

    found = {criterion["id"] for criterion in result["criteria"]}
    assert found == {f"I{number}" for number in range(1, 10)} | {f"E{number}" for number in range(1, 13)}


@pytest.mark.parametrize(
    ("candidate", "screened", "verdict"),
    [
        ("msc-sle-c01", "2022-09-12", "ineligible"),
        ("msc-sle-c02", "2022-10-03", "undetermined"),
        ("msc-sle-c03", "2022-11-14", "eligible"),
    ],
)
def test_the_candidates_are_answered_for_as_the_documentation_says(
    running: Demonstration, candidate: str, screened: str, verdict: str
) -> None:
    documented = (ROOT / "docs" / "demonstration.md").read_text("utf-8")
    [row] = [line for line in documented.splitlines() if line.startswith(f"| `{candidate}`")]
    address = f"/fhir/ResearchSubject/{candidate}/$eligibility"

    answer = running.client.get(address, params={"on": screened, "view": "plain"}).json()

    assert screened in row
    assert row.endswith(f"| {verdict} |")
    assert answer["results"][0]["verdict"] == verdict


@pytest.mark.parametrize("number", range(1, 9))
def test_the_treated_subjects_are_answered_for_as_the_documentation_says(
    running: Demonstration, number: int
) -> None:
    documented = (ROOT / "docs" / "demonstration.md").read_text("utf-8")
    [row] = [line for line in documented.splitlines() if line.startswith(f"| `msc-sle-0{number}`")]
    *_, m3, m6, m9, m12, _end = (cell.strip() for cell in row.split("|"))
    address = f"/fhir/ResearchSubject/msc-sle-0{number}/$sri-status"

    answer = running.client.get(address, params={"view": "plain"}).json()

    told = {(result["visit"], result["rule"]): result["verdict"] for result in answer["results"]}
    expected = {
        (visit, rule): verdict
        for visit, cell in {"M3": m3, "M6": m6, "M9": m9, "M12": m12}.items()
        for rule, verdict in read_cell(cell).items()
    }
    assert told == expected


def documented_questions() -> list[tuple[str, str, str]]:
    """The subject, the question and the answer of each line of the table of MSC-SSc."""
    text = (ROOT / "docs" / "demonstration.md").read_text("utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if "| `$" in line]
    found: list[tuple[str, str, str]] = []
    for subject, _, question, answer in ([cell.strip() for cell in row] for row in rows):
        found.append((subject.strip("`") or found[-1][0], question.strip("`"), answer))
    return found


@pytest.mark.parametrize(("subject", "question", "expected"), documented_questions())
def test_msc_ssc_is_answered_for_as_the_documentation_says(
    running: Demonstration, subject: str, question: str, expected: str
) -> None:
    address = f"/fhir/ResearchSubject/{subject}/{question}"

    answer = running.client.get(address, params=httpx.URL(question).params.merge({"view": "plain"})).json()

    assert "; ".join(told(answer["results"], said) for said in expected.split("; ")) == expected


def told(results: list[Json], said: str) -> str:
    """What is answered where the documentation says a verdict (of a rule or visit) or a figure's value."""
    if said.startswith("`"):
        name = said[1:].partition("`")[0]
        return f"`{name}` {shown(next(one for one in results[0]['figures'] if one['name'] == name))}"
    of, colon, _ = said.partition(": ")
    if not colon:
        return str(results[0]["verdict"])
    [result] = [one for one in results if of in (one.get("rule"), one.get("visit"))]
    return f"{of}: {result['verdict']}"


def shown(figure: Json) -> str:
    """A figure's value, or its bounds."""
    return str(figure["value"]) if "value" in figure else f"{figure['low']} to {figure['high']}"


def read_cell(cell: str) -> dict[str, str]:
    """`met`, or `registry and published: met; synopsis: not-met`."""
    if ":" not in cell:
        return dict.fromkeys(("registry", "synopsis", "published"), cell)
    said = (part.partition(": ") for part in cell.split("; "))
    return {rule: verdict for rules, _, verdict in said for rule in rules.split(" and ")}


def test_the_documented_correction_turned_the_answer_round(running: Demonstration) -> None:
    first = running.client.get("/fhir/Observation/msc-sle-04-m3-pga/_history/1").json()
    address = "/fhir/ResearchSubject/msc-sle-04/$sri-status"
    question = {"visit": "M3", "rule": "registry", "view": "plain"}

    now = running.client.get(address, params=question).json()
    then = running.client.get(address, params=question | {"asOf": first["meta"]["lastUpdated"]}).json()

    assert [one["results"][0]["verdict"] for one in (now, then)] == ["met", "not-met"]


def test_it_says_where_to_look_and_that_it_is_a_sandbox(running: Demonstration) -> None:
    addresses = re.findall(r"http://127\.0\.0\.1:\d+[^\s')]*", running.said)

    assert "sandbox" in running.said
    assert {f"{running.url}/fhir", f"{running.url}/fhir/metadata", f"{running.url}/docs"} <= set(addresses)
    for address in dict.fromkeys(addresses):
        assert address == running.url or running.client.get(address).is_success, address


def test_everything_that_is_made_up_says_so(running: Demonstration) -> None:
    synthetic = "https://trialbridge.example/fhir/CodeSystem/data-origin|synthetic"

    for kind in ("Patient", "ResearchSubject", "MedicationAdministration", "AdverseEvent"):
        address = f"/fhir/{kind}"
        every, tagged = (
            running.client.get(address, params={"_summary": "count"} | asked).json()["total"]
            for asked in ({}, {"_tag": synthetic})
        )
        assert every == tagged > 0, kind


# ---- Ending and starting again ------------------------------------------------------------------------


def test_a_second_start_is_quick_and_keeps_what_was_pushed(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with demonstration(data) as first:
        patient = {"resourceType": "Patient", "gender": "other"}
        location = first.client.post("/fhir/Patient", json=patient).headers["location"]
        deleted = first.client.delete("/fhir/Observation/msc-sle-01-m6-pga")
        assert deleted.status_code == 204
    with demonstration(data) as second:
        kept = second.client.get(location.replace(first.url, second.url))
        gone = second.client.get("/fhir/Observation/msc-sle-01-m6-pga")

    assert (kept.status_code, gone.status_code) == (200, 410)
    assert "loaded the demonstration" in first.said
    assert "loaded the demonstration" not in second.said
    assert second.seconds < IN_SECONDS


def test_empty_leaves_the_trials_out(tmp_path: Path) -> None:
    with demonstration(tmp_path / "var", "--empty") as one:
        found = one.client.get("/fhir/ResearchStudy").json()

        assert "entry" not in found


def test_a_request_under_way_at_sigterm_is_answered_and_the_exit_code_is_0(tmp_path: Path) -> None:
    body = b'{"resourceType": "Patient", "gender": "female"}'
    with demonstration(tmp_path / "var", "--empty") as one:
        host, port = one.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = (
                "POST /fhir/Patient HTTP/1.1\r\nHost: here\r\nContent-Type: application/fhir+json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body[:20])
            time.sleep(0.5)
            one.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert one.process.poll() is None
            with pytest.raises(httpx.ConnectError):  # nobody new is let in
                httpx.get(f"{one.url}/healthz")
            connection.sendall(body[20:])
            answer = connection.recv(65536)
        code = one.process.wait(20)

    assert answer.startswith(b"HTTP/1.1 201 ")
    assert code == 0
    assert "Traceback" not in one.said


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "app.cli", "demo", "--port", port, "--data", str(tmp_path / "var")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
