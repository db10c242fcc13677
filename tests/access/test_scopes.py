"""What a token does not allow is refused by name (403) before anything is looked up, at every door."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.routers.make import HEADERS

ABOUT_P1 = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"coding": [{"code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
    "subject": {"reference": "Patient/p1"},
    "effectiveDateTime": "2021-09-14",
}


STORED: dict[str, dict[str, Any]] = {
    "Patient/p1": {"resourceType": "Patient"},
    "ResearchStudy/s1": {"resourceType": "ResearchStudy", "status": "active"},
    "ResearchSubject/rs1": {
        "resourceType": "ResearchSubject",
        "individual": {"reference": "Patient/p1"},
        "status": "on-study",
        "study": {"reference": "ResearchStudy/s1"},
    },
    "Observation/lab": ABOUT_P1,
    "Observation/score": ABOUT_P1 | {"category": [{"coding": [{"code": "survey"}]}]},
}
SignIn = Callable[[str], Awaitable[dict[str, str]]]


@pytest.fixture
async def stored(client: httpx.AsyncClient, sign_in: SignIn) -> httpx.AsyncClient:
    """A service with one patient, a study, a part in it and two results."""
    signed = await sign_in("system/*.cruds")
    for address, document in STORED.items():
        body = document | {"id": address.partition("/")[2]}
        answer = await client.put(f"/fhir/{address}", json=body, headers=signed)
        assert answer.status_code == 201, answer.text
    return client


@pytest.fixture
def sign_in(client: httpx.AsyncClient, store: Store) -> SignIn:
    """Sign in as a client that has just been given these scopes."""

    async def signed_in(scopes: str) -> dict[str, str]:
        name = f"asker-{uuid4().hex}"
        key = await register_client(store, name, scopes=scopes)
        store.access.expire()
        return HEADERS | await bearer(client, name, key)

    return signed_in


@pytest.mark.parametrize(
    ("asked", "allowed", "lacking"),
    [
        (("GET", "Observation/lab"), "Observation.r", "Observation.cuds"),
        (("GET", "Observation/lab/_history/1"), "Observation.r", "Observation.cuds"),
        (("GET", "Observation/lab/_history"), "Observation.r", "Observation.cuds"),
        (("GET", "Observation/_history"), "Observation.s", "Observation.crud"),
        (("GET", "Observation?code=4485-9"), "Observation.s", "Observation.crud"),
        (("GET", "Patient/p1/Observation"), "Observation.s", "Patient.cruds"),
        (
            ("GET", "Observation?subject:Patient.gender=male"),
            "Observation.s system/Patient.r",
            "Observation.cruds",
        ),
        (
            ("GET", "Patient?_has:Observation:patient:code=x"),
            "Patient.s system/Observation.s",
            "Patient.cruds",
        ),
        (("GET", "ResearchSubject?_include=ResearchSubject:individual"), "*.rs", "ResearchSubject.cruds"),
        (("GET", "Patient?_revinclude=Observation:patient"), "*.rs", "Patient.cruds"),
        (("GET", "Observation/lab/$meta"), "Observation.r", "Patient.cruds"),
        (("GET", "Patient/p1/$everything"), "Patient.r", "Observation.cruds"),
        (("GET", "ResearchSubject/rs1/$status-history"), "*.r", "ResearchSubject.cruds"),
        (("DELETE", "Observation/lab"), "Observation.d", "Observation.crus"),
        (("GET", "_history"), "Patient.s", "*.crud"),
        (("GET", "$inbox"), "Observation.r", "Patient.cruds"),
        (("GET", "$reconciliation"), "Observation.s", "Patient.cruds"),
        (("GET", "$senders"), "Observation.rs?category=laboratory", "Patient.cruds"),
        (("GET", "$unmapped"), "Observation.r", "Observation.cud"),
    ],
)
async def test_an_interaction_needs_its_letters(
    stored: httpx.AsyncClient, sign_in: SignIn, asked: tuple[str, str], allowed: str, lacking: str
) -> None:
    may_not = await sign_in(f"system/{lacking}")
    why = {"X-Change-Reason": "entered for another patient"}

    refused = await stored.request(asked[0], f"/fhir/{asked[1]}", headers=may_not | why)
    assert refused.status_code == 403
    assert refused.json()["issue"][0]["code"] == "forbidden"
    assert "system/" in refused.json()["issue"][0]["diagnostics"]

    may = await sign_in(f"system/{allowed}")
    answer = await stored.request(asked[0], f"/fhir/{asked[1]}", headers=may | why)
    assert answer.status_code in {200, 204, 422}, answer.text
    # 422: the study of this test has no protocol, which is looked at after the scopes


async def test_an_answer_that_rests_on_what_may_not_be_read_is_refused_rather_than_another(
    stored: httpx.AsyncClient, sign_in: SignIn
) -> None:
    every = (
        "Observation AdverseEvent MedicationAdministration MedicationStatement Condition Procedure Consent"
    )
    kinds = ["ResearchSubject", "ResearchStudy", "Patient", *every.split()]
    for left_out in ("Observation", "Consent"):
        scopes = " ".join(f"system/{kind}.rs" for kind in kinds if kind != left_out)
        signed = await sign_in(scopes)

        answer = await stored.get("/fhir/ResearchSubject/rs1/$sri-status", headers=signed)

        assert answer.status_code == 403
        assert f"system/{left_out}.r" in answer.json()["issue"][0]["diagnostics"]


@pytest.mark.rule(78)
async def test_a_narrowed_scope_sees_what_bears_its_tokens_and_nothing_else(
    stored: httpx.AsyncClient, sign_in: SignIn
) -> None:
    signed = await sign_in("system/Observation.rs?category=laboratory")

    found = (await stored.get("/fhir/Observation", headers=signed)).json()

    assert (found["total"], [one["resource"]["id"] for one in found["entry"]]) == (1, ["lab"])
    assert (await stored.get("/fhir/Observation/score", headers=signed)).status_code == 404
    assert (await stored.get("/fhir/Observation/score/_history/1", headers=signed)).status_code == 404
    history = (await stored.get("/fhir/Observation/_history", headers=signed)).json()
    assert [one["resource"]["id"] for one in history["entry"]] == ["lab"]


@pytest.mark.rule(78)
async def test_the_entries_of_a_batch_are_asked_one_by_one(
    stored: httpx.AsyncClient, sign_in: SignIn
) -> None:
    signed = await sign_in("system/Observation.cr")
    entries = [
        {"request": {"method": "GET", "url": "Observation/lab"}},
        {"request": {"method": "GET", "url": "Observation?code=4485-9"}},
        {"request": {"method": "GET", "url": "Patient/p1"}},
        {"request": {"method": "POST", "url": "Observation"}, "resource": ABOUT_P1},
        {"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Patient"}},
        {"request": {"method": "DELETE", "url": "Observation/lab"}},
    ]
    batch = {"resourceType": "Bundle", "type": "batch", "entry": entries}

    answer = (await stored.post("/fhir", json=batch, headers=signed)).json()

    assert [one["response"]["status"][:3] for one in answer["entry"]] == [
        "200",
        "403",
        "403",
        "201",
        "403",
        "403",
    ]


async def test_who_may_only_write_writes_and_reads_nothing(
    stored: httpx.AsyncClient, sign_in: SignIn
) -> None:
    signed = await sign_in("system/Observation.write")

    written = await stored.post("/fhir/Observation", json=ABOUT_P1, headers=signed)
    assert written.status_code == 201
    assert (await stored.get(f"/fhir/Observation/{written.json()['id']}", headers=signed)).status_code == 403
    why = {"X-Change-Reason": "transcription error"}
    changed = await stored.put(
        "/fhir/Observation/lab", json=ABOUT_P1 | {"id": "lab", "status": "amended"}, headers=signed | why
    )
    assert changed.status_code == 200


async def test_the_history_of_everything_leaves_out_what_may_not_be_searched(
    stored: httpx.AsyncClient, sign_in: SignIn
) -> None:
    signed = await sign_in("system/Patient.r system/Observation.rs")

    told = (await stored.get("/fhir/_history", headers=signed)).json()["entry"]

    assert {entry["resource"]["resourceType"] for entry in told} == {"Observation"}


async def test_a_client_without_scopes_for_anything_sees_only_what_this_server_is(
    stored: httpx.AsyncClient, sign_in: SignIn
) -> None:
    signed = await sign_in("system/Consent.s")

    assert (await stored.get("/fhir/metadata", headers=signed)).status_code == 200
    assert (await stored.get("/fhir/CodeSystem", headers=signed)).status_code == 200
    assert (await stored.get("/fhir/Patient/p1", headers=signed)).status_code == 403
    assert "entry" not in (await stored.get("/fhir/_history", headers=signed)).json()


@pytest.mark.rule(78)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x.y.z", "Basic dXNlcjpwYXNz"])
async def test_who_does_not_sign_in_is_told_how_and_nothing_else(
    stored: httpx.AsyncClient, authorization: str | None
) -> None:
    said = {} if authorization is None else {"Authorization": authorization}
    for address in ("Patient/p1", "Patient/never", "Observation?code=4485-9", "nothing-here"):
        answer = await stored.get(f"/fhir/{address}", headers=said)

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.json()["issue"][0]["code"] == "login"
