"""fhirclient, the SMART project's client, whose models read every answer strictly."""

from uuid import uuid4

import pytest
from fhirclient import client as smart
from fhirclient.models import bundle, observation, patient
from fhirclient.server import FHIRNotFoundException

from tests.servers import Server

SYSTEM = "urn:trialbridge:test:fhirclient"


@pytest.fixture
def connection(server: Server) -> smart.FHIRClient:
    """The client, which asks for the CapabilityStatement first."""
    made = smart.FHIRClient(settings={"app_id": "trialbridge-tests", "api_base": f"{server.url}/fhir"})
    assert made.ready or made.prepare()
    return made


def someone(value: str) -> patient.Patient:
    return patient.Patient(
        {
            "resourceType": "Patient",
            "identifier": [{"system": SYSTEM, "value": value}],
            "gender": "female",
            "birthDate": "1987-05-03",
        }
    )


def test_it_creates_reads_updates_and_deletes(connection: smart.FHIRClient) -> None:
    said = someone(str(uuid4())).create(connection.server)
    found = patient.Patient.read(said["id"], connection.server)
    assert found.birthDate.isostring == "1987-05-03"

    found.gender = "other"
    assert found.update(connection.server)["meta"]["versionId"] == "2"

    found.delete()
    with pytest.raises(Exception, match=r"410|Gone"):
        patient.Patient.read(said["id"], connection.server)
    with pytest.raises(FHIRNotFoundException):
        patient.Patient.read("nobody", connection.server)


def test_it_searches_and_walks_the_pages(connection: smart.FHIRClient) -> None:
    own = someone(str(uuid4())).create(connection.server)["id"]
    for number in range(5):
        observation.Observation(
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
                "subject": {"reference": f"Patient/{own}"},
                "valueQuantity": {"value": number, "unit": "g/L"},
            }
        ).create(connection.server)

    search = observation.Observation.where({"patient": own, "_count": "2", "_sort": "-value-quantity"})
    pages = list(search.perform_iter(connection.server))
    found = list(search.perform_resources_iter(connection.server))

    assert [one.valueQuantity.value for one in found] == [4, 3, 2, 1, 0]
    assert all(isinstance(page, bundle.Bundle) and page.type == "searchset" for page in pages)
    assert [len(page.entry) for page in pages] == [2, 2, 1]
