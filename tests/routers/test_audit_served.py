"""The trail read over HTTP: AuditEvents and the Provenance of each version, read and searched."""

from base64 import b64decode
from hashlib import sha256
from typing import Any

import httpx
import pytest

from app.fhir_mapping import check, codec
from app.settings import Settings
from tests.routers.make import HEADERS, issues

PATIENT = "/fhir/Patient/p"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """What is read is noted, too."""
    return Settings(database_url=database_url, base_url="http://test", auth="none")


@pytest.fixture
async def told(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A patient created, corrected for a reason, searched for, read, and deleted."""
    client.headers.update(HEADERS)
    sent = [
        client.build_request("PUT", PATIENT, content=b'{"resourceType":"Patient","id":"p","gender":"male"}'),
        client.build_request(
            "PUT",
            PATIENT,
            content=b'{"resourceType":"Patient","id":"p","gender":"female"}',
            headers={"X-Change-Reason": "entered wrongly"},
        ),
        client.build_request("GET", "/fhir/Patient?gender=female"),
        client.build_request("GET", PATIENT),
        client.build_request("GET", f"{PATIENT}/_history/1"),
        client.build_request("GET", "/fhir/Patient/nobody"),
        client.build_request("DELETE", PATIENT),
    ]
    for request in sent:
        assert (await client.send(request)).status_code < 500
    return client


async def found(client: httpx.AsyncClient, address: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/fhir/{address}")
    assert answer.status_code == 200, answer.text
    return [entry["resource"] for entry in answer.json().get("entry", ())]


def interaction(event: dict[str, Any]) -> str:
    return str(event["subtype"][-1]["code"])


# ---- AuditEvent --------------------------------------------------------------------------------------


async def test_what_was_done_is_found_newest_first(told: httpx.AsyncClient) -> None:
    events = await found(told, "AuditEvent?patient=Patient/p")

    done = ["delete", "vread", "read", "search-type", "update", "update"]
    assert [interaction(event) for event in events] == done
    assert [event["action"] for event in events] == ["D", "R", "R", "R", "U", "C"]
    oldest = await found(told, "AuditEvent?patient=Patient/p&_sort=date")
    assert oldest == events[::-1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("entity=Patient/p", 6),
        ("entity=Patient/p/_history/2", 3),  # changed, found and read
        ("entity=Patient/p/_history/1", 2),
        ("entity=Patient/q", 0),
        ("entity=p", 6),
        ("patient=p", 6),
        ("patient=Patient/p&action=R", 3),
        ("patient=Patient/p&action=R,D", 4),
        ("patient=Patient/p&action:not=R", 3),
        ("patient=Patient/p&subtype=vread", 1),
        ("patient=Patient/p&subtype=http://hl7.org/fhir/restful-interaction|vread", 1),
        ("patient=Patient/p&subtype=http://example.org|vread", 0),
        ("patient=Patient/p&outcome=0", 6),
        ("outcome=4", 1),
        ("entity=Patient/nobody", 1),
        ("patient=Patient/p&date=ge2000", 6),
        ("patient=Patient/p&date=lt2000", 0),
        ("patient=Patient/p&altid=somebody", 0),
        ("patient=Patient/p&agent=Practitioner/x", 0),
        ("patient=Patient/p&agent:identifier=https://trialbridge.example/fhir/sid/client|x", 0),
        ("patient:missing=true&action=R&outcome=0", 0),
        ("_id=nobody", 0),
    ],
)
async def test_events_are_found_by_what_they_say(told: httpx.AsyncClient, query: str, expected: int) -> None:
    assert len(await found(told, f"AuditEvent?{query}")) == expected


async def test_a_page_goes_on_where_the_last_one_ended_and_the_total_is_of_all(
    told: httpx.AsyncClient,
) -> None:
    whole = await found(told, "AuditEvent?patient=Patient/p")
    pages, address = [], "/fhir/AuditEvent?patient=Patient/p&_count=4&_total=accurate"
    while address:
        page = (await told.get(address)).json()
        assert page["total"] == 6
        pages += [entry["resource"] for entry in page["entry"]]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")

    assert pages == whole


async def test_an_event_is_read_as_it_is_kept_and_is_valid_r4(told: httpx.AsyncClient) -> None:
    for event in await found(told, "AuditEvent"):
        read = await told.get(f"/fhir/AuditEvent/{event['id']}")
        assert read.json() == event
        assert check.checked("AuditEvent", read.content) == codec.read(read.content)


async def test_who_reads_the_trail_is_told_by_it(told: httpx.AsyncClient) -> None:
    [first, *_] = await found(told, "AuditEvent?patient=Patient/p&action=D")

    [latest, *_] = await found(told, f"AuditEvent?entity=AuditEvent/{first['id']}")

    queries = [b64decode(one["query"]).decode() for one in latest["entity"] if "query" in one]
    assert (interaction(latest), queries) == ("search-type", ["patient=Patient/p&action=D"])


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "AuditEvent/nobody", 404, "not-found"),
        ("GET", "Provenance/Patient.9.p", 404, "not-found"),
        ("GET", "Provenance/nobody", 404, "not-found"),
        ("GET", "AuditEvent/x/_history", 404, "not-supported"),
        ("POST", "AuditEvent", 405, "not-supported"),
        ("PUT", "AuditEvent/x", 405, "not-supported"),
        ("DELETE", "Provenance/Patient.1.p", 405, "not-supported"),
        ("GET", "AuditEvent?_sort=action", 400, "not-supported"),
        ("GET", "AuditEvent?entity:Patient.gender=male", 400, "not-supported"),
        ("GET", "AuditEvent?action:above=R", 400, "not-supported"),
        ("GET", "Provenance?target:Patient.gender=male", 400, "not-supported"),
    ],
)
async def test_what_the_trail_does_not_offer_is_refused(
    told: httpx.AsyncClient, method: str, address: str, status: int, code: str
) -> None:
    answer = await told.request(method, f"/fhir/{address}", content=b'{"resourceType":"AuditEvent"}')

    assert (answer.status_code, issues(answer)[0]["code"]) == (status, code)


async def test_the_types_of_the_trail_are_declared(client: httpx.AsyncClient) -> None:
    said = (await client.get("/fhir/metadata")).json()
    types = {one["type"]: one for one in said["rest"][0]["resource"]}

    for kind in ("AuditEvent", "Provenance"):
        assert [one["code"] for one in types[kind]["interaction"]] == ["read", "search-type"]
        assert types[kind]["searchParam"]
    defined = (await client.get("/fhir/SearchParameter/AuditEvent-altid")).json()
    assert defined["base"] == ["AuditEvent"]


# ---- Provenance --------------------------------------------------------------------------------------


async def test_each_version_has_its_provenance(told: httpx.AsyncClient) -> None:
    documents = await found(told, "Provenance?target=Patient/p")

    assert [one["target"] for one in documents] == [
        [{"reference": f"Patient/p/_history/{number}"}] for number in (3, 2, 1)
    ]
    activities = [one["activity"]["coding"][0]["code"] for one in documents]
    assert activities == ["DELETE", "UPDATE", "CREATE"]
    assert [one.get("reason") for one in documents] == [None, [{"text": "entered wrongly"}], None]
    revised = [[one["what"]["reference"] for one in each.get("entity", ())] for each in documents]
    assert revised == [["Patient/p/_history/2"], ["Patient/p/_history/1"], []]
    assert all(one["agent"][0]["who"]["display"] == "sandbox" for one in documents)
    for one in documents:
        body = codec.write(one)
        assert check.checked("Provenance", body) == codec.read(body)


async def test_the_provenance_of_one_version_is_found_and_read(told: httpx.AsyncClient) -> None:
    [one] = await found(told, "Provenance?target=Patient/p/_history/2")

    assert (await told.get(f"/fhir/Provenance/{one['id']}")).json() == one
    assert await found(told, f"Provenance?_id={one['id']}") == [one]
    assert one["id"] == "Patient.2.p"


async def test_provenances_are_paged(told: httpx.AsyncClient) -> None:
    whole = await found(told, "Provenance?recorded=ge2000&_sort=recorded")
    address = "/fhir/Provenance?recorded=ge2000&_sort=recorded&_count=2&_total=accurate"
    first = (await told.get(address)).json()
    following = next(link["url"] for link in first["link"] if link["relation"] == "next")
    second = (await told.get(following)).json()

    assert (first["total"], len(whole)) == (3, 3)
    assert [entry["resource"] for page in (first, second) for entry in page["entry"]] == whole


async def test_who_and_why_stand_beside_what_changed(told: httpx.AsyncClient) -> None:
    answer = await told.get(f"{PATIENT}/$diff?from=1&to=2&view=plain")

    [version] = answer.json()["versions"]
    assert (version["version"], version["who"], version["why"]) == (2, "sandbox", "entered wrongly")


async def test_a_signature_stands_beside_what_was_signed_and_says_which_version_broke_it(
    client: httpx.AsyncClient,
) -> None:
    client.headers.update(HEADERS)
    await client.put(PATIENT, content=b'{"resourceType":"Patient","id":"p"}')
    stored = (await client.get(PATIENT)).content
    asked = {"meaning": "review", "signer": "Dr. Example Investigator", "reauthenticated": "true"}
    assert (await client.post(f"{PATIENT}/$sign", params=asked)).status_code == 200

    [valid] = await found(client, "Provenance?target=Patient/p")
    await client.put(PATIENT, content=b'{"resourceType":"Patient","id":"p","gender":"male"}')
    newer, broken = await found(client, "Provenance?target=Patient/p")

    [signature] = valid["signature"]
    assert b64decode(signature["data"]) == sha256(stored).digest()
    assert signature["who"] == {"display": "Dr. Example Investigator"}
    assert signature["type"][0]["system"] == "urn:iso-astm:E1762-95:2013"
    assert "extension" not in signature
    [extension] = broken["signature"][0]["extension"]
    parts = {part["url"]: part for part in extension["extension"]}
    assert parts["reason"]["valueCode"] == "newer-version"
    assert parts["by"]["valueReference"] == {"reference": "Patient/p/_history/2"}
    assert "signature" not in newer
    for one in (valid, broken):
        body = codec.write(one)
        assert check.checked("Provenance", body) == codec.read(body)
