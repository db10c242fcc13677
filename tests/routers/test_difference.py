"""$diff: what changed between two versions of a resource."""

from typing import Any

import httpx
import pytest

from tests.routers.make import HEADERS, issues

PATIENT = "/fhir/Patient/p"
VERSIONS = (
    (
        b'{"resourceType":"Patient","id":"p","gender":"male","extension":[{"url":"http://x.example/a",'
        b'"valueDecimal":0.50}]}'
    ),
    (
        b'{"resourceType":"Patient","id":"p","gender":"female","extension":[{"url":"http://x.example/a",'
        b'"valueDecimal":0.5}],"link":[{"other":{"reference":"Patient/q"},"type":"seealso"}]}'
    ),
    None,
    b'{"resourceType":"Patient","id":"p","gender":"female"}',
)


@pytest.fixture
async def changed(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A patient stored twice, deleted, and brought back."""
    client.headers.update(HEADERS)
    await client.put("/fhir/Patient/q", content=b'{"resourceType":"Patient","id":"q"}')
    for content in VERSIONS:
        answer = await (client.put(PATIENT, content=content) if content else client.delete(PATIENT))
        assert answer.is_success, answer.text
    return client


def parts(answer: httpx.Response, name: str) -> list[dict[str, Any]]:
    """The parts of each parameter of that name, by their names."""
    assert answer.status_code == 200, answer.text
    found = (one["part"] for one in answer.json()["parameter"] if one["name"] == name)
    return [{part["name"]: list(part.values())[1] for part in one} for one in found]


async def test_each_change_is_told_with_the_type_of_what_it_was_and_is(changed: httpx.AsyncClient) -> None:
    answer = await changed.get(f"{PATIENT}/$diff?from=1&to=2")

    gender, digit, link = sorted(
        parts(answer, "change"), key=lambda one: str(one["path"]) != "Patient.gender"
    )
    assert gender == {"kind": "replaced", "path": "Patient.gender", "was": "male", "is": "female"}
    assert digit["path"] == "Patient.extension[0].value"
    assert b'{"name":"was","valueDecimal":0.50},{"name":"is","valueDecimal":0.5}' in answer.content
    assert (link["kind"], link["path"]) == ("added", "Patient.link[0]")
    assert link["is"] == '{"other":{"reference":"Patient/q"},"type":"seealso"}'


async def test_the_plain_view_says_the_same(changed: httpx.AsyncClient) -> None:
    answer = await changed.get(f"{PATIENT}/$diff?from=2&to=1&view=plain")

    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert (said["resource"], said["from"], said["to"]) == ("Patient/p", 2, 1)
    assert {"kind": "replaced", "path": "Patient.gender", "was": "female", "is": "male"} in said["changes"]
    assert b'"was":0.5,"is":0.50' in answer.content


async def test_of_no_version_it_tells_what_the_last_one_changed_also_of_one_that_came_back(
    changed: httpx.AsyncClient,
) -> None:
    answer = await changed.get(f"{PATIENT}/$diff")

    references = [one["valueReference"]["reference"] for one in answer.json()["parameter"][:3]]
    assert references == ["Patient/p", "Patient/p/_history/2", "Patient/p/_history/4"]
    assert {one["kind"] for one in parts(answer, "change")} == {"removed"}


async def test_the_first_version_differs_in_nothing_from_what_was_before(changed: httpx.AsyncClient) -> None:
    for address in ("/fhir/Patient/q/$diff", f"{PATIENT}/$diff?to=1", f"{PATIENT}/$diff?from=2&to=2"):
        assert parts(await changed.get(address), "change") == []


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("Patient/p/$diff?from=1&to=9", 404, "not-found"),
        ("Patient/nobody/$diff", 404, "not-found"),
        ("Patient/p/$diff?from=1&to=3", 410, "deleted"),
        ("Patient/p/$diff?from=one", 400, "value"),
        ("Patient/p/$diff?version=1", 400, "not-supported"),
        ("Patient/$diff", 404, "not-supported"),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    changed: httpx.AsyncClient, address: str, status: int, code: str
) -> None:
    answer = await changed.get(f"/fhir/{address}")

    assert (answer.status_code, issues(answer)[0]["code"]) == (status, code)


async def test_it_is_asked_by_get_alone(changed: httpx.AsyncClient) -> None:
    answer = await changed.post(f"{PATIENT}/$diff")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_where_the_version_before_was_erased_no_older_one_stands_for_it(
    changed: httpx.AsyncClient,
) -> None:
    await changed.put(PATIENT, content=b'{"resourceType":"Patient","id":"p","gender":"other"}')
    why = {"version": "4", "reason": "asked for by the person", "confirm": "Patient/p"}
    assert (await changed.post(f"{PATIENT}/$erase", params=why)).status_code == 200

    answer = await changed.get(f"{PATIENT}/$diff")
    assert answer.status_code == 410
    assert "Patient/p/_history/4 was erased" in answer.text
