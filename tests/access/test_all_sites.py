"""Two sites of a trial: each is told how it goes at all sites, and of nobody at the other."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.study_operations import ENDPOINT_SUMMARY, ENROLMENT, SAFETY_SUMMARY
from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.routers.make import HEADERS
from tests.routers.make_study import STUDY, enrolled, put

SITES = "https://trialbridge.example/fhir/CodeSystem/site"
ARM = "southern words"
CLIENTS: Mapping[str, dict[str, Any]] = {
    "north": {"role": "site", "sites": ["A"], "studies": ["msc-sle"]},
    "nowhere": {"role": "site", "sites": ["C"], "studies": ["msc-sle"]},
    "strangers": {"role": "site", "sites": ["A"], "studies": ["another"]},
    "board": {"role": "safety-board", "studies": ["msc-sle"]},
    "operator": {"role": "administrator"},
    "unread": {"role": "site", "sites": ["A"], "studies": ["msc-sle"], "scopes": "system/Patient.rs"},
}
ASKED = pytest.mark.parametrize(
    "asked", [ENROLMENT, ENDPOINT_SUMMARY, SAFETY_SUMMARY], ids=lambda one: one.code
)
OWN, OTHERS = 3, 9

Ask = Callable[..., Awaitable[httpx.Response]]


def _at(site: str, number: int) -> list[dict[str, Any]]:
    entries = enrolled(number)
    for entry in entries:
        resource = entry["resource"]
        if resource["resourceType"] == "Patient":
            resource["meta"] = {"security": [{"system": SITES, "code": site}]}
        if resource["resourceType"] == "MedicationAdministration" and site == "B":
            resource["note"] = [{"text": ARM}]
    return entries


def _event(number: int) -> dict[str, Any]:
    return put(
        {
            "resourceType": "AdverseEvent",
            "id": f"southern-{number}",
            "actuality": "actual",
            "subject": {"reference": f"Patient/p{number}"},
            "study": [{"reference": "ResearchStudy/msc-sle"}],
            "event": {"text": ARM},
            "date": "2021-03-04",
            "seriousness": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness",
                        "code": "Serious",
                    }
                ]
            },
        }
    )


@pytest.fixture
async def ask(store: Store, client: httpx.AsyncClient) -> Ask:
    """What a client is told of the study: three subjects at site A, nine at site B, one with an event."""
    keys = {name: await register_client(store, name, **given) for name, given in CLIENTS.items()}
    entries = [put(STUDY | {"arm": [{"name": "cohort-2e6"}, {"name": ARM}]})]
    part = {"id": "part-of-b", "partOf": [{"reference": "ResearchStudy/msc-sle"}]}
    entries.append(put(STUDY | part))
    entries += [entry for number in range(OWN) for entry in _at("A", number)]
    entries += [entry for number in range(OWN, OWN + OTHERS) for entry in _at("B", number)]
    entries[-2]["resource"]["assignedArm"] = ARM
    entries.append(_event(OWN))
    bundle = codec.write({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    tokens = {name: await bearer(client, name, key) for name, key in keys.items()}
    stored = await client.post("/fhir", content=bundle, headers=HEADERS | tokens["operator"])
    assert stored.status_code == 200, stored.text

    async def asking(
        name: str, asked: Operation, query: str = "?sites=all", study: str = "msc-sle"
    ) -> httpx.Response:
        return await client.get(f"/fhir/ResearchStudy/{study}/{asked.name}{query}", headers=tokens[name])

    return asking


def figures(answer: httpx.Response, name: str) -> dict[str, Any]:
    """The figures of a result in all; None where the value is suppressed."""
    assert answer.status_code == 200, answer.text
    for part in answer.json()["parameter"]:
        parts = part.get("part", [])
        said = {one["name"]: one.get("valueCode") for one in parts}
        if part["name"] == "result" and said["name"] == name and "arm" not in said:
            return dict(_figure(one["part"]) for one in parts if one["name"] == "figure")
    raise AssertionError(answer.text)


def _figure(parts: list[dict[str, Any]]) -> tuple[str, Any]:
    said = {one["name"]: next(value for key, value in one.items() if key != "name") for one in parts}
    assert ("value" in said) is (said.get("reason") != "suppressed")
    return said["name"], said.get("value")


async def test_a_site_is_told_how_many_take_part_at_all_sites(ask: Ask) -> None:
    found = figures(await ask("north", ENROLMENT), "study")

    assert (found["subjects"], found["infused"], found["infused-female"]) == (12, 12, 12)
    assert found["last-infusion"] is None
    assert figures(await ask("north", ENROLMENT, ""), "study")["subjects"] == OWN
    assert figures(await ask("nowhere", ENDPOINT_SUMMARY), "treated")["n"] == OWN + OTHERS


@ASKED
async def test_nothing_of_a_subject_at_another_site_is_told(ask: Ask, asked: Operation) -> None:
    answer = await ask("north", asked)

    assert answer.status_code == 200, answer.text
    assert "scope: all sites of the study, counts under 5 suppressed" in answer.text
    assert "rule: k = 5" in answer.text
    words = ["southern", "ResearchSubject/", "Patient/", "AdverseEvent/", "2021-03-0"]
    assert [word for word in words if word in answer.text] == []


async def test_one_event_at_another_site_is_not_told(ask: Ask) -> None:
    found = figures(await ask("nowhere", SAFETY_SUMMARY), "events-whole-follow-up")

    assert "of" in found
    assert found["events"] is None


@ASKED
async def test_who_sees_every_site_gets_the_answer_of_always(ask: Ask, asked: Operation) -> None:
    of_all, always = await ask("board", asked), await ask("board", asked, "")

    assert of_all.headers["etag"] == always.headers["etag"]
    assert "suppressed" not in of_all.text


@ASKED
async def test_it_needs_what_the_question_always_needs(ask: Ask, asked: Operation) -> None:
    assert (await ask("strangers", asked)).status_code == 404
    assert (await ask("unread", asked)).status_code == 403
    assert (await ask("north", asked, "?sites=B")).status_code == 400


@ASKED
async def test_a_past_moment_is_not_told_of_all_sites(ask: Ask, asked: Operation) -> None:
    refused = await ask("north", asked, "?sites=all&asOf=2024-01-01")

    assert refused.status_code == 400
    assert "two moments" in refused.text


@ASKED
async def test_a_part_of_a_study_is_not_told_beside_the_whole(ask: Ask, asked: Operation) -> None:
    """The whole without one site's part would be the other site's few."""
    refused = await ask("north", asked, study="part-of-b")

    assert refused.status_code == 422
    assert "a part of a study" in refused.text
    assert (await ask("board", asked, study="part-of-b")).status_code == 200
