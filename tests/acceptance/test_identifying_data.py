"""What identifies a patient is nowhere afterwards: in no answer, no table, no log line and no metric.

A real server, with its log at its most talkative, is sent a patient's name and number at every door.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contents import contents
from tests.fhir_mapping.numbered import keyed
from tests.routers.make import HEADERS
from tests.servers import running_server

Json = dict[str, Any]
BARE = "2870175116001"
NUMBER = BARE + keyed(BARE)
SPACED = f"2 87 01 75 116 001 {keyed(BARE)}"
NAME = "Beeblebrox-Trillian"
STORED = "a-note-that-is-stored"
PATCH = {"Content-Type": "application/json-patch+json"}


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "gender": "female"} | more


def result(**more: Any) -> Json:
    about = {"reference": "Patient/p1"}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": about} | more


def bundle(kind: str, *entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(method: str, url: str, resource: Json | None = None, **more: Any) -> Json:
    request = {"method": method, "url": url} | more
    return {"request": request} | ({} if resource is None else {"resource": resource})


def parameters(*parts: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(parts)}


NUMBERED = result(note=[{"text": f"carte {SPACED}"}])
NAMED = patient(name=[{"family": NAME}])
ADDED = {"op": "add", "path": "/note", "value": [{"text": NUMBER}]}
BINARY = {"resourceType": "Binary", "contentType": PATCH["Content-Type"]}
IN_BINARY = BINARY | {"data": b64encode(json.dumps([ADDED]).encode()).decode()}
ADDED_BY_PATH = parameters(
    {
        "name": "operation",
        "part": [
            {"name": "type", "valueCode": "add"},
            {"name": "path", "valueString": "Observation"},
            {"name": "name", "valueString": "note"},
            {"name": "value", "valueAnnotation": {"text": NUMBER}},
        ],
    }
)

Door = tuple[str, str, Json | list[Json] | None, dict[str, str], str]
"""Method, address, body, headers, and the place the refusal names."""

DOORS: dict[str, Door] = {
    "create": ("POST", "/Observation", NUMBERED, {}, "Observation.note[0].text"),
    "create of a named one": ("POST", "/Patient", NAMED, {}, "Patient.name"),
    "create of an INS": (
        "POST",
        "/Patient",
        patient(identifier=[{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": BARE}]),
        {},
        "Patient.identifier[0].system",
    ),
    "create in a contained one": (
        "POST",
        "/Observation",
        result(contained=[NAMED | {"id": "c"}], focus=[{"reference": "#c"}]),
        {},
        "Observation.contained[0].name",
    ),
    "update": ("PUT", "/Observation/o1", NUMBERED | {"id": "o1"}, {}, "Observation.note[0].text"),
    "update at a number": ("PUT", f"/Patient/{NUMBER}", patient(id=NUMBER), {}, "http.url"),
    "conditional create": (
        "POST",
        "/Patient",
        patient(),
        {"If-None-Exist": f"identifier=urn:x|{NUMBER}"},
        "http.if-none-exist",
    ),
    "conditional update": ("PUT", f"/Patient?identifier=urn:x|{NUMBER}", patient(), {}, "http.identifier"),
    "update with a reason": (
        "PUT",
        "/Patient/p1",
        patient(id="p1"),
        {"X-Change-Reason": f"was {SPACED}"},
        "http.x-change-reason",
    ),
    "patch": ("PATCH", "/Observation/o1", [ADDED], PATCH, "Observation.note[0].text"),
    "patch by FHIRPath": ("PATCH", "/Observation/o1", ADDED_BY_PATH, {}, "Observation.note[1].text"),
    "patch in a batch": (
        "POST",
        "",
        bundle("batch", entry("PATCH", "Observation/o1", IN_BINARY)),
        {},
        "Bundle.entry[0].resource",
    ),
    "any exchange with an id": (
        "GET",
        "/Patient/p1",
        None,
        {"X-Correlation-Id": f"patient {SPACED}"},
        "http.x-correlation-id",
    ),
    "delete": ("DELETE", f"/Patient?identifier={NUMBER}", None, {}, "http.identifier"),
    "read": ("GET", f"/Patient/{NUMBER}", None, {}, "http.url"),
    "search": ("GET", f"/Patient?identifier=urn:x|{SPACED}", None, {}, "http.identifier"),
    "search by a name that is a number": ("GET", f"/Patient?{NUMBER}=x", None, {}, "http.url"),
    "transaction": (
        "POST",
        "",
        bundle("transaction", entry("POST", "Patient", NAMED), entry("POST", "Observation", NUMBERED)),
        {},
        "Bundle.entry[1].resource.note[0].text",
    ),
    "transaction by address": (
        "POST",
        "",
        bundle("transaction", entry("PUT", f"Patient?identifier=urn:x%7C{NUMBER}", patient())),
        {},
        "Bundle.entry[0].request.url",
    ),
    "transaction by fullUrl": (
        "POST",
        "",
        bundle("transaction", entry("POST", "Patient", patient()) | {"fullUrl": f"urn:x:{NUMBER}"}),
        {},
        "Bundle.entry[0].fullUrl",
    ),
    "transaction by condition": (
        "POST",
        "",
        bundle("transaction", entry("POST", "Patient", patient(), ifNoneExist=f"identifier={NUMBER}")),
        {},
        "Bundle.entry[0].request.ifNoneExist",
    ),
    "transaction by reference": (
        "POST",
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", result(subject={"reference": f"Patient?identifier={NUMBER}"})),
        ),
        {},
        "Bundle.entry[0].resource.subject.reference",
    ),
    "batch": (
        "POST",
        "",
        bundle("batch", entry("GET", f"Patient?identifier={NUMBER}"), entry("POST", "Patient", NAMED)),
        {},
        "Bundle.entry[1].resource.name",
    ),
    "Bundle with a number": (
        "POST",
        "",
        bundle("transaction", entry("POST", "Patient", patient())) | {"identifier": {"value": NUMBER}},
        {},
        "Bundle.identifier.value",
    ),
    "$validate": ("POST", "/Observation/$validate", NUMBERED, {}, "Observation.note[0].text"),
    "$validate beside": (
        "POST",
        "/Patient/$validate",
        parameters(
            {"name": "profile", "valueUri": f"http://a.example/{NUMBER}"},
            {"name": "resource", "resource": patient()},
        ),
        {},
        "http.profile",
    ),
    "$impact": ("POST", "/ResearchSubject/s1/$impact", NUMBERED, {}, "Observation.note[0].text"),
    "$check-eligibility": (
        "POST",
        "/ResearchStudy/st/$check-eligibility",
        bundle("collection", {"resource": patient()} | {"fullUrl": f"urn:x:{NUMBER}"}),
        {},
        "Bundle.entry[0].fullUrl",
    ),
    "$lastn": (
        "POST",
        "/Observation/$lastn",
        parameters({"name": "patient", "valueString": f"Patient/{NUMBER}"}),
        {},
        "http.patient",
    ),
}


@pytest.fixture
def talkative(database_url: str, tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """A client of a real server that knows one patient and one result of theirs, and that server's log."""
    with (
        running_server(database_url, tmp_path, TRIALBRIDGE_LOG_LEVEL="debug") as server,
        httpx.Client(base_url=f"{server.url}/fhir", headers=HEADERS, timeout=30) as client,
    ):
        study: Json = {"resourceType": "ResearchStudy", "id": "st", "status": "active"}
        study["identifier"] = [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}]
        subject: Json = {"resourceType": "ResearchSubject", "id": "s1", "status": "candidate"}
        subject |= {"study": {"reference": "ResearchStudy/st"}, "individual": {"reference": "Patient/p1"}}
        known = (patient(id="p1"), study, subject, result(id="o1", note=[{"text": STORED}]))
        for one in known:
            stored = client.put(f"/{one['resourceType']}/{one['id']}", json=one)
            assert stored.status_code == 201, stored.text
        yield client, server.log


def asked(client: httpx.Client, door: Door) -> httpx.Response:
    method, address, body, headers, _ = door
    content = None if body is None else json.dumps(body)
    return client.request(method, address or "/", content=content, headers=HEADERS | headers)


def tells(text: str) -> bool:
    """Whether a text tells the name or the number, however the number is written."""
    return NAME in text or BARE in "".join(one for one in text if one not in " +-./").replace("%20", "")


def test_the_look_itself_finds_what_is_there() -> None:
    assert tells(NAME)
    assert tells(f"x {SPACED}")
    assert tells(SPACED.replace(" ", "%20"))


def test_what_identifies_a_patient_is_refused_at_every_door_and_is_nowhere_afterwards(
    talkative: tuple[httpx.Client, Path], database_url: str
) -> None:
    client, log = talkative

    for name, door in DOORS.items():
        answer = asked(client, door)
        refused = answer.status_code == 422 or name in {"batch", "patch in a batch"} or "validate" in name
        said = answer.json()
        assert refused, (name, answer.status_code, answer.text)
        assert door[-1] in answer.text, (name, answer.text)
        assert "this trial takes no identifying data" in json.dumps(said), name
        assert not tells(answer.text + str(answer.headers)), name

    metrics = client.get(str(client.base_url).removesuffix("/fhir/") + "/metrics").text
    kept = contents(database_url)
    assert STORED in kept
    assert client.get("/Observation?_summary=count").json()["total"] == 1
    assert client.get("/Patient?_summary=count").json()["total"] == 1
    assert not tells(kept)
    assert "refused" in log.read_text()
    assert not tells(log.read_text())
    assert not tells(metrics)


def test_a_number_among_other_words_for_the_server_is_not_said_again(
    talkative: tuple[httpx.Client, Path], database_url: str
) -> None:
    client, log = talkative
    test = {"op": "test", "path": "/status", "value": NUMBER}
    answers = [
        client.patch("/Observation/o1", content=json.dumps([test]), headers=PATCH),
        client.patch("/Observation/o1", content=json.dumps([ADDED | {"path": f"/{NUMBER}"}]), headers=PATCH),
        client.post("/Observation/_search", data={"patient": NUMBER}, headers={"Content-Type": FORM}),
        client.get(f"/{NUMBER}"),
        client.get(f"/Patient/p1/_history/{NUMBER}"),
        client.get(str(client.base_url).removesuffix("/fhir/") + f"/{NUMBER}"),
        client.post("/Observation", content=json.dumps(result(status=NUMBER))),
        client.post("/Observation", content=json.dumps(result() | {NUMBER: 1})),
        client.post("/Observation", content=f'{{"resourceType":"Observation","x{NUMBER}'),
    ]

    assert all(answer.status_code >= 400 for answer in answers)
    for answer in answers:
        assert not tells(answer.text + str(answer.headers)), answer.request.url
    assert not tells(contents(database_url) + log.read_text())


FORM = "application/x-www-form-urlencoded"
