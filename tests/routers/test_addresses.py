"""Every address answers, none redirects, and what is not there says what is."""

import httpx
import pytest

from app.fhir_mapping.registry import RESOURCES
from tests.routers.make import body, issues


@pytest.mark.parametrize("address", ["/fhir", "/fhir/"])
async def test_the_base_takes_a_bundle_with_and_without_a_slash(
    trial: httpx.AsyncClient, address: str
) -> None:
    answer = await trial.post(address, content=b'{"resourceType":"Bundle","type":"batch"}')

    assert (answer.status_code, answer.json()["type"]) == (200, "batch-response")


@pytest.mark.parametrize("address", ["/fhir", "/fhir/", "/fhir/metadata", "/fhir/metadata/"])
@pytest.mark.verifies("http.capabilities")
async def test_the_base_says_what_the_server_can_do(client: httpx.AsyncClient, address: str) -> None:
    statement = (await client.get(address)).json()

    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    assert {one["type"] for one in statement["rest"][0]["resource"]} >= set(RESOURCES)
    assert statement["implementation"]["url"] == "http://test/fhir"


async def test_a_search_across_types_is_not_taken_for_another_question(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir?_lastUpdated=ge2024")

    assert answer.status_code == 400


@pytest.mark.rule(24)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("name", ["MedicationRequest", "patient", "Bogus", "_list", "x" * 500, "%3Cb%3E"])
@pytest.mark.verifies("http.unknown-type")
async def test_an_unknown_type_is_answered_with_those_there_are(
    trial: httpx.AsyncClient, method: str, name: str
) -> None:
    for address in (f"/fhir/{name}", f"/fhir/{name}/1"):
        answer = await trial.request(method, address, content=body("Patient"))

        assert answer.status_code == 404
        said = issues(answer)[0]["diagnostics"]
        assert all(kind in said for kind in RESOURCES)
        assert len(said) < 500


@pytest.mark.rule(20)
@pytest.mark.parametrize(
    ("method", "address", "allow"),
    [
        ("PUT", "/fhir", "GET, HEAD, POST"),
        ("POST", "/fhir/Patient/1", "DELETE, GET, HEAD, PATCH, PUT"),
        ("GET", "/fhir/Patient/_search", "POST"),
        ("DELETE", "/fhir/Patient/1/_history", "GET, HEAD"),
        ("PUT", "/fhir/Patient/1/_history/1", "GET, HEAD"),
        ("PUT", "/fhir/ResearchSubject/1/$sri-status", "GET, HEAD, POST"),
        ("POST", "/fhir/metadata", "GET, HEAD"),
        ("OPTIONS", "/fhir/Patient", "DELETE, GET, HEAD, PATCH, POST, PUT"),
    ],
)
@pytest.mark.verifies("http.method")
async def test_a_wrong_method_is_answered_with_the_right_ones(
    client: httpx.AsyncClient, method: str, address: str, allow: str
) -> None:
    answer = await client.request(method, address)

    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert issues(answer)[0]["code"] == "not-supported"


@pytest.mark.rule(77)
@pytest.mark.parametrize(
    "address",
    [
        "/fhir/Patient/1/2/3/4",
        "/fhir/Patient/1/_versions",
        "/fhir/Patient/_lists",
        "/fhir/Observation/1/Patient",
        "/fhir/Patient/1/ResearchStudy",
        "/fhir/Patient/$everything",
        "/fhir/Patient/1/$everything",
        "/fhirs",
        "/nowhere",
        "/docs-files/nothing.js",
    ],
)
async def test_an_address_of_nothing_is_an_operation_outcome_too(
    client: httpx.AsyncClient, address: str
) -> None:
    answer = await client.get(address)

    assert answer.status_code == 404
    issues(answer)


@pytest.mark.parametrize("name", ["metadata", "OperationDefinition"])
async def test_an_id_may_be_a_word_of_other_addresses(trial: httpx.AsyncClient, name: str) -> None:
    stored = await trial.put(f"/fhir/Patient/{name}", content=body("Patient", id=name))
    read = await trial.get(f"/fhir/Patient/{name}")

    assert (stored.status_code, read.status_code) == (201, 200)


async def test_outside_fhir_a_wrong_method_is_an_operation_outcome_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/healthz")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    issues(answer)


async def test_links_are_those_of_the_request_where_no_base_is_set(client: httpx.AsyncClient) -> None:
    """The fixture sets a base; the Host header must not change it."""
    answer = await client.get("/fhir/metadata", headers={"Host": "evil.example"})

    assert answer.json()["implementation"]["url"] == "http://test/fhir"


async def test_it_is_alive_ready_and_counted(client: httpx.AsyncClient) -> None:
    await client.get("/fhir/Patient/a-secret-id")

    alive, ready, metrics = [await client.get(f"/{probe}") for probe in ("healthz", "readyz", "metrics")]

    assert (alive.json(), ready.json()) == ({"status": "alive"}, {"status": "ready"})
    counted = 'trialbridge_requests_total{interaction="read",status="404",type="Patient"} 1.0'
    assert counted in metrics.text
    assert "secret" not in metrics.text


async def test_the_operations_are_defined(client: httpx.AsyncClient) -> None:
    found = (await client.get("/fhir/OperationDefinition")).json()

    for entry in found["entry"]:
        read = await client.get(entry["fullUrl"])
        assert read.json() == entry["resource"]
    assert {entry["resource"]["code"] for entry in found["entry"]} >= {"sri-status", "eligibility"}
    assert (await client.get("/fhir/OperationDefinition/none")).status_code == 404
    assert (await client.get("/fhir/OperationDefinition?code=x")).json()["total"] == 0


@pytest.mark.parametrize(
    "address", ["PlanDefinition/x/_history", "Group/x/_history", "ValueSet/x/_history/1", "CodeSystem/$stats"]
)
async def test_a_type_that_is_only_served_has_no_history(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(f"/fhir/{address}")

    assert answer.status_code == 404
    said = answer.json()["issue"][0]["diagnostics"]
    assert said.startswith(address.partition("/")[0])
    assert "it has no history and no operations" in said


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("Group?actual=false", {f"{one}-eligibility" for one in ("msc-sle", "msc-ssc", "msc-ssc-donor")}),
        ("Group?actual=true", set()),
        ("ValueSet?code=eq5d-index", {"score"}),
    ],
)
async def test_what_is_served_is_found_by_what_it_holds(
    client: httpx.AsyncClient, search: str, found: set[str]
) -> None:
    bundle = (await client.get(f"/fhir/{search}")).json()

    assert {entry["resource"]["id"] for entry in bundle.get("entry", ())} == found
