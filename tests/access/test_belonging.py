"""What a site stores is its own, whatever its type; what is everybody's, no site changes."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping.sender import Sender
from app.store.retranslate import retranslate
from app.store.senders import register
from app.store.session import Store, utc_now
from tests.access.signing import ADMINISTRATOR, bearer, register_client
from tests.routers.make import HEADERS

SITE = "https://trialbridge.example/fhir/CodeSystem/site"
CLIENTS: dict[str, dict[str, Any]] = {
    "of-a": {"role": "site", "sites": ["A"]},
    "of-b": {"role": "site", "sites": ["B"]},
    "of-both": {"role": "site", "sites": ["A", "B"]},
    "cells-a": {"role": "donor-centre", "sites": ["A"]},
    "cells-b": {"role": "donor-centre", "sites": ["B"]},
    "operator": {"role": ADMINISTRATOR},
}
STOCK: dict[str, dict[str, Any]] = {
    "Organization": {"name": "a synthetic laboratory"},
    "Practitioner": {"active": True},
    "PractitionerRole": {"active": True},
    "Device": {"status": "active"},
    "Medication": {"status": "active"},
    "ConceptMap": {"status": "active"},
}


class World:
    """A service with clients of two sites."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, dict[str, str]]) -> None:
        self.http, self.headers = http, headers

    async def ask(self, name: str, method: str, address: str, /, **body: Any) -> httpx.Response:
        said: dict[str, Any] = {"json": {"resourceType": address.partition("/")[0], **body}} if body else {}
        headers = self.headers[name] | {"X-Change-Reason": "a test"}
        return await self.http.request(method, f"/fhir/{address}", headers=headers, **said)


@pytest.fixture
async def world(client: httpx.AsyncClient, store: Store) -> World:
    headers = {}
    for name, said in CLIENTS.items():
        key = await register_client(store, name, **said)
        headers[name] = HEADERS | await bearer(client, name, key)
    return World(client, headers)


def tagged(*sites: str) -> dict[str, Any]:
    return {"meta": {"security": [{"system": SITE, "code": site} for site in sites]}}


async def answers(world: World, name: str, address: str, body: dict[str, Any]) -> list[int]:
    """How a client is answered that reads, changes and deletes."""
    asked = [await world.ask(name, "GET", address)]
    asked += [await world.ask(name, "PUT", address, **body), await world.ask(name, "DELETE", address)]
    return [one.status_code for one in asked]


@pytest.mark.rule(78)
@pytest.mark.parametrize(("kind", "body"), STOCK.items())
async def test_what_a_site_stores_is_seen_and_changed_by_that_site_alone(
    world: World, kind: str, body: dict[str, Any]
) -> None:
    own, shared = ({"id": name} | body for name in ("own", "shared"))
    assert (await world.ask("of-a", "PUT", f"{kind}/own", **own)).status_code == 201
    assert (await world.ask("operator", "PUT", f"{kind}/shared", **shared)).status_code == 201

    assert await answers(world, "of-b", f"{kind}/own", own) == [404, 404, 404]
    assert await answers(world, "of-b", f"{kind}/shared", shared) == [200, 403, 403]
    assert await answers(world, "of-both", f"{kind}/shared", shared | tagged("A")) == [200, 403, 403]
    assert (await world.ask("of-both", "PUT", f"{kind}/of-both", **body, id="of-both")).status_code == 422
    assert await answers(world, "of-a", f"{kind}/own", own | {"language": "fr"}) == [200, 200, 204]
    assert await answers(world, "operator", f"{kind}/shared", shared | {"language": "fr"}) == [200, 200, 204]


@pytest.mark.rule(78)
async def test_a_product_is_of_the_centre_that_made_it(world: World) -> None:
    address, body = "BiologicallyDerivedProduct/batch", {"id": "batch"}
    stored = await world.ask("cells-a", "PUT", address, **body)
    assert (stored.status_code, stored.json()["meta"]["security"]) == (201, tagged("A")["meta"]["security"])

    assert await answers(world, "cells-b", address, body) == [404, 404, 404]
    assert (await world.ask("cells-b", "GET", "BiologicallyDerivedProduct")).json()["total"] == 0
    assert (await world.ask("of-a", "GET", address)).status_code == 404
    assert await answers(world, "cells-a", address, body | {"language": "fr"}) == [200, 200, 204]


@pytest.mark.rule(78)
async def test_a_resource_is_of_one_site_and_that_of_its_writer(world: World) -> None:
    assert (await world.ask("of-a", "PUT", "Patient/p", id="p")).status_code == 201
    about = {"status": "final", "code": {"text": "x"}, "subject": {"reference": "Patient/p"}}
    for name, sites, expected in (
        ("of-a", ["A", "B"], 422),
        ("of-a", ["B"], 422),
        ("of-both", ["A", "B"], 422),
        ("operator", ["A", "B"], 422),
        ("of-a", ["A"], 201),
        ("operator", ["B"], 201),
    ):
        answer = await world.ask(name, "POST", "Observation", **about, **tagged(*sites))
        assert (answer.status_code, name, sites) == (expected, name, sites), answer.text
    unsaid = {"meta": {"security": [{"code": "B"}]}}
    assert (await world.ask("of-a", "POST", "Observation", **about, **unsaid)).status_code == 201


OF_LAB = Sender(
    name="lab-b",
    systems=("urn:lab-b",),
    code_systems=("urn:lab-b:codes",),
    unit_system="urn:lab-b:units",
)


def concept_map(source: str, code: str = "4485-9") -> dict[str, Any]:
    element = {"code": "C3", "target": [{"code": code, "equivalence": "equal"}]}
    return {
        "status": "active",
        "group": [{"source": source, "target": "http://loinc.org", "element": [element]}],
    }


@pytest.fixture
async def pushed(world: World, store: Store) -> World:
    """A result that a laboratory of site B pushed, whose code no map knows yet."""
    await register(store, OF_LAB, at=utc_now())
    store.desk.expire()
    key = await register_client(store, "lab", role="site", sites=["B"], senders=[OF_LAB.name])
    world.headers["lab"] = HEADERS | await bearer(world.http, "lab", key)
    assert (await world.ask("lab", "PUT", "Patient/p", id="p")).status_code == 201
    result = {
        "status": "final",
        "identifier": [{"system": "urn:lab-b", "value": "1"}],
        "code": {"coding": [{"system": "urn:lab-b:codes", "code": "C3"}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": "2024-03-05",
    }
    assert (await world.ask("lab", "POST", "Observation", **result)).status_code == 201
    return world


@pytest.mark.rule(78)
@pytest.mark.parametrize("source", ["urn:lab-b:codes", "urn:lab-b:units"])
async def test_what_a_senders_codes_mean_is_said_by_who_may_push_for_it(pushed: World, source: str) -> None:
    foreign = concept_map(source)
    refused = await pushed.ask("of-a", "PUT", "ConceptMap/m", **foreign, id="m")

    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (403, "forbidden")
    assert source in refused.text
    assert OF_LAB.name not in refused.text.replace(source, "")
    assert (await pushed.ask("of-a", "POST", "ConceptMap", **foreign)).status_code == 403
    assert (await pushed.ask("of-a", "PUT", "ConceptMap/m", id="m", status="draft")).status_code == 201
    assert (await pushed.ask("of-a", "PUT", "ConceptMap/m", **foreign, id="m")).status_code == 403
    assert (await pushed.ask("lab", "PUT", "ConceptMap/own", **foreign, id="own")).status_code == 201


@pytest.mark.rule(78)
async def test_a_standing_map_of_a_sender_is_not_emptied_or_deleted_by_another_of_its_site(
    pushed: World,
) -> None:
    own = concept_map("urn:lab-b:codes")
    assert (await pushed.ask("lab", "PUT", "ConceptMap/own", **own, id="own")).status_code == 201

    emptied = await pushed.ask("of-b", "PUT", "ConceptMap/own", id="own", status="draft")
    assert emptied.status_code == 403
    assert (await pushed.ask("of-b", "DELETE", "ConceptMap/own")).status_code == 403
    assert (await pushed.ask("lab", "DELETE", "ConceptMap/own")).status_code == 204


async def test_a_version_translated_anew_says_by_which_map(pushed: World, store: Store) -> None:
    other = concept_map("urn:another:codes")
    assert (await pushed.ask("lab", "PUT", "ConceptMap/other", **other, id="other")).status_code == 201
    own = concept_map("urn:lab-b:codes")
    assert (await pushed.ask("lab", "PUT", "ConceptMap/own", **own, id="own")).status_code == 201
    await retranslate(store)
    changed = concept_map("urn:lab-b:codes", "4498-2")
    assert (await pushed.ask("lab", "PUT", "ConceptMap/own", **changed, id="own")).status_code == 200
    await retranslate(store)

    rows = await store.database.read(
        lambda c: c.fetch("SELECT document FROM audit WHERE interaction IS NOT NULL")
    )
    told = b" ".join(bytes(document) for (document,) in rows)
    assert b"translated anew by ConceptMap/own/_history/2" in told
    assert b"by ConceptMap/other" not in told
