"""Questions about a subject, asked of the demonstration trial through HTTP."""

from typing import Any

import httpx
import pytest

from app.demo import load
from app.fhir_mapping import codec
from tests.routers.make import HEADERS, body, issues

SUBJECT = "/fhir/ResearchSubject/msc-sle-01"


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a service that holds the demonstration trial."""
    await load(client)
    client.headers.update(HEADERS)
    return client


def parts(document: dict[str, Any], name: str) -> list[Any]:
    return [part for part in document.get("parameter", document.get("part", ())) if part["name"] == name]


def word(part: dict[str, Any], name: str) -> Any:
    [found] = parts(part, name)
    return next(value for member, value in found.items() if member.startswith("value"))


async def test_a_response_is_asked_by_visit_and_rule(demo: httpx.AsyncClient) -> None:
    every = (await demo.get(f"{SUBJECT}/$sri-status")).json()
    one = (await demo.get(f"{SUBJECT}/$sri-status?visit=M6&rule=registry")).json()
    some = (await demo.get(f"{SUBJECT}/$sri-status?visit=M3,M6&visit=M9")).json()

    assert len(parts(every, "result")) == 4 * 3
    assert len(parts(some, "result")) == 3 * 3
    [result] = parts(one, "result")
    assert (word(result, "visit"), word(result, "rule")) == ("M6", "registry")
    assert word(result, "verdict") in {"met", "not-met", "undetermined"}
    assert parts(result, "criterion")


async def test_the_same_is_asked_by_post(demo: httpx.AsyncClient) -> None:
    asked = codec.write(
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "visit", "valueCode": "M6"}, {"name": "view", "valueCode": "plain"}],
        }
    )

    by_post = await demo.post(f"{SUBJECT}/$sri-status", content=asked)
    by_get = await demo.get(f"{SUBJECT}/$sri-status?visit=M6&view=plain")
    without_body = await demo.post(f"{SUBJECT}/$sri-status?visit=M6&view=plain", content=b"")

    assert by_post.headers["content-type"] == "application/json"
    for answer in (by_post, without_body):
        assert answer.json()["results"] == by_get.json()["results"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("visit=M4", ["M3", "M6", "M9", "M12"]),
        ("rule=bogus", ["registry", "synopsis", "published"]),
        ("view=xml", ["plain"]),
        ("asOf=yesterday", ["asOf"]),
        ("vist=M6", ["visit"]),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    demo: httpx.AsyncClient, query: str, named: list[str]
) -> None:
    answer = await demo.get(f"{SUBJECT}/$sri-status?{query}")

    assert answer.status_code == 400
    said = issues(answer)[0]["diagnostics"]
    assert all(word in said for word in named)


async def test_whom_nobody_knows_is_not_found(demo: httpx.AsyncClient) -> None:
    for operation in ("$sri-status", "$eligibility"):
        assert (await demo.get(f"/fhir/ResearchSubject/nobody/{operation}")).status_code == 404


async def test_who_was_deleted_is_gone(demo: httpx.AsyncClient) -> None:
    await demo.delete("/fhir/ResearchSubject/msc-sle-c01")

    assert (await demo.get("/fhir/ResearchSubject/msc-sle-c01/$eligibility")).status_code == 410


async def test_a_subject_of_a_study_without_a_protocol_is_explained(trial: httpx.AsyncClient) -> None:
    """The example study of the fixture bears no number of a registry."""
    await trial.put("/fhir/ResearchSubject/lost", content=body("ResearchSubject", id="lost"))

    answer = await trial.get("/fhir/ResearchSubject/lost/$eligibility")

    assert answer.status_code == 422
    assert "NCT03562065" in issues(answer)[0]["diagnostics"]


@pytest.mark.parametrize(
    ("subject", "day", "verdict"),
    [
        ("msc-sle-c01", "2022-09-12", "ineligible"),
        ("msc-sle-c03", "2022-11-14", "eligible"),
        ("msc-sle-01", "2019-05-14", "undetermined"),
    ],
)
async def test_eligibility_is_asked_for_a_day(
    demo: httpx.AsyncClient, subject: str, day: str, verdict: str
) -> None:
    answer = (await demo.get(f"/fhir/ResearchSubject/{subject}/$eligibility?on={day}")).json()

    assert word(answer, "on") == day
    assert word(parts(answer, "result")[0], "verdict") == verdict


async def test_a_corrected_assessment_flips_the_answer_and_the_moment_before_keeps_it(
    demo: httpx.AsyncClient,
) -> None:
    address = f"{SUBJECT}/$sri-status?visit=M6&rule=registry"
    before = (await demo.get(address)).json()
    pga = (await demo.get("/fhir/Observation/msc-sle-01-m6-pga")).content
    document = codec.read(pga)
    document["valueQuantity"]["value"] = 3

    corrected = await demo.put("/fhir/Observation/msc-sle-01-m6-pga", content=codec.write(document))
    after = (await demo.get(address)).json()
    then = (await demo.get(f"{address}&asOf={word(before, 'asOf')}")).json()

    assert corrected.status_code == 200
    assert [word(parts(answer, "result")[0], "verdict") for answer in (before, after, then)] == [
        "met",
        "not-met",
        "met",
    ]
    assert parts(then, "result") == parts(before, "result")


async def test_of_a_moment_before_the_data_it_is_only_said_that_the_subject_was_not_known(
    demo: httpx.AsyncClient,
) -> None:
    for name in ("msc-sle-01", "nobody"):
        answer = await demo.get(f"/fhir/ResearchSubject/{name}/$sri-status?asOf=2001-02-03T04:05:06Z")

        assert answer.status_code == 404
        said = f"ResearchSubject/{name} was not known here at 2001-02-03T04:05:06+00:00"
        assert issues(answer)[0]["diagnostics"] == said


@pytest.mark.parametrize(
    "address",
    [
        f"{SUBJECT}/$sri-status",
        f"{SUBJECT}/$status-history",
        f"{SUBJECT}/$impact?observation=Observation/msc-sle-01-m6-pga",
        "/fhir/ResearchStudy/msc-sle/$enrolment",
        "/fhir/ResearchStudy/msc-sle/$export",
    ],
)
async def test_what_will_be_recorded_cannot_be_asked(demo: httpx.AsyncClient, address: str) -> None:
    mark = "&" if "?" in address else "?"
    answer = await demo.get(f"{address}{mark}asOf=2199-01-01")

    assert answer.status_code == 400
    [issue] = issues(answer)
    assert issue["expression"] == ["http.asOf"]
    assert issue["diagnostics"].startswith("asOf lies after today")


async def test_the_whole_of_today_can_be_asked(demo: httpx.AsyncClient) -> None:
    today = word((await demo.get(f"{SUBJECT}/$sri-status")).json(), "asOf")[:10]

    assert (await demo.get(f"{SUBJECT}/$sri-status?asOf={today}")).status_code == 200
