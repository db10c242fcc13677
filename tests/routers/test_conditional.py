"""Writes whose target a search names: none, one and several mean something else for each of them."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from tests.routers.make import body, bundle_of, created, issues

SYSTEM = "https://example.org/ids"
ASKED = {"none": "0", "one": "1", "many": "2"}


def identified(value: str, **changes: Any) -> bytes:
    return body("Patient", identifier=[{"system": SYSTEM, "value": value}], **changes)


def sought(value: str) -> str:
    return f"identifier={SYSTEM}|{value}"


@pytest.fixture
async def known(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """A service where one patient bears the number 1, and two bear 2."""
    for name, value in (("one", "1"), ("two", "2"), ("three", "2")):
        stored = await trial.put(f"/fhir/Patient/{name}", content=identified(value, id=name))
        assert stored.status_code == 201
    return trial


async def versions(client: httpx.AsyncClient) -> int:
    """How many versions of patients there are."""
    return int((await client.get("/fhir/Patient/_history?_count=0")).json()["total"])


@pytest.mark.rule(29)
@pytest.mark.parametrize(
    ("matches", "status", "stored"), [("none", 201, 1), ("one", 200, 0), ("many", 412, 0)]
)
async def test_a_conditional_create_stores_only_what_is_not_there(
    known: httpx.AsyncClient, matches: str, status: int, stored: int
) -> None:
    value = ASKED[matches]
    before = await versions(known)

    answer = await known.post(
        "/fhir/Patient", content=identified(value), headers={"If-None-Exist": sought(value)}
    )

    assert answer.status_code == status, answer.text
    assert await versions(known) == before + stored
    if status == 412:
        assert issues(answer)[0]["expression"] == ["http.if-none-exist"]
        return
    assert answer.headers["location"] == f"http://test/fhir/Patient/{answer.json()['id']}/_history/1"
    assert (answer.json()["id"] == "one") is (matches == "one")


@pytest.mark.rule(29)
@pytest.mark.parametrize(
    "criteria",
    ["", "colour=red", "identifier=", "_count=1", "identifier=a&colour=red", "identifier=%FF", "?"],
)
async def test_criteria_that_are_not_wholly_understood_find_nothing(
    known: httpx.AsyncClient, criteria: str
) -> None:
    before = await versions(known)

    answer = await known.post("/fhir/Patient", content=identified("9"), headers={"If-None-Exist": criteria})

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["http.if-none-exist"]
    assert await versions(known) == before


@pytest.mark.parametrize("before", ["?", "Patient?", "http://test/fhir/Patient?"])
async def test_criteria_may_stand_behind_an_address(known: httpx.AsyncClient, before: str) -> None:
    answer = await known.post(
        "/fhir/Patient", content=identified("1"), headers={"If-None-Exist": before + sought("1")}
    )

    assert (answer.status_code, answer.json()["id"]) == (200, "one")


@pytest.mark.rule(30)
@pytest.mark.parametrize(
    ("matches", "own", "status", "name", "version"),
    [
        ("none", None, 201, None, "1"),
        ("none", "mine", 201, "mine", "1"),
        ("one", None, 200, "one", "2"),
        ("one", "one", 200, "one", "2"),
        ("one", "other", 400, None, None),
        ("many", None, 412, None, None),
    ],
)
async def test_a_conditional_update_does_as_many_as_match(
    known: httpx.AsyncClient,
    *,
    matches: str,
    own: str | None,
    status: int,
    name: str | None,
    version: str | None,
) -> None:
    value, named = ASKED[matches], {} if own is None else {"id": own}
    before = await versions(known)

    answer = await known.put(f"/fhir/Patient?{sought(value)}", content=identified(value, **named))

    assert answer.status_code == status, answer.text
    assert await versions(known) == before + (version is not None)
    if version is None:
        assert issues(answer)[0]["expression"] == ["Patient.id" if status == 400 else "http.url"]
        return
    assert answer.json()["meta"]["versionId"] == version
    assert answer.headers["etag"] == f'W/"{version}"'
    assert name is None or answer.json()["id"] == name


@pytest.mark.rule(31)
@pytest.mark.parametrize(("matches", "status"), [("none", 404), ("one", 200), ("many", 412)])
async def test_a_conditional_patch_needs_the_one(known: httpx.AsyncClient, matches: str, status: int) -> None:
    patch = b'[{"op":"replace","path":"/gender","value":"unknown"}]'

    answer = await known.patch(
        f"/fhir/Patient?{sought(ASKED[matches])}",
        content=patch,
        headers={"Content-Type": "application/json-patch+json"},
    )

    assert answer.status_code == status, answer.text
    if status == 200:
        assert (answer.json()["gender"], answer.headers["etag"]) == ("unknown", 'W/"2"')
    else:
        assert issues(answer)[0]["expression"] == ["http.url"]


@pytest.mark.rule(31)
@pytest.mark.parametrize(("matches", "status"), [("none", 204), ("one", 204), ("many", 412)])
async def test_a_conditional_delete_deletes_the_one(
    known: httpx.AsyncClient, matches: str, status: int
) -> None:
    answer = await known.delete(f"/fhir/Patient?{sought(ASKED[matches])}")

    assert answer.status_code == status, answer.text
    assert (await known.get("/fhir/Patient/one")).status_code == (410 if matches == "one" else 200)
    assert ("etag" in answer.headers) is (matches == "one")


@pytest.mark.rule(25)
@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("PUT", "/fhir/Patient/one"),
        ("PATCH", "/fhir/Patient/one"),
        ("DELETE", "/fhir/Patient/one"),
        ("PUT", f"/fhir/Patient?{sought('1')}"),
        ("PATCH", f"/fhir/Patient?{sought('1')}"),
        ("DELETE", f"/fhir/Patient?{sought('1')}"),
    ],
)
@pytest.mark.parametrize(
    ("if_match", "status"), [('W/"7"', 412), ('W/"7", W/"1"', 200), ("*", 200), ('"one"x', 400)]
)
async def test_every_write_heeds_if_match(
    known: httpx.AsyncClient, *, method: str, address: str, if_match: str, status: int
) -> None:
    patch = method == "PATCH"
    content = b'[{"op":"test","path":"/id","value":"one"}]' if patch else identified("1", id="one")
    headers = {"If-Match": if_match} | ({"Content-Type": "application/json-patch+json"} if patch else {})

    answer = await known.request(
        method, address, content=b"" if method == "DELETE" else content, headers=headers
    )

    assert answer.status_code == (204 if (method, status) == ("DELETE", 200) else status), answer.text
    if status >= 400:
        assert issues(answer)[0]["expression"] == ["http.if-match"]


@pytest.mark.rule(42)
async def test_an_update_may_ask_that_nothing_stands_there(known: httpx.AsyncClient) -> None:
    async def put(name: str) -> httpx.Response:
        return await known.put(
            f"/fhir/Patient/{name}", content=body("Patient", id=name), headers={"If-None-Match": "*"}
        )

    taken, free = await put("one"), await put("free")
    await known.delete("/fhir/Patient/free")

    assert (taken.status_code, free.status_code) == (412, 201)
    assert issues(taken)[0]["expression"] == ["http.if-none-match"]
    assert (await put("free")).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_a_write_to_a_whole_type_says_what_it_needs(known: httpx.AsyncClient, method: str) -> None:
    answer = await known.request(method, "/fhir/Patient?_pretty=true", content=b"[]")

    assert answer.status_code == 400
    assert "Patient?identifier=" in issues(answer)[0]["diagnostics"]


@pytest.mark.rule(9)
@pytest.mark.parametrize("prefer", ["minimal", "representation", "OperationOutcome"])
async def test_every_write_answers_as_is_preferred(known: httpx.AsyncClient, prefer: str) -> None:
    headers = {"Prefer": f"return={prefer}"}
    patched = headers | {"Content-Type": "application/json-patch+json"}
    answers = [
        await known.post("/fhir/Patient", content=body("Patient"), headers=headers),
        await known.post(
            "/fhir/Patient", content=body("Patient"), headers=headers | {"If-None-Exist": sought("1")}
        ),
        await known.put("/fhir/Patient/one", content=identified("1", id="one"), headers=headers),
        await known.patch("/fhir/Patient/one", content=b"[]", headers=patched),
    ]

    for answer in answers:
        assert answer.is_success, answer.text
        assert answer.headers["preference-applied"] == f"return={prefer}"
        assert {"etag", "location", "last-modified"} <= set(answer.headers)
        kind = {"minimal": None, "representation": "Patient"}.get(prefer, prefer)
        assert (answer.json()["resourceType"] if answer.content else None) == kind


async def test_a_delete_answers_in_words_where_that_is_preferred(known: httpx.AsyncClient) -> None:
    answer = await known.delete("/fhir/Patient/one", headers={"Prefer": "return=OperationOutcome"})

    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"')
    assert issues(answer)[0]["severity"] == "information"


@pytest.mark.rule(54)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_a_part_of_a_resource_is_not_written_back(known: httpx.AsyncClient, method: str) -> None:
    part = (await known.get("/fhir/Patient/one?_elements=gender")).content
    patch = (
        b'[{"op":"add","path":"/meta/tag","value":[{"code":"SUBSETTED",'
        b'"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue"}]}]'
    )
    headers = {"Content-Type": "application/json-patch+json"} if method == "PATCH" else {}

    answer = await known.request(
        method,
        "/fhir/Patient" if method == "POST" else "/fhir/Patient/one",
        content=patch if method == "PATCH" else part,
        headers=headers,
    )

    assert answer.status_code == 422
    assert issues(answer)[0]["expression"] == ["Patient.meta.tag"]


async def test_what_is_found_is_created_when_it_was_deleted(known: httpx.AsyncClient) -> None:
    await known.delete("/fhir/Patient/one")

    answer = await known.post(
        "/fhir/Patient", content=identified("1"), headers={"If-None-Exist": sought("1")}
    )

    assert (answer.status_code, answer.json()["id"] != "one") == (201, True)


async def test_an_observation_is_found_by_more_than_an_identifier(known: httpx.AsyncClient) -> None:
    name = await created(known, "Observation")

    answer = await known.post(
        "/fhir/Observation",
        content=body("Observation"),
        headers={"If-None-Exist": "subject=Patient/msc-sle-p08"},
    )

    assert (answer.status_code, answer.json()["id"]) == (200, name)


@pytest.mark.parametrize(("characters", "status"), [(500, 201), (501, 400)])
async def test_criteria_no_resource_can_be_found_by_are_refused(
    trial: httpx.AsyncClient, characters: int, status: int
) -> None:
    """Each retry of a conditional create would otherwise store one more."""
    value = "7" * characters
    answer = await trial.post(
        "/fhir/Patient", content=identified(value), headers={"If-None-Exist": sought(value)}
    )

    assert answer.status_code == status, answer.text
    if status == 400:
        [issue] = issues(answer)
        assert (issue["code"], issue["expression"]) == ("too-long", ["http.if-none-exist"])


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_an_address_no_resource_can_be_found_by_is_refused(
    trial: httpx.AsyncClient, method: str
) -> None:
    value = "7" * 501
    sent = identified(value) if method == "PUT" else None
    answer = await trial.request(method, f"/fhir/Patient?{sought(value)}", content=sent)

    assert [(issue["code"], issue["expression"]) for issue in issues(answer)] == [("too-long", ["http.url"])]


async def test_a_reference_no_resource_can_be_found_by_is_refused(trial: httpx.AsyncClient) -> None:
    observation = codec.read(body("Observation", subject={"reference": f"Patient?{sought('7' * 501)}"}))
    entry = {"resource": observation, "request": {"method": "POST", "url": "Observation"}}
    answer = await trial.post("/fhir", content=bundle_of("transaction", entry))

    [issue] = issues(answer)
    assert (answer.status_code, issue["code"]) == (400, "too-long")
    assert issue["expression"] == ["Bundle.entry[0].resource.subject.reference"]
