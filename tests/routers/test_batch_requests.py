"""An entry of a batch that does not say what it wants fails alone; what has to be asked alone is said so."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.routers.make import body, bundle_of, issues

GOOD: dict[str, Any] = {
    "resource": codec.read(body("Patient")),
    "request": {"method": "POST", "url": "Patient"},
}


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        ({"method": "MELT", "url": "Patient/1"}, ".method"),
        ({"method": "GET"}, ""),
        ({"method": "GET", "url": "Patient?name=a b"}, ".url"),
        ({"method": "GET", "url": " "}, ".url"),
        ({"url": "Patient/1"}, ""),
        ({"method": "GET", "url": "Patient", "colour": "red"}, ".colour"),
        ({}, ""),
    ],
)
async def test_a_request_that_is_none_fails_alone_in_a_batch(
    trial: httpx.AsyncClient, request_: dict[str, Any], place: str
) -> None:
    entries = [GOOD, {"request": request_}, GOOD]

    batch = await trial.post("/fhir", content=bundle_of("batch", *entries))
    transaction = await trial.post("/fhir", content=bundle_of("transaction", *entries))

    assert batch.status_code == 200, batch.text
    first, bad, last = (one["response"] for one in batch.json()["entry"])
    assert [one["status"].split()[0] for one in (first, bad, last)] == ["201", "400", "201"]
    assert bad["outcome"]["issue"][0]["expression"][0].startswith(f"Bundle.entry[1].request{place}")
    assert transaction.status_code == 400


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize(
    "url", ["metadata", "_history", "Observation/$lastn?patient=1", "Patient/1/$everything"]
)
async def test_what_cannot_be_asked_in_a_bundle_is_said_to_be_asked_by_itself(
    trial: httpx.AsyncClient, url: str, kind: str
) -> None:
    answer = await trial.post("/fhir", content=bundle_of(kind, {"request": {"method": "GET", "url": url}}))

    said = answer.json()["entry"][0]["response"]["outcome"]["issue"] if kind == "batch" else issues(answer)
    assert "cannot be asked in a Bundle" in said[0]["diagnostics"]
