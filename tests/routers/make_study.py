"""A study of three infused subjects, as transactions of FHIR documents."""

from typing import Any

import httpx

from app.fhir_mapping import codec
from tests.routers.make import HEADERS

STUDY = {
    "resourceType": "ResearchStudy",
    "id": "msc-sle",
    "status": "active",
    "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
}


def put(document: dict[str, Any]) -> dict[str, Any]:
    url = f"{document['resourceType']}/{document['id']}"
    return {"resource": document, "request": {"method": "PUT", "url": url}}


def enrolled(number: int) -> list[dict[str, Any]]:
    """A patient, their part in the study, and their infusion."""
    patient = {"reference": f"Patient/p{number}"}
    study = {"reference": "ResearchStudy/msc-sle"}
    product = {"system": "https://trialbridge.example/fhir/CodeSystem/product", "code": "uc-msc"}
    return [
        put({"resourceType": "Patient", "id": f"p{number}", "gender": "female", "birthDate": "1980-02-03"}),
        put(
            {
                "resourceType": "ResearchSubject",
                "id": f"s{number}",
                "status": "on-study",
                "study": study,
                "individual": patient,
                "assignedArm": "cohort-2e6",
            }
        ),
        put(
            {
                "resourceType": "MedicationAdministration",
                "id": f"m{number}",
                "status": "completed",
                "medicationCodeableConcept": {"coding": [product]},
                "subject": patient,
                "effectiveDateTime": "2021-03-01",
            }
        ),
    ]


async def store_study(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client, of a service that knows the study now."""
    client.headers.update(HEADERS)
    arms = [{"name": "cohort-2e6"}]
    entries = [put(STUDY | {"arm": arms}), *(entry for number in range(3) for entry in enrolled(number))]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    stored = await client.post("/fhir", content=codec.write(bundle))
    assert stored.status_code == 200, stored.text
    return client
