"""A search that takes too long is refused with what to do about it, and the service goes on meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping.outcome import Refusal
from app.main import create_app
from app.settings import Settings
from app.store.database import Connection
from tests.servers import client_of, running

MANY = """INSERT INTO search_string (type, id, patient_id, parameter, folded, written, part)
 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
 SELECT 'Observation', 'o', '', 'value-string', 'some words', 'some words', 0 FROM n"""
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, base_url="http://test", auth="none", search_seconds=0.001)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with running(create_app(settings)) as app:
        await app.state.service.store.database.write(lambda connection: connection.execute(MANY))
        yield app


async def endless(connection: Connection) -> None:
    await connection.fetch(ENDLESS)


@pytest.mark.rule(71)
async def test_a_search_that_takes_too_long_is_too_costly(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.get("/fhir/Observation?value-string:contains=other")

    [issue] = answer.json()["issue"]
    assert (answer.status_code, issue["code"], issue["expression"]) == (400, "too-costly", ["http.url"])
    assert "narrow it" in issue["diagnostics"]


@pytest.mark.rule(79)
async def test_the_service_answers_while_a_search_is_slow(app: FastAPI) -> None:
    slow = asyncio.create_task(app.state.service.store.database.read(endless, seconds=1))
    answered: list[httpx.Response] = []
    async with client_of(app) as client:
        while not slow.done():
            addresses = ("/healthz", "/readyz", "/fhir/Patient/none")
            answered += [await asyncio.wait_for(client.get(address), 0.9) for address in addresses]
            await asyncio.sleep(0.01)

    assert isinstance(slow.exception(), Refusal)
    assert len(answered) > 30
    assert {answer.status_code for answer in answered} == {200, 404}
