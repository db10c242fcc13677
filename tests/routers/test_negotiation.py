"""Which forms are spoken: FHIR R4 as JSON, and nothing that only looks like it."""

import httpx
import pytest

from tests.routers.make import body, created, issues

PATIENT = body("Patient")


@pytest.mark.rule(2, 4)
@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        "application/fhir+json",
        "application/json",
        "text/json",
        "application/*",
        "application/fhir+json; fhirVersion=4.0",
        "application/fhir+xml, application/fhir+json;q=0.1",
        "text/html, application/xhtml+xml, */*;q=0.8",
    ],
)
@pytest.mark.verifies("http.accept")
async def test_a_client_that_reads_json_is_answered(trial: httpx.AsyncClient, accept: str) -> None:
    answer = await trial.get("/fhir/Patient/msc-sle-p08", headers={"Accept": accept})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.rule(1, 4)
@pytest.mark.parametrize(
    "accept",
    [
        "text/turtle",
        "application/fhir+xml",
        "text/html",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json;q=0, application/json;q=0, text/json;q=0, */*",
        "application/fhir+json;q=much",
        "nonsense",
    ],
)
@pytest.mark.verifies("http.accept")
async def test_a_client_that_does_not_read_json_is_told(trial: httpx.AsyncClient, accept: str) -> None:
    answer = await trial.get("/fhir/Patient/msc-sle-p08", headers={"Accept": accept})

    assert answer.status_code == 406
    assert issues(answer)[0]["code"] == "not-supported"


@pytest.mark.rule(3)
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("json", 200),
        ("application/json", 200),
        ("application/fhir%2Bjson", 200),
        ("application/fhir+json", 200),
        ("text/json", 200),
        ("xml", 406),
        ("application/fhir+xml", 406),
        ("ttl", 406),
    ],
)
@pytest.mark.verifies("http.format")
async def test_format_wins_over_accept(trial: httpx.AsyncClient, asked: str, status: int) -> None:
    for address in ("/fhir/Patient/msc-sle-p08", "/fhir/Patient", "/fhir/metadata"):
        answer = await trial.get(f"{address}?_format={asked}", headers={"Accept": "text/html"})

        assert answer.status_code == status


@pytest.mark.rule(2, 4)
@pytest.mark.parametrize(
    "sent",
    [
        "application/fhir+json",
        "application/json",
        "text/json",
        "Application/FHIR+JSON; charset=UTF-8",
        'application/fhir+json; charset="utf-8"; fhirVersion=4.0',
    ],
)
@pytest.mark.verifies("http.content-type")
async def test_a_json_body_is_taken(trial: httpx.AsyncClient, sent: str) -> None:
    answer = await trial.post("/fhir/Patient", content=PATIENT, headers={"Content-Type": sent})

    assert answer.status_code == 201


@pytest.mark.rule(1, 4)
@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/fhir+xml"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/fhir+json; fhirVersion=3.0"},
        {"Content-Type": "application/fhir+json; charset=latin-1"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
    ],
)
@pytest.mark.verifies("http.content-type")
async def test_a_body_of_another_form_is_refused(trial: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for method, address in (("POST", "/fhir/Patient"), ("PUT", "/fhir/Patient/new"), ("POST", "/fhir")):
        answer = await trial.request(method, address, content=PATIENT, headers=headers)

        assert answer.status_code == 415
        assert issues(answer)[0]["code"] == "not-supported"


@pytest.mark.rule(43)
@pytest.mark.verifies("http.search")
async def test_a_search_form_must_be_a_form(trial: httpx.AsyncClient) -> None:
    answer = await trial.post("/fhir/Patient/_search", content=b"_id=a")

    assert answer.status_code == 415


@pytest.mark.verifies("http.content-type")
@pytest.mark.parametrize("kind", ["application/json", "application/merge-patch+json", "text/plain", ""])
async def test_a_patch_says_what_kind_of_patch_it_is(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, "Patient")

    answer = await trial.patch(f"/fhir/Patient/{name}", content=b"[]", headers={"Content-Type": kind})

    assert answer.status_code == (400 if kind == "application/json" else 415)
    assert issues(answer)[0]["code"] in {"not-supported", "structure"}
    if answer.status_code == 415:
        assert answer.headers["accept-patch"] == "application/json-patch+json, application/fhir+json"


@pytest.mark.rule(10)
@pytest.mark.verifies("http.request-id")
async def test_each_answer_has_an_id_and_the_clients_own_comes_back(trial: httpx.AsyncClient) -> None:
    answers = [
        await trial.get(address, headers={"X-Correlation-Id": "hospital-42", "X-Request-Id": "theirs"})
        for address in ("/fhir/Patient/msc-sle-p08", "/fhir/Patient/none", "/healthz", "/nowhere")
    ]

    assert {answer.headers["x-correlation-id"] for answer in answers} == {"hospital-42"}
    assert len({answer.headers["x-request-id"] for answer in answers} - {"theirs"}) == 4


@pytest.mark.rule(10)
@pytest.mark.parametrize("sent", ["x" * 129, "caf\u00e9", "a\tb"])
async def test_an_unprintable_correlation_is_not_echoed(trial: httpx.AsyncClient, sent: str) -> None:
    answer = await trial.get("/healthz", headers={b"X-Correlation-Id": sent.encode()})

    assert "x-correlation-id" not in answer.headers
