"""Every request that reads, searches, asks or is kept out leaves exactly one event, before it is answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.audit_told import Told, told
from app.store import documents
from app.store.database import DatabaseError
from app.store.session import Store
from app.store.transact import transact
from app.store.visibility import EVERYTHING
from tests.access.signing import ADMINISTRATOR, SITE, bearer, register_client
from tests.store.make import c3, patient, put, study, subject

FHIR = {"Content-Type": "application/fhir+json"}
OURS = ("Patient", "p1", 1)
RESULT = ("Observation", "o1", 1)
SUBJECT = {OURS, ("ResearchSubject", "rs1", 1), ("ResearchStudy", "s1", 1)}
MEMBERS = {("Patient", "p1", 0), ("ResearchSubject", "rs1", 0), ("ResearchStudy", "s1", 1)}
Seen = set[tuple[str, str, int]]


async def events(store: Store) -> list[Told]:
    """What the trail tells, the links left out."""
    rows = await store.database.read(lambda c: c.fetch("SELECT document FROM audit ORDER BY recorded, id"))
    found = (told(codec.read(bytes(row[0]))) for row in rows)
    return [one for one in found if one.interaction != "link"]


@pytest.fixture
async def trial(store: Store) -> Store:
    """A study, a patient with a result at one hospital, and a patient at another."""
    writes = [put(study(), "s1"), put(patient(site="SLS"), "p1"), put(patient(site="REN"), "p2")]
    await transact(
        store,
        EVERYTHING,
        [*writes, put(subject("p1"), "rs1"), put(subject("p2"), "rs2"), put(c3("p1"), "o1")],
    )
    return store


@pytest.fixture
async def site(trial: Store, client: httpx.AsyncClient) -> dict[str, str]:
    """What lets the hospital of the first patient in."""
    key = await register_client(trial, "chu-sls", role=SITE, sites=["SLS"])
    return await bearer(client, "chu-sls", key)


@dataclass(frozen=True)
class Case:
    """A request, its answer, and the event it leaves: action, interaction, outcome, what was seen."""

    says: str
    path: str
    status: int
    event: tuple[str, str, str]
    seen: Seen
    method: str = "GET"
    body: Any = None
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def bundle(kind: str, *urls: str) -> dict[str, Any]:
    """A Bundle of GETs."""
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def batch_of(resource: dict[str, Any], url: str) -> dict[str, Any]:
    """A batch with one update."""
    entry = {"resource": resource, "request": {"method": "PUT", "url": url}}
    return {"resourceType": "Bundle", "type": "batch", "entry": [entry]}


CASES = [
    Case("a read", "Patient/p1", 200, ("R", "read", "0"), {OURS}),
    Case(
        "a read that is known already",
        "Patient/p1",
        304,
        ("R", "read", "0"),
        {OURS},
        headers=(("If-None-Match", 'W/"1"'),),
    ),
    Case("a HEAD", "Patient/p1", 200, ("R", "read", "0"), {OURS}, method="HEAD"),
    Case("a version", "Patient/p1/_history/1", 200, ("R", "vread", "0"), {OURS}),
    Case("a search", "Patient?gender=female", 200, ("R", "search-type", "0"), {OURS}, query="gender=female"),
    Case(
        "a search that finds nothing",
        "Patient?gender=male",
        200,
        ("R", "search-type", "0"),
        set(),
        query="gender=male",
    ),
    Case(
        "a search with what it includes",
        "Observation?_include=Observation:subject",
        200,
        ("R", "search-type", "0"),
        {RESULT, OURS},
        query="_include=Observation:subject",
    ),
    Case(
        "a search within a patient",
        "Patient/p1/Observation",
        200,
        ("R", "search-type", "0"),
        {RESULT, ("Patient", "p1", 0)},
    ),
    Case("the history of one", "Patient/p1/_history", 200, ("R", "history-instance", "0"), {OURS}),
    Case("the history of a type", "Patient/_history", 200, ("R", "history-type", "0"), {OURS}),
    Case(
        "the history of everything",
        "_history?_count=200",
        200,
        ("R", "history-system", "0"),
        {OURS, RESULT, ("ResearchSubject", "rs1", 1), ("ResearchStudy", "s1", 1)},
        query="_count=200",
    ),
    Case(
        "everything of a patient",
        "Patient/p1/$everything",
        200,
        ("E", "$everything", "0"),
        {OURS, RESULT, ("ResearchSubject", "rs1", 1), ("ResearchStudy", "s1", 1)},
    ),
    Case(
        "the newest of each",
        "Observation/$lastn?patient=p1",
        200,
        ("E", "$lastn", "0"),
        {RESULT},
        query="patient=p1",
    ),
    Case("what a resource says of itself", "Patient/p1/$meta", 200, ("E", "$meta", "0"), {OURS}),
    Case(
        "a question of the trial",
        "ResearchSubject/rs1/$status-history",
        200,
        ("E", "$status-history", "0"),
        SUBJECT,
    ),
    Case(
        "a computed question",
        "ResearchSubject/rs1/$status",
        200,
        ("E", "$status", "0"),
        SUBJECT,
    ),
    Case(
        "what a fact changes",
        "ResearchSubject/rs1/$impact?observation=Observation/o1",
        200,
        ("E", "$impact", "0"),
        SUBJECT | {("Observation", "o1", 0)},
        query="observation=Observation/o1",
    ),
    Case("a question about a study", "ResearchStudy/s1/$enrolment", 200, ("E", "$enrolment", "0"), MEMBERS),
    Case("the files of a study", "ResearchStudy/s1/$export", 200, ("E", "$export", "0"), MEMBERS),
    Case(
        "a file of a study",
        "ResearchStudy/s1/$export?type=Observation",
        200,
        ("E", "$export", "0"),
        MEMBERS,
        query="type=Observation",
    ),
    Case(
        "a read in a batch",
        "",
        200,
        ("R", "read", "0"),
        {OURS},
        method="POST",
        body=bundle("batch", "Patient/p1"),
    ),
    Case(
        "a version in a transaction",
        "",
        200,
        ("R", "vread", "0"),
        {OURS},
        method="POST",
        body=bundle("transaction", "Patient/p1/_history/1"),
    ),
    Case(
        "a search in a batch that finds nothing",
        "",
        200,
        ("R", "search-type", "0"),
        set(),
        method="POST",
        body=bundle("batch", "Patient?gender=male"),
        query="gender=male",
    ),
    Case(
        "what is out of sight in a batch",
        "",
        200,
        ("R", "read", "4"),
        {("Patient", "p2", 0)},
        method="POST",
        body=bundle("batch", "Patient/p2"),
    ),
    Case(
        "a change in a batch of what is out of sight",
        "",
        200,
        ("U", "update", "4"),
        {("Patient", "p2", 0)},
        method="POST",
        body=batch_of(patient(site="SLS") | {"id": "p2", "active": True}, "Patient/p2"),
    ),
    Case("what is out of sight", "Patient/p2", 404, ("R", "read", "4"), {("Patient", "p2", 0)}),
    Case("what never was", "Patient/none", 404, ("R", "read", "4"), {("Patient", "none", 0)}),
    Case("a version out of sight", "Patient/p2/_history/1", 404, ("R", "vread", "4"), {("Patient", "p2", 1)}),
    Case(
        "a question about one out of sight",
        "ResearchSubject/rs2/$status-history",
        404,
        ("E", "$status-history", "4"),
        {("ResearchSubject", "rs2", 0)},
    ),
    Case(
        "a change of what is out of sight",
        "Patient/p2",
        404,
        ("U", "update", "4"),
        {("Patient", "p2", 0)},
        method="PUT",
        body=patient(site="SLS") | {"id": "p2"},
    ),
    Case(
        "a change that makes no sense",
        "Patient/p1",
        400,
        ("U", "update", "4"),
        {("Patient", "p1", 0)},
        method="PUT",
        body={"resourceType": "Patient", "id": "p1", "nose": 1},
    ),
    Case(
        "a deletion of what a site may not",
        "ResearchStudy/s1",
        403,
        ("D", "delete", "4"),
        {("ResearchStudy", "s1", 0)},
        method="DELETE",
    ),
    Case(
        "a create of what a site may not",
        "ResearchStudy",
        403,
        ("C", "create", "4"),
        set(),
        method="POST",
        body=study(),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.says for case in CASES])
async def test_each_request_leaves_exactly_its_event(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str], case: Case
) -> None:
    before = len(await events(trial))
    body = None if case.body is None else codec.write(case.body)
    headers = site | FHIR | dict(case.headers)
    answer = await client.request(case.method, f"/fhir/{case.path}", content=body, headers=headers)
    after = (await events(trial))[before:]

    assert answer.status_code == case.status, answer.text
    left = [(one.action, one.interaction, one.outcome, set(one.seen)) for one in after]
    assert left == [(*case.event, case.seen)]
    assert (after[0].client, after[0].query) == ("chu-sls", case.query)


async def test_a_transaction_that_asks_for_what_is_out_of_sight_tells_of_both(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str]
) -> None:
    before = len(await events(trial))
    body = codec.write(bundle("transaction", "Patient/p2", "Patient/p1"))
    assert (await client.post("/fhir", content=body, headers=site | FHIR)).status_code == 404

    left = [(one.interaction, one.outcome, set(one.seen)) for one in (await events(trial))[before:]]
    assert left == [("read", "4", {("Patient", "p2", 0)}), ("transaction", "4", set())]


async def test_a_change_that_is_carried_out_is_told_once(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str]
) -> None:
    before = len(await events(trial))
    body = codec.write(patient(site="SLS") | {"id": "p1", "active": True})
    headers = site | FHIR | {"X-Change-Reason": "the wrong patient was active"}
    assert (await client.put("/fhir/Patient/p1", content=body, headers=headers)).status_code == 200
    rows = await trial.database.read(
        lambda c: c.fetch("SELECT document FROM audit WHERE interaction = 'update'")
    )

    [event] = (await events(trial))[before:]
    assert (event.action, event.interaction, event.outcome) == ("U", "update", "0")
    assert (event.client, list(event.changed)) == ("chu-sls", [("Patient", "p1", 2)])
    assert b"the wrong patient was active" in bytes(rows[-1][0])


async def test_what_a_scope_does_not_cover_is_told(client: httpx.AsyncClient, trial: Store) -> None:
    key = await register_client(trial, "narrow", role=ADMINISTRATOR)
    header = await bearer(client, "narrow", key, "system/Observation.r")
    before = len(await events(trial))
    assert (await client.get("/fhir/Patient/p1", headers=header)).status_code == 403
    assert (await client.get("/fhir/Patient?gender=female", headers=header)).status_code == 403

    kept_out = [(one.interaction, one.outcome, one.client) for one in (await events(trial))[before:]]
    assert kept_out == [("read", "4", "narrow"), ("search-type", "4", "narrow")]


TOKEN_IN_AN_ADDRESS = ["access_token", "access%5Ftoken", "gender=female&access_token"]


@pytest.mark.parametrize("name", TOKEN_IN_AN_ADDRESS)
async def test_a_token_in_an_address_is_refused_and_written_nowhere(
    client: httpx.AsyncClient,
    trial: Store,
    site: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    token = site["Authorization"].removeprefix("Bearer ")
    before = len(await events(trial))
    for headers in (site, {}):
        answer = await client.get(f"/fhir/Patient?{name}={token}", headers=headers)
        assert answer.status_code == 400
        assert "Authorization header" in answer.text
        assert token not in answer.text
    assert len(await events(trial)) == before
    assert token not in caplog.text


async def test_a_token_in_a_form_or_a_bundle_is_not_kept(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str]
) -> None:
    token = site["Authorization"].removeprefix("Bearer ")
    form = {"gender": "female", "access_token": token}
    await client.post("/fhir/Patient/_search", headers=site, data=form)
    asked = bundle("batch", f"Patient?gender=female&access_token={token}")
    await client.post("/fhir", headers=site | FHIR, json=asked)

    searched = [one.query for one in await events(trial) if one.interaction == "search-type"]
    assert set(searched) == {"gender=female"}


async def test_who_does_not_sign_in_leaves_nothing(client: httpx.AsyncClient, trial: Store) -> None:
    before = len(await events(trial))
    for path in ("Patient/p1", "Patient", "metadata", "_history", "nothing"):
        await client.get(f"/fhir/{path}")
    answer = await client.get("/fhir/Patient/p1", headers={"Authorization": "Bearer wrong"})

    assert answer.status_code == 401
    assert len(await events(trial)) == before


async def test_nothing_goes_out_that_cannot_be_written_down(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*given: Any, **more: Any) -> Any:
        del given, more
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as failed:
        for writing in ("write", "insert"):
            failed.setattr(trial.database, writing, failing)
        answer = await client.get("/fhir/Patient/p1", headers=site)

    assert answer.status_code == 503
    assert b"female" not in answer.content
    assert (await client.get("/fhir/Patient/p1", headers=site)).status_code == 200


POISON = [
    "Patient/p1/_history/99999999999999999999",
    "Patient/p1/_history/" + "9" * 5000,
    "Patient/p1/_history/%D9%A1",
    "Patient/p1/$%00",
    "$%00%0a",
    "Patient/$" + "x" * 3000,
    "Patient/p1%00",
    "Patient/%00/Observation",
]
"""Addresses that name what nothing can be called."""


async def test_no_address_can_fail_the_reads_beside_it(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str]
) -> None:
    before = {one.committer for one in await events(trial)}
    mixed = [path for poison in POISON for path in (poison, *["Patient/p1"] * 4)]
    asked = [client.get(f"/fhir/{path}", headers=site) for path in mixed]
    answers = dict.fromkeys(POISON, 0)
    read = []
    for path, answer in zip(mixed, await asyncio.gather(*asked), strict=True):
        if path in answers:
            answers[path] = answer.status_code
        else:
            read.append(answer.status_code)

    assert set(read) == {200}
    assert set(answers.values()) <= {400, 404}
    told_of = await events(trial)
    assert len([one for one in told_of if one.interaction == "read" and one.outcome == "0"]) == len(read)
    assert {one.interaction for one in told_of if one.outcome == "4"} <= {"vread", "operation", "read"}
    assert {one.committer for one in told_of} == before


async def test_reads_at_the_same_time_share_their_commits(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0
    write: Callable[..., Any] = trial.database.write

    async def counting(*given: Any, **more: Any) -> Any:
        nonlocal commits
        commits += 1
        return await write(*given, **more)

    monkeypatch.setattr(trial.database, "write", counting)
    answers = await asyncio.gather(*(client.get("/fhir/Patient/p1", headers=site) for _ in range(64)))

    assert {answer.status_code for answer in answers} == {200}
    assert commits < 32
    assert len([one for one in await events(trial) if one.interaction == "read"]) == 64


def entries(*urls: tuple[str, str]) -> dict[str, Any]:
    """A batch of requests without resources."""
    listed = [{"request": {"method": method, "url": url}} for method, url in urls]
    return {"resourceType": "Bundle", "type": "batch", "entry": listed}


async def test_entries_refused_before_anything_is_looked_up_leave_what_each_would_by_itself(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str]
) -> None:
    before = len(await events(trial))
    body = codec.write(entries(("PUT", "Patient/p1"), ("GET", "Patient/p1"), ("DELETE", "Nothing/p1")))
    answer = await client.post("/fhir", content=body, headers=site | FHIR)
    statuses = [entry["response"]["status"][:3] for entry in answer.json()["entry"]]

    left = sorted((one.interaction, one.outcome, *sorted(one.seen)) for one in (await events(trial))[before:])
    assert statuses[1] == "200"
    assert [int(status) >= 400 for status in (statuses[0], statuses[2])] == [True, True]
    assert left == [("delete", "4"), ("read", "0", OURS), ("update", "4", ("Patient", "p1", 0))]


async def test_what_fails_is_told_as_failed(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*given: Any, **more: Any) -> Any:
        del given, more
        raise RuntimeError("a bug")

    monkeypatch.setattr(documents, "read", failing)
    before = len(await events(trial))
    assert (await client.get("/fhir/Patient/p1", headers=site)).status_code == 500

    [event] = (await events(trial))[before:]
    assert (event.interaction, event.outcome, set(event.seen)) == ("read", "8", {("Patient", "p1", 0)})


async def test_a_refused_message_in_hl7_v2_is_told(
    client: httpx.AsyncClient, trial: Store, site: dict[str, str]
) -> None:
    before = len(await events(trial))
    wrong = {"Content-Type": "application/hl7-v2"}
    for headers in (site | wrong, site | {"Content-Type": "application/json"}, wrong):
        answer = await client.post("/hl7v2", content=b"no message", headers=headers)
        assert answer.status_code >= 400

    left = [(one.interaction, one.outcome, one.client) for one in (await events(trial))[before:]]
    assert left == [("transaction", "4", "chu-sls")] * 2
