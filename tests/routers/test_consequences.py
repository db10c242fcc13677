"""The answer to a correction says what it changes in the answers about the subject."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.demo import load
from app.fhir_mapping import codec
from app.store.senders import register
from tests.routers.make import HEADERS
from tests.store.pushing import LAB

PGA = "msc-sle-01-m6-pga"


@pytest.fixture
async def pushing(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a laboratory, at a service that holds the demonstration trial."""
    await load(client)
    client.headers.update(HEADERS)
    store = client._transport.app.state.service.store  # type: ignore[attr-defined]  # noqa: SLF001
    await register(store, LAB, at=datetime.now(UTC))
    store.desk.expire()
    return client


async def score(client: httpx.AsyncClient) -> dict[str, Any]:
    document = codec.read((await client.get(f"/fhir/Observation/{PGA}")).content)
    return {**document, "identifier": [{"system": LAB.systems[0], "value": "PGA-M6"}]}


def worse(document: dict[str, Any]) -> dict[str, Any]:
    value = {**document["valueQuantity"], "value": 3}
    return {**document, "status": "corrected", "issued": "2026-01-01T10:00:00+01:00", "valueQuantity": value}


async def test_a_correction_that_changes_an_answer_says_which(pushing: httpx.AsyncClient) -> None:
    document = await score(pushing)
    await pushing.put(f"/fhir/Observation/{PGA}", content=codec.write(document))

    headers = {"Prefer": "return=OperationOutcome"}
    answer = await pushing.post("/fhir/Observation", content=codec.write(worse(document)), headers=headers)

    assert answer.status_code == 200, answer.text
    text = " ".join(issue["diagnostics"] for issue in answer.json()["issue"])
    assert "of ResearchSubject/msc-sle-01" in text
    assert "sri-status" in text


async def test_in_a_bundle_the_entry_of_the_correction_says_it(pushing: httpx.AsyncClient) -> None:
    document = await score(pushing)
    await pushing.put(f"/fhir/Observation/{PGA}", content=codec.write(document))

    entry = {"resource": worse(document), "request": {"method": "POST", "url": "Observation"}}
    for kind in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        answer = await pushing.post("/fhir", content=codec.write(bundle))
        response = answer.json()["entry"][0]["response"]
        said = [issue["diagnostics"] for issue in response.get("outcome", {}).get("issue", ())]
        assert response["status"].startswith("200")
        assert any("sri-status" in text for text in said) is (kind == "batch")  # the second is a replay


async def test_what_changes_no_answer_says_so(pushing: httpx.AsyncClient) -> None:
    document = await score(pushing)
    await pushing.put(f"/fhir/Observation/{PGA}", content=codec.write(document))

    noted = {**document, "issued": "2026-01-01T10:00:00+01:00", "note": [{"text": "signed again"}]}
    headers = {"Prefer": "return=OperationOutcome"}
    answer = await pushing.post("/fhir/Observation", content=codec.write(noted), headers=headers)

    text = " ".join(issue["diagnostics"] for issue in answer.json()["issue"])
    assert "this changes no answer of ResearchSubject/msc-sle-01" in text
