"""A scope that is narrowed to some codes holds for what stands as for what is sent, letter by letter."""

from typing import Any

import httpx
import pytest

from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.routers.make import HEADERS

WHY = {"X-Change-Reason": "a test"}
LAB, SCORE = "category=laboratory", "category=survey"


def observation(name: str, category: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "category": [{"coding": [{"code": category}]}],
        "code": {"text": "synthetic"},
        "subject": {"reference": "Patient/p1"},
    }


class World:
    """A service with a result, a score, and a result that was a score; tokens of one client."""

    def __init__(self, http: httpx.AsyncClient, store: Store) -> None:
        self.http, self.store = http, store

    async def sign_in(self, scopes: str) -> dict[str, str]:
        name = f"client-{abs(hash(scopes))}"
        key = await register_client(self.store, name, scopes=scopes)
        self.store.access.expire()
        return HEADERS | WHY | await bearer(self.http, name, key)

    async def put(self, document: dict[str, Any], signed: dict[str, str]) -> httpx.Response:
        address = f"/fhir/{document['resourceType']}/{document['id']}"
        return await self.http.put(address, json=document, headers=signed)


@pytest.fixture
async def world(client: httpx.AsyncClient, store: Store) -> World:
    found = World(client, store)
    signed = await found.sign_in("system/*.cruds")
    for document in (
        {"resourceType": "Patient", "id": "p1"},
        observation("lab", "laboratory"),
        observation("score", "survey"),
        observation("was-score", "survey"),
        observation("was-score", "laboratory"),
    ):
        assert (await found.put(document, signed)).status_code in {200, 201}
    return found


@pytest.mark.rule(78)
async def test_what_stands_bears_the_tokens_of_the_letter_by_which_it_is_changed(world: World) -> None:
    signed = await world.sign_in(f"system/Observation.rs system/Observation.cud?{LAB}")
    score = "/fhir/Observation/score"

    overwritten = await world.put(observation("score", "laboratory"), signed)
    assert overwritten.status_code == 403
    assert "system/Observation.u, which is narrowed" in overwritten.text
    patch = [{"op": "replace", "path": "/category/0/coding/0/code", "value": "laboratory"}]
    patched: dict[str, Any] = {
        "headers": signed | {"Content-Type": "application/json-patch+json"},
        "json": patch,
    }
    assert (await world.http.patch(score, **patched)).status_code == 403
    assert (await world.http.delete(score, headers=signed)).status_code == 403
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "DELETE", "url": "Observation/score"}}],
    }
    assert (await world.http.post("/fhir", json=bundle, headers=signed)).status_code == 403

    changed = observation("lab", "laboratory") | {"status": "amended"}
    assert (await world.put(changed, signed)).status_code == 200
    assert (await world.http.delete("/fhir/Observation/lab", headers=signed)).status_code == 204
    assert (await world.http.get(score, headers=signed)).json()["meta"]["versionId"] == "1"


@pytest.mark.rule(78)
@pytest.mark.parametrize(
    "scopes",
    [
        f"system/Observation.s system/Observation.r?{LAB}",
        f"system/Observation.r system/Observation.s?{LAB}",
        f"system/Observation.rs?{LAB}",
    ],
)
async def test_reading_and_searching_see_what_both_allow(world: World, scopes: str) -> None:
    signed = await world.sign_in(f"{scopes} system/Patient.rs")

    found = (await world.http.get("/fhir/Observation", headers=signed)).json()
    assert {one["resource"]["id"] for one in found["entry"]} == {"lab", "was-score"}
    assert (await world.http.get("/fhir/Observation/score", headers=signed)).status_code == 404
    whole = await world.http.get("/fhir/Observation/$lastn?patient=p1", headers=signed)
    assert all("score" not in one["fullUrl"].split("/")[-1:] for one in whole.json().get("entry", ()))


@pytest.mark.rule(78)
async def test_a_search_that_is_narrowed_finds_nothing_else_to_change(world: World) -> None:
    signed = await world.sign_in(f"system/Observation.s?{LAB} system/Observation.d")

    answer = await world.http.delete(f"/fhir/Observation?{SCORE}&_id=score", headers=signed)

    assert answer.status_code == 403
    assert "system/Observation.s, which is narrowed" in answer.text


@pytest.mark.rule(78)
async def test_of_a_narrowed_type_no_earlier_version_is_seen(world: World) -> None:
    signed = await world.sign_in(f"system/Observation.rs?{LAB}")
    address = "/fhir/Observation/was-score"

    assert (await world.http.get(address, headers=signed)).status_code == 200
    assert (await world.http.get(f"{address}/_history/2", headers=signed)).status_code == 200
    told = [
        (await world.http.get(f"{address}/_history/{number}", headers=signed)).text.replace(number, "n")
        for number in ("1", "7")
    ]
    assert told[0] == told[1]
    assert "the scope for Observation is narrowed" in told[0]
    for asked in ("Observation/was-score/_history", "Observation/_history", "_history"):
        page = (await world.http.get(f"/fhir/{asked}", headers=signed)).json()
        assert "survey" not in str(page)
        assert any("was-score" in str(entry) for entry in page["entry"])
    for asked in ("$diff", "$diff?from=1&to=2"):
        assert (await world.http.get(f"{address}/{asked}", headers=signed)).status_code == 404


@pytest.mark.rule(78)
async def test_an_answer_that_needs_a_whole_type_says_that_the_scope_is_narrowed(world: World) -> None:
    signed = await world.sign_in(f"system/*.rs system/Observation.u?{LAB}")
    assert (await world.put(observation("score", "survey"), signed)).status_code == 403
    partly = "system/ResearchSubject.rs system/ResearchStudy.rs system/Patient.rs system/Consent.rs"
    signed = await world.sign_in(f"{partly} system/Observation.s system/Observation.r?{LAB}")

    answer = await world.http.get("/fhir/ResearchSubject/rs1/$sri-status", headers=signed)

    assert answer.status_code == 403
    assert "system/Observation.r, which is narrowed: ask for it in `scope`" in answer.text


@pytest.mark.rule(78)
async def test_a_token_that_only_reads_signs_nothing(world: World) -> None:
    signed = await world.sign_in("system/*.rs")
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "meaning", "valueCode": "1.2.840.10065.1.12.1.5"}],
    }

    answer = await world.http.post("/fhir/Observation/lab/$sign", json=parameters, headers=signed)

    assert answer.status_code == 403
    assert "system/Observation.u" in answer.text


async def test_an_act_is_refused_in_plain_english(world: World) -> None:
    key = await register_client(world.store, "inspector", role="auditor")
    signed = HEADERS | await bearer(world.http, "inspector", key)

    answer = await world.http.post(
        "/fhir/ResearchStudy/s1/$lock", json={"resourceType": "Parameters"}, headers=signed
    )

    assert answer.status_code == 403
    assert "an auditor may not" in answer.text
