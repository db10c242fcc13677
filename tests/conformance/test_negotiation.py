"""Rules 1 to 10: content negotiation and headers."""

from uuid import uuid4

import httpx
import pytest

from tests.conformance.answers import FHIR_JSON
from tests.conformance.make import (
    JSON_PATCH,
    bundle,
    criteria,
    entry,
    marked,
    statuses,
    stored,
    transacted,
    written,
)
from tests.routers.make import body
from tests.servers import Server

READ = "/fhir/Patient/msc-sle-p08"
CHANGE = written([{"op": "add", "path": "/language", "value": "fr"}])


@pytest.fixture(scope="session")
def addresses() -> tuple[str, ...]:
    """Everything that can be asked by GET."""
    return (
        READ,
        f"{READ}/_history",
        f"{READ}/_history/1",
        f"{READ}/Observation",
        "/fhir/Patient",
        "/fhir/Patient?gender=female",
        "/fhir/Patient/_history",
        "/fhir/_history",
        "/fhir/metadata",
        "/fhir/OperationDefinition",
        "/fhir/SearchParameter?_count=1",
    )


# ---- 1 to 4: what is spoken ----------------------------------------------------------------------------


@pytest.mark.rule(1, 2)
async def test_everything_that_can_be_asked_is_fhir_json_or_406(
    trial: httpx.AsyncClient, addresses: tuple[str, ...]
) -> None:
    del trial.headers["accept"]
    for address in addresses:
        plain = await trial.get(address)
        refused = await trial.get(address, headers={"Accept": "application/fhir+xml"})

        assert (plain.status_code, plain.headers["content-type"]) == (200, FHIR_JSON), address
        assert refused.status_code == 406, address


@pytest.mark.rule(1)
async def test_a_body_in_another_language_is_415_wherever_it_is_sent(trial: httpx.AsyncClient) -> None:
    for method, address in (
        ("POST", "/fhir"),
        ("POST", "/fhir/Patient"),
        ("PUT", "/fhir/Patient/a"),
        ("PUT", f"/fhir/Patient?{criteria('a')}"),
        ("PATCH", READ),
        ("POST", "/fhir/Patient/_search"),
        ("POST", "/fhir/Patient/$validate"),
    ):
        for kind in ("text/plain", "application/xml", "application/fhir+xml", "text/turtle", "nonsense"):
            said = {"Content-Type": kind}
            answer = await trial.request(method, address, content=body("Patient"), headers=said)

            assert answer.status_code == 415, (method, address)


@pytest.mark.rule(3)
async def test_format_speaks_of_the_answer_and_not_of_the_body(trial: httpx.AsyncClient) -> None:
    said = {"Content-Type": "text/plain", "Accept": "text/html"}

    sent = await trial.post("/fhir/Patient?_format=json", content=body("Patient"), headers=said)
    asked = await trial.post(
        "/fhir/Patient?_format=json", content=body("Patient"), headers={"Accept": "text/html"}
    )
    searched = await trial.post(
        "/fhir/Patient/_search",
        content=b"_format=xml",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )

    assert (sent.status_code, asked.status_code, searched.status_code) == (415, 201, 406)


FHIR_VERSIONS = [("4.0", 200), ("4.0.1", 200), ("5.0", 406), ("3.0", 406)]


@pytest.mark.rule(4)
async def test_another_version_of_fhir_is_not_acceptable(trial: httpx.AsyncClient) -> None:
    for version, status in FHIR_VERSIONS:
        said = f"application/fhir+json; fhirVersion={version}"

        by_header = await trial.get(READ, headers={"Accept": said})
        by_parameter = await trial.get(READ, params={"_format": said})

        assert (by_header.status_code, by_parameter.status_code) == (status, status)


# ---- 5 to 7: versions in headers -----------------------------------------------------------------------


@pytest.mark.rule(5)
async def test_every_way_to_a_version_names_it_in_its_headers(trial: httpx.AsyncClient) -> None:
    answers = [
        await trial.get(READ),
        await trial.put(READ, content=body("Patient", id="msc-sle-p08")),
        await trial.patch(READ, content=CHANGE, headers=JSON_PATCH),
        await trial.get(f"{READ}/_history/2"),
        await trial.get(READ, params={"_summary": "true"}),
        await trial.post("/fhir/Patient", content=body("Patient")),
    ]

    for answer, number in zip(answers, (1, 2, 3, 2, 3, 1), strict=True):
        assert answer.headers["etag"] == f'W/"{number}"'
        assert answer.json()["meta"]["versionId"] == str(number)
        assert answer.headers["last-modified"].endswith(" GMT")


@pytest.mark.rule(6)
@pytest.mark.parametrize(
    ("if_match", "status"),
    [
        ('W/"1"', 200),
        ('W/"7", W/"1"', 200),
        ('W/"2"', 412),
        ('W/"7", W/"8"', 412),
        ('W/"01"', 412),
        ("1", 400),
        ('W/"1', 400),
        ("", 400),
    ],
)
async def test_if_match_is_heeded_by_every_change_alone_and_in_a_bundle(
    trial: httpx.AsyncClient, if_match: str, status: int
) -> None:
    async def alone(method: str) -> int:
        name = await stored(trial, "Patient")
        content = {"PUT": body("Patient", id=name), "PATCH": CHANGE, "DELETE": b""}[method]
        headers = {"If-Match": if_match} | (JSON_PATCH if method == "PATCH" else {})
        answer = await trial.request(method, f"/fhir/Patient/{name}", content=content, headers=headers)
        return {204: 200}.get(answer.status_code, answer.status_code)

    async def bundled(method: str) -> int:
        name = await stored(trial, "Patient")
        resource = marked("Patient", "a", id=name) if method == "PUT" else None
        answer = await transacted(trial, entry(method, f"Patient/{name}", resource, ifMatch=if_match))
        return answer.status_code

    assert [await alone(method) for method in ("PUT", "PATCH", "DELETE")] == [status] * 3
    if if_match:
        assert [await bundled(method) for method in ("PUT", "DELETE")] == [status] * 2


@pytest.mark.rule(7)
@pytest.mark.parametrize("address", [READ, f"{READ}/_history/1"])
async def test_what_the_client_has_is_not_sent_again(trial: httpx.AsyncClient, address: str) -> None:
    when = (await trial.get(address)).headers["last-modified"]

    async def asked(**headers: str) -> int:
        answer = await trial.get(
            address, headers={name.replace("_", "-"): said for name, said in headers.items()}
        )
        assert (answer.status_code == 304) is (answer.content == b"")
        assert answer.headers["etag"] == 'W/"1"'
        return answer.status_code

    assert await asked(If_None_Match='W/"1"') == 304
    assert await asked(If_None_Match='W/"3", W/"1"') == 304
    assert await asked(If_None_Match='W/"2"') == 200
    assert await asked(If_Modified_Since=when) == 304
    assert await asked(If_Modified_Since="Sun, 06 Nov 1994 08:49:37 GMT") == 200
    assert await asked(If_None_Match='W/"2"', If_Modified_Since=when) == 200


# ---- 8 to 10 -------------------------------------------------------------------------------------------


@pytest.mark.rule(8)
async def test_head_is_served_wherever_get_is(trial: httpx.AsyncClient, addresses: tuple[str, ...]) -> None:
    for address in (*addresses, "/fhir/Patient/nobody", "/fhir/Bogus"):
        got, head = [await trial.request(method, address) for method in ("GET", "HEAD")]

        assert (head.status_code, head.content) == (got.status_code, b""), address
        assert {**head.headers, "x-request-id": ""} == {**got.headers, "x-request-id": ""}, address


@pytest.mark.rule(8, 10)
def test_a_real_server_does_not_send_a_body_after_head(server: Server) -> None:
    with httpx.Client(base_url=server.url) as client:
        answers = [client.request(method, "/fhir/metadata") for method in ("GET", "HEAD", "GET")]

    assert [len(answer.content) > 0 for answer in answers] == [True, False, True]
    assert answers[0].headers["content-length"] == answers[1].headers["content-length"]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


@pytest.mark.rule(9)
@pytest.mark.parametrize("method", ["POST", "PUT", "PUT new", "PATCH"])
async def test_the_client_says_what_it_wants_back(trial: httpx.AsyncClient, method: str) -> None:
    async def answered(prefer: str) -> httpx.Response:
        name = uuid4().hex if method == "PUT new" else await stored(trial, "Patient")
        address = "/fhir/Patient" if method == "POST" else f"/fhir/Patient/{name}"
        sent = CHANGE if method == "PATCH" else body("Patient", id=name)
        headers = {"Prefer": prefer} | (JSON_PATCH if method == "PATCH" else {})
        return await trial.request(method.removesuffix(" new"), address, content=sent, headers=headers)

    answers = {
        word: await answered(f"return={word}" if word else "")
        for word in ("minimal", "representation", "OperationOutcome", "")
    }

    assert {answer.status_code for answer in answers.values()} == {200 if method in {"PUT", "PATCH"} else 201}
    assert all(answer.headers["etag"].startswith('W/"') for answer in answers.values())
    assert all("/_history/" in answer.headers["location"] for answer in answers.values())
    assert answers["minimal"].content == b""
    assert answers["OperationOutcome"].json()["resourceType"] == "OperationOutcome"
    for given in (answers["representation"], answers[""]):
        assert given.content == (await trial.get(given.headers["location"])).content


@pytest.mark.rule(9)
@pytest.mark.parametrize(
    ("prefer", "given"), [("return=minimal", None), ("return=representation", "Patient")]
)
async def test_a_bundle_heeds_the_preference_too(
    trial: httpx.AsyncClient, prefer: str, given: str | None
) -> None:
    answer = await trial.post(
        "/fhir",
        content=bundle("batch", [entry("POST", "Patient", marked("Patient", "a"))]),
        headers={"Prefer": prefer},
    )

    assert statuses(answer) == ["201"]
    assert answer.json()["entry"][0].get("resource", {}).get("resourceType") == given
