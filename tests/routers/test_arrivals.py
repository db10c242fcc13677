"""What the inbox says of each arrival: its own reasons, where it lies, whose it is; and nothing breaks it."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.routers import inbox_operations
from app.store.senders import register
from tests.routers.make import HEADERS
from tests.store.pushing import LAB, result

Json = dict[str, Any]
OURS = LAB.systems[0]
OTHER = "urn:oid:9.9"


@pytest.fixture
async def pushing(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a laboratory, whose one patient is known."""
    client.headers.update(HEADERS)
    store = client._transport.app.state.service.store  # type: ignore[attr-defined]  # noqa: SLF001
    await register(store, LAB, at=datetime.now(UTC))
    store.desk.expire()
    await client.put("/fhir/Patient/p1", content=b'{"resourceType":"Patient","id":"p1"}')
    return client


def bundle(kind: str, *documents: Json) -> Json:
    entries = [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in documents
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def worth(value: float) -> Json:
    return {**result()["valueQuantity"], "value": value}


async def inbox(client: httpx.AsyncClient, **asked: str) -> dict[str, Json]:
    """The rows of the inbox, by the number of the result; the newest where there are several."""
    answer = await client.get("/fhir/$inbox", params={"view": "plain", **asked})
    assert answer.status_code == 200, answer.text
    rows = answer.json()["messages"]
    return {row.get("identifier", {}).get("value", ""): row for row in reversed(rows)}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
async def test_each_row_says_only_what_stands_against_its_own_entry(
    pushing: httpx.AsyncClient, kind: str
) -> None:
    documents = [result(str(number), status=f"nonsense-{number}") for number in range(30)]

    await pushing.post("/fhir", json=bundle(kind, *documents))

    rows = await inbox(pushing)
    assert len(rows) == 30
    assert {len(row["detail"]) < 200 for row in rows.values()} == {True}


async def test_a_conflict_of_one_entry_is_not_told_of_all(pushing: httpx.AsyncClient) -> None:
    await pushing.post("/fhir", json=bundle("transaction", *(result(str(number)) for number in range(40))))

    changed = (result(str(number), valueQuantity=worth(1.5)) for number in range(40))
    answer = await pushing.post("/fhir", json=bundle("transaction", *changed))

    assert answer.status_code == 409
    rows = await inbox(pushing, fate="refused")
    assert len(rows) == 40
    assert len({row["detail"] for row in rows.values()}) == 40  # each names its own result
    assert max(len(row["detail"]) for row in rows.values()) <= 500


async def test_what_own_criteria_find_elsewhere_is_answered_and_told(pushing: httpx.AsyncClient) -> None:
    foreign = result(identifier=[{"system": OTHER, "value": "1"}])
    first = await pushing.post("/fhir/Observation", json=foreign)

    headers = {"If-None-Exist": f"identifier={OTHER}|1", "Prefer": "return=OperationOutcome"}
    answer = await pushing.post("/fhir/Observation", json=result("L1"), headers=headers)

    assert answer.status_code == 200, answer.text
    assert answer.headers["x-fate"] == "replayed"
    [issue] = [one for one in answer.json()["issue"] if one["severity"] == "warning"]
    assert f"Observation/{first.json()['id']}" in issue["diagnostics"]
    row = (await inbox(pushing))["L1"]
    assert (row["fate"], row["resource"]) == ("replayed", f"Observation/{first.json()['id']}/_history/1")
    assert "not stored" in row["detail"]


@pytest.mark.parametrize("kind", ["single", "transaction"])
async def test_the_row_of_what_came_late_names_where_it_lies(pushing: httpx.AsyncClient, kind: str) -> None:
    await pushing.post("/fhir/Observation", json=result("L1", status="corrected"))
    late = result("L1", valueQuantity=worth(9.9), issued="2021-09-13T10:00:00+02:00")
    if kind == "single":
        answer = await pushing.post("/fhir/Observation", json=late)
    else:
        answer = await pushing.post("/fhir", json=bundle("transaction", result("L2"), late))
    assert answer.status_code == 200, answer.text

    row = (await inbox(pushing, reason="late"))["L1"]
    stored = (await pushing.get(f"/fhir/{row['resource']}")).json()
    assert stored["valueQuantity"]["value"] == 9.9


async def test_of_two_contents_in_one_bundle_each_row_names_its_own(pushing: httpx.AsyncClient) -> None:
    early = result("L1", status="preliminary", valueQuantity=worth(0.5), issued="2021-09-13T10:00:00+02:00")
    await pushing.post("/fhir", json=bundle("transaction", early, result("L1")))

    answer = await pushing.get("/fhir/$inbox", params={"view": "plain"})
    named = [row["resource"] for row in answer.json()["messages"]]
    values = {(await pushing.get(f"/fhir/{one}")).json()["valueQuantity"]["value"] for one in named}
    assert values == {0.5, 0.71}


async def test_a_row_says_whose_result_it_is(pushing: httpx.AsyncClient) -> None:
    for document in (result("L1"), result("L1"), result("L2", valueQuantity=worth(2))):
        await pushing.post("/fhir/Observation", json=document)
    late = result("L2", valueQuantity=worth(3), issued="2021-09-13T10:00:00+02:00")
    await pushing.post("/fhir/Observation", json=late)
    answer = await pushing.get("/fhir/$inbox", params={"view": "plain", "patient": "p1"})

    assert [row["fate"] for row in answer.json()["messages"]] == ["stored", "stored", "replayed", "stored"]


UNSOUND: list[Json] = [
    {"resourceType": "Observation", "identifier": [{"system": OURS, "value": {"a": 1}}]},
    {"resourceType": "Observation", "identifier": [{"system": OURS, "value": "1\u0000"}]},
    {"resourceType": 5, "identifier": [{"system": OURS, "value": "1"}]},
    {"resourceType": "x" * 9000, "identifier": [{"system": OURS, "value": "1"}]},
    {"resourceType": "Observation", "identifier": [{"system": OURS, "value": "1" * 9000}], "code": "x"},
    {"resourceType": "Observation", "identifier": [{"system": {"a": 1}, "value": "1"}]},
    {"resourceType": "Observation", "identifier": [{"system": OURS, "value": "1"}], "code": {"coding": 7}},
    {
        "resourceType": "Observation",
        "identifier": [{"system": OURS, "value": "1"}],
        "code": {"text": "\u0000"},
    },
]


@pytest.mark.parametrize("document", UNSOUND)
async def test_the_note_of_a_refusal_never_changes_the_answer(
    pushing: httpx.AsyncClient, document: Json
) -> None:
    answers = [
        await pushing.post("/fhir/Observation", content=json.dumps(document)),
        await pushing.post("/fhir", json=bundle("transaction", {**document, "resourceType": "Observation"})),
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    is_known = document["identifier"][0]["system"] == OURS
    assert bool(await inbox(pushing)) is is_known


async def test_the_refused_entries_of_a_batch_are_written_down_together(pushing: httpx.AsyncClient) -> None:
    database = pushing._transport.app.state.service.store.database  # type: ignore[attr-defined]  # noqa: SLF001
    documents = [result(str(number), status="nonsense") for number in range(50)]

    before = database.statements
    await pushing.post("/fhir", json=bundle("batch", *documents))
    assert database.statements - before < 20

    answer = await pushing.get("/fhir/$inbox", params={"view": "plain", "_count": "100"})
    assert len(answer.json()["messages"]) == 50


async def test_a_reason_for_a_change_has_an_end(pushing: httpx.AsyncClient) -> None:
    headers = {"X-Change-Reason": "wrong tube " + "x" * 5000}
    await pushing.post("/fhir/Observation", json=result("L1"), headers=headers)

    reason = (await inbox(pushing))["L1"]["changeReason"]
    assert reason.startswith("wrong tube")
    assert len(reason) == 500


async def test_to_validate_a_result_of_nobody_known_parks_nothing(pushing: httpx.AsyncClient) -> None:
    document = result("L1", subject={"reference": "Patient/nobody-yet"})
    answer = await pushing.post("/fhir/Observation/$validate", json=document)

    [issue] = answer.json()["issue"]
    assert (issue["severity"], "would be parked (unknown-subject)" in issue["diagnostics"]) == (
        "warning",
        True,
    )
    assert "x-inbox-id" not in answer.headers
    assert await inbox(pushing) == {}


async def test_so_many_letters_are_tried_by_one_request_and_the_others_counted(
    pushing: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_operations, "MOST_LETTERS", 3)
    for number in range(5):
        unknown = result(f"L{number}", subject={"reference": "Patient/nobody-yet"})
        await pushing.post("/fhir/Observation", json=unknown)

    async def replayed(reason: str, **asked: str) -> Json:
        asked = {"reason": reason, "view": "plain", **asked}
        answer = await pushing.post("/fhir/$replay", params=asked)
        assert answer.status_code == 200, answer.text
        told: Json = answer.json()
        return told

    first = await replayed("unknown-subject")
    rest = await replayed("unknown-subject", after=first["after"])
    none = await replayed("consent-withdrawn")
    assert [(one["tried"], one["left"]) for one in (first, rest, none)] == [(3, 2), (2, 0), (0, 0)]
    letters = {one["letter"] for told in (first, rest) for one in told["messages"]}
    assert len(letters) == 5
    assert "after" not in rest
    monkeypatch.setattr(inbox_operations, "MOST_LETTERS", 5)
    assert (await replayed("unknown-subject"))["left"] == 0
