"""An answer that is remembered is told to nobody who would not be given it anew."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping import codec
from app.main import create_app
from app.settings import Settings
from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.routers import make_study
from tests.routers.make import HEADERS
from tests.routers.make_study import enrolled, put
from tests.routers.test_remembered import said, transaction
from tests.servers import client_of, running

SITES = "https://trialbridge.example/fhir/CodeSystem/site"
STUDY = make_study.STUDY | {"arm": [{"name": "cohort-2e6"}]}
OTHER = STUDY | {"id": "other", "identifier": [{"system": "urn:x", "value": "2"}]}
CLIENTS: Mapping[str, dict[str, Any]] = {
    "operator": {"role": "administrator"},
    "north": {"role": "site", "sites": ["A"], "studies": ["msc-sle"]},
    "south": {"role": "site", "sites": ["B"], "studies": ["msc-sle"]},
    "north-all": {"role": "site", "sites": ["A"]},
    "strangers": {"role": "site", "sites": ["A"], "studies": ["another"]},
    "north-less": {"role": "site", "sites": ["A"], "scopes": "system/ResearchSubject.rs system/Patient.rs"},
}
WHY = {"X-Change-Reason": "moved"}
ADDRESS = "/fhir/ResearchSubject/s1/$timeline"


@dataclass(frozen=True)
class Sites:
    """A service that remembers, one that is made to forget, and the tokens of their clients."""

    client: httpx.AsyncClient
    fresh: httpx.AsyncClient
    other: FastAPI
    tokens: Mapping[str, dict[str, str]]

    async def both(self, name: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """What the two answer to a client."""
        self.other.state.service.memory.forget()
        asked = [await one.get(ADDRESS, headers=self.tokens[name]) for one in (self.client, self.fresh)]
        return said(asked[0]), said(asked[1])

    async def tag(self, site: str) -> None:
        """Move the patient to a site."""
        patient = next(one["resource"] for one in enrolled(1) if one["resource"]["resourceType"] == "Patient")
        tagged = patient | {"meta": {"security": [{"system": SITES, "code": site}]}}
        bundle = codec.write(transaction([put(tagged)]))
        stored = await self.client.post(
            "/fhir", content=bundle, headers=HEADERS | WHY | self.tokens["operator"]
        )
        assert stored.status_code == 200, stored.text


@pytest.fixture
async def sites(store: Store, settings: Settings, client: httpx.AsyncClient) -> AsyncIterator[Sites]:
    keys = {name: await register_client(store, name, **given) for name, given in CLIENTS.items()}
    tokens = {name: await bearer(client, name, key) for name, key in keys.items()}
    also = next(
        one["resource"] for one in enrolled(1) if one["resource"]["resourceType"] == "ResearchSubject"
    )
    elsewhere = also | {"id": "s1-other", "study": {"reference": "ResearchStudy/other"}}
    entries = [put(STUDY), put(OTHER), *enrolled(1), put(elsewhere)]
    bundle = codec.write(transaction(entries))
    stored = await client.post("/fhir", content=bundle, headers=HEADERS | tokens["operator"])
    assert stored.status_code == 200, stored.text
    async with running(create_app(settings)) as other, client_of(other) as fresh:
        yield Sites(client, fresh, other, tokens)


async def test_each_client_is_told_what_a_service_that_knows_nothing_yet_would_tell(sites: Sites) -> None:
    statuses = {}
    for site in ("A", "B", "A"):
        await sites.tag(site)
        for _ in range(2):
            for name in CLIENTS:
                remembered, fresh = await sites.both(name)
                assert remembered == fresh, (site, name)
                statuses[site, name] = remembered[0]

    assert [statuses["A", name] for name in CLIENTS] == [200, 200, 404, 200, 404, 403]
    assert [statuses["B", name] for name in CLIENTS] == [200, 404, 200, 404, 404, 403]


async def test_a_part_out_of_sight_is_told_of_to_those_alone_who_do_not_see_it(sites: Sites) -> None:
    await sites.tag("A")
    told = {name: [(await sites.both(name))[0][2]] for name in ("north", "operator")}
    gone = await sites.client.delete("/fhir/ResearchSubject/s1-other", headers=WHY | sites.tokens["operator"])
    assert gone.status_code == 204, gone.text
    for name, answers in told.items():
        remembered, fresh = await sites.both(name)
        assert remembered == fresh
        answers.append(remembered[2])

    hidden = {
        name: [b"out of the asker's sight" in answer for answer in answers] for name, answers in told.items()
    }
    assert hidden == {"north": [True, False], "operator": [False, False]}
