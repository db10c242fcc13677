"""A study as files, over HTTP and by the command."""

import csv
from io import StringIO
from typing import Any

import httpx
import pytest

from app.clinical.studies.answer_tables import TABLES
from app.demo import load
from app.fhir_mapping import check, codec
from app.fhir_mapping.export_operation import EXPORTED
from app.routers import study_decisions
from tests.routers.make_study import store_study

EXPORT = "/fhir/ResearchStudy/msc-sle/$export"


@pytest.fixture
async def demonstration(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that holds the demonstration trial."""
    await load(client)
    return client


@pytest.fixture
async def study(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows a study of three subjects."""
    return await store_study(client)


async def table(client: httpx.AsyncClient, name: str, **more: str) -> list[dict[str, str]]:
    answer = await client.get(EXPORT, params={"table": name} | more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(answer.content.decode(), newline="")))


async def resources(client: httpx.AsyncClient, kind: str, **more: str) -> list[dict[str, Any]]:
    answer = await client.get(EXPORT, params={"type": kind} | more)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/fhir+ndjson"
    return [codec.read(line) for line in answer.content.splitlines()]


async def test_the_demonstration_comes_out_as_files(demonstration: httpx.AsyncClient) -> None:
    await _the_list_names_every_file(demonstration)
    await _resources_are_pseudonymous_and_valid(demonstration)
    await _tables_have_a_row_for_what_they_are_about(demonstration)


async def _the_list_names_every_file(demonstration: httpx.AsyncClient) -> None:
    answer = await demonstration.get(EXPORT)
    document = check.checked("Parameters", answer.content)
    outputs = [
        {part["name"]: next(value for name, value in part.items() if name != "name") for part in one["part"]}
        for one in document["parameter"]
        if one["name"] == "output"
    ]

    assert [one["table"] for one in outputs if "table" in one] == [*TABLES, "dictionary"]
    for one in outputs:
        if "type" in one:
            file = await demonstration.get(one["url"])
            assert len(file.content.splitlines()) == one["count"], one
    assert {one["type"] for one in outputs if "type" in one} <= set(EXPORTED)
    assert next(one["count"] for one in outputs if one.get("table") == "subjects") == 11


async def _resources_are_pseudonymous_and_valid(demonstration: httpx.AsyncClient) -> None:
    patients = await resources(demonstration, "Patient")
    results = await resources(demonstration, "Observation")

    assert len(patients) == 11
    assert {len(one.get("birthDate", "1980")) for one in patients} == {4}
    assert all("name" not in one and "identifier" not in one for one in patients)
    for one in results:
        assert check.checked("Observation", codec.write(one))["id"]
    [trial] = await resources(demonstration, "ResearchStudy")
    assert trial["identifier"][0]["value"] == "NCT03562065"


async def _tables_have_a_row_for_what_they_are_about(demonstration: httpx.AsyncClient) -> None:
    subjects = {row["subject"]: row for row in await table(demonstration, "subjects")}
    endpoints = await table(demonstration, "endpoints")
    visits, scores = await table(demonstration, "visits"), await table(demonstration, "scores")

    assert len(subjects) == 11
    assert [name for name, row in subjects.items() if row["treated"] == "true"] == [
        f"msc-sle-0{number}" for number in range(1, 9)
    ]
    assert {row["subject"] for row in endpoints} == {name for name in subjects if "-c" not in name}
    response = next(
        row
        for row in endpoints
        if (row["subject"], row["endpoint"], row["visit"], row["rule"])
        == ("msc-sle-01", "sri", "M6", "registry")
    )
    question = "$sri-status?visit=M6&rule=registry&view=plain"
    asked = await demonstration.get(f"/fhir/ResearchSubject/msc-sle-01/{question}")
    assert response["verdict"] == asked.json()["results"][0]["verdict"]
    assert {row["visit"] for row in visits} >= {"M0", "M3", "M6", "M9", "M12"}
    assert {row["instrument"] for row in scores} >= {"selena-sledai", "bilag-classic", "pga"}
    assert {row["code"] for row in await table(demonstration, "exposures")} >= {"uc-msc"}
    assert await table(demonstration, "events")


async def test_the_dictionary_says_what_every_column_means(study: httpx.AsyncClient) -> None:
    said = {(row["table"], row["column"]): row["meaning"] for row in await table(study, "dictionary")}

    for name in TABLES:
        header = (await study.get(EXPORT, params={"table": name})).text.splitlines()[0].split(",")
        assert all(said[name, column] for column in header)
        assert said[name, ""]
    assert "accession number" in said["resources", "identifier"]


async def test_a_file_is_as_it_would_have_been_then(study: httpx.AsyncClient) -> None:
    listed = (await study.get(EXPORT)).json()["parameter"]
    then = next(one["valueInstant"] for one in listed if one["name"] == "asOf")
    before = await study.get(EXPORT, params={"table": "subjects", "asOf": then})
    await study.delete("/fhir/ResearchSubject/s0")

    again = await study.get(EXPORT, params={"table": "subjects", "asOf": then})
    now = await table(study, "subjects")

    assert again.content == before.content
    assert len(now) == 2


async def test_a_large_study_is_written_by_processes_to_the_same_files(
    study: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_of = "2100-01-01"
    small = await study.get(EXPORT, params={"table": "subjects", "asOf": as_of})
    monkeypatch.setattr(study_decisions, "PAGE", 1)

    large = await study.get(EXPORT, params={"table": "subjects", "asOf": as_of})

    assert large.content == small.content


@pytest.mark.parametrize("accept", ["text/csv", "application/fhir+ndjson", "*/*", "application/fhir+json"])
async def test_whoever_accepts_csv_only_gets_csv(study: httpx.AsyncClient, accept: str) -> None:
    answer = await study.get(EXPORT, params={"table": "subjects"}, headers={"Accept": accept})

    assert answer.status_code == 200


async def test_the_records_of_another_study_are_not_in_it(study: httpx.AsyncClient) -> None:
    other = {"resourceType": "ResearchStudy", "id": "other", "status": "active"}
    await study.put(
        "/fhir/ResearchStudy/other",
        content=codec.write(other),
        headers={"Content-Type": "application/fhir+json"},
    )
    elsewhere = {
        "resourceType": "ResearchSubject",
        "id": "elsewhere",
        "status": "candidate",
        "study": {"reference": "ResearchStudy/other"},
        "individual": {"reference": "Patient/p1"},
    }
    stored = await study.put(
        "/fhir/ResearchSubject/elsewhere",
        content=codec.write(elsewhere),
        headers={"Content-Type": "application/fhir+json"},
    )
    assert stored.status_code == 201, stored.text

    assert "elsewhere" not in {one["id"] for one in await resources(study, "ResearchSubject")}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("table=nothing", 400),
        ("type=Nothing", 400),
        ("type=Patient&table=subjects", 400),
        ("type=Patient,Observation", 400),
        ("asOf=soon", 400),
    ],
)
async def test_what_cannot_be_exported_is_refused(study: httpx.AsyncClient, query: str, status: int) -> None:
    answer = await study.get(f"{EXPORT}?{query}")

    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"


async def test_head_says_what_would_come(study: httpx.AsyncClient) -> None:
    answer = await study.head(EXPORT, params={"table": "subjects"})

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-disposition"] == 'attachment; filename="msc-sle-subjects.csv"'
