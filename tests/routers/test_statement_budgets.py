"""How many statements the database is asked for each interaction: exactly, so that one more is seen.

A number changes only where somebody says so here. None grows with how much is written, found or stored.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping import codec
from app.fhir_mapping.operations import OPERATIONS
from app.main import create_app
from app.routers.example_candidate import CANDIDATE
from app.settings import Settings
from app.store.senders import register
from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.routers.make import HEADERS
from tests.servers import client_of, running
from tests.store.make import LOINC, UCUM
from tests.store.pushing import LAB, result

Json = dict[str, Any]
Ask = tuple[str, str, Any]
"""A method, an address, and what is sent."""
STUDY, SUBJECT, PATIENT = "ResearchStudy/msc-sle", "ResearchSubject/msc-sle-01", "Patient/msc-sle-p01"
_FILES: Final = ("study", "subject-01", "subject-02", "subject-03")
_NUMBERS: Final = "urn:weights"
_LONGER_THAN_IT_SETTLES: Final = 0.5
_PATCH: Final = {"Content-Type": "application/json-patch+json"}


def _weight(name: str, **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": _NUMBERS, "value": name}],
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "subject": {"reference": PATIENT},
        "effectiveDateTime": "2024-03-01",
        "valueQuantity": {"value": 61, "unit": "kg", "system": UCUM, "code": "kg"},
    } | more


def _bundle(kind: str, size: int) -> Json:
    entries = [
        {"resource": _weight(f"{kind}-{size}-{one}"), "request": {"method": "POST", "url": "Observation"}}
        for one in range(size)
    ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _gets(*paths: str) -> dict[str, Ask]:
    return {path: ("GET", path, None) for path in paths}


_W1: Final = "Observation/w1"
INTERACTIONS: Final[dict[str, Ask]] = {
    "update as create": ("PUT", _W1, _weight("w1", id="w1")),
    "update": ("PUT", _W1, _weight("w1", id="w1", status="amended")),
    "patch": ("PATCH", _W1, [{"op": "replace", "path": "/status", "value": "corrected"}]),
    "create": ("POST", "Observation", _weight("c1")),
    "conditional create": ("POST", "Observation", _weight("c2")),
    "conditional create of what is there": ("POST", "Observation", _weight("c2")),
    "transaction of 10": ("POST", "", _bundle("transaction", 10)),
    "transaction of 100": ("POST", "", _bundle("transaction", 100)),
    "batch of 10": ("POST", "", _bundle("batch", 10)),
    **_gets(
        _W1,
        f"{_W1}/_history/1",
        f"{_W1}/_history",
        "Observation/_history",
        "_history",
        "_history?_since=2020-01-01T00:00:00Z",
        "Observation?_count=5",
        f"Observation?patient={PATIENT}&code={LOINC}|29463-7&date=ge2024-01-01&_count=20",
        "Observation?_count=5&_sort=-date",
        "Observation?_count=5&_total=accurate",
        "Observation?_count=5&_summary=true",
        "Observation?_summary=count",
        "Observation?_count=5&_elements=code",
        "Observation?_count=5&_include=Observation:patient",
        f"Patient?_id={PATIENT.partition('/')[2]}&_revinclude=Observation:patient",
        "Observation?patient.gender=female&_count=5",
        f"Patient?_has:Observation:patient:code={LOINC}|29463-7",
        "Observation?code:not=x&_count=5",
        f"{PATIENT}/Observation?_count=5",
        "AuditEvent?_count=5",
        "Provenance?_count=5",
        "metadata",
    ),
    "delete": ("DELETE", _W1, None),
    "read of what is deleted": ("GET", _W1, None),
}
"""What is asked in turn of an open service that writes down what is changed."""
REFUSED: Final = ("read of what is deleted",)

_ABOUT: Final = {
    "ResearchStudy": STUDY,
    "ResearchSubject": SUBJECT,
    "Patient": PATIENT,
    "Observation": "Observation/w2",
}
_WITH: Final[Mapping[str, str]] = {
    "$check-eligibility": "",
    "$impact": "?observation=Observation/msc-sle-01-m0-sledai",
    "$sign": "?meaning=review&signer=Dr.%20Example&reauthenticated=true",
    "$lock": "?reason=visit%20closed",
    "$unlock": "?reason=opened%20again",
    "$erase": "?reason=asked%20for&version=1&confirm=Observation/w2",
    "$lastn": f"?patient={PATIENT}",
    "$stats": f"?subject={PATIENT}&code={LOINC}|29463-7&statistic=count",
    "$replay": "?reason=unknown-subject",
}
"""What an operation cannot be asked without."""
_OF: Final = {
    "$sign": "Observation",
    "$signatures": "Observation",
    "$erase": "Observation",
    "$diff": "Observation",
}


def _operations() -> dict[str, Ask]:
    """Each operation, once; what erases comes last."""
    asked: dict[str, Ask] = {}
    for one in sorted(OPERATIONS, key=lambda each: each.name == "$erase"):
        at = "" if "system" in one.levels else f"{_ABOUT[_OF.get(one.name, one.resources[0])]}/"
        if one.levels == ("type",):
            at = f"{one.resources[0]}/"
        method, body = ("GET", None) if "GET" in one.methods else ("POST", None)
        if one.name == "$check-eligibility":
            body = CANDIDATE
        elif one.name == "$validate":
            at, method, body = "Observation/", "POST", _weight("v1")
        elif one.name == "$diff":
            at = "Observation/w2/"
        asked[one.name] = (method, f"{at}{one.name}{_WITH.get(one.name, '')}", body)
    return asked


PUSHES: Final[Mapping[str, Ask]] = {
    "push": ("POST", "Observation", result("L1", subject={"reference": PATIENT})),
    "push of the same": ("POST", "Observation", result("L1", subject={"reference": PATIENT})),
    "push of a correction": (
        "POST",
        "Observation",
        result("L1", subject={"reference": PATIENT}, status="corrected", issued="2021-09-15T10:00:00+02:00"),
    ),
    "push that is parked": ("POST", "Observation", result("L2", subject={"reference": "Patient/nobody"})),
    "push of 100": (
        "POST",
        "",
        {
            "resourceType": "Bundle",
            "type": "transaction",
            "entry": [
                {
                    "resource": result(f"M{one}", subject={"reference": PATIENT}),
                    "request": {"method": "POST", "url": "Observation"},
                }
                for one in range(100)
            ],
        },
    ),
}
SIGNED_IN: Final[Mapping[str, Ask]] = {
    "read": ("GET", "Observation/w3", None),
    "search": ("GET", f"Observation?patient={PATIENT}&_count=20", None),
    "history of one": ("GET", "Observation/w3/_history", None),
    "$sri-status": ("GET", f"{SUBJECT}/$sri-status", None),
    "create": ("POST", "Observation", _weight("s1")),
    "update": ("PUT", "Observation/w3", _weight("w3", id="w3", status="amended")),
}
"""What is asked by a site that signs in, where every access is written down."""


class Counting:
    """A client of a service, which says how many statements each request took."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient) -> None:
        self.client = client
        self.store: Store = app.state.service.store

    async def took(self, name: str, asked: Ask) -> int:
        """Ask; who is asked looks first whether senders, maps and clients are still as they were."""
        method, path, body = asked
        headers = HEADERS | {"X-Change-Reason": "a slip of the pen"} | (_PATCH if method == "PATCH" else {})
        if name.startswith("conditional create"):
            headers["If-None-Exist"] = f"identifier={_NUMBERS}|c2"
        content = None if body is None else codec.write(body) if isinstance(body, dict) else json.dumps(body)
        self.store.desk.expire()
        self.store.access.expire()
        before = self.store.database.statements
        answer = await self.client.request(method, f"/fhir/{path}", content=content, headers=headers)
        took = self.store.database.statements - before
        assert answer.status_code < 300 or name in REFUSED, (
            f"{name}: {answer.status_code} {answer.text[:500]}"
        )
        return took

    async def alone(self) -> None:
        """Wait until what a service does by itself at its start is done; what is stored starts it no more."""
        self.store.committer.on_stored = lambda _types: None
        found = -1
        while found != self.store.database.statements:
            found = self.store.database.statements
            await asyncio.sleep(_LONGER_THAN_IT_SETTLES)


@asynccontextmanager
async def counting(settings: Settings) -> AsyncIterator[Counting]:
    async with running(create_app(settings)) as app, client_of(app) as client:
        asking = Counting(app, client)
        await asking.alone()
        yield asking


@pytest.fixture
async def open_to_all(database_url: str) -> AsyncIterator[Counting]:
    settings = Settings(database_url=database_url, base_url="http://test", auth="none", audit="changes")
    async with counting(settings) as asking:
        for name in _FILES:
            content = files("app.demo").joinpath(f"msc-sle/{name}.json").read_bytes()
            stored = await asking.client.post("/fhir", content=content, headers=HEADERS)
            assert stored.status_code == 200, stored.text
        for name in ("w2", "w2", "w3"):
            await asking.took(name, ("PUT", f"Observation/{name}", _weight(name, id=name)))
        yield asking


async def _taken(asking: Counting, asked: Mapping[str, Ask]) -> dict[str, int]:
    return {name: await asking.took(name, one) for name, one in asked.items()}


BUDGETS: Final[Mapping[str, tuple[int, int]]] = {
    "update as create": (11, 11),
    "update": (20, 20),
    "patch": (21, 21),
    "create": (10, 10),
    "conditional create": (11, 12),
    "conditional create of what is there": (6, 7),
    "transaction of 10": (10, 10),
    "transaction of 100": (10, 10),
    "batch of 10": (10, 10),
    "Observation/w1": (1, 1),
    "Observation/w1/_history/1": (1, 1),
    "Observation/w1/_history": (2, 2),
    "Observation/_history": (2, 2),
    "_history": (1, 1),
    "_history?_since=2020-01-01T00:00:00Z": (1, 4),
    "Observation?_count=5": (1, 1),
    "Observation?patient=Patient/msc-sle-p01&code=http://loinc.org|29463-7&date=ge2024-01-01&_count=20": (
        1,
        1,
    ),
    "Observation?_count=5&_sort=-date": (1, 1),
    "Observation?_count=5&_total=accurate": (2, 2),
    "Observation?_count=5&_summary=true": (1, 1),
    "Observation?_summary=count": (1, 1),
    "Observation?_count=5&_elements=code": (1, 1),
    "Observation?_count=5&_include=Observation:patient": (2, 2),
    "Patient?_id=msc-sle-p01&_revinclude=Observation:patient": (2, 2),
    "Observation?patient.gender=female&_count=5": (1, 1),
    "Patient?_has:Observation:patient:code=http://loinc.org|29463-7": (1, 1),
    "Observation?code:not=x&_count=5": (1, 1),
    "Patient/msc-sle-p01/Observation?_count=5": (1, 1),
    "AuditEvent?_count=5": (1, 1),
    "Provenance?_count=5": (3, 3),
    "metadata": (0, 0),
    "delete": (16, 16),
    "read of what is deleted": (1, 1),
    "$status": (2, 2),
    "$status-history": (3, 3),
    "$sri-status": (1, 1),
    "$eligibility": (1, 1),
    "$check-eligibility": (1, 1),
    "$clinical-response": (1, 1),
    "$disease-activity": (1, 1),
    "$biomarkers": (1, 1),
    "$steroid-exposure": (1, 1),
    "$treatment-failure": (1, 1),
    "$timeline": (1, 1),
    "$visit-matrix": (1, 1),
    "$impact": (1, 1),
    "$endpoint-summary": (4, 4),
    "$enrolment": (4, 4),
    "$tolerance": (1, 1),
    "$survival": (1, 1),
    "$cell-dose": (1, 1),
    "$dose-escalation": (4, 4),
    "$safety-summary": (4, 4),
    "$overdue": (4, 4),
    "$export": (4, 4),
    "$inbox": (1, 1),
    "$reconciliation": (1, 1),
    "$senders": (3, 3),
    "$unmapped": (2, 2),
    "$replay": (2, 2),
    "$sign": (4, 4),
    "$signatures": (2, 2),
    "$lock": (5, 7),
    "$unlock": (7, 9),
    "$locks": (2, 2),
    "$validate": (8, 8),
    "$everything": (3, 3),
    "$lastn": (1, 1),
    "$stats": (1, 1),
    "$meta": (1, 1),
    "$diff": (4, 4),
    "$erase": (10, 12),
    "push": (18, 18),
    "push of the same": (10, 10),
    "push of a correction": (27, 27),
    "push that is parked": (10, 10),
    "push of 100": (16, 16),
    "a token": (13, 13),
    "signed in: read": (4, 3),
    "signed in: search": (4, 3),
    "signed in: history of one": (5, 4),
    "signed in: $sri-status": (6, 6),
    "signed in: create": (14, 14),
    "signed in: update": (23, 23),
}
"""By what is asked: how many statements SQLite and PostgreSQL are asked for it.

PostgreSQL is asked for the locks of what several writers may meet at, and for the latest instant that is
committed; SQLite, whose writer is alone, writes the trail of a read by two statements and not by one.
"""


async def test_each_interaction_takes_the_statements_it_took(
    open_to_all: Counting, database_url: str
) -> None:
    store = open_to_all.store
    took = await _taken(open_to_all, INTERACTIONS | _operations())
    await register(store, LAB, at=datetime.now(UTC))
    took |= await _taken(open_to_all, PUSHES)
    key = await register_client(store, "site-sls", role="site", sites=["SLS"], studies=["msc-sle"])
    settings = Settings(database_url=database_url, base_url="http://test", auth="smart", audit="all")
    async with counting(settings) as signed:
        before = signed.store.database.statements
        signed.client.headers.update(await bearer(signed.client, "site-sls", key))
        took["a token"] = signed.store.database.statements - before
        await signed.took("the first, which begins a chain", SIGNED_IN["read"])
        taken = await _taken(signed, SIGNED_IN)

    took |= {f"signed in: {name}": number for name, number in taken.items()}
    engine = 1 if database_url.startswith("postgresql") else 0
    assert took == {name: budget[engine] for name, budget in BUDGETS.items()}


def test_what_is_written_together_takes_as_many_however_much_it_is() -> None:
    assert BUDGETS["transaction of 10"] == BUDGETS["transaction of 100"] == BUDGETS["create"]
