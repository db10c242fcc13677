"""Who may sign, lock and erase; and that each act is in the trail."""

import json
from typing import TYPE_CHECKING, Any

import httpx

from tests.access.signing import bearer, register_client
from tests.routers.make import HEADERS

if TYPE_CHECKING:
    from app.store.session import Store

SITE = "https://trialbridge.example/fhir/CodeSystem/site"
STUDY = {
    "resourceType": "ResearchStudy",
    "id": "msc-sle",
    "status": "active",
    "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
}
WHY = {"reason": "complete", "view": "plain"}
SIGNED = {"meaning": "author", "signer": "Dr. Example", "reauthenticated": "true"}


def patient(name: str, site: str) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": name, "meta": {"security": [{"system": SITE, "code": site}]}}


def subject(name: str, of: str) -> dict[str, Any]:
    return {
        "resourceType": "ResearchSubject",
        "id": name,
        "status": "on-study",
        "study": {"reference": "ResearchStudy/msc-sle"},
        "individual": {"reference": f"Patient/{of}"},
    }


async def signed_in(client: httpx.AsyncClient, store: "Store") -> dict[str, dict[str, str]]:
    """The headers of a client of each role, and the data they meet."""
    headers = {}
    for name, said in {
        "administrator": {},
        "sponsor": {"role": "sponsor"},
        "auditor": {"role": "auditor"},
        "sls": {"role": "site", "sites": ("SLS",)},
    }.items():
        key = await register_client(store, name, **said)  # type: ignore[arg-type]
        store.access.expire()
        own = await bearer(client, name, key)
        headers[name] = {**HEADERS, **own, "X-Change-Reason": "a test"}
    for document in (
        STUDY,
        patient("p1", "SLS"),
        patient("p2", "REN"),
        subject("rs1", "p1"),
        subject("rs2", "p2"),
    ):
        at = f"/fhir/{document['resourceType']}/{document['id']}"
        stored = await client.put(at, content=json.dumps(document), headers=headers["administrator"])
        assert stored.status_code == 201, stored.text
    return headers


async def test_each_role_may_do_its_acts_on_what_it_sees_and_no_more(
    client: httpx.AsyncClient, store: "Store"
) -> None:
    headers = await signed_in(client, store)
    erasing = {**WHY, "all": "true", "confirm": "ResearchSubject/rs2"}
    for who, path, asked, status in (
        ("auditor", "ResearchSubject/rs1/$sign", SIGNED, 403),
        ("sls", "ResearchSubject/rs1/$sign", SIGNED, 200),
        ("sls", "ResearchSubject/rs2/$sign", SIGNED, 404),
        ("sls", "ResearchSubject/rs1/$lock", WHY, 403),
        ("auditor", "ResearchSubject/rs1/$lock", WHY, 403),
        ("sponsor", "ResearchSubject/rs1/$lock", WHY, 200),
        ("sls", "ResearchSubject/rs1/$unlock", WHY, 403),
        ("sls", "ResearchSubject/rs1/$sign", SIGNED, 200),
        ("sponsor", "ResearchSubject/rs2/$erase", erasing, 403),
        ("sls", "ResearchSubject/rs2/$erase", erasing, 403),
        ("administrator", "ResearchSubject/rs2/$erase", erasing, 200),
    ):
        answer = await client.post(f"/fhir/{path}", params=asked, headers=headers[who])
        assert answer.status_code == status, (who, path, answer.text)

    locked = await client.put(
        "/fhir/Patient/p1", content=json.dumps(patient("p1", "SLS")), headers=headers["sls"]
    )
    assert (locked.status_code, "by client sponsor: complete" in locked.text) == (423, True)
    for path, status in (("rs1/$signatures", 200), ("rs1/$locks", 200), ("rs2/$signatures", 404)):
        answer = await client.get(f"/fhir/ResearchSubject/{path}", headers=headers["sls"])
        assert answer.status_code == status, answer.text
    rows = await store.database.read(
        lambda c: c.fetch("SELECT interaction, client FROM audit WHERE outcome = '0' ORDER BY recorded")
    )
    told = [tuple(row) for row in rows]
    for act, times in ((("$sign", "sls"), 2), (("$lock", "sponsor"), 1), (("$erase", "administrator"), 1)):
        assert told.count(act) == times


async def test_a_site_is_told_of_no_lock_and_no_refusal_of_another(
    client: httpx.AsyncClient, store: "Store"
) -> None:
    headers = await signed_in(client, store)
    await client.post("/fhir/ResearchSubject/rs2/$lock", params=WHY, headers=headers["sponsor"])
    result = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
        "subject": {"reference": "Patient/p2"},
    }

    answer = await client.post("/fhir/Observation", content=json.dumps(result), headers=headers["sls"])

    assert answer.status_code == 422  # as if nobody were there
    assert "lock" not in answer.text
    listed = await client.get(
        "/fhir/ResearchStudy/msc-sle/$locks", params={"view": "plain"}, headers=headers["sls"]
    )
    assert listed.json() == {"locks": []}
