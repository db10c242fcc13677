"""While the documents of a subject are read, decided from and written of, everybody else is answered."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.routers import impact, status_history, subject_answers, trial_answers
from app.store import candidates, records
from tests.routers.make import body, bundle_of, created

WAIT = 20  # seconds: far more than a probe takes, and only waited for where none is answered


@pytest.fixture
async def lupus(trial: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service whose study is the lupus trial."""
    registered = [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}]
    content = body("ResearchStudy", id="msc-sle", identifier=registered, arm=[{"name": "cohort-2e6"}])
    assert (await trial.put("/fhir/ResearchStudy/msc-sle", content=content)).status_code == 200
    return trial


def after_a_probe(work: Callable[..., Any], probed: threading.Event) -> Callable[..., Any]:
    """The same work, begun only once a probe that was asked after it was called for is answered."""

    def waiting(*values: Any, **named: Any) -> Any:
        probed.clear()
        assert probed.wait(WAIT), "nobody else was answered"
        return work(*values, **named)

    return waiting


@asynccontextmanager
async def probing(client: httpx.AsyncClient, probed: threading.Event) -> AsyncIterator[None]:
    """Ask again and again whether the service is alive."""

    async def ask() -> None:
        while True:
            assert (await client.get("/healthz")).status_code == 200
            probed.set()
            await asyncio.sleep(0.01)

    asking = asyncio.create_task(ask())
    try:
        yield
    finally:
        asking.cancel()


async def ask(client: httpx.AsyncClient, question: str) -> httpx.Response:
    """A question about a subject, or about a Bundle."""
    if question == "$check-eligibility":
        patient = {"resource": {"resourceType": "Patient", "id": "p", "gender": "female"}}
        content = bundle_of("collection", patient)
        return await client.post("/fhir/ResearchStudy/msc-sle/$check-eligibility", content=content)
    name = await created(client, "ResearchSubject", status="candidate")
    address = f"/fhir/ResearchSubject/{name}/{question}"
    if question == "$impact":
        proposed = body("ResearchSubject", id=name, status="candidate", assignedArm="cohort-2e6")
        return await client.post(address, content=proposed)
    return await client.get(address)


@pytest.mark.parametrize(
    ("question", "steps"),
    [
        ("$eligibility", [(records, "history"), (subject_answers, "decide")]),
        ("$sri-status", [(records, "history"), (subject_answers, "decide")]),
        ("$status-history", [(records, "history"), (status_history, "answer")]),
        ("$impact", [(records, "history"), (impact, "impact")]),
        ("$check-eligibility", [(candidates, "history")]),
    ],
)
async def test_others_are_answered_before_each_step_of_a_question(
    lupus: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, question: str, steps: list[tuple[Any, str]]
) -> None:
    probed = threading.Event()
    for place, name in [*steps, (trial_answers, "parameters")]:
        monkeypatch.setattr(place, name, after_a_probe(getattr(place, name), probed))

    async with probing(lupus, probed):
        answer = await ask(lupus, question)

    assert answer.status_code == 200, answer.text
    assert codec.read(answer.content)["resourceType"] == "Parameters"
