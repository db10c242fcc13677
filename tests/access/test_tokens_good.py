"""A registered client signs in, with either kind of key, and out again."""

import httpx
import pytest
from fastapi import FastAPI

from app.settings import Settings
from app.store.session import Store
from tests.access.signing import bearer, new_key, register_client


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(database_url=database_url, base_url="http://test", auth="smart")


@pytest.fixture
def store(app: FastAPI) -> Store:
    found: Store = app.state.service.store
    return found


@pytest.mark.parametrize("algorithm", ["RS384", "ES384"])
async def test_a_registered_client_signs_in_and_reads(
    client: httpx.AsyncClient, store: Store, algorithm: str
) -> None:
    key = await register_client(store, "chu-a", key=new_key(algorithm=algorithm))
    assert (await client.get("/fhir/Patient")).status_code == 401

    answer = await client.get("/fhir/Patient", headers=await bearer(client, "chu-a", key))

    assert answer.status_code == 200, answer.text
