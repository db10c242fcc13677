"""Under `strip` what identifies a patient is left out before anything is stored, and the answer says so."""

import json
from typing import Any

import httpx
import pytest

from app.settings import Settings
from tests.fhir_mapping.numbered import keyed
from tests.routers.make import HEADERS, bundle_of, issues

Json = dict[str, Any]
NAME = "Beeblebrox-Trillian"
NUMBER = "2870175116001" + keyed("2870175116001")
PATIENT: Json = {"resourceType": "Patient", "gender": "female"}
NAMED = PATIENT | {"name": [{"family": NAME}], "birthDate": "1986-04-02"}
TOLD = {"Prefer": "return=OperationOutcome"}
PATCH = {"Content-Type": "application/json-patch+json"}


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        base_url="http://test",
        auth="none",
        identifying_data="strip",
        birth_date="year",
    )


@pytest.fixture(autouse=True)
def sending_fhir(client: httpx.AsyncClient) -> None:
    client.headers.update(HEADERS)


def told(document: Json) -> list[tuple[str, str]]:
    """What an outcome says was left out, and where."""
    said = [one for one in document["issue"] if "this trial takes no identifying data" in one["diagnostics"]]
    assert {one["severity"] for one in said} <= {"information"}
    return [(one["expression"][0], one["diagnostics"].partition(":")[0]) for one in said]


OUT = [("Patient.birthDate", "shortened to the year"), ("Patient.name", "left out")]


async def test_a_create_and_an_update_store_what_is_left_and_say_what_was_left_out(
    client: httpx.AsyncClient,
) -> None:
    created = await client.post("/fhir/Patient", content=json.dumps(NAMED))
    updated = await client.put("/fhir/Patient/p", content=json.dumps(NAMED | {"id": "p"}), headers=TOLD)
    stored = (await client.get("/fhir/Patient/p")).json()

    assert created.status_code == updated.status_code == 201
    assert created.json()["birthDate"] == "1986"
    assert sorted(told(updated.json())) == OUT
    assert stored.keys() - {"id", "meta"} == {"resourceType", "gender", "birthDate"}
    assert NAME not in created.text + updated.text + json.dumps(stored)


async def test_a_patch_stores_what_is_left_and_nothing_where_nothing_is(client: httpx.AsyncClient) -> None:
    await client.put("/fhir/Patient/p", content=json.dumps(PATIENT | {"id": "p"}))
    named = [{"op": "add", "path": "/name", "value": NAMED["name"]}]
    born = [{"op": "add", "path": "/birthDate", "value": NAMED["birthDate"]}]

    nothing = await client.patch("/fhir/Patient/p", content=json.dumps(named), headers=PATCH | TOLD)
    something = await client.patch("/fhir/Patient/p", content=json.dumps(named + born), headers=PATCH | TOLD)
    stored = await client.get("/fhir/Patient/p")

    assert (nothing.headers["etag"], something.headers["etag"]) == ('W/"1"', 'W/"2"')
    assert told(nothing.json()) == OUT[1:]
    assert sorted(told(something.json())) == OUT
    assert stored.json()["birthDate"] == "1986"
    assert NAME not in stored.text


@pytest.mark.parametrize("kind", ["batch", "transaction"])
async def test_the_outcome_of_each_entry_says_what_was_left_out_of_it(
    client: httpx.AsyncClient, kind: str
) -> None:
    entries = [{"resource": one, "request": {"method": "POST", "url": "Patient"}} for one in (PATIENT, NAMED)]

    answer = await client.post("/fhir", content=bundle_of(kind, *entries))

    plain, stripped = [entry["response"] for entry in answer.json()["entry"]]
    assert "outcome" not in plain
    assert sorted(told(stripped["outcome"])) == [
        ("Bundle.entry[1].resource.birthDate", "shortened to the year"),
        ("Bundle.entry[1].resource.name", "left out"),
    ]
    assert NAME not in (await client.get("/fhir/Patient")).text


async def test_validate_says_what_would_be_left_out(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/fhir/Patient/$validate", content=json.dumps(NAMED))).json()

    assert "would be carried out" in answer["issue"][0]["diagnostics"]
    assert sorted(told(answer)) == OUT


@pytest.mark.parametrize(
    ("address", "sent", "place"),
    [
        ("/fhir/Patient", PATIENT | {"identifier": [{"value": NUMBER}], "id": NUMBER}, "Patient.id"),
        (
            "/fhir/Observation",
            {"resourceType": "Observation", "status": "final", "code": {"text": NUMBER}},
            "Observation.code.text",
        ),
        (
            "/fhir/Observation",
            {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "x"},
                "subject": {"display": NAME},
            },
            "Observation.subject.display",
        ),
        ("/fhir/Patient?_format=json&identifier=" + NUMBER, PATIENT, "http.identifier"),
    ],
)
async def test_what_cannot_be_left_out_safely_is_refused_still(
    client: httpx.AsyncClient, address: str, sent: Json, place: str
) -> None:
    answer = await client.post(address, content=json.dumps(sent))

    assert answer.status_code == 422, answer.text
    assert place in [one["expression"][0] for one in issues(answer)]
    assert NUMBER not in answer.text
    assert NAME not in answer.text


class TestRefusing:
    """Under `refuse`, with the same rule for births."""

    @pytest.fixture
    def settings(self, database_url: str) -> Settings:
        return Settings(database_url=database_url, base_url="http://test", auth="none", birth_date="year")

    @pytest.mark.parametrize("born", ["1986-04-02", "1986-04"])
    async def test_a_birth_told_by_more_than_its_year_is_refused(
        self, client: httpx.AsyncClient, born: str
    ) -> None:
        sent = PATIENT | {"birthDate": born}
        entry = {"resource": sent, "request": {"method": "POST", "url": "Patient"}}

        alone = await client.post("/fhir/Patient", content=json.dumps(sent))
        bundled = await client.post("/fhir", content=bundle_of("transaction", entry))
        year = await client.post("/fhir/Patient", content=json.dumps(PATIENT | {"birthDate": "1986"}))

        assert (alone.status_code, bundled.status_code, year.status_code) == (422, 422, 201)
        assert issues(alone)[0]["expression"] == ["Patient.birthDate"]
        assert issues(bundled)[0]["expression"] == ["Bundle.entry[0].resource.birthDate"]
        assert born not in alone.text + bundled.text
