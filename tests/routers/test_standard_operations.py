"""R4's own operations: $validate, $everything, $meta."""

from typing import Any

import httpx
import pytest

from app.demo import load
from app.fhir_mapping import codec
from tests.routers.make import HEADERS, body, issues

PATIENT = "/fhir/Patient/msc-sle-p01"
GOOD = {"resourceType": "Patient", "gender": "female"}


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a service that holds the demonstration trial."""
    await load(client)
    client.headers.update(HEADERS)
    return client


async def validated(client: httpx.AsyncClient, document: Any, address: str = "Patient") -> list[Any]:
    answer = await client.post(f"/fhir/{address}/$validate", content=codec.write(document), headers=HEADERS)
    assert answer.status_code == 200
    assert answer.json()["resourceType"] == "OperationOutcome"
    return issues(answer)


# ---- $validate ---------------------------------------------------------------------------------------


async def test_what_would_be_accepted_is_said_to_be(client: httpx.AsyncClient) -> None:
    [issue] = await validated(client, GOOD)

    assert (issue["severity"], issue["code"]) == ("information", "informational")
    found = await client.get("/fhir/Patient?_summary=count")
    assert found.json()["total"] == 0


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("Patient/p/$validate", {"id": "q"}),
        ("Patient/p/$validate", {}),
        ("Patient/p/$validate?mode=update", {}),
        ("Patient/$validate?mode=update", {}),
    ],
)
async def test_an_update_is_validated_as_a_put_would_take_it(
    client: httpx.AsyncClient, address: str, sent: dict[str, str]
) -> None:
    document = codec.write({"resourceType": "Patient", **sent})
    put = await client.put("/fhir/Patient/p", content=document, headers=HEADERS)
    validated = await client.post(f"/fhir/{address}", content=document, headers=HEADERS)

    assert (put.status_code, validated.status_code) == (400, 200)
    [issue], [refused] = issues(validated), issues(put)
    assert (issue["severity"], issue["code"]) == (refused["severity"], refused["code"]) == ("error", "value")
    assert issue["expression"] == refused["expression"] == ["Patient.id"]


@pytest.mark.parametrize("address", ["Patient/p/$validate", "Patient/$validate?mode=update"])
async def test_an_update_under_its_own_id_would_be_carried_out(
    client: httpx.AsyncClient, address: str
) -> None:
    document = codec.write({"resourceType": "Patient", "id": "p"})
    [issue] = issues(await client.post(f"/fhir/{address}", content=document, headers=HEADERS))

    assert issue["severity"] == "information"
    assert issue["diagnostics"] == "an update of this would be carried out"


@pytest.mark.parametrize(
    ("document", "code", "expression"),
    [
        (GOOD | {"gender": "femal"}, "code-invalid", "Patient.gender"),
        (GOOD | {"genders": "x"}, "structure", "Patient.genders"),
        (GOOD | {"name": [{"family": "Curie"}]}, "business-rule", "Patient.name"),
        ({"resourceType": "Observation"}, "structure", "Patient"),
    ],
)
async def test_every_problem_is_said_as_a_write_would_say_it(
    client: httpx.AsyncClient, document: Any, code: str, expression: str
) -> None:
    said = await validated(client, document)
    written = issues(await client.post("/fhir/Patient", content=codec.write(document), headers=HEADERS))

    assert said == written
    assert code in {issue["code"] for issue in said}
    assert any(issue["expression"][0].startswith(expression) for issue in said)


async def test_a_reference_that_leads_nowhere_is_seen(client: httpx.AsyncClient) -> None:
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "C3"},
        "subject": {"reference": "Patient/nobody"},
    }

    [issue] = await validated(client, observation, "Observation")

    assert (issue["code"], issue["expression"]) == ("not-found", ["Observation.subject"])


async def test_parameters_carry_the_resource_and_the_mode(client: httpx.AsyncClient) -> None:
    asked = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": GOOD | {"gender": "femal"}},
            {"name": "mode", "valueCode": "create"},
        ],
    }

    [issue] = await validated(client, asked)

    assert issue["expression"] == ["Patient.gender"]


async def test_a_deletion_is_validated_too(demo: httpx.AsyncClient) -> None:
    refused = issues(await demo.post(f"{PATIENT}/$validate?mode=delete"))

    assert {issue["code"] for issue in refused} == {"conflict"}
    assert (await demo.get(PATIENT)).status_code == 200


@pytest.mark.parametrize(
    ("profile", "codes"),
    [
        ("http://hl7.org/fhir/StructureDefinition/Patient", {"informational"}),
        ("https://example.org/StructureDefinition/mine", {"not-supported"}),
    ],
)
async def test_a_profile_that_is_not_known_is_said_so(
    client: httpx.AsyncClient, profile: str, codes: set[str]
) -> None:
    answer = await client.post(
        "/fhir/Patient/$validate", params={"profile": profile}, content=codec.write(GOOD), headers=HEADERS
    )

    assert {issue["code"] for issue in issues(answer)} == codes


async def test_it_is_asked_by_post_alone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fhir/Patient/$validate")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# ---- $everything -------------------------------------------------------------------------------------


async def walked(client: httpx.AsyncClient, address: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    total = None
    next_one: str | None = address
    while next_one is not None:
        page = (await client.get(next_one)).json()
        total = total or page["total"]
        assert page["total"] == total
        entries = [entry["resource"] for entry in page.get("entry", ())]
        found += [(resource["resourceType"], resource["id"]) for resource in entries]
        next_one = next((one["url"] for one in page["link"] if one["relation"] == "next"), None)
    assert len(found) == len(set(found)) == total
    return found


async def test_everything_about_a_patient_is_there_whatever_the_pages(demo: httpx.AsyncClient) -> None:
    every = await walked(demo, f"{PATIENT}/$everything")

    assert {kind for kind, _ in every} == {
        "Patient",
        "ResearchSubject",
        "ResearchStudy",
        "Observation",
        "MedicationAdministration",
        "AdverseEvent",
        *("DiagnosticReport", "Specimen", "ServiceRequest", "Encounter", "QuestionnaireResponse"),
    }
    assert await walked(demo, f"{PATIENT}/$everything?_count=7") == every
    assert await walked(demo, "/fhir/ResearchSubject/msc-sle-01/$everything") == every
    counted = await demo.get("/fhir/Observation?patient=msc-sle-p01&_summary=count")
    assert counted.json()["total"] == sum(kind == "Observation" for kind, _ in every)


async def test_it_is_narrowed_by_type_and_by_time(demo: httpx.AsyncClient) -> None:
    typed = await walked(demo, f"{PATIENT}/$everything?_type=AdverseEvent,Patient")
    assert {kind for kind, _ in typed} == {"AdverseEvent", "Patient"}

    later = await walked(demo, f"{PATIENT}/$everything?_type=Observation&start=2100-01-01")
    undated = await demo.get("/fhir/Observation?patient=msc-sle-p01&date:missing=true&_summary=count")
    assert len(later) == undated.json()["total"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("Patient/nobody/$everything", 404),
        ("Patient/msc-sle-p01/$everything?_type=Coverage", 400),
        ("Patient/msc-sle-p01/$everything?_after=abc", 400),
        ("Patient/msc-sle-p01/$everything?begin=2020", 400),
        ("ResearchStudy/msc-sle/$everything", 404),
    ],
)
async def test_what_cannot_be_gathered_is_refused(demo: httpx.AsyncClient, address: str, status: int) -> None:
    assert (await demo.get(f"/fhir/{address}")).status_code == status


# ---- $meta -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("types", ["_type=AdverseEvent&_type=Patient", "_type=", "_type=&start=2000-01-01"])
async def test_the_next_page_is_there_however_the_types_were_asked_for(
    demo: httpx.AsyncClient, types: str
) -> None:
    every = await walked(demo, f"{PATIENT}/$everything?_count=1000&{types}")
    paged = await walked(demo, f"{PATIENT}/$everything?_count=1&{types}")

    assert len(every) > 1
    assert paged == every


async def test_the_meta_of_a_resource_and_of_a_type(client: httpx.AsyncClient) -> None:
    tag = {"system": "https://example.org/tags", "code": "a"}
    made = await client.post("/fhir/Patient", content=body("Patient", meta={"tag": [tag]}), headers=HEADERS)

    own = (await client.get(f"/fhir/Patient/{made.json()['id']}/$meta")).json()
    every = (await client.get("/fhir/Patient/$meta")).json()
    none = (await client.get("/fhir/Observation/$meta")).json()

    assert own["parameter"][0]["valueMeta"] == made.json()["meta"]
    assert every["parameter"][0]["valueMeta"] == {"tag": [tag]}
    assert none == {"resourceType": "Parameters"}
