"""$clinical-response, $biomarkers and $survival over HTTP, of the demonstration trial."""

from typing import Any

import httpx
import pytest

from app.demo import load
from app.fhir_mapping import codec
from tests.routers.make import HEADERS


@pytest.fixture
async def demo(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """The client of a service that holds the demonstration trial."""
    await load(client)
    client.headers.update(HEADERS)
    return client


async def ask(client: httpx.AsyncClient, question: str, subject: str = "msc-sle-01", **asked: str) -> Any:
    """The results of a question as plain JSON."""
    address = f"/fhir/ResearchSubject/{subject}/{question}"
    answer = await client.get(address, params={"view": "plain", **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


async def test_a_response_is_told_by_both_definitions(demo: httpx.AsyncClient) -> None:
    at_m12 = await ask(demo, "$clinical-response", visit="M12")

    said = {(one["name"], one.get("rule")): one.get("verdict") for one in at_m12}
    assert said == {
        ("major", "visit-adapted"): "met",
        ("partial", "visit-adapted"): "not-met",
        ("flare", None): None,
        ("major", "explorer-sustained"): "not-met",
        ("partial", "explorer-sustained"): "met",
    }


async def test_it_is_said_in_french(demo: httpx.AsyncClient) -> None:
    [major] = await ask(
        demo, "$clinical-response", visit="M12", rule="visit-adapted", name="major", lang="fr"
    )

    assert "BILAG C ou mieux dans tous les systèmes" in {one["text"] for one in major["criteria"]}


async def test_an_unscheduled_flare_pushed_later_takes_the_response_away(demo: httpx.AsyncClient) -> None:
    narrowed = {"visit": "M6", "rule": "visit-adapted", "name": "major"}
    [before] = await ask(demo, "$clinical-response", "msc-sle-02", **narrowed)
    found = await demo.get("/fhir/Observation?patient=msc-sle-p02&code=bilag-classic&_sort=date")
    stored = codec.read(found.content)["entry"][1]["resource"]
    flared = [part | {"valueCodeableConcept": {"coding": [_grade(part)]}} for part in stored.pop("component")]
    del stored["id"], stored["meta"]
    stored.pop("identifier", None)
    stored.pop("extension", None)
    answer = await demo.post(
        "/fhir/Observation",
        content=codec.write(stored | {"component": flared, "effectiveDateTime": "2019-12-20"}),
    )
    assert answer.status_code == 201, answer.text

    [after] = await ask(demo, "$clinical-response", "msc-sle-02", **narrowed)

    assert (before["verdict"], after["verdict"]) == ("met", "not-met")
    [flare] = [one for one in after["criteria"] if one["id"] == "no-severe-flare"]
    assert flare["verdict"] == "not-met"


def _grade(part: dict[str, Any]) -> dict[str, str]:
    renal = any(coding["code"] == "renal" for coding in part["code"]["coding"])
    system = "https://trialbridge.example/fhir/CodeSystem/bilag-grade"
    return {"system": system, "code": "A" if renal else "C"}


async def test_a_marker_has_its_change_from_baseline(demo: httpx.AsyncClient) -> None:
    [c3] = await ask(demo, "$biomarkers", visit="M6", name="c3")

    figures = {one["name"]: one.get("value") for one in c3["figures"]}
    assert (figures["value"], figures["received"], figures["change"]) == (1.02, "1.02 g/L", 0.34)
    assert figures["reference-range"] == "within"


async def test_survival_is_known_as_far_as_the_subject_was_seen(demo: httpx.AsyncClient) -> None:
    results = await ask(demo, "$survival")
    earlier = await ask(demo, "$survival", on="2020-01-01")

    assert [(one.get("visit"), one.get("verdict")) for one in results[1:]] == [
        ("M12", "met"),
        ("M24", "undetermined"),
    ]
    assert earlier[1]["reasons"] == ["window-open"]


async def test_a_parameter_that_names_nothing_is_refused(demo: httpx.AsyncClient) -> None:
    for query in ("$clinical-response?rule=registry", "$biomarkers?name=ferritin", "$survival?name=death"):
        answer = await demo.get(f"/fhir/ResearchSubject/msc-sle-01/{query}")
        assert answer.status_code == 400, answer.text
