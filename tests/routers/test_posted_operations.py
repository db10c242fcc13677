"""An operation is asked by POST of Parameters as it is by GET: the answer is the same."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.operation import definition
from app.fhir_mapping.standard_operations import STATS
from tests.routers.make import HEADERS, issues

OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2023-01-02",
    "valueQuantity": {"value": 12, "unit": "g/dL", "system": "http://unitsofmeasure.org", "code": "g/dL"},
}
LASTN, EVERYTHING = "Observation/$lastn", "Patient/p/$everything"


def parameters(*given: tuple[str, str, Any]) -> bytes:
    """Parameters of a name, the type of its value, and the value."""
    parts = [{"name": name, f"value{kind}": value} for name, kind, value in given]
    return codec.write({"resourceType": "Parameters"} | ({"parameter": parts} if parts else {}))


@pytest.fixture
async def ward(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A patient with three results."""
    client.headers.update(HEADERS)
    await client.put("/fhir/Patient/p", content=codec.write({"resourceType": "Patient", "id": "p"}))
    for name, day in (("one", "2023-01-02"), ("two", "2023-02-02"), ("three", "2023-03-02")):
        content = codec.write(OBSERVATION | {"id": name, "effectiveDateTime": day})
        assert (await client.put(f"/fhir/Observation/{name}", content=content)).status_code == 201
    return client


@pytest.mark.parametrize(
    ("address", "query", "given"),
    [
        (EVERYTHING, "", ()),
        (
            EVERYTHING,
            "_count=2&_type=Observation",
            (("_count", "Integer", 2), ("_type", "Code", "Observation")),
        ),
        (EVERYTHING, "start=2023-02-01", (("start", "Date", "2023-02-01"),)),
        (LASTN, "patient=Patient/p&max=2", (("patient", "String", "Patient/p"), ("max", "Integer", 2))),
        (LASTN, "patient=Patient/p", (("patient", "Reference", {"reference": "Patient/p"}),)),
        (
            LASTN,
            "subject=Patient/p&code=http://loinc.org|718-7",
            (("subject", "Uri", "Patient/p"), ("code", "String", "http://loinc.org|718-7")),
        ),
        (
            "Observation/$stats",
            "subject=Patient/p&code=718-7&statistic=count,average&include=true",
            (
                ("subject", "Uri", "Patient/p"),
                ("code", "String", "718-7"),
                ("statistic", "Code", "count"),
                ("statistic", "Code", "average"),
                ("include", "Boolean", True),
            ),
        ),
        ("Patient/$meta", "", ()),
        ("Patient/p/$meta", "", ()),
    ],
)
async def test_what_is_posted_is_answered_as_what_is_asked_in_the_address(
    ward: httpx.AsyncClient, address: str, query: str, given: tuple[tuple[str, str, Any], ...]
) -> None:
    by_get = await ward.get(f"/fhir/{address}?{query}")

    by_post = await ward.post(f"/fhir/{address}", content=parameters(*given))

    assert by_get.status_code == 200, by_get.text
    assert (by_post.status_code, by_post.json()) == (200, by_get.json())


async def test_the_pages_of_what_was_posted_are_followed(ward: httpx.AsyncClient) -> None:
    first = (await ward.post(f"/fhir/{EVERYTHING}", content=parameters(("_count", "Integer", 3)))).json()

    [following] = [one["url"] for one in first["link"] if one["relation"] == "next"]
    second = (await ward.get(following)).json()

    found = [one["fullUrl"] for page in (first, second) for one in page["entry"]]
    assert (len(found), len(set(found))) == (4, 4)


@pytest.mark.parametrize("address", [EVERYTHING, LASTN, "Patient/$meta"])
@pytest.mark.parametrize(
    ("content", "place"),
    [
        (parameters(("patient", "Coding", {"code": "p"})), "Parameters.parameter[0]"),
        (b'{"resourceType":"Parameters","parameter":[{"name":"patient"}]}', "Parameters.parameter[0]"),
        (parameters(("bogus", "String", "p")), "http.bogus"),
        (b'{"resourceType":"Patient"}', "Parameters.resourceType"),
        (b"{", "Parameters"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    ward: httpx.AsyncClient, address: str, content: bytes, place: str
) -> None:
    answer = await ward.post(f"/fhir/{address}", content=content)

    assert answer.status_code == 400, answer.text
    assert place in issues(answer)[0]["expression"]


def test_the_definition_says_what_has_to_be_given() -> None:
    needed = {one["name"] for one in definition(STATS)["parameter"] if one["use"] == "in" and one["min"] == 1}

    assert needed == {"subject", "code", "statistic"}
