"""Loading the demonstration through the service's own interface."""

import httpx
import pytest

from app.demo import TRIALS, NotLoadedError, load
from tests.demo.stories import entries

EVERYTHING = sum(len(entries(name)) for name, _ in TRIALS)


async def test_it_is_loaded_once(client: httpx.AsyncClient) -> None:
    assert await load(client) == EVERYTHING
    assert await load(client) == 0


async def test_what_was_corrected_keeps_its_first_version(client: httpx.AsyncClient) -> None:
    await load(client)
    first = await client.get("/fhir/Observation/msc-sle-04-m3-pga/_history/1")
    now = await client.get("/fhir/Observation/msc-sle-04-m3-pga")
    assert (first.json()["status"], first.json()["valueQuantity"]["value"]) == ("final", 2.4)
    assert (now.json()["status"], now.json()["valueQuantity"]["value"]) == ("corrected", 2.2)


async def test_what_somebody_deleted_stays_deleted(client: httpx.AsyncClient) -> None:
    await load(client)
    for kind in ("ResearchSubject/msc-sle-c01", "Observation/msc-sle-04-m3-pga"):
        assert (await client.delete(f"/fhir/{kind}")).is_success
    assert await load(client) == 0
    assert (await client.get("/fhir/ResearchSubject/msc-sle-c01")).status_code == httpx.codes.GONE


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            b'{"issue": [{"diagnostics": "no such arm", "expression": ["ResearchSubject.actualArm"]}]}',
            r"msc-sle/study.json was refused \(422\): ResearchSubject.actualArm: no such arm",
        ),
        (b"Bad gateway", r"msc-sle/study.json was refused \(422\): Bad gateway"),
        (b'"issue"', r'msc-sle/study.json was refused \(422\): "issue"'),
    ],
)
async def test_a_refusal_is_told_with_its_reasons(body: bytes, said: str) -> None:
    def another_server(request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.method == "GET" else httpx.Response(422, content=body)

    transport = httpx.MockTransport(another_server)
    async with httpx.AsyncClient(transport=transport, base_url="http://elsewhere") as client:
        with pytest.raises(NotLoadedError, match=said):
            await load(client)


async def verdicts(client: httpx.AsyncClient, question: str, **asked: str) -> list[str]:
    answer = await client.get(f"/fhir/ResearchSubject/{question}", params=asked)
    assert answer.status_code == httpx.codes.OK, answer.text
    results = [one["part"] for one in answer.json()["parameter"] if one["name"] == "result"]
    return [part["valueCode"] for parts in results for part in parts if part["name"] == "verdict"]


async def test_the_first_example_of_the_readme_shows_the_rules_disagree(client: httpx.AsyncClient) -> None:
    await load(client)
    sri_status = "msc-sle-01/$sri-status"
    assert await verdicts(client, sri_status, visit="M6", rule="registry") == ["met"]
    assert await verdicts(client, sri_status, visit="M6", rule="synopsis") == ["not-met"]
    assert await verdicts(client, sri_status, visit="M6", rule="published") == ["met"]


async def test_before_the_correction_the_answer_was_another(client: httpx.AsyncClient) -> None:
    await load(client)
    first = await client.get("/fhir/Observation/msc-sle-04-m3-pga/_history/1")
    then = first.json()["meta"]["lastUpdated"]
    asked = {"visit": "M3", "rule": "registry"}
    assert await verdicts(client, "msc-sle-04/$sri-status", **asked, asOf=then) == ["not-met"]
    assert await verdicts(client, "msc-sle-04/$sri-status", **asked) == ["met"]


@pytest.mark.parametrize(
    ("candidate", "screened", "verdict"),
    [
        ("msc-sle-c01", "2022-09-12", "ineligible"),
        ("msc-sle-c02", "2022-10-03", "undetermined"),
        ("msc-sle-c03", "2022-11-14", "eligible"),
    ],
)
async def test_a_candidate_asked_for_the_day_of_screening(
    client: httpx.AsyncClient, candidate: str, screened: str, verdict: str
) -> None:
    await load(client)
    assert await verdicts(client, f"{candidate}/$eligibility", on=screened) == [verdict]
    # which is also the day it asks for itself
    assert await verdicts(client, f"{candidate}/$eligibility") == [verdict]
