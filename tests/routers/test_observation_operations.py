"""Observation $lastn and $stats, on results of one patient."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.routers.make import HEADERS, bundle_of, issues

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def result(name: str, code: str, day: str | None, value: str, unit: str = "g/L", **more: Any) -> Any:
    number = codec.read(b'{"value":%b}' % value.encode())["value"]
    document = {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p"},
        "valueQuantity": {"value": number, "unit": unit, "system": UCUM, "code": unit},
    } | more
    return document | ({"effectiveDateTime": day} if day else {})


RESULTS = [
    result("a1", "4485-9", "2022-01-10", "0.40"),
    result("a2", "4485-9", "2022-02-10", "90", "mg/dL"),
    result("a3", "4485-9", "2022-03-10", "1.10"),
    result("a4", "4485-9", None, "0.70"),
    result("a5", "4485-9", "2022-04-10", "0.10", status="preliminary"),
    result("b1", "4498-2", "2022-01-10", "0.10"),
    result("b2", "4498-2", "2022-05-10", "0.20"),
]


@pytest.fixture
async def ward(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a service that holds these results of one patient."""
    entries = [{"resourceType": "Patient", "id": "p"}, *RESULTS]
    sent = bundle_of(
        "transaction",
        *(
            {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
            for one in entries
        ),
    )
    answer = await client.post("/fhir", content=sent, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return client


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("patient=p", "a5 b2"),
        ("patient=p&max=2", "a5 a3 b2 b1"),
        ("patient=Patient/p&max=9", "a5 a3 a2 a1 a4 b2 b1"),
        ("subject=p&code=4485-9&status=final", "a3"),
        ("patient=nobody", ""),
    ],
)
async def test_the_newest_of_each_code(ward: httpx.AsyncClient, asked: str, expected: str) -> None:
    page = (await ward.get(f"/fhir/Observation/$lastn?{asked}")).json()

    assert [entry["resource"]["id"] for entry in page.get("entry", ())] == expected.split()
    assert page["type"] == "searchset"
    assert page["link"][0]["relation"] == "self"


@pytest.mark.parametrize("asked", ["", "code=4485-9", "patient=p&max=x", "patient=p&_typo=1"])
async def test_the_newest_of_whom_has_to_be_said(ward: httpx.AsyncClient, asked: str) -> None:
    answer = await ward.get(f"/fhir/Observation/$lastn?{asked}")

    assert answer.status_code == 400
    assert issues(answer)


@pytest.mark.parametrize(
    "control",
    ["_count=1", "_sort=date", "_include=Observation:subject", "_include:iterate=Observation:subject",
     "_revinclude=AdverseEvent:subject", "_total=accurate", "_explain=true", "_after=x", "_summary=count"],
)  # fmt: skip
async def test_a_control_the_newest_do_not_honour_is_refused(ward: httpx.AsyncClient, control: str) -> None:
    answer = await ward.get(f"/fhir/Observation/$lastn?patient=p&{control}")

    [issue] = issues(answer)
    name = control.partition("=")[0].partition(":")[0]
    assert (answer.status_code, issue["code"]) == (400, "not-supported")
    assert issue["expression"] == [f"http.{name}"]


async def test_the_newest_are_shown_in_part_where_that_is_asked(ward: httpx.AsyncClient) -> None:
    page = (await ward.get("/fhir/Observation/$lastn?patient=p&_elements=status&_pretty=true")).json()
    whole = (await ward.get("/fhir/Observation/$lastn?patient=p&_format=json&_summary=false")).json()

    assert all("valueQuantity" not in entry["resource"] for entry in page["entry"])
    assert "_elements=status" in page["link"][0]["url"]
    assert all("valueQuantity" in entry["resource"] for entry in whole["entry"])


async def test_newest_that_are_left_out_are_not_left_unsaid(ward: httpx.AsyncClient) -> None:
    more = [result(f"c{number}", "1-8", f"{1000 + number}-01-01", "1") for number in range(1001)]
    entries = (
        {"resource": one, "request": {"method": "PUT", "url": f"Observation/{one['id']}"}} for one in more
    )
    stored = await ward.post("/fhir", content=bundle_of("transaction", *entries), headers=HEADERS)
    assert stored.status_code == 200, stored.text

    page = (await ward.get("/fhir/Observation/$lastn?patient=p&code=1-8&max=2000")).json()

    *matches, outcome = page["entry"]
    assert (len(matches), page.get("total")) == (1000, None)
    assert outcome["search"]["mode"] == "outcome"
    assert outcome["resource"]["issue"][0]["code"] == "too-costly"


def said(document: dict[str, Any]) -> dict[str, tuple[str, str] | None]:
    """The statistics of the first answer, as texts with their units."""
    observation = document["parameter"][0]["resource"]
    found = {}
    for component in observation["component"]:
        quantity = component.get("valueQuantity")
        code = component["code"]["coding"][0]["code"]
        found[code] = (str(quantity["value"]), quantity["code"]) if quantity else None
    return found


async def asked_for(client: httpx.AsyncClient, query: str) -> dict[str, Any]:
    answer = await client.get(f"/fhir/Observation/$stats?{query}")
    assert answer.status_code == 200, answer.text
    return codec.read(answer.content)


async def test_statistics_are_in_the_unit_of_the_analyte(ward: httpx.AsyncClient) -> None:
    document = await asked_for(
        ward,
        "subject=Patient/p&code=http://loinc.org|4485-9"
        "&statistic=average,maximum,minimum,count,total-count,median,std-dev,variance,sum",
    )

    assert said(document) == {
        "average": ("0.775", "g/L"),
        "maximum": ("1.10", "g/L"),
        "minimum": ("0.40", "g/L"),
        "count": ("4", "1"),
        "median": ("0.8", "g/L"),
        "std-dev": ("0.298608", "g/L"),
        "sum": ("3.10", "g/L"),
        "variance": ("0.0891667", "(g/L)2"),
        "total-count": ("5", "1"),
    }
    observation = document["parameter"][0]["resource"]
    assert observation["code"]["coding"] == [{"system": LOINC, "code": "4485-9"}]
    assert observation["note"] == [{"text": "Not counted: 1 not final."}]
    assert observation["effectivePeriod"]["start"] == "2022-01-09T23:00:00.000000Z"


async def test_a_period_and_a_code_without_its_system(ward: httpx.AsyncClient) -> None:
    document = await asked_for(
        ward, "subject=Patient/p&code=4485-9&statistic=count&period=2022-02-01/2022-03-31&include=true"
    )

    assert said(document) == {"count": ("2", "1")}
    sources = [part["resource"]["id"] for part in document["parameter"] if part["name"] == "source"]
    assert sources == ["a3", "a2"]


async def test_nothing_to_count_is_said_so(ward: httpx.AsyncClient) -> None:
    document = await asked_for(ward, "subject=Patient/p&code=1234-5&statistic=average,count&duration=24")

    assert said(document) == {"average": None, "count": ("0", "1")}


async def test_they_are_asked_by_post_too(ward: httpx.AsyncClient) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subject", "valueUri": "Patient/p"},
            {"name": "code", "valueString": "4498-2"},
            {"name": "system", "valueUri": LOINC},
            {"name": "statistic", "valueCode": "sum"},
        ],
    }

    answer = await ward.post("/fhir/Observation/$stats", content=codec.write(body), headers=HEADERS)

    assert said(codec.read(answer.content)) == {"sum": ("0.30", "g/L")}


@pytest.mark.parametrize(
    "query",
    ["", "subject=Patient/p&code=4485-9", "subject=Patient/p&code=4485-9&statistic=mode",
     "subject=Patient/p&code=4485-9&statistic=count&period=2022",
     "subject=Patient/p,Patient/q&code=4485-9&statistic=count", "subject=p,q&code=4485-9&statistic=count",
     "subject=Group/p&code=4485-9&statistic=count", "subject=https://example.org/Patient/p&code=1&statistic=count",
     "subject=Patient/p/_history/1&code=4485-9&statistic=count"],
)  # fmt: skip
async def test_what_cannot_be_counted_is_refused(ward: httpx.AsyncClient, query: str) -> None:
    answer = await ward.get(f"/fhir/Observation/$stats?{query}")

    assert answer.status_code == 400
    assert issues(answer)


@pytest.mark.parametrize("subject", ["p", "Patient/p", "http://test/fhir/Patient/p"])
async def test_the_statistics_name_the_patient_they_are_about(ward: httpx.AsyncClient, subject: str) -> None:
    document = await asked_for(ward, f"subject={subject}&code=4485-9&statistic=count")

    assert said(document) == {"count": ("4", "1")}
    assert document["parameter"][0]["resource"]["subject"] == {"reference": "Patient/p"}


@pytest.mark.parametrize(("codes", "status"), [(20, 200), (21, 400)])
async def test_so_many_codes_are_counted_at_once(ward: httpx.AsyncClient, codes: int, status: int) -> None:
    asked = ",".join(f"{number}-0" for number in range(codes))
    answer = await ward.get(f"/fhir/Observation/$stats?subject=p&code={asked}&statistic=count")

    assert answer.status_code == status
    if status == 400:
        assert [issue["code"] for issue in issues(answer)] == ["too-costly"]
