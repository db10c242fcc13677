"""What those who run the server ask of what hospitals push, over HTTP, as FHIR and plainly."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI
from fhir.resources.R4B.parameters import Parameters as FhirParameters

from app.fhir_mapping import check
from app.fhir_mapping.sender import Sender
from app.store.senders import register
from app.store.session import Store
from tests.routers.make import issues
from tests.store.letters import NUMBERS, arrival, arrived, awaiting, parked

CHU_A = Sender(name="chu-a", systems=(NUMBERS,), silent_after=60, applications=("LAB|CHU-A",))
CHU_B = Sender(name="chu-b", systems=("urn:oid:1.2.3",), time_zone="Pacific/Noumea")
NOW = datetime.now(UTC)
Json = dict[str, Any]


def ago(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


@pytest.fixture
async def fed(app: FastAPI, client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service two senders push to."""
    store: Store = app.state.service.store
    for sender in (CHU_A, CHU_B):
        await register(store, sender, at=ago(999))
    await arrived(
        store,
        [
            arrival(1, received=ago(90), detail="no map knows the code", reason="unmapped-code"),
            arrival(2, received=ago(89), fate="replayed", status=200, resource_id="o1"),
            parked(3, received=ago(88), detail="nobody here is meant by this subject"),
            arrival(
                4, received=ago(87), fate="refused", reason="value", status=422, resource_id="", version=0
            ),
            arrival(5, received=ago(5), sender="chu-b", change_reason="wrong tube", version=2),
        ],
    )
    await awaiting(store, ("code", "urn:oid:9", "C3N", "chu-a", "Observation", "o1", "p1"))
    return client


async def plainly(client: httpx.AsyncClient, operation: str, **asked: str) -> Json:
    answer = await client.get(f"/fhir/{operation}", params=asked | {"view": "plain"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: Json = answer.json()
    return found


async def refused(client: httpx.AsyncClient, operation: str, **asked: str) -> Json:
    answer = await client.get(f"/fhir/{operation}", params=asked)
    assert answer.status_code == 400, answer.text
    [issue] = issues(answer)
    return issue


async def test_the_fate_of_each_message_is_told(fed: httpx.AsyncClient) -> None:
    told = await plainly(fed, "$inbox")

    assert [one["fate"] for one in told["messages"]] == ["stored", "refused", "parked", "replayed", "stored"]
    newest, oldest = told["messages"][0], told["messages"][-1]
    assert newest["changeReason"] == "wrong tube"
    assert newest["resource"] == "Observation/o5/_history/2"
    assert oldest["identifier"] == {"system": NUMBERS, "value": "1"}
    assert (oldest["detail"], oldest["patient"]) == ("no map knows the code", "Patient/p1")
    assert "next" not in told


async def test_the_inbox_is_narrowed_and_paged(fed: httpx.AsyncClient) -> None:
    async def ids(**asked: str) -> list[str]:
        return [one["id"] for one in (await plainly(fed, "$inbox", **asked))["messages"]]

    assert await ids(sender="chu-b") == ["0005"]
    assert await ids(fate="parked", reason="unknown-subject") == ["0003"]
    assert await ids(waiting="true") == ["0003", "0001"]
    assert await ids(identifier=f"{NUMBERS}|2") == ["0002"]
    assert await ids(resource="Observation/o1") == ["0002", "0001"]
    assert await ids(patient="p1", message="m4") == ["0004"]
    assert await ids(since=ago(87).isoformat()) == ["0005", "0004"]
    assert await ids(until=ago(88).isoformat()) == ["0002", "0001"]
    assert await ids(until=ago(0).astimezone(ZoneInfo("Europe/Paris")).date().isoformat(), id="0001") == [
        "0001"
    ]

    first = await plainly(fed, "$inbox", _count="2", sender="chu-a")
    second = (await fed.get(first["next"])).json()
    assert [one["id"] for one in (*first["messages"], *second["messages"])] == [
        "0004",
        "0003",
        "0002",
        "0001",
    ]
    assert "next" not in second


async def test_each_sender_is_reconciled_by_day(fed: httpx.AsyncClient) -> None:
    days = (await plainly(fed, "$reconciliation"))["days"]

    assert [one["sender"] for one in days] == ["chu-a", "chu-a", "chu-b", "chu-b"]
    assert [one["timeZone"] for one in days[1:3]] == ["Europe/Paris", "Pacific/Noumea"]
    of_a = {
        name: sum(one[name] for one in days[:2])
        for name in ("sent", "stored", "replayed", "parked", "refused", "stillParked")
    }
    assert of_a == {"sent": 4, "stored": 1, "replayed": 1, "parked": 1, "refused": 1, "stillParked": 1}
    for one in days:
        assert one["sent"] == one["stored"] + one["replayed"] + one["parked"] + one["refused"]


async def test_the_days_are_named(fed: httpx.AsyncClient) -> None:
    one = (await plainly(fed, "$reconciliation", day="2026-01-05", sender="chu-b"))["days"]
    three = (await plainly(fed, "$reconciliation", **{"from": "2026-01-05", "to": "2026-01-07"}))["days"]
    from_then = (await plainly(fed, "$reconciliation", **{"from": "2026-01-05"}))["days"]

    assert [(day["sender"], day["day"], day["sent"]) for day in one] == [("chu-b", "2026-01-05", 0)]
    assert [day["day"] for day in three[:3]] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert [day["day"] for day in from_then] == ["2026-01-05", "2026-01-05"]


async def test_a_silent_sender_is_seen_with_what_waits(fed: httpx.AsyncClient) -> None:
    told = await plainly(fed, "$senders")
    chu_a, chu_b = told["senders"]

    assert (chu_a["name"], chu_a["silent"], chu_a["silentAfter"]) == ("chu-a", True, 60)
    assert (chu_a["stillParked"], chu_a["unmapped"]) == (1, 1)
    assert chu_a["parkedFor"] == [{"reason": "unknown-subject", "count": 1}]
    assert chu_a["refusedFor"] == [{"reason": "value", "count": 1}]
    assert (chu_a["systems"], chu_a["applications"]) == ([NUMBERS], ["LAB|CHU-A"])
    assert "silent" not in chu_b
    assert (chu_b["refusedFor"], chu_b["lastMessage"]) == ([], ago(5).isoformat().replace("+00:00", "Z"))
    lately = await plainly(fed, "$senders", since=ago(10).isoformat(), sender="chu-a")
    assert [(one["name"], one["refusedFor"]) for one in lately["senders"]] == [("chu-a", [])]


async def test_what_no_map_knows_is_told(fed: httpx.AsyncClient) -> None:
    [one] = (await plainly(fed, "$unmapped", kind="code"))["unmapped"]

    assert (one["sender"], one["system"], one["text"]) == ("chu-a", "urn:oid:9", "C3N")
    assert (one["results"], one["patients"], one["example"]) == (1, 1, "Observation/o1")
    assert (await plainly(fed, "$unmapped", kind="unit"))["unmapped"] == []


@pytest.mark.parametrize("operation", ["$inbox", "$reconciliation", "$senders", "$unmapped"])
async def test_the_answer_is_parameters_by_get_and_by_post(fed: httpx.AsyncClient, operation: str) -> None:
    got = await fed.get(f"/fhir/{operation}?sender=chu-a")
    body = {"resourceType": "Parameters", "parameter": [{"name": "sender", "valueCode": "chu-a"}]}
    posted = await fed.post(
        f"/fhir/{operation}", json=body, headers={"Content-Type": "application/fhir+json"}
    )

    assert (got.status_code, posted.status_code) == (200, 200), posted.text
    assert check.problems("Parameters", got.json()) == ()
    FhirParameters.model_validate(got.json())
    said, again = ([one for one in each.json()["parameter"] if one["name"] != "at"] for each in (got, posted))
    assert said == again


@pytest.mark.parametrize("operation", ["$inbox", "$reconciliation", "$senders", "$unmapped"])
async def test_an_empty_server_answers_too(client: httpx.AsyncClient, operation: str) -> None:
    told = await plainly(client, operation)

    assert [value for value in told.values() if isinstance(value, list)] == [[]]
    assert check.problems("Parameters", (await client.get(f"/fhir/{operation}")).json()) == ()


@pytest.mark.parametrize(
    ("operation", "asked", "place", "word"),
    [
        ("$inbox", {"sender": "chu-c"}, "http.sender", "chu-a, chu-b"),
        ("$inbox", {"fate": "store"}, "http.fate", "did you mean stored"),
        ("$inbox", {"message": "m\x00"}, "http.message", "control"),
        ("$inbox", {"id": "\x00"}, "http.id", "control"),
        ("$inbox", {"identifier": "urn:x|\x00"}, "http.identifier", "control"),
        ("$inbox", {"identifier": "8801"}, "http.identifier", "system|value"),
        ("$inbox", {"patient": "Patient/?"}, "http.patient", "Patient/id"),
        ("$inbox", {"resource": "Bogus/1"}, "http.resource", "Type/id"),
        ("$inbox", {"since": "soon"}, "http.since", "instant"),
        ("$inbox", {"waiting": "yes"}, "http.waiting", "true or false"),
        ("$inbox", {"_count": "many"}, "http._count", "whole number"),
        ("$inbox", {"_after": "x"}, "http._after", "unchanged"),
        ("$inbox", {"bogus": "x"}, "http.bogus", "not a parameter"),
        ("$reconciliation", {"day": "2026-01-05", "to": "2026-01-06"}, "http.day", "one day"),
        ("$reconciliation", {"from": "2026-01-05", "to": "2026-01-04"}, "http.to", "from"),
        ("$reconciliation", {"from": "2026-01-05", "to": "2026-02-05"}, "http.to", "31 days"),
        ("$reconciliation", {"day": "yesterday"}, "http.day", "day"),
        ("$unmapped", {"kind": "name"}, "http.kind", "code, unit"),
        ("$senders", {"sender": "chu"}, "http.sender", "chu-a"),
    ],
)
async def test_what_cannot_be_asked_is_said(
    fed: httpx.AsyncClient, operation: str, asked: dict[str, str], place: str, word: str
) -> None:
    issue = await refused(fed, operation, **asked)

    assert issue["expression"] == [place]
    assert word in issue["diagnostics"]


async def test_a_page_is_good_for_its_own_question_alone(fed: httpx.AsyncClient) -> None:
    first = await plainly(fed, "$inbox", _count="1", sender="chu-a")
    other = str(first["next"]).replace("chu-a", "chu-b")

    assert (await fed.get(other)).status_code == 400


async def test_longest_spans_are_answered(fed: httpx.AsyncClient) -> None:
    days = (await plainly(fed, "$reconciliation", **{"from": "2026-01-01", "to": "2026-01-31"}))["days"]

    assert len(days) == 62


async def test_an_operation_nobody_has_is_named_with_those_there_are(client: httpx.AsyncClient) -> None:
    unknown = await client.get("/fhir/$inbx")
    of_type = await client.get("/fhir/$lastn")

    assert (unknown.status_code, of_type.status_code) == (404, 404)
    assert "did you mean '$inbox'" in issues(unknown)[0]["diagnostics"]
    assert "asked of Observation" in issues(of_type)[0]["diagnostics"]


async def test_an_operation_of_the_server_is_not_one_of_a_type(client: httpx.AsyncClient) -> None:
    assert (await client.get("/fhir/Observation/$inbox")).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_by_another_method_it_is_not_asked(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/fhir/$inbox")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_they_are_declared(client: httpx.AsyncClient) -> None:
    statement = (await client.get("/fhir/metadata")).json()
    offered = {one["name"]: one["definition"] for one in statement["rest"][0]["operation"]}

    assert {"inbox", "reconciliation", "senders", "unmapped"} <= offered.keys()
    definition = (await client.get("/fhir/OperationDefinition/System-inbox")).json()
    assert definition["url"] == offered["inbox"]
    assert (definition["system"], definition["type"], definition["instance"]) == (True, False, False)
    assert "resource" not in definition
    assert definition["affectsState"] is False
