"""Two hospitals push to the demonstration once: the inbox tells every kind of fate."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.demo.hospitals import CHU_A, CHU_B, push
from app.fhir_mapping.sender_document import problems

Json = dict[str, Any]
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
async def pushed(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service the hospitals have pushed to."""
    assert await push(client, app.state.service.store, at=AT) == 8
    return client


async def told(client: httpx.AsyncClient, operation: str) -> Json:
    found: Json = (await client.get(f"/fhir/{operation}?view=plain")).json()
    return found


def test_the_hospitals_may_be_registered() -> None:
    assert problems(CHU_A) == problems(CHU_B) == []


async def test_the_inbox_tells_of_every_kind(pushed: httpx.AsyncClient) -> None:
    messages = (await told(pushed, "$inbox"))["messages"]

    assert [(one["message"], one["fate"], one.get("reason")) for one in reversed(messages)] == [
        ("chu-a-2", "stored", None),
        ("chu-a-3", "replayed", None),
        ("chu-a-4", "stored", "unmapped-code"),
        ("chu-a-5", "parked", "unknown-subject"),
        ("chu-b-1", "stored", None),
        ("chu-b-2", "stored", None),
    ]
    assert [one["name"] for one in (await told(pushed, "$senders"))["senders"]] == ["chu-a", "chu-b"]
    assert [one["text"] for one in (await told(pushed, "$unmapped"))["unmapped"]] == ["FIBR"]


async def test_the_local_code_is_translated_beside_what_was_sent(pushed: httpx.AsyncClient) -> None:
    found = (await pushed.get("/fhir/Observation?code=http://loinc.org|2951-2&_sort=_lastUpdated")).json()
    mapped = found["entry"][0]["resource"]

    assert [one["code"] for one in mapped["code"]["coding"]] == ["NA", "2951-2"]
    assert mapped["valueQuantity"]["code"] == "mmol/L"


async def test_they_push_once(pushed: httpx.AsyncClient, app: FastAPI) -> None:
    before = await told(pushed, "$inbox")

    assert await push(pushed, app.state.service.store, at=AT) == 0
    assert await told(pushed, "$inbox") == before


async def test_nobody_in_the_trials_is_meant(pushed: httpx.AsyncClient) -> None:
    patients = (await pushed.get("/fhir/Patient")).json()["entry"]

    assert [one["resource"]["id"] for one in patients] == ["chu-patient"]
