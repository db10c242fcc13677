"""What is remembered of an answer never shows: each is as a service gives it that knows nothing yet."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping import codec
from app.main import create_app
from app.routers.remembered import BESIDE, READ, Memory
from app.routers.trial_answers import Written
from app.settings import Settings
from app.store.records import AT_HAND, Versions
from tests.clinical.make_treated import treated
from tests.routers import make_study
from tests.routers.make import HEADERS
from tests.routers.make_study import enrolled, put
from tests.servers import client_of, running

STUDY = make_study.STUDY | {"arm": [{"name": "cohort-2e6"}, {"name": "cohort-4e6"}]}
SUBJECT = "/fhir/ResearchSubject/s1"
QUESTIONS = (
    *("$sri-status", "$sri-status?visit=M6", "$sri-status?rule=registry", "$sri-status?view=plain"),
    *("$eligibility", "$eligibility?on=2021-03-02", "$eligibility?lang=fr", "$tolerance"),
    *("$status", "$status?on=2021-03-02", "$timeline", "$timeline?name=infusion", "$survival"),
)
AS_OF = re.compile(rb'("asOf"(?:,"valueInstant")?:)"[^"]+"')


def observed(name: str, value: float, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": name,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2021-02-20",
        "valueQuantity": {
            "value": value,
            "unit": "g/L",
            "system": "http://unitsofmeasure.org",
            "code": "g/L",
        },
    } | changes


def resource(kind: str, number: int = 1) -> dict[str, Any]:
    """The document of that type about a subject."""
    return next(dict(one["resource"]) for one in enrolled(number) if one["resource"]["resourceType"] == kind)


INFUSION = resource("MedicationAdministration")
OTHER_STUDY = STUDY | {"id": "other", "identifier": [{"system": "urn:x", "value": "2"}]}
ALSO_THERE = resource("ResearchSubject") | {"id": "s1-other", "study": {"reference": "ResearchStudy/other"}}

STEPS: Mapping[str, Iterable[dict[str, Any] | str]] = {
    "nothing new": (),
    "a new result": (observed("c3", 0.9),),
    "its correction": (observed("c3", 0.4, status="corrected"),),
    "a result entered in error": (observed("c3", 0.4, status="entered-in-error"),),
    "a result of another": (observed("c3", 0.7, subject={"reference": "Patient/p2"}),),
    "and back again": (observed("c3", 0.8),),
    "an infusion at an hour": (INFUSION | {"effectiveDateTime": "2021-03-01T10:00:00+01:00"},),
    "an infusion that is gone": (f"MedicationAdministration/{INFUSION['id']}",),
    "an infusion again": (INFUSION,),
    "a person who is corrected": (resource("Patient") | {"birthDate": "1975-05-05"},),
    "another arm": (resource("ResearchSubject") | {"actualArm": "cohort-4e6"},),
    "another study": (STUDY | {"status": "completed"},),
    "a part in another study": (OTHER_STUDY, ALSO_THERE),
    "a study without a protocol": (STUDY | {"identifier": [{"system": "urn:x", "value": "1"}]},),
    "the study as it was": (STUDY,),
    "a result that is gone": ("Observation/c3",),
    "a subject that is gone": ("ResearchSubject/s1",),
}
"""What happens to the records one after the other: what is stored, or is deleted by its name."""


@dataclass(frozen=True)
class Asking:
    """A service that remembers, and one on the same database that is made to forget before every question."""

    client: httpx.AsyncClient
    app: FastAPI
    fresh: httpx.AsyncClient
    other: FastAPI

    async def both(self, address: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """What the two answer, but for the instants they were asked at."""
        self.other.state.service.memory.forget()
        return said(await self.client.get(address)), said(await self.fresh.get(address))

    @property
    def statements(self) -> int:
        return int(self.app.state.service.store.database.statements)


def said(answer: httpx.Response) -> tuple[Any, ...]:
    return answer.status_code, answer.headers.get("etag"), AS_OF.sub(rb"\1", answer.content)


@pytest.fixture
async def asking(settings: Settings, client: httpx.AsyncClient, app: FastAPI) -> AsyncIterator[Asking]:
    client.headers.update(HEADERS)
    entries = [put(STUDY), *enrolled(1), *enrolled(2)]
    stored = await client.post("/fhir", content=codec.write(transaction(entries)))
    assert stored.status_code == 200, stored.text
    async with running(create_app(settings)) as other, client_of(other) as fresh:
        yield Asking(client, app, fresh, other)


def transaction(entries: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


async def happens(client: httpx.AsyncClient, changes: Iterable[dict[str, Any] | str]) -> None:
    for change in changes:
        if isinstance(change, str):
            answer = await client.delete(f"/fhir/{change}")
        else:
            at = f"/fhir/{change['resourceType']}/{change['id']}"
            answer = await client.put(at, content=codec.write(change))
        assert answer.status_code in {200, 201, 204}, answer.text


async def test_whatever_happens_each_question_is_answered_as_if_for_the_first_time(asking: Asking) -> None:
    was: set[tuple[str, bytes]] = set()
    for step, changes in STEPS.items():
        await happens(asking.client, changes)
        for question in QUESTIONS:
            first, fresh = await asking.both(f"{SUBJECT}/{question}")
            again = said(await asking.client.get(f"{SUBJECT}/{question}"))
            assert first == again == fresh, (step, question)
            was.add((question, fresh[2]))

    for question in QUESTIONS:
        different = sum(asked == question for asked, _ in was)
        assert different > 5, f"what happened was to change the answer to {question}: {different}"


async def test_the_past_is_answered_from_what_was_there_then(asking: Asking) -> None:
    now = (await asking.client.get(f"{SUBJECT}/$sri-status?view=plain")).json()["asOf"]
    address = f"{SUBJECT}/$sri-status?asOf={now.replace('+', '%2B')}"
    first = await asking.client.get(address)
    await happens(asking.client, STEPS["a new result"])

    remembered, fresh = await asking.both(address)

    assert remembered == fresh == said(first)
    assert f'"valueInstant":"{now}"' in first.text


async def test_the_hours_since_the_infusion_are_those_of_the_instant(asking: Asking) -> None:
    await happens(asking.client, STEPS["an infusion at an hour"])
    stored = datetime.now(UTC)
    hour = stored.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    instants = [stored, *(hour + timedelta(microseconds=moved) for moved in (-1, 0, 1)), stored]

    for at in instants:
        asked = f"{SUBJECT}/$status?view=plain&asOf={at:%Y-%m-%dT%H:%M:%S.%fZ}"
        remembered, fresh = await asking.both(asked)
        assert remembered == fresh
        assert b"hours-since" in fresh[2] or fresh[0] == 400, "but for the last hour of the day"


async def cost(asking: Asking, question: str, *, forgetting: bool = False) -> int:
    """How many statements a question takes, but for what the service does beside it now and then."""
    costs = []
    for _ in range(8):
        if forgetting:
            asking.app.state.service.memory.forget()
        before = asking.statements
        assert (await asking.client.get(question)).status_code == 200
        costs.append(asking.statements - before)
    return min(costs)


async def test_asked_again_only_the_versions_are_looked_up(asking: Asking) -> None:
    assert await cost(asking, f"{SUBJECT}/$sri-status", forgetting=True) == 2
    for question in QUESTIONS:
        assert await cost(asking, f"{SUBJECT}/{question}") == 1


async def test_another_question_about_the_same_is_answered_without_the_documents(asking: Asking) -> None:
    await asking.client.get(f"{SUBJECT}/$sri-status")
    before = asking.statements

    for question in QUESTIONS:
        assert (await asking.client.get(f"{SUBJECT}/{question}")).status_code == 200

    assert asking.statements - before < 2 * len(QUESTIONS)


async def test_a_subject_with_many_records_is_answered_alike(asking: Asking) -> None:
    entries = [put(observed(f"o{number}", 1 + number / 1000)) for number in range(AT_HAND + 1)]
    stored = await asking.client.post("/fhir", content=codec.write(transaction(entries)))
    assert stored.status_code == 200

    first, fresh = await asking.both(f"{SUBJECT}/$timeline?view=plain")
    again = said(await asking.client.get(f"{SUBJECT}/$timeline?view=plain"))
    assert first == again == fresh
    assert f"Observation/o{AT_HAND}/_history/1".encode() in fresh[2]


async def test_nothing_is_remembered_of_what_was_erased_here(asking: Asking) -> None:
    await happens(asking.client, STEPS["a new result"])
    await asking.client.get(f"{SUBJECT}/$timeline")
    asked = {"confirm": "Observation/c3", "all": "true", "reason": "asked for"}
    memory: Memory = asking.app.state.service.memory
    held = memory.size

    erased = await asking.client.post("/fhir/Observation/c3/$erase", params=asked)

    assert erased.status_code == 200, erased.text
    assert (held > 0, memory.size) == (True, 0)


ANSWER = Written(b"", b"four", [])


def versions(name: str) -> Versions:
    """A subject of whom nothing else is stored."""
    return Versions(name, ())


UNIT = ANSWER.size + BESIDE
"""What one answer takes; so many bytes of documents take READ times as much."""


def keep(memory: Memory, there: Versions, documents: int) -> None:
    memory.keep(there, treated(), documents, since=memory.times_forgotten)


def test_the_answers_of_one_day_are_forgotten_on_the_next() -> None:
    memory, there = Memory(), versions("s1")
    for day in (date(2026, 3, 1), date(2026, 3, 2)):
        assert memory.of(there, day) is None
        keep(memory, there, 1)
        memory.answered(there, "question", ANSWER)
        known = memory.of(there, day)
        assert known is not None
        assert known.answers == {"question": ANSWER}


def test_what_nobody_asked_for_longest_gives_way() -> None:
    memory, day = Memory(10 * UNIT), date(2026, 3, 1)

    def known() -> str:
        return "".join(name for name in "abcd" if memory.of(versions(name), day) is not None)

    memory.of(versions("a"), day)
    for name in "ab":
        keep(memory, versions(name), UNIT)
    assert known() == "ab"
    memory.of(versions("a"), day)
    keep(memory, versions("c"), UNIT)
    assert known() == "ac"
    memory.answered(versions("c"), "question", ANSWER)
    memory.answered(versions("c"), "question", ANSWER)
    assert known() == "ac"
    for question in ("others", "more"):
        memory.answered(versions("c"), question, ANSWER)
    assert known() == "c"
    keep(memory, versions("d"), 3 * UNIT)
    memory.answered(versions("d"), "question", ANSWER)
    assert known() == ""
    keep(memory, versions("a"), 10 * UNIT // READ)
    assert known() == "a"


def test_what_was_read_before_an_erasure_is_not_remembered_after_it() -> None:
    memory, there, day = Memory(), versions("s1"), date(2026, 3, 1)
    memory.of(there, day)
    since = memory.times_forgotten
    memory.forget()

    memory.keep(there, treated(), 1, since=since)

    assert memory.of(there, day) is None
    assert memory.size == 0
