"""The questions that put others together, asked of the demonstration trial through HTTP."""

from typing import Any

import httpx
import pytest

from app.clinical.composites import COMPOSED
from app.demo import load
from app.fhir_mapping import codec
from tests.routers.make import HEADERS

SUBJECT = "/fhir/ResearchSubject/msc-sle-03"
Plain = dict[str, Any]


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a service that holds the demonstration trial."""
    await load(client)
    client.headers.update(HEADERS)
    return client


async def plain(demo: httpx.AsyncClient, question: str, **asked: str) -> list[Plain]:
    answer = await demo.get(f"{SUBJECT}/{question}", params={"view": "plain", **asked})
    assert answer.status_code == 200, answer.text
    found: list[Plain] = codec.read(answer.content)["results"]
    return found


def figures(result: Plain) -> dict[str, Any]:
    return {one["name"]: one.get("value") for one in result["figures"]}


async def test_every_composed_question_is_asked_as_fhir_and_plainly(demo: httpx.AsyncClient) -> None:
    for question in (*COMPOSED, "visit-matrix"):
        fhir = (await demo.get(f"{SUBJECT}/${question}")).json()

        told = [part for part in fhir["parameter"] if part["name"] == "result"]
        assert len(told) == len(await plain(demo, f"${question}")) > 0


async def test_the_timeline_is_in_order_and_may_be_narrowed(demo: httpx.AsyncClient) -> None:
    events = await plain(demo, "$timeline")
    serious = await plain(demo, "$timeline", name="adverse-event")

    days = [figures(one)["study-day"] for one in events if "study-day" in figures(one)]
    assert days == sorted(days)
    assert {one["name"] for one in events} >= {"infusion", "assessment", "results", "adverse-event"}
    assert {one["name"] for one in serious} == {"adverse-event"}


async def test_the_visit_matrix_follows_the_day_asked_for(demo: httpx.AsyncClient) -> None:
    asked = {"visit": "M12", "name": "slicc"}

    found = [
        figures((await plain(demo, "$visit-matrix", on=on, **asked))[0])["state"]
        for on in ("2020-12-01", "2021-02-01", "2021-06-01")
    ]

    assert found == ["not-due-yet", "open", "missing"]


async def test_the_status_agrees_with_the_question_it_quotes(demo: httpx.AsyncClient) -> None:
    status = await plain(demo, "$status", on="2020-09-15")
    sri = await plain(demo, "$sri-status", visit="M6")

    quoted = [
        (one["visit"], one["rule"], one["verdict"]) for one in status if one.get("question") == "sri-status"
    ]
    assert quoted == [(one["visit"], one["rule"], one["verdict"]) for one in sri]
    [following] = [one for one in status if one.get("name") == "next-visit"]
    assert following["visit"] == "M9"


async def test_the_status_as_of_an_earlier_moment_is_that_of_then(demo: httpx.AsyncClient) -> None:
    now = await demo.get(f"{SUBJECT}/$status")

    then = await demo.get(f"{SUBJECT}/$status", params={"asOf": "2015-01-01"})

    assert (now.status_code, then.status_code) == (200, 404)


async def test_an_answer_the_client_has_already_is_not_sent_again(demo: httpx.AsyncClient) -> None:
    address = f"{SUBJECT}/$status?on=2020-09-15"
    first = await demo.get(address)

    again = await demo.get(address, headers={"If-None-Match": first.headers["etag"]})
    stored = codec.read((await demo.get("/fhir/Observation/msc-sle-03-m6-pga")).content)
    await demo.put(
        "/fhir/Observation/msc-sle-03-m6-pga",
        content=codec.write(stored | {"status": "entered-in-error"}),
    )
    changed = await demo.get(address, headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_kind_of_event_that_does_not_exist_is_refused(demo: httpx.AsyncClient) -> None:
    answer = await demo.get(f"{SUBJECT}/$timeline", params={"name": "fireworks"})

    assert answer.status_code == 400
