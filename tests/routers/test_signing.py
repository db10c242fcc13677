"""A person signs exactly one version; a newer one breaks the signature."""

from hashlib import sha256
from typing import Any

import httpx

from app.fhir_mapping import codec
from tests.routers.make import body, created, issues

SIGNED = {"meaning": "review", "signer": "Dr. Example Investigator", "reauthenticated": "true"}


async def sign(client: httpx.AsyncClient, at: str, **said: str) -> httpx.Response:
    asked = {name: value for name, value in {**SIGNED, **said}.items() if value}
    return await client.post(f"/fhir/{at}/$sign", params={**asked, "view": "plain"})


async def signatures(client: httpx.AsyncClient, at: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/fhir/{at}/$signatures", params={"view": "plain"})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["signatures"])


async def test_a_signature_says_who_what_when_and_holds_the_digest_of_that_version(
    trial: httpx.AsyncClient,
) -> None:
    at = f"Observation/{await created(trial, 'Observation')}"
    stored = (await trial.get(f"/fhir/{at}")).content

    answer = await sign(trial, at)

    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["state"], said["meaning"], said["signer"]) == ("valid", "review", SIGNED["signer"])
    assert said["type"] == {
        "system": "urn:iso-astm:E1762-95:2013",
        "code": "1.2.840.10065.1.12.1.13",
        "display": "Review Signature",
    }
    assert said["version"] == f"{at}/_history/1"
    assert said["sha256"] == sha256(stored).hexdigest()
    assert await signatures(trial, at) == [said]


async def test_a_new_version_breaks_it_and_is_named(trial: httpx.AsyncClient) -> None:
    at = f"Observation/{await created(trial, 'Observation')}"
    await sign(trial, at)
    changed = await trial.put(
        f"/fhir/{at}", content=body("Observation", id=at.partition("/")[2], status="amended")
    )

    [said] = await signatures(trial, at)

    assert (said["state"], said["reason"]) == ("broken", "newer-version")
    assert said["brokenBy"] == f"{at}/_history/2"
    assert said["brokenSince"][:23] == changed.json()["meta"]["lastUpdated"][:23]
    assert (await sign(trial, at, version="1")).status_code == 409
    assert (await sign(trial, at, version="2")).status_code == 200
    assert [one["state"] for one in await signatures(trial, at)] == ["broken", "valid"]


async def test_what_is_deleted_stays_signed_and_broken(trial: httpx.AsyncClient) -> None:
    at = f"Observation/{await created(trial, 'Observation')}"
    await sign(trial, at)
    await trial.delete(f"/fhir/{at}")

    [said] = await signatures(trial, at)

    assert (said["state"], said["brokenBy"]) == ("broken", f"{at}/_history/2")
    assert (await sign(trial, at)).status_code == 410


NO_SIGNATURES = (
    ({"reauthenticated": ""}, 422),
    ({"reauthenticated": "false"}, 422),
    ({"meaning": ""}, 400),
    ({"meaning": "witness"}, 400),
    ({"signer": ""}, 400),
    ({"signer": "x" * 501}, 400),
    ({"practitioner": "Patient/msc-sle-p08"}, 400),
    ({"practitioner": "Practitioner/nobody"}, 422),
    ({"version": "2"}, 409),
    ({"version": "0"}, 409),
)


async def test_what_is_no_signature_is_refused_and_not_kept(trial: httpx.AsyncClient) -> None:
    at = f"Observation/{await created(trial, 'Observation')}"

    for said, status in NO_SIGNATURES:
        answer = await sign(trial, at, **said)
        assert answer.status_code == status, (said, answer.text)
        assert issues(answer)
    assert await signatures(trial, at) == []


async def test_a_stored_practitioner_signs_by_the_name_they_are_stored_under(
    trial: httpx.AsyncClient,
) -> None:
    person = {"resourceType": "Practitioner", "id": "inv", "name": [{"given": ["Ex"], "family": "Ample"}]}
    await trial.put("/fhir/Practitioner/inv", content=codec.write(person))
    at = f"Observation/{await created(trial, 'Observation')}"

    answer = await sign(trial, at, signer="", practitioner="Practitioner/inv", meaning="approval")

    assert (answer.json()["signer"], answer.json()["practitioner"]) == ("Ex Ample", "Practitioner/inv")


async def test_it_is_signed_by_posted_parameters_too_and_what_is_not_there_is_not(
    trial: httpx.AsyncClient,
) -> None:
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "meaning", "valueCode": "author"},
            {"name": "signer", "valueString": "Dr. Example"},
            {"name": "version", "valueInteger": 1},
            {"name": "reauthenticated", "valueBoolean": True},
        ],
    }
    at = f"AdverseEvent/{await created(trial, 'AdverseEvent')}"

    answer = await trial.post(f"/fhir/{at}/$sign", content=codec.write(parameters))

    assert answer.status_code == 200, answer.text
    assert answer.json()["resourceType"] == "Parameters"
    assert (await sign(trial, "AdverseEvent/nothing")).status_code == 404
    assert (await trial.get("/fhir/AdverseEvent/nothing/$signatures")).status_code == 404
    assert (await trial.get(f"/fhir/{at}/$sign")).status_code == 405
