"""What a registered sender pushes about a patient by name or number is kept nowhere: not even parked."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.test_identifying_data import NAME, NUMBER, SPACED, bundle, entry, patient, result, tells
from tests.contents import contents
from tests.postgres import ROOT
from tests.routers.make import HEADERS
from tests.servers import PATIENCE, Server, running_server

Json = dict[str, Any]
SYSTEM = "https://laboratory.example/results"
LOINC = {"coding": [{"system": "http://loinc.org", "code": "777-3"}]}
UNKNOWN = {"reference": "Patient/nobody-yet"}


def pushed(number: str, **more: Any) -> Json:
    return result(identifier=[{"system": SYSTEM, "value": number}], code=LOINC, subject=UNKNOWN) | more


PUSHES: dict[str, Json] = {
    "its number is a patient's": pushed(NUMBER),
    "it is about a number": pushed("r-1", subject={"identifier": {"type": {"text": "NIR"}, "value": NUMBER}}),
    "it is about a name": pushed("r-2", subject=UNKNOWN | {"display": NAME}),
    "a note has a number": pushed("r-3", note=[{"text": SPACED}]),
    "its patient is in it": pushed(
        "r-4", contained=[patient(id="c", name=[{"family": NAME}])], focus=[{"reference": "#c"}]
    ),
}


@pytest.fixture(params=["refuse", "strip"])
def policy(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def pushing(database_url: str, tmp_path: Path, policy: str) -> Iterator[tuple[httpx.Client, Server]]:
    """A client of a real server at which a laboratory is registered."""
    environment = os.environ | {"TRIALBRIDGE_DATABASE_URL": database_url}
    command = [sys.executable, "-m", "app.cli", "sender", "add", "laboratory", "--system", SYSTEM]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    options = {"TRIALBRIDGE_LOG_LEVEL": "debug", "TRIALBRIDGE_IDENTIFYING_DATA": policy}
    with (
        running_server(database_url, tmp_path, **options) as server,
        httpx.Client(base_url=f"{server.url}/fhir", headers=HEADERS, timeout=30) as client,
    ):
        yield client, server


def test_a_push_that_identifies_a_patient_is_kept_nowhere(
    pushing: tuple[httpx.Client, Server], database_url: str, policy: str
) -> None:
    client, server = pushing
    cut = {"it is about a name", "its patient is in it"}

    for name, document in PUSHES.items():
        alone = client.post("/Observation", content=json.dumps(document))
        together = client.post(
            "/", content=json.dumps(bundle("transaction", entry("POST", "Observation", document)))
        )
        each = client.post("/", content=json.dumps(bundle("batch", entry("POST", "Observation", document))))

        wanted = 202 if policy == "strip" and name in cut else 422
        assert alone.status_code == wanted, (name, alone.text)
        assert together.status_code == wanted, (name, together.text)
        assert each.json()["entry"][0]["response"]["status"].startswith(str(wanted)), (name, each.text)
        assert not tells(alone.text + together.text + each.text), name

    parked = client.post(
        "/Observation", content=json.dumps(pushed("r-9")), headers={"X-Correlation-Id": "m-77"}
    )
    kept = contents(database_url)
    assert parked.status_code == 202, parked.text
    assert "r-9" in kept
    assert "m-77" in kept
    assert "r-2" in kept  # the laboratory's number of what was refused, which the inbox tells
    assert not tells(kept)
    assert not tells(server.log.read_text())


@pytest.mark.parametrize("policy", ["strip"])
def test_what_was_parked_without_the_name_is_stored_without_it(
    pushing: tuple[httpx.Client, Server], database_url: str
) -> None:
    client, _ = pushing
    sent = bundle("transaction", entry("POST", "Observation", PUSHES["its patient is in it"]))
    assert client.post("/", content=json.dumps(sent)).status_code == 202

    stored = client.put("/Patient/nobody-yet", content=json.dumps(patient(id="nobody-yet")))
    assert stored.status_code == 201
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up and not client.get("/Observation?_summary=count").json()["total"]:
        time.sleep(0.2)

    [found] = client.get("/Observation").json()["entry"]
    assert found["resource"]["contained"] == [patient(id="c")]
    assert not tells(contents(database_url))
