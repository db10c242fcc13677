"""Who signs in to the demonstration: what each of them sees, and that no other server lets them in."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from app.demo import load
from app.demo.clients import READY, register_ready, shown
from app.demo.hospitals import push
from app.demo.left import known_to
from app.fhir_mapping.access.client_document import problems
from app.routers.service import Service
from app.routers.trial_answers import now
from app.store.clients import disable, listed
from tests.access.signing import bearer
from tests.postgres import ROOT
from tests.servers import free_port

OF_SLS, OF_CHU_B, DONOR_OF_CHU_B = "msc-sle-01", "msc-sle-07", "msc-ssc-d02"


@pytest.fixture
async def registered(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service at which they are registered, with the senders they push for."""
    store = app.state.service.store
    await push(client, store, at=now())
    await register_ready(store)
    return client


async def signed_in(client: httpx.AsyncClient, name: str) -> dict[str, str]:
    """The header by which one of the ready clients is let in."""
    [ready] = [one for one in READY if one.name == name]
    return await bearer(client, name, ECKey.import_key(ready.key), "system/*.cruds")


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.name)
def test_each_may_be_registered_and_its_key_says_what_it_is(ready: object) -> None:
    [one] = [found for found in READY if found is ready]
    assert problems(one.client) == []
    assert one.key["kid"].startswith("demonstration-only-")
    assert "d" in one.key
    assert "d" not in (one.client.jwks or {})["keys"][0]


SEEN = {
    "demo-site-sls": {OF_SLS: 200, OF_CHU_B: 404, DONOR_OF_CHU_B: 404},
    "demo-site-chu-b": {OF_SLS: 404, OF_CHU_B: 200, DONOR_OF_CHU_B: 404},
    "demo-sponsor": {OF_SLS: 200, OF_CHU_B: 200, DONOR_OF_CHU_B: 200},
    "demo-auditor": {OF_SLS: 200, OF_CHU_B: 200, DONOR_OF_CHU_B: 200},
}
COMMON = ("ResearchStudy/msc-sle", "ResearchStudy/msc-ssc", "Medication/msc-sle-cells")


async def test_each_sees_its_own_and_what_is_everybodys(registered: httpx.AsyncClient) -> None:
    await load(registered)
    for name, expected in SEEN.items():
        headers = await signed_in(registered, name)

        async def status(address: str, headers: dict[str, str] = headers) -> int:
            return (await registered.get(f"/fhir/{address}", headers=headers)).status_code

        assert {one: await status(f"ResearchSubject/{one}") for one in expected} == expected, name
        assert [await status(address) for address in COMMON] == [200, 200, 200], name


async def test_they_are_registered_once(registered: httpx.AsyncClient, app: FastAPI) -> None:
    store = app.state.service.store
    await disable(store, "demo-auditor")
    await register_ready(store)
    assert {one.name for one in await listed(store) if one.disabled} == {"demo-auditor"}
    assert await known_to(store.database) == ["demo-site-chu-b", "demo-site-sls", "demo-sponsor"]


async def test_the_page_of_another_server_offers_none_of_them(
    app: FastAPI, client: httpx.AsyncClient
) -> None:
    service: Service = app.state.service
    assert await known_to(service.store.database) == []
    assert (await client.get("/docs/clients")).json()["clients"] == []
    assert [one["client_id"] for one in shown()] == [one.name for one in READY]


async def test_a_server_others_reach_does_not_start_where_they_are_registered(
    registered: httpx.AsyncClient, database_url: str
) -> None:
    del registered
    words = ["serve", "--host", ".".join("0000"), "--port", str(free_port())]
    settings = {
        "TRIALBRIDGE_DATABASE_URL": database_url,
        "TRIALBRIDGE_BASE_URL": "https://trial.example.org",
        "PATH": "",
    }
    refused = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 2
    assert "everybody knows the keys of demo-auditor, demo-site-chu-b" in refused.stderr


def test_the_file_of_their_keys_says_what_they_are() -> None:
    [file] = Path(ROOT, "app", "demo").glob("*keys*.json")
    assert file.name == "demonstration-only-keys.json"
    assert "PUBLIC demonstration keys" in file.read_text("utf-8")
