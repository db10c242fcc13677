"""What of a resource is shown, and how it is written: alike for a read, a version, a search, a history."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.routers.make import created, issues

SUBSETTED = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"


def shown(answer: httpx.Response) -> dict[str, Any]:
    """The resource of an answer, which may be the only one of a Bundle."""
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    if document["resourceType"] == "Bundle":
        return dict(document["entry"][0]["resource"])
    return document


def addresses(name: str) -> list[str]:
    own = f"/fhir/Observation/{name}"
    return [own, f"{own}/_history/1", f"{own}/_history", "/fhir/Observation"]


@pytest.mark.rule(54)
@pytest.mark.parametrize(
    ("query", "kept", "lost"),
    [
        ("_elements=subject", {"status", "code", "subject"}, {"valueQuantity"}),
        ("_elements=Observation.subject,Patient.gender", {"status", "code", "subject"}, {"valueQuantity"}),
        ("_summary=true", {"status", "code", "subject"}, {"note"}),
        ("_summary=text", {"status", "code"}, {"valueQuantity", "subject"}),
        ("_summary=data", {"status", "code", "subject", "valueQuantity"}, {"text"}),
    ],
)
async def test_a_part_is_shown_and_tagged(
    trial: httpx.AsyncClient, query: str, kept: set[str], lost: set[str]
) -> None:
    name = await created(trial, "Observation", note=[{"text": "seen"}])

    for address in addresses(name):
        part = shown(await trial.get(f"{address}?{query}"))

        assert kept <= set(part)
        assert not lost & set(part)
        assert part["meta"]["versionId"] == "1"
        assert {"system": SUBSETTED, "code": "SUBSETTED"} in part["meta"]["tag"]


@pytest.mark.parametrize("query", ["", "_summary=false", "_elements=", "_summary=", "_pretty=false"])
async def test_the_whole_is_shown_where_no_part_is_asked_for(trial: httpx.AsyncClient, query: str) -> None:
    name = await created(trial, "Observation")
    whole = (await trial.get(f"/fhir/Observation/{name}")).json()

    for address in addresses(name):
        assert shown(await trial.get(f"{address}?{query}")) == whole


@pytest.mark.parametrize("query", ["_summary=some", "_summary=count"])
async def test_a_read_refuses_a_summary_there_is_not(trial: httpx.AsyncClient, query: str) -> None:
    answer = await trial.get(f"/fhir/Patient/msc-sle-p08?{query}")

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["http._summary"]


async def test_what_a_read_does_not_know_is_refused_where_it_is_to_be_strict(
    trial: httpx.AsyncClient,
) -> None:
    address, strict = "/fhir/Patient/msc-sle-p08?_element=gender", {"Prefer": "handling=strict"}

    assert (await trial.get(address)).status_code == 200
    answer = await trial.get(address, headers=strict)
    assert answer.status_code == 400
    assert "did you mean _elements?" in issues(answer)[0]["diagnostics"]


@pytest.mark.parametrize(
    ("method", "address", "sent"),
    [
        ("GET", "/fhir/Patient/msc-sle-p08", {}),
        ("GET", "/fhir/Patient", {}),
        ("GET", "/fhir/_history", {}),
        ("GET", "/fhir/metadata", {}),
        ("GET", "/fhir/Patient/nobody", {}),
        ("GET", "/fhir/Bogus", {}),
        ("POST", "/fhir/Patient/_search", {"content": b"gender=male"}),
        ("POST", "/fhir/Patient", {"content": b"{}", "headers": {"Content-Type": "application/json"}}),
    ],
)
async def test_an_answer_is_set_out_where_that_is_asked_for(
    trial: httpx.AsyncClient, method: str, address: str, sent: dict[str, Any]
) -> None:
    trial.headers["Content-Type"] = "application/x-www-form-urlencoded"
    plain = await trial.request(method, address, **sent)
    pretty = await trial.request(method, f"{address}?_pretty=true", **sent)

    assert pretty.content.startswith(b'{\n  "resourceType"')
    assert plain.content.startswith(b'{"resourceType"')
    assert plain.status_code == pretty.status_code
    assert int(pretty.headers["content-length"]) == len(pretty.content)


async def test_a_form_may_ask_how_the_answer_is_written(trial: httpx.AsyncClient) -> None:
    trial.headers["Content-Type"] = "application/x-www-form-urlencoded"

    pretty = await trial.post("/fhir/Patient/_search", content=b"_pretty=true&_elements=gender")
    xml = await trial.post("/fhir/Patient/_search", content=b"_format=xml")

    assert pretty.content.startswith(b'{\n  "resourceType"')
    assert set(shown(pretty)) == {"resourceType", "id", "meta", "gender"}
    assert xml.status_code == 406


async def test_setting_out_leaves_every_digit(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Observation")
    plain, pretty = [await trial.get(f"/fhir/Observation/{name}{query}") for query in ("", "?_pretty=true")]

    assert codec.read(plain.content) == codec.read(pretty.content)
    assert repr(codec.read(plain.content)) == repr(codec.read(pretty.content))


@pytest.mark.rule(8)
@pytest.mark.parametrize(
    "address",
    [
        "/fhir/metadata",
        "/fhir/Patient",
        "/fhir/Patient/msc-sle-p08",
        "/fhir/Patient/msc-sle-p08?_elements=gender&_pretty=true",
        "/fhir/Patient/msc-sle-p08/_history/1",
        "/fhir/Patient/msc-sle-p08/_history",
        "/fhir/Patient/_history",
        "/fhir/_history",
        "/fhir/Patient/msc-sle-p08/Observation",
        "/fhir/Patient/nobody",
    ],
)
async def test_a_head_is_a_get_without_its_body(trial: httpx.AsyncClient, address: str) -> None:
    got, head = [await trial.request(way, address) for way in ("GET", "HEAD")]
    requests = "x-request-id"

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert {**head.headers, requests: ""} == {**got.headers, requests: ""}


async def test_what_is_about_a_patient_is_found_at_the_patient(trial: httpx.AsyncClient) -> None:
    other = (await trial.post("/fhir/Patient", content=codec.write({"resourceType": "Patient"}))).json()["id"]
    own = await created(trial, "Observation")
    await created(trial, "Observation", subject={"reference": f"Patient/{other}"})

    address = "/fhir/Patient/msc-sle-p08/Observation"
    got = await trial.get(f"{address}?status=final&_count=1")
    posted = await trial.post(
        f"{address}/_search",
        data={"status": "final"},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    for answer in (got, posted):
        assert [entry["resource"]["id"] for entry in answer.json()["entry"]] == [own]
    assert got.json()["link"][0]["url"] == f"http://test{address}?status=final&_count=1"
    assert (await trial.get("/fhir/Patient/msc-sle-p08/ResearchStudy")).status_code == 404
    assert (await trial.get("/fhir/ResearchStudy/msc-sle/Observation")).status_code == 404
