"""Questions about a whole study over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.fhir_mapping import check, codec
from app.routers import study_decisions
from tests.routers.make_study import store_study


@pytest.fixture
async def study(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of a service that knows a study of three subjects."""
    return await store_study(client)


async def plain(client: httpx.AsyncClient, question: str) -> dict[str, Any]:
    answer = await client.get(f"/fhir/ResearchStudy/msc-sle/{question}")
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


def figures(content: dict[str, Any], name: str, **of: str) -> dict[str, Any]:
    """The figures of the result of that name, visit, rule and arm."""
    wanted = {"name": name} | of
    [found] = [
        one
        for one in content["results"]
        if {key: one[key] for key in ("name", "visit", "rule", "arm") if key in one} == wanted
    ]
    return {figure["name"]: figure.get("value") for figure in found["figures"]}


async def test_enrolment_is_counted_over_the_whole_study(study: httpx.AsyncClient) -> None:
    content = await plain(study, "$enrolment?view=plain")

    assert content["study"] == "ResearchStudy/msc-sle/_history/1"
    assert figures(content, "study")["infused"] == 3
    assert figures(content, "arm", arm="cohort-2e6")["subjects"] == 3


async def test_the_answer_is_valid_parameters_about_the_study(study: httpx.AsyncClient) -> None:
    answer = await study.get("/fhir/ResearchStudy/msc-sle/$enrolment")

    document = check.checked("Parameters", answer.content)
    about = {"name": "study", "valueReference": {"reference": "ResearchStudy/msc-sle/_history/1"}}
    assert document["parameter"][0] == about


async def test_a_study_is_asked_about_as_it_was(study: httpx.AsyncClient) -> None:
    before = (await plain(study, "$enrolment?view=plain"))["asOf"]
    await study.delete("/fhir/ResearchSubject/s0")

    then = await plain(study, f"$enrolment?view=plain&asOf={before.replace('+', '%2B')}")
    now = await plain(study, "$enrolment?view=plain")

    assert figures(then, "study")["subjects"] == 3
    assert figures(now, "study")["subjects"] == 2


async def test_a_large_study_is_decided_by_processes_with_the_same_result(
    study: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = await plain(study, "$enrolment?view=plain")
    monkeypatch.setattr(study_decisions, "PAGE", 1)

    large = await plain(study, "$enrolment?view=plain")

    assert large["results"] == small["results"]


async def test_large_studies_are_decided_one_after_the_other(
    study: httpx.AsyncClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_decisions, "PAGE", 1)
    turn = app.state.service.turn

    async with turn:
        waiting = asyncio.create_task(plain(study, "$enrolment?view=plain"))
        done, _ = await asyncio.wait([waiting], timeout=0.5)
        assert not done

    assert figures(await waiting, "study")["infused"] == 3


async def test_endpoints_are_counted_over_the_treated(study: httpx.AsyncClient) -> None:
    content = await plain(study, "$endpoint-summary?view=plain&name=sri&visit=M6")

    assert figures(content, "treated") == {"n": 3}
    counted = figures(content, "sri", visit="M6", rule="registry", arm="cohort-2e6")
    assert (counted["n"], counted["undetermined"], counted["reason-baseline-missing"]) == (3, 3, 3)
    assert {one.get("visit") for one in content["results"]} == {None, "M6"}


@pytest.mark.parametrize("narrowed", ["name=nobody", "visit=M7", "rule=nobody"])
async def test_an_endpoint_that_is_not_there_is_refused_by_its_parameter(
    study: httpx.AsyncClient, narrowed: str
) -> None:
    answer = await study.get(f"/fhir/ResearchStudy/msc-sle/$endpoint-summary?{narrowed}")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == [f"http.{narrowed.partition('=')[0]}"]


@pytest.mark.parametrize(("study_id", "status"), [("nowhere", 404), ("plain", 422)])
async def test_a_study_that_is_unknown_or_names_no_protocol_is_refused(
    study: httpx.AsyncClient, study_id: str, status: int
) -> None:
    other = {"resourceType": "ResearchStudy", "id": "plain", "status": "active"}
    await study.put("/fhir/ResearchStudy/plain", content=codec.write(other))

    answer = await study.get(f"/fhir/ResearchStudy/{study_id}/$enrolment")

    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
