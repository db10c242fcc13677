"""Erasure over HTTP: asked for twice, recorded, and nothing is read afterwards."""

import httpx

from app.fhir_mapping import codec
from app.routers import examples
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
