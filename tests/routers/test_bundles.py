"""Transactions and batches through HTTP (https://hl7.org/fhir/R4/http.html#transaction)."""

import asyncio
from typing import Any

import httpx
import pytest

from app.routers import examples
from tests.routers.make import body, bundle_of, created, issues

NEW = "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-6d9f6a1c2b3d"


def post(kind: str, full_url: str | None = None, **changes: Any) -> dict[str, Any]:
    named = {"fullUrl": full_url} if full_url else {}
    resource = {**examples.BODIES[kind], **changes}
    return {**named, "resource": resource, "request": {"method": "POST", "url": kind}}


def put(kind: str, name: str, **changes: Any) -> dict[str, Any]:
    resource = {**examples.BODIES[kind], "id": name, **changes}
    return {"resource": resource, "request": {"method": "PUT", "url": f"{kind}/{name}"}}


def statuses(answer: httpx.Response) -> list[str]:
    return [entry["response"]["status"] for entry in answer.json()["entry"]]


@pytest.mark.rule(37)
@pytest.mark.verifies("http.transaction")
async def test_a_transaction_names_its_own_entries(trial: httpx.AsyncClient) -> None:
    result = post("Observation", subject={"reference": NEW})

    answer = await trial.post("/fhir", content=bundle_of("transaction", result, post("Patient", NEW)))

    assert (answer.status_code, statuses(answer)) == (200, ["201 Created", "201 Created"])
    patient, observation = answer.json()["entry"][1], answer.json()["entry"][0]
    stored = (await trial.get(observation["response"]["location"])).json()
    assert patient["response"]["location"].endswith(f"{stored['subject']['reference']}/_history/1")
    assert observation["response"]["etag"] == 'W/"1"'


@pytest.mark.rule(35)
@pytest.mark.verifies("http.transaction")
async def test_one_bad_entry_stops_the_whole_transaction(trial: httpx.AsyncClient) -> None:
    good, bad = post("Patient"), post("Observation", status="done")

    answer = await trial.post("/fhir", content=bundle_of("transaction", good, bad))

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1].resource.status"]
    assert (await trial.get("/fhir/Patient?_summary=count")).json()["total"] == 1


@pytest.mark.rule(41)
@pytest.mark.verifies("http.transaction")
@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_an_entry_that_is_none_hides_no_problem_of_another(trial: httpx.AsyncClient, kind: str) -> None:
    blank = {"request": {"method": "GET", "url": " "}}
    twice = b'{"fullUrl":"urn:x","fullUrl":"urn:x"}'
    entries = bundle_of(kind, {}, post("Observation", status="done"), blank, {"a": 1})
    raw = entries.replace(b'{"a":1}', b"7," + twice)

    answer = await trial.post("/fhir", content=raw)

    assert answer.status_code == 400
    places = {issue["expression"][0] for issue in issues(answer)}
    assert {"Bundle.entry[1].resource.status", "Bundle.entry[2].request.url"} <= places
    assert {"Bundle.entry[3]", "Bundle.entry[4]"} <= places
    assert any(place.startswith("Bundle.entry[0]") for place in places)


@pytest.mark.rule(35, 42)
@pytest.mark.verifies("http.transaction")
async def test_a_stale_entry_stops_the_whole_transaction(trial: httpx.AsyncClient) -> None:
    stale = put("Patient", "msc-sle-p08")
    stale["request"]["ifMatch"] = 'W/"7"'

    answer = await trial.post("/fhir", content=bundle_of("transaction", post("Patient"), stale))

    assert answer.status_code == 412
    assert issues(answer)[0]["expression"] == ["Bundle.entry[1].request.ifMatch"]
    assert (await trial.get("/fhir/Patient?_summary=count")).json()["total"] == 1


@pytest.mark.rule(36)
@pytest.mark.verifies("http.transaction")
async def test_a_transaction_deletes_then_creates_then_updates_then_reads(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Patient")
    entries = [
        {"request": {"method": "GET", "url": "Patient/msc-sle-p08"}},
        put("Patient", "msc-sle-p08", language="fr"),
        {"request": {"method": "DELETE", "url": f"Patient/{name}"}},
        {"request": {"method": "GET", "url": "Patient/msc-sle-p08/_history/1"}},
        {"request": {"method": "GET", "url": "Patient/msc-sle-p08/_history"}},
        {"request": {"method": "GET", "url": "Patient?_id=msc-sle-p08&_count=1"}},
    ]

    answer = await trial.post("/fhir", content=bundle_of("transaction", *entries))

    assert [status[:3] for status in statuses(answer)] == [
        "200",
        "200",
        "204",
        "200",
        "200",
        "200",
    ]
    found = answer.json()["entry"]
    assert found[0]["resource"]["language"] == "fr"
    assert "language" not in found[3]["resource"]
    assert found[4]["resource"]["total"] == 2
    assert [entry["resource"]["id"] for entry in found[5]["resource"]["entry"]] == ["msc-sle-p08"]


@pytest.mark.rule(35)
@pytest.mark.verifies("http.transaction")
@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("Patient/nobody", 404),
        ("Patient/nobody/_history", 404),
        ("Patient/msc-sle-p08/_history/3", 404),
        ("ResearchStudy/msc-sle", 410),
        ("Patient?_count=x", 400),
        ("Patient/msc-sle-p08/_history?_count=x", 400),
    ],
)
async def test_a_get_that_would_be_refused_stops_the_whole_transaction(
    trial: httpx.AsyncClient, url: str, status: int
) -> None:
    entries = [
        post("Patient"),
        put("Patient", "msc-sle-p08", language="fr"),
        {"request": {"method": "DELETE", "url": "ResearchStudy/msc-sle"}},
        {"request": {"method": "GET", "url": url}},
    ]

    answer = await trial.post("/fhir", content=bundle_of("transaction", *entries))

    assert answer.status_code == status
    assert [issue["expression"] for issue in issues(answer)] == [["Bundle.entry[3].request.url"]]
    assert (await trial.get("/fhir/Patient?_summary=count")).json()["total"] == 1
    assert (await trial.get("/fhir/ResearchStudy/msc-sle")).status_code == 200


@pytest.mark.rule(36)
@pytest.mark.verifies("http.transaction")
@pytest.mark.parametrize("url", ["Patient/new", "Patient/new/_history", "Patient/new/_history/1"])
async def test_a_transaction_reads_what_it_creates(trial: httpx.AsyncClient, url: str) -> None:
    entries = [{"request": {"method": "GET", "url": url}}, put("Patient", "new")]

    answer = await trial.post("/fhir", content=bundle_of("transaction", *entries))

    assert (answer.status_code, statuses(answer)) == (200, ["200 OK", "201 Created"])


@pytest.mark.rule(33)
@pytest.mark.verifies("http.batch")
async def test_each_entry_of_a_batch_stands_alone(trial: httpx.AsyncClient) -> None:
    entries = [
        post("Patient"),
        post("Observation", status="done"),
        {"request": {"method": "GET", "url": "Patient/none"}},
        {"request": {"method": "DELETE", "url": "Patient/none"}},
        post("Observation", subject={"reference": "Patient/nobody"}),
        post("Patient", name=[{"family": "X"}]),
        {"request": {"method": "GET", "url": "Bogus/1"}},
    ]

    answer = await trial.post("/fhir", content=bundle_of("batch", *entries))

    assert (answer.status_code, answer.json()["type"]) == (200, "batch-response")
    assert [status[:3] for status in statuses(answer)] == ["201", "400", "404", "204", "422", "422", "404"]
    outcomes = [entry["response"].get("outcome") for entry in answer.json()["entry"]]
    assert [outcome is not None for outcome in outcomes] == [False, True, True, False, True, True, True]


@pytest.mark.parametrize(
    ("prefer", "given"), [("return=representation", True), ("return=minimal", False), ("", False)]
)
async def test_what_is_stored_comes_back_where_it_is_asked_for(
    trial: httpx.AsyncClient, prefer: str, given: bool
) -> None:
    answer = await trial.post(
        "/fhir", content=bundle_of("transaction", post("Patient")), headers={"Prefer": prefer}
    )

    assert ("resource" in answer.json()["entry"][0]) is given


@pytest.mark.rule(41)
@pytest.mark.parametrize(
    "raw",
    [
        b'{"resourceType":"Bundle","type":"searchset"}',
        b'{"resourceType":"Bundle"}',
        b'{"resourceType":"Patient"}',
        b'{"resourceType":"Bundle","type":"batch","entry":{}}',
        b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Bogus"}}]}',
        bundle_of("transaction", {"request": {"method": "GET", "url": "Bogus/1"}}),
    ],
)
async def test_what_is_no_transaction_and_no_batch_is_refused(trial: httpx.AsyncClient, raw: bytes) -> None:
    answer = await trial.post("/fhir", content=raw)

    assert answer.status_code in {400, 404}
    issues(answer)


@pytest.mark.rule(25)
@pytest.mark.verifies("http.if-match")
async def test_of_many_who_change_the_same_version_one_succeeds(trial: httpx.AsyncClient) -> None:
    changed = body("Patient", id="msc-sle-p08")

    answers = await asyncio.gather(
        *(
            trial.put("/fhir/Patient/msc-sle-p08", content=changed, headers={"If-Match": 'W/"1"'})
            for _ in range(20)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


async def test_fifty_writers_at_once_lose_nothing(trial: httpx.AsyncClient) -> None:
    names = await asyncio.gather(*(created(trial, "Observation") for _ in range(50)))

    assert len(set(names)) == 50
    assert (await trial.get("/fhir/Observation?_summary=count")).json()["total"] == 50
