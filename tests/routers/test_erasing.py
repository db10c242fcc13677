"""Erasure over HTTP: asked for twice, recorded, and nothing is read afterwards."""

import re
from base64 import b64decode

import httpx
from fastapi import FastAPI

from app.fhir_mapping import codec
from app.routers import examples
from app.store import models
from app.store.session import Store
from tests.routers.make import body, created, issues

WHY = {"reason": "asked for by the person", "view": "plain"}


async def test_all_versions_are_erased_and_the_history_says_so(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Observation")
    at = f"Observation/{name}"
    for said, status in (
        ({"all": "true"}, 422),
        ({"all": "true", "confirm": "Observation/other"}, 422),
        ({"confirm": at}, 400),
        ({"confirm": at, "all": "true", "version": "1"}, 400),
        ({"confirm": at, "all": "true", "reason": ""}, 400),
        ({"confirm": at, "version": "1"}, 409),
        ({"confirm": at, "version": "7"}, 404),
    ):
        answer = await trial.post(f"/fhir/{at}/$erase", params={**WHY, **said})
        assert answer.status_code == status, answer.text
        assert issues(answer)

    answer = await trial.post(f"/fhir/{at}/$erase", params={**WHY, "confirm": at, "all": "true"})

    assert answer.status_code == 200, answer.text
    [stone] = answer.json()["erased"]
    assert (stone["version"], stone["reason"]) == (f"{at}/_history/1", WHY["reason"])
    gone = await trial.get(f"/fhir/{at}/_history/1")
    assert gone.status_code == 410
    assert f"because: {WHY['reason']}" in issues(gone)[0]["diagnostics"]
    assert (await trial.get(f"/fhir/{at}")).status_code == 410
    newest, first = (await trial.get(f"/fhir/{at}/_history")).json()["entry"]
    assert (newest["request"]["method"], first["request"]["method"]) == ("DELETE", "POST")
    assert "resource" not in first
    assert first["response"]["outcome"]["issue"][0]["code"] == "deleted"


async def test_only_the_trail_still_says_the_number_that_was_searched_for_and_why_it_was_changed(
    trial: httpx.AsyncClient, app: FastAPI
) -> None:
    secret = "Quetzalcoatl"  # noqa: S105 - nobody's
    number = {"system": "urn:oid:1.2.250.1.998.9", "value": secret}
    name = await created(trial, "Patient", identifier=[number])
    at = f"Patient/{name}"
    found = await trial.get("/fhir/Patient", params={"identifier": secret})
    assert [entry["resource"]["id"] for entry in found.json()["entry"]] == [name]
    changed = body("Patient", id=name, identifier=[number], gender="unknown")
    why = {"X-Change-Reason": f"{secret} asked for it"}
    assert (await trial.put(f"/fhir/{at}", content=changed, headers=why)).status_code == 200

    answer = await trial.post(f"/fhir/{at}/$erase", params={**WHY, "confirm": at, "all": "true"})

    assert answer.status_code == 200, answer.text
    assert await tables_saying(app.state.service.store, secret) == {"audit"}


async def tables_saying(store: Store, text: str) -> set[str]:
    """The tables in which a text stands, plainly or in base64."""
    found = set()
    for table in models.metadata.sorted_tables:
        sql = f"SELECT * FROM {table.name}"
        rows = await store.database.read(lambda c, sql=sql: c.fetch(sql))  # type: ignore[misc]
        said = [_plain(value) for row in rows for value in tuple(row)]
        decoded = [b64decode(one) for text in said for one in re.findall(r"[A-Za-z0-9+/]{8,}={0,2}", text)
                   if len(one) % 4 == 0]  # fmt: skip
        if any(text in one for one in said) or any(text.encode() in one for one in decoded):
            found.add(table.name)
    return found


def _plain(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


async def test_one_earlier_version_goes_and_a_patient_with_data_does_not(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Observation")
    at, kind = f"Observation/{name}", "Observation"
    await trial.put(f"/fhir/{at}", content=body(kind, id=name, status="amended"))
    signed = {"meaning": "author", "signer": "Dr. Example", "reauthenticated": "true"}
    await trial.post(f"/fhir/{at}/$sign", params=signed)

    answer = await trial.post(f"/fhir/{at}/$erase", params={**WHY, "confirm": at, "version": "1"})

    assert answer.status_code == 200, answer.text
    assert (await trial.get(f"/fhir/{at}")).json()["status"] == "amended"
    [signature] = (await trial.get(f"/fhir/{at}/$signatures?view=plain")).json()["signatures"]
    assert signature["state"] == "valid"
    patient = codec.read(codec.write(examples.BODIES[kind]))["subject"]["reference"]
    answer = await trial.post(f"/fhir/{patient}/$erase", params={**WHY, "confirm": patient, "all": "true"})
    assert answer.status_code == 409
    assert at in answer.text
