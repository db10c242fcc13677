"""A part of a resource changed, in each form a patch may have; what comes of it is checked as any body is."""

import base64
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.routers.make import body, bundle_of, created, issues

JSON = {"Content-Type": "application/json-patch+json"}
FHIR = {"Content-Type": "application/fhir+json"}
LANGUAGE = [{"op": "add", "path": "/language", "value": "fr"}]


def fhirpath(**parts: Any) -> dict[str, Any]:
    """A FHIRPath Patch of one operation."""
    value = {"name": "value", "valueCode": parts.pop("value")} if "value" in parts else None
    said = [
        {"name": name, f"value{'Code' if name == 'type' else 'String'}": text} for name, text in parts.items()
    ]
    operation = {"name": "operation", "part": [*said, *([value] if value else [])]}
    return {"resourceType": "Parameters", "parameter": [operation]}


ADDED = fhirpath(type="add", path="Observation", name="language", value="fr")
FORMS = [(JSON, LANGUAGE), (FHIR, ADDED)]


@pytest.mark.rule(27)
@pytest.mark.parametrize(("headers", "patch"), FORMS)
async def test_a_patch_makes_the_next_version(
    trial: httpx.AsyncClient, headers: dict[str, str], patch: Any
) -> None:
    name = await created(trial, "Observation")

    answer = await trial.patch(f"/fhir/Observation/{name}", content=codec.write(patch), headers=headers)

    assert answer.status_code == 200, answer.text
    assert (answer.json()["language"], answer.headers["etag"]) == ("fr", 'W/"2"')
    assert answer.headers["location"] == f"http://test/fhir/Observation/{name}/_history/2"
    assert (await trial.get(f"/fhir/Observation/{name}")).content == answer.content
    assert (await trial.get("/fhir/Observation?_language=fr&_id=" + name)).status_code == 200


@pytest.mark.rule(72)
async def test_a_patch_leaves_every_digit_of_the_rest(trial: httpx.AsyncClient) -> None:
    sent = body("Observation", valueQuantity={"value": 1}).replace(b'{"value":1}', b'{"value":1.500}')
    name = (await trial.post("/fhir/Observation", content=sent)).json()["id"]

    answer = await trial.patch(f"/fhir/Observation/{name}", content=codec.write(LANGUAGE), headers=JSON)

    assert b'"value":1.500' in answer.content


@pytest.mark.parametrize(
    ("operations", "etag"),
    [
        (b"[]", 'W/"1"'),
        (b'[{"op":"replace","path":"/valueQuantity/value","value":1.50}]', 'W/"1"'),
        (b'[{"op":"replace","path":"/valueQuantity/value","value":1.5}]', 'W/"2"'),
    ],
)
async def test_a_patch_makes_a_version_only_where_a_digit_changes(
    trial: httpx.AsyncClient, operations: bytes, etag: str
) -> None:
    sent = body("Observation", valueQuantity={"value": 1}).replace(b'{"value":1}', b'{ "value" : 1.50 }')
    name = (await trial.post("/fhir/Observation", content=sent)).json()["id"]

    answer = await trial.patch(f"/fhir/Observation/{name}", content=operations, headers=JSON)

    assert (answer.status_code, answer.headers["etag"]) == (200, etag)


@pytest.mark.rule(27)
@pytest.mark.parametrize(
    ("headers", "patch", "status"),
    [
        (JSON, [{"op": "test", "path": "/status", "value": "amended"}], 422),
        (JSON, [{"op": "remove", "path": "/nowhere"}], 422),
        (JSON, [{"op": "remove", "path": "/status"}], 422),
        (JSON, [{"op": "replace", "path": "/id", "value": "x"}], 422),
        (JSON, [{"op": "add", "path": "/subject", "value": {"reference": "Patient/nobody"}}], 422),
        (JSON, [{"op": "add", "path": "/colour", "value": 1}], 422),
        (JSON, [{"op": "melt", "path": "/status"}], 400),
        (JSON, {"op": "remove"}, 400),
        (FHIR, {"resourceType": "Observation"}, 400),
        (FHIR, fhirpath(type="melt", path="Observation.status"), 400),
        (FHIR, fhirpath(type="replace", path="Observation.status", value="done"), 422),
        ({"Content-Type": "text/plain"}, LANGUAGE, 415),
    ],
)
async def test_a_patch_that_cannot_be_done_changes_nothing(
    trial: httpx.AsyncClient, headers: dict[str, str], patch: Any, status: int
) -> None:
    name = await created(trial, "Observation")

    answer = await trial.patch(f"/fhir/Observation/{name}", content=codec.write(patch), headers=headers)

    assert answer.status_code == status, answer.text
    issues(answer)
    assert (await trial.get(f"/fhir/Observation/{name}")).headers["etag"] == 'W/"1"'


async def test_a_malformed_patch_is_listed_with_the_problems_of_the_other_entries(
    trial: httpx.AsyncClient,
) -> None:
    malformed = {
        "resource": binary([{"op": "melt", "path": "/a"}]),
        "request": {"method": "PATCH", "url": "Observation/never"},
    }
    other = {"resource": {"resourceType": "Patient"}, "request": {"method": "PUT", "url": "Patient/p"}}

    answer = await trial.post("/fhir", content=bundle_of("transaction", malformed, other))

    places = [issue["expression"] for issue in issues(answer)]
    assert answer.status_code == 400
    assert places == [["Bundle.entry[0].resource"], ["Bundle.entry[1].resource.id"]]


async def test_what_is_not_there_cannot_be_patched(trial: httpx.AsyncClient) -> None:
    name = await created(trial, "Observation")
    await trial.delete(f"/fhir/Observation/{name}")

    never = await trial.patch("/fhir/Observation/never", content=b"[]", headers=JSON)
    gone = await trial.patch(f"/fhir/Observation/{name}", content=b"[]", headers=JSON)

    assert (never.status_code, gone.status_code) == (404, 410)
    issues(never)
    issues(gone)


def binary(patch: Any, kind: str = "application/json-patch+json") -> dict[str, Any]:
    data = base64.b64encode(codec.write(patch)).decode()
    return {"resourceType": "Binary", "contentType": kind, "data": data}


@pytest.mark.rule(36)
@pytest.mark.parametrize("kind", ["transaction", "batch"])
@pytest.mark.parametrize("patch", [binary(LANGUAGE), ADDED])
@pytest.mark.parametrize("url", ["Observation/{}", "Observation?_id={}"])
async def test_a_bundle_patches(trial: httpx.AsyncClient, kind: str, patch: Any, url: str) -> None:
    name = await created(trial, "Observation")
    entry = {"resource": patch, "request": {"method": "PATCH", "url": url.format(name), "ifMatch": 'W/"1"'}}

    answer = await trial.post("/fhir", content=bundle_of(kind, entry))

    assert answer.status_code == 200, answer.text
    response = answer.json()["entry"][0]["response"]
    assert (response["status"], response["etag"]) == ("200 OK", 'W/"2"')
    assert (await trial.get(f"/fhir/Observation/{name}")).json()["language"] == "fr"


RESOURCE = "Bundle.entry[0].resource"


@pytest.mark.parametrize(
    ("patch", "status", "place"),
    [
        (binary(LANGUAGE, "application/json"), 400, f"{RESOURCE}.contentType"),
        ({"resourceType": "Patient"}, 400, f"{RESOURCE}.resourceType"),
        ({"resourceType": "Binary", "contentType": "application/json-patch+json"}, 400, RESOURCE),
        (binary([{"op": "melt", "path": "/a"}]), 400, RESOURCE),
        (binary([{"op": "remove", "path": "/nowhere"}]), 422, RESOURCE),
        (binary([{"op": "replace", "path": "/status", "value": "done"}]), 422, RESOURCE),
        (None, 400, RESOURCE),
        ({**ADDED, "colour": "red"}, 400, f"{RESOURCE}.colour"),
    ],
)
async def test_a_patch_of_a_bundle_that_cannot_be_done_says_which(
    trial: httpx.AsyncClient, patch: Any, status: int, place: str
) -> None:
    name = await created(trial, "Observation")
    entry = {"request": {"method": "PATCH", "url": f"Observation/{name}"}} | (
        {"resource": patch} if patch else {}
    )

    answer = await trial.post("/fhir", content=bundle_of("transaction", entry))

    assert answer.status_code == status, answer.text
    assert issues(answer)[0]["expression"] == [place]
