"""$impact through HTTP: what a correction changes, and that writing it changes exactly that."""

import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from app.clinical.questions import QUESTIONS
from app.demo import load
from app.fhir_mapping import codec
from tests.routers.make import HEADERS, issues

SUBJECT = "/fhir/ResearchSubject/msc-sle-01"
PGA = "Observation/msc-sle-01-m6-pga"
C3 = "Observation/msc-sle-01-m6-c3"
CREATININE = "Observation/msc-sle-01-m6-creatinine"
Plain = dict[str, Any]


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a service that holds the demonstration trial."""
    await load(client)
    client.headers.update(HEADERS)
    return client


def results(answer: httpx.Response) -> list[Plain]:
    assert answer.status_code == 200, answer.text
    return [one for one in codec.read(answer.content)["results"] if one.get("name") != "summary"]


def figures(result: Plain) -> dict[str, Any]:
    return {one["name"]: one.get("value") for one in result["figures"]}


def changed(answer: httpx.Response) -> list[Plain]:
    return [one for one in results(answer) if figures(one)["changed"]]


def verdicts(several: list[Plain]) -> dict[tuple[Any, ...], tuple[Any, Any]]:
    """By question, name, visit and rule: the verdict before and after, where it changes."""
    found = {}
    for one in several:
        said = figures(one)
        if "verdict-before" in said or "verdict-after" in said:
            key = tuple(one.get(name) for name in ("question", "name", "arm", "visit", "rule"))
            found[key] = (said.get("verdict-before"), said.get("verdict-after"))
    return found


async def document(demo: httpx.AsyncClient, address: str) -> dict[str, Any]:
    return codec.read((await demo.get(f"/fhir/{address}")).content)


async def proposed(demo: httpx.AsyncClient, resource: dict[str, Any], **asked: str) -> httpx.Response:
    address = f"{SUBJECT}/$impact"
    return await demo.post(address, content=codec.write(resource), params={"view": "plain", **asked})


def with_value(document: dict[str, Any], value: Any) -> dict[str, Any]:
    return document | {
        "status": "corrected",
        "valueQuantity": document["valueQuantity"] | {"value": value},
    }


def key(result: Plain, question: str) -> tuple[Any, ...]:
    return (question, *(result.get(name) for name in ("name", "arm", "visit", "rule")))


def versionless(found: Any) -> Any:
    """The same without the versions of the evidence: what is proposed has none yet."""
    return codec.read(re.sub(rb"/_history/\d+", b"", codec.write({"found": found})))["found"]


async def every_answer(demo: httpx.AsyncClient) -> dict[tuple[Any, ...], Any]:
    """Every result of every question, asked one by one, without what it rests on."""
    found = {}
    for question in QUESTIONS:
        answer = await demo.get(f"{SUBJECT}/${question}", params={"view": "plain"})
        if answer.status_code == 422:
            continue
        for one in codec.read(answer.content)["results"]:
            found[key(one, question)] = without_evidence(one)
    return found


def without_evidence(part: Any) -> Any:
    """What is said, without the versions of the records that say it."""
    if isinstance(part, dict):
        return {name: without_evidence(value) for name, value in part.items() if name != "evidence"}
    if isinstance(part, list):
        return [without_evidence(one) for one in part]
    return re.sub(r"/_history/\d+", "", part) if isinstance(part, str) else part


async def test_without_a_fact_the_answers_that_rest_on_it_are_undetermined(demo: httpx.AsyncClient) -> None:
    answer = await demo.get(f"{SUBJECT}/$impact", params={"observation": PGA, "view": "plain"})

    found = verdicts(changed(answer))
    of_sri = {key[3:]: pair for key, pair in found.items() if key[0] == "sri-status"}
    assert of_sri == {("M6", rule): ("met", "undetermined") for rule in ("registry", "published")}
    [criterion] = next(one for one in changed(answer) if one["question"] == "sri-status")["criteria"]
    assert criterion["id"] == "no-pga-worsening"
    assert figures(criterion)["verdict-before"] == "met"


@pytest.mark.parametrize(("address", "value"), [(PGA, 3), (C3, 2), (C3, "0.1"), (CREATININE, 900)])
async def test_a_proposed_correction_says_what_writing_it_then_does(
    demo: httpx.AsyncClient, address: str, value: Any
) -> None:
    before = await every_answer(demo)
    correction = with_value(await document(demo, address), Decimal(value))

    foreseen = changed(await proposed(demo, correction))
    unchanged = await every_answer(demo)
    written = await demo.put(f"/fhir/{address}", content=codec.write(correction))
    after = await every_answer(demo)

    assert written.status_code == 200
    assert unchanged == before
    different = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
    assert foreseen
    assert {key(one, one["question"]) for one in foreseen} == different
    assert verdicts(foreseen) == {
        one: (before[one].get("verdict"), after[one].get("verdict"))
        for one in different
        if before[one].get("verdict") != after[one].get("verdict")
    }


async def test_a_corrected_complement_says_which_marker_and_which_score_it_puts_in_question(
    demo: httpx.AsyncClient,
) -> None:
    found = changed(await proposed(demo, with_value(await document(demo, C3), Decimal("0.1"))))

    marker = next(one for one in found if one["question"] == "biomarkers" and one["visit"] == "M6")
    assert (marker["name"], figures(marker)["reference-range-after"]) == ("c3", "below")
    score = next(one for one in found if one["question"] == "disease-activity")
    assert "low-complement" in figures(score)["notes-after"]


async def test_what_a_correction_changed_is_told_afterwards(demo: httpx.AsyncClient) -> None:
    correction = with_value(await document(demo, PGA), 3)
    foreseen = changed(await proposed(demo, correction))
    await demo.put(f"/fhir/{PGA}", content=codec.write(correction))

    asked = {"observation": f"{PGA}/_history/1", "view": "plain"}
    told = changed(await demo.get(f"{SUBJECT}/$impact", params=asked))

    assert versionless(told) == versionless(foreseen)


async def test_of_a_moment_no_version_is_told_that_was_stored_later(demo: httpx.AsyncClient) -> None:
    original = await document(demo, PGA)
    then = original["meta"]["lastUpdated"]
    await demo.put(f"/fhir/{PGA}", content=codec.write(with_value(original, 3)))

    later = await demo.get(
        f"{SUBJECT}/$impact", params={"observation": f"{PGA}/_history/2", "asOf": then, "view": "plain"}
    )
    there = await demo.get(
        f"{SUBJECT}/$impact", params={"observation": f"{PGA}/_history/1", "asOf": then, "view": "plain"}
    )

    assert (later.status_code, there.status_code) == (404, 200)
    assert "was stored after" in issues(later)[0]["diagnostics"]


async def test_a_correction_that_changes_nothing_names_what_rests_on_it(demo: httpx.AsyncClient) -> None:
    answer = await proposed(demo, await document(demo, PGA))

    assert changed(answer) == []
    assert {one["question"] for one in results(answer)} >= {"sri-status", "visit-matrix"}


async def test_entering_a_fact_in_error_is_as_if_it_were_not_there(demo: httpx.AsyncClient) -> None:
    mistaken = (await document(demo, PGA)) | {"status": "entered-in-error"}

    without = await demo.get(f"{SUBJECT}/$impact", params={"observation": PGA, "view": "plain"})

    assert verdicts(changed(await proposed(demo, mistaken))) == verdicts(changed(without))


async def test_a_new_result_may_be_proposed_and_is_not_stored(demo: httpx.AsyncClient) -> None:
    event = {
        "resourceType": "AdverseEvent",
        "actuality": "actual",
        "subject": {"reference": "Patient/msc-sle-p01"},
        "event": {"text": "anaphylaxis"},
        "date": "2019-05-14",
        "extension": [
            {
                "url": "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade",
                "valueCodeableConcept": {"coding": [{"code": "4"}]},
            }
        ],
    }
    count = (await demo.get("/fhir/AdverseEvent?_summary=count")).json()["total"]

    found = changed(await proposed(demo, event))

    assert "tolerance" in {one["question"] for one in found}
    assert (await demo.get("/fhir/AdverseEvent?_summary=count")).json()["total"] == count


async def test_a_resource_may_be_posted_within_parameters(demo: httpx.AsyncClient) -> None:
    correction = with_value(await document(demo, PGA), 3)
    parts = [{"name": "resource", "resource": correction}, {"name": "view", "valueCode": "plain"}]

    answer = await demo.post(
        f"{SUBJECT}/$impact", content=codec.write({"resourceType": "Parameters", "parameter": parts})
    )

    assert changed(answer) == changed(await proposed(demo, correction))


async def test_as_fhir_the_changes_are_results_with_their_question(demo: httpx.AsyncClient) -> None:
    answer = (await demo.get(f"{SUBJECT}/$impact?observation={PGA}")).json()

    said = [part["part"] for part in answer["parameter"] if part["name"] == "result"]
    assert {"name": "name", "valueCode": "summary"} in said[0]
    assert any({"name": "question", "valueCode": "sri-status"} in parts for parts in said[1:])


@pytest.mark.parametrize(
    ("change", "expression"),
    [
        ({"status": "done"}, "Observation.status"),
        ({"subject": {"reference": "Patient/nobody"}}, "Observation.subject"),
        ({"frobnicate": 1}, "Observation.frobnicate"),
    ],
)
async def test_a_proposal_that_could_not_be_stored_is_refused_with_its_place(
    demo: httpx.AsyncClient, change: dict[str, Any], expression: str
) -> None:
    answer = await proposed(demo, (await document(demo, PGA)) | change)

    assert answer.status_code in {400, 422}
    [issue] = issues(answer)
    assert issue["expression"][0].startswith(expression)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"observation": "PGA"}, 400),
        ({"observation": "Observation/nothing"}, 404),
        ({"observation": "Observation/msc-sle-02-m6-pga"}, 404),
        ({"observation": f"{PGA}/_history/9"}, 404),
        ({"observation": "Observation/msc-sle-02-m6-pga/_history/1"}, 404),
        ({"observation": "ResearchSubject/msc-sle-01"}, 422),
        ({"resource": "x", "observation": PGA}, 400),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    demo: httpx.AsyncClient, asked: dict[str, str], status: int
) -> None:
    answer = await demo.get(f"{SUBJECT}/$impact", params=asked)

    assert answer.status_code == status
    assert issues(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"resourceType":"Parameters"}',
        b'{"resourceType":"Parameters","parameter":[{"name":"resource","resource":5}]}',
        b'{"resourceType":"Parameters","parameter":[{"name":"resource","valueString":"x"}]}',
        b'{"resourceType":["Observation"]}',
    ],
)
async def test_a_body_that_is_no_proposal_is_refused(demo: httpx.AsyncClient, body: bytes) -> None:
    answer = await demo.post(f"{SUBJECT}/$impact", content=body)

    assert answer.status_code == 400
    assert issues(answer)


async def test_a_resource_is_never_sent_in_the_address(demo: httpx.AsyncClient) -> None:
    validated = await demo.post("/fhir/Observation/$validate?resource=x", content=b"{}")

    assert validated.status_code == 400


async def test_a_resource_answers_do_not_rest_on_is_refused(demo: httpx.AsyncClient) -> None:
    answer = await proposed(demo, {"resourceType": "Organization", "name": "x"})

    assert answer.status_code == 400


async def test_a_fact_given_to_somebody_else_is_gone_from_this_subject(demo: httpx.AsyncClient) -> None:
    moved = (await document(demo, PGA)) | {"subject": {"reference": "Patient/msc-sle-p02"}}
    without = await demo.get(f"{SUBJECT}/$impact", params={"observation": PGA, "view": "plain"})

    assert verdicts(changed(await proposed(demo, moved))) == verdicts(changed(without))


async def test_no_sentence_differs_by_the_version_of_its_evidence_alone(demo: httpx.AsyncClient) -> None:
    answer = await proposed(demo, await document(demo, PGA))

    assert not re.search(r"-before", answer.text)


async def test_a_new_fact_about_somebody_else_is_refused(demo: httpx.AsyncClient) -> None:
    sent = (await document(demo, PGA)) | {"subject": {"reference": "Patient/msc-sle-p02"}}
    del sent["id"]
    anothers = await document(demo, "Observation/msc-sle-02-m6-pga")

    for resource in (sent, anothers):
        answer = await proposed(demo, resource)
        assert answer.status_code == 422
        [issue] = answer.json()["issue"]
        assert issue["diagnostics"] == (
            "the Observation is about Patient/msc-sle-p02, not about the patient of"
            " ResearchSubject/msc-sle-01"
        )


async def test_what_is_proposed_is_evidence_without_a_version(demo: httpx.AsyncClient) -> None:
    answer = await proposed(demo, with_value(await document(demo, C3), Decimal("0.1")))

    found = codec.read(answer.content)["results"]
    assert found[0]["evidence"] == [C3]
    cited = {one for result in found for one in result.get("evidence", ()) if one.startswith(C3)}
    assert cited == {C3}
