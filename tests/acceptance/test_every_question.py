"""Every question of the trial, asked of the demonstration as the Swagger page asks it, says something."""

from collections.abc import Iterator

import httpx
import pytest
from fhir.resources.R4B.parameters import Parameters

from app.fhir_mapping import check, codec
from app.fhir_mapping.check_operation import CHECK_ELIGIBILITY
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.trial_operations import TRIAL_OPERATIONS
from app.routers.example_candidate import CANDIDATE
from app.routers.examples import ASKED, STORED
from tests.acceptance.lupus import FHIR_JSON, Json
from tests.servers import Server

BEFORE_ALL = {"asOf": "2001-01-01T00:00:00Z"}
ASKED_ABOUT = [one for one in TRIAL_OPERATIONS if one is not CHECK_ELIGIBILITY]


@pytest.fixture(scope="module")
def asking(demonstration: Server) -> Iterator[httpx.Client]:
    """A client of the demonstration."""
    with httpx.Client(base_url=f"{demonstration.url}/fhir", timeout=60) as client:
        yield client


def ask(asking: httpx.Client, operation: Operation, **more: str) -> httpx.Response:
    """The answer to the example; a candidate is sent along, whoever is stored is named."""
    kind = operation.resources[0]
    if operation is CHECK_ELIGIBILITY:
        address = f"{kind}/{STORED[kind]}/{operation.name}"
        return asking.post(address, params=more, content=codec.write(CANDIDATE), headers=FHIR_JSON)
    whom, filled = ASKED.get(operation.name, (STORED[kind], {}))
    return asking.get(f"{kind}/{whom}/{operation.name}", params={**filled, **more})


def said(parameters: Json) -> list[Json]:
    """The parameters that say more than what was asked: the results."""
    return [one for one in parameters["parameter"] if one.get("part")]


@pytest.mark.parametrize("operation", TRIAL_OPERATIONS, ids=lambda one: one.name)
def test_the_example_is_answered_by_parameters_that_any_fhir_client_reads(
    asking: httpx.Client, operation: Operation
) -> None:
    answer = ask(asking, operation)

    assert answer.status_code == 200, answer.text
    document = check.checked("Parameters", answer.content)
    assert said(document)
    assert Parameters.model_validate_json(answer.content).parameter


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("operation", TRIAL_OPERATIONS, ids=lambda one: one.name)
def test_the_example_is_answered_plainly_too(
    asking: httpx.Client, operation: Operation, language: str
) -> None:
    answer = ask(asking, operation, view="plain", lang=language)

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    assert codec.read(answer.content)["results"]


@pytest.mark.parametrize("operation", ASKED_ABOUT, ids=lambda one: one.name)
def test_nobody_is_known_before_anything_was_recorded(asking: httpx.Client, operation: Operation) -> None:
    answer = ask(asking, operation, **BEFORE_ALL)

    assert answer.status_code == 404, answer.text
    assert answer.json()["issue"][0]["code"] == "not-found"
