"""Clients others wrote, and the README's push, against a real server."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fhirpy import AsyncFHIRClient, SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from tests.acceptance.lupus import Json, send
from tests.servers import Server

SYSTEM = "urn:trialbridge:test:clients"
UCUM, LOINC = "http://unitsofmeasure.org", "http://loinc.org"
C3 = {"system": LOINC, "code": "4485-9"}


@pytest.fixture
def client(server: Server) -> Any:
    """fhirpy's client, which brings no types worth the name."""
    return SyncFHIRClient(f"{server.url}/fhir")


def c3(patient: str, value: float, unit: str = "g/L", on: str = "2021-09-14", **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [C3]},
        "subject": {"reference": patient},
        "effectiveDateTime": on,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
    } | more


# ---- fhirpy ------------------------------------------------------------------------------------------


def test_fhirpy_creates_reads_updates_and_deletes(client: Any) -> None:
    patient = client.resource("Patient", gender="female", birthDate="1987")
    patient.save()
    assert patient.id
    assert patient["meta"]["versionId"] == "1"

    read = client.reference("Patient", patient.id).to_resource()
    assert (read["gender"], read["birthDate"]) == ("female", "1987")

    read["gender"] = "other"
    read.save()
    assert read["meta"]["versionId"] == "2"
    assert client.get("Patient", patient.id)["gender"] == "other"

    read.delete()
    with pytest.raises(ResourceNotFound):
        client.get("Patient", patient.id)


def test_fhirpy_searches_sorts_and_follows_the_pages_to_the_end(client: Any) -> None:
    patient = client.resource("Patient", gender="female")
    patient.save()
    for number in range(7):
        observation = c3(f"Patient/{patient.id}", 0.7 + number / 100, on=f"2021-09-{10 + number}")
        client.resource("Observation", **observation).save()

    found = client.resources("Observation").search(patient=patient.id, code=f"{LOINC}|4485-9")

    newest_first = [one["effectiveDateTime"] for one in found.sort("-date").limit(3).fetch_all()]
    late = found.search(date__ge="2021-09-15").fetch()
    high = found.search(value_quantity=f"gt0.74|{UCUM}|g/L").fetch()
    first = found.sort("date").first()
    assert newest_first == [f"2021-09-{day}" for day in range(16, 9, -1)]
    assert len(late) == len(high) == 2
    assert first["effectiveDateTime"] == "2021-09-10"
    assert found.count() == 7


def test_fhirpy_is_told_why_it_was_refused(client: Any) -> None:
    with pytest.raises(OperationOutcome) as caught:
        client.resource("Patient", gender="robot").save()

    [issue] = caught.value.resource["issue"]
    assert issue["expression"] == ["Patient.gender"]


def test_fhirpy_asks_the_operation(client: Any) -> None:
    study = client.resource(
        "ResearchStudy",
        status="active",
        identifier=[{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
    )
    patient = client.resource("Patient", gender="female")
    study.save()
    patient.save()
    subject = client.resource(
        "ResearchSubject",
        status="on-study",
        study=study.to_reference(),
        individual=patient.to_reference(),
    )
    subject.save()

    answer = subject.execute("$sri-status", method="get", params={"visit": "M6"})

    assert answer["resourceType"] == "Parameters"
    assert len([one for one in answer["parameter"] if one["name"] == "result"]) == 3


async def test_fhirpy_works_asynchronously_too(server: Server) -> None:
    client = AsyncFHIRClient(f"{server.url}/fhir")
    patient = client.resource(
        "Patient", gender="female", identifier=[{"system": SYSTEM, "value": uuid4().hex}]
    )
    await patient.save()

    found = (
        await client.resources("Patient")
        .search(identifier=f"{SYSTEM}|{patient['identifier'][0]['value']}")
        .fetch()
    )

    assert [one.id for one in found] == [patient.id]


# ---- A result in another unit --------------------------------------------------------------------------


@pytest.mark.rule(65)
@pytest.mark.parametrize(
    ("asked", "is_found"),
    [
        (f"0.85|{UCUM}|g/L", True),
        (f"85|{UCUM}|mg/dL", True),
        (f"0.850|{UCUM}|g/L", True),
        (f"gt0.849|{UCUM}|g/L", True),
        (f"lt0.9|{UCUM}|g/L", True),
        (f"0.86|{UCUM}|g/L", False),
        (f"gt0.85|{UCUM}|g/L", False),
        (f"85|{UCUM}|g/L", False),
    ],
)
def test_a_result_of_85_mg_per_dl_is_found_in_grams_per_litre(
    http: httpx.Client, pushed: tuple[str, str], asked: str, is_found: bool
) -> None:
    patient, observation = pushed

    answer = http.get("/fhir/Observation", params={"patient": patient, "value-quantity": asked})

    found = [entry["resource"]["id"] for entry in answer.json().get("entry", ())]
    assert found == ([observation] if is_found else [])


@pytest.fixture
def pushed(http: httpx.Client) -> tuple[str, str]:
    """A patient and her complement C3 of 85 mg/dL, pushed as the README shows it."""
    patient = http.post("/fhir/Patient", json={"resourceType": "Patient"}).json()["id"]
    observation = http.post("/fhir/Observation", json=c3(f"Patient/{patient}", 85, "mg/dL"))
    assert observation.status_code == 201, observation.text
    return patient, observation.json()["id"]


def test_what_was_pushed_is_answered_as_it_was_sent(http: httpx.Client, pushed: tuple[str, str]) -> None:
    _, observation = pushed

    quantity = http.get(f"/fhir/Observation/{observation}").json()["valueQuantity"]

    assert quantity == {"value": 85, "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}


# ---- What any client relies on ---------------------------------------------------------------------------


@pytest.mark.rule(5)
def test_the_headers_of_every_interaction_lead_to_the_version(http: httpx.Client, server: Server) -> None:
    created = http.post("/fhir/Patient", json={"resourceType": "Patient"})
    name = created.json()["id"]
    updated = send(http, "PUT", f"/fhir/Patient/{name}", created.json() | {"gender": "male"}, **IF_FIRST)
    read = http.get(f"/fhir/Patient/{name}")

    assert created.headers["location"] == f"{server.url}/fhir/Patient/{name}/_history/1"
    assert (created.headers["etag"], updated.headers["etag"], read.headers["etag"]) == (
        'W/"1"',
        'W/"2"',
        'W/"2"',
    )
    assert read.headers["last-modified"] == updated.headers["last-modified"]
    assert http.get(created.headers["location"]).content == created.content
    assert http.get(f"/fhir/Patient/{name}", headers={"If-None-Match": 'W/"2"'}).status_code == 304


IF_FIRST = {"If-Match": 'W/"1"'}
