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


def statements(client: httpx.AsyncClient) -> int:
    return int(client._transport.app.state.service.store.database.statements)  # type: ignore[attr-defined]  # noqa: SLF001


def many(document: dict[str, Any], count: int, **changes: Any) -> bytes:
    """So many results like this one, each with a number of its own, in one transaction."""
    del (document := {**document})["id"]
    numbered = (
        {**document, **changes, "identifier": [{"system": LAB.systems[0], "value": f"PGA-{number}"}]}
        for number in range(count)
    )
    entries = [{"resource": one, "request": {"method": "POST", "url": "Observation"}} for one in numbered]
    return codec.write({"resourceType": "Bundle", "type": "transaction", "entry": entries})


async def test_of_many_corrections_a_few_are_looked_at_and_the_others_say_where_to_ask(
    pushing: httpx.AsyncClient,
) -> None:
    document = await score(pushing)
    await pushing.post("/fhir", content=many(document, 100))

    before = statements(pushing)
    corrected = many(document, 100, status="corrected", issued="2026-01-01T10:00:00+01:00")
    answer = await pushing.post("/fhir", content=corrected)

    assert answer.status_code == 200, answer.text
    assert statements(pushing) - before < 70  # the transaction itself, and less than two for each looked at
    entries = [entry["response"] for entry in answer.json()["entry"]]
    said = [
        [one["diagnostics"] for one in entry["outcome"]["issue"] if "$impact" in one["diagnostics"]]
        for entry in entries
    ]
    assert {len(texts) for texts in said} == {1}
    assert sum("ask $impact" in text for [text] in said) >= 80
    last = entries[-1]["location"].split("/fhir/")[1].replace("_history/2", "_history/1")
    assert said[-1][0].endswith(f"observation={last}")


async def test_what_goes_wrong_in_looking_never_spoils_the_answer(pushing: httpx.AsyncClient) -> None:
    document = await score(pushing)
    await pushing.put(f"/fhir/Observation/{PGA}", content=codec.write(document))
    store = pushing._transport.app.state.service.store  # type: ignore[attr-defined]  # noqa: SLF001
    sql = "UPDATE resource SET document = $1 WHERE type = 'ResearchSubject'"
    await store.database.write(lambda connection: connection.execute(sql, b'{"period":5,"extension":5}'))

    headers = {"Prefer": "return=OperationOutcome"}
    answer = await pushing.post("/fhir/Observation", content=codec.write(worse(document)), headers=headers)

    assert answer.status_code == 200, answer.text
    text = " ".join(issue["diagnostics"] for issue in answer.json()["issue"])
    assert "ask $impact of its ResearchSubject" in text
