"""What is sent is kept: every member, every digit, every date as written, on both databases."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings

from app.fhir_mapping import codec
from app.fhir_mapping.bundle_shell import opened
from tests.databases import PostgreSQL, copy_of
from tests.laws.random_documents import NEEDED, Number, documents
from tests.servers import running_server

FHIR_JSON = {"Content-Type": "application/fhir+json"}
SET_BY_SERVER = ("resourceType", "id", "meta")
SET_IN_META = ("versionId", "lastUpdated")

LAW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def http(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that does not look for identifying data: random digits may look like a patient's number."""
    directory = tmp_path_factory.mktemp("laws")
    accepting = {"TRIALBRIDGE_IDENTIFYING_DATA": "accept"}
    if request.param == "sqlite":
        url = copy_of(request.getfixturevalue("migrated_sqlite"), directory)
        with running_server(url, directory, **accepting) as server:
            yield from ready(server.url)
        return
    postgres: PostgreSQL = request.getfixturevalue("postgres")
    with (
        postgres.database(request.getfixturevalue("migrated_postgres")) as name,
        running_server(postgres.url_of(name), directory, **accepting) as server,
    ):
        yield from ready(server.url)


def ready(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30, headers=FHIR_JSON) as client:
        for document in NEEDED:
            kept = {name: value for name, value in document.items() if value != []}
            address = f"/fhir/{kept['resourceType']}/{kept['id']}"
            answer = client.put(address, content=codec.write(kept))
            assert answer.is_success, answer.text
        yield client


# ---- The members of a text, in order, with the numbers as written ----------------------------------

Pairs = list[tuple[str, Any]]


def pairs(raw: bytes) -> Pairs:
    found: Pairs = json.loads(raw, object_pairs_hook=list, parse_float=Number, parse_int=Number)
    return found


def content(raw: bytes) -> tuple[Pairs, Pairs]:
    """What the client decides: the members of the resource, and those of its meta."""
    top = pairs(raw)
    meta = dict(top).get("meta", [])
    return (
        [(name, value) for name, value in top if name not in SET_BY_SERVER],
        [(name, value) for name, value in meta if name not in SET_IN_META],
    )


def in_bundle(answer: httpx.Response) -> list[bytes]:
    """The resources of a Bundle as the bytes they are."""
    assert answer.status_code == 200, answer.text
    return [entry.resource for entry in opened(answer.content).entries if entry.resource]


def transaction(method: str, address: str, resource: bytes) -> bytes:
    request = codec.write({"method": method, "url": address})
    return b'{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%b,"request":%b}]}' % (
        resource,
        request,
    )


# ---- The laws ----------------------------------------------------------------------------------------


@pytest.mark.rule(72, 73, 75)
@LAW
@given(documents())
@example(("Patient", b'{"resourceType":"Patient","extension":[{"url":"urn:x","valueDecimal":1.50}]}'))
@example(("Patient", b'{"resourceType":"Patient","extension":[{"url":"urn:x","valueDecimal":-0.0}]}'))
@example(("Patient", b'{"resourceType":"Patient","extension":[{"url":"urn:x","valueDecimal":1E-7}]}'))
@example(("Patient", b'{"meta":{"versionId":"4"},"birthDate":"1987-05","resourceType":"Patient"}'))
def test_whatever_is_sent_is_read_as_it_was_sent(http: httpx.Client, sent: tuple[str, bytes]) -> None:
    kind, raw = sent

    created = http.post(f"/fhir/{kind}", content=raw)

    assert created.status_code == 201, created.text
    read = http.get(f"/fhir/{kind}/{created.json()['id']}")
    assert content(read.content) == content(raw)


@pytest.mark.rule(72, 73)
@LAW
@given(documents())
def test_every_way_to_it_leads_to_the_same_bytes_which_can_be_sent_back(
    http: httpx.Client, sent: tuple[str, bytes]
) -> None:
    kind, raw = sent
    first = http.post(f"/fhir/{kind}", content=raw)
    assert first.status_code == 201, first.text
    name = first.json()["id"]
    address = f"{kind}/{name}"
    again = raw.replace(b'"sent-by-the-client"', f'"{name}"'.encode())

    stored = http.post(
        "/fhir", content=transaction("PUT", address, again), headers={"Prefer": "return=representation"}
    )

    [second] = in_bundle(stored)
    assert content(second) == content(raw)
    assert http.get(f"/fhir/{address}").content == second
    assert http.get(f"/fhir/{address}/_history/1").content == first.content
    assert http.get(f"/fhir/{address}/_history/2").content == second
    assert in_bundle(http.get(f"/fhir/{address}/_history")) == [second, first.content]
    assert in_bundle(http.get(f"/fhir/{kind}", params={"_id": name})) == [second]
    third = http.put(f"/fhir/{address}", content=second)
    assert (third.status_code, content(third.content)) == (200, content(second))


@pytest.mark.rule(19, 73)
def test_the_server_sets_id_and_meta_and_says_so_in_the_headers(http: httpx.Client) -> None:
    raw = (
        b'{"meta":{"tag":[{"code":"a"}],"versionId":"9","lastUpdated":"1999-01-01T00:00:00Z"},'
        b'"id":"mine","resourceType":"Patient"}'
    )

    created = http.post("/fhir/Patient", content=raw)

    document = created.json()
    assert document["id"] != "mine"
    assert created.headers["location"].endswith(f"/fhir/Patient/{document['id']}/_history/1")
    assert document["meta"]["versionId"] == "1"
    assert document["meta"]["lastUpdated"] > "2020"
    assert content(created.content) == content(raw)


@pytest.mark.rule(72)
@pytest.mark.parametrize(
    "digits",
    [
        "1.50",
        "0.000",
        "-0",
        "-0.0",
        "1e2",
        "1.0E-7",
        "1e-60",
        "9.99E+60",
        "0.1234567890123456789012345678901234567890",
        "1234567890123456789012345678901234567890.123456789",
        "9" * 64,
        "0." + "0" * 60 + "1",
        "-" + "9" * 30 + "." + "9" * 30,
    ],
)
@pytest.mark.parametrize(("code", "unit"), [("4485-9", "mg/dL"), ("4485-9", "g/L"), ("1-8", "x")])
def test_no_number_is_too_odd_to_be_kept_and_found(
    http: httpx.Client, digits: str, code: str, unit: str
) -> None:
    raw = (
        '{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org",'
        f'"code":"{code}"}}]}},"subject":{{"reference":"Patient/p-014"}},"valueQuantity":{{"value":{digits},'
        f'"unit":"{unit}","system":"http://unitsofmeasure.org","code":"{unit}"}}}}'
    ).encode()

    created = http.post("/fhir/Observation", content=raw)

    assert created.status_code == 201, created.text
    name = created.json()["id"]
    assert content(http.get(f"/fhir/Observation/{name}").content) == content(raw)
    if (code, unit) != ("4485-9", "mg/dL"):
        asked = {"_id": name, "value-quantity": f"ge{digits}"}
        assert in_bundle(http.get("/fhir/Observation", params=asked)) == [created.content]
