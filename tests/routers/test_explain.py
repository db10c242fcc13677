"""A search over HTTP says why something was not found, to whoever asks, and shows no value."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.settings import Settings
from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.store.searchable import fill


@pytest.fixture
async def filled(settings: Settings, client: httpx.AsyncClient) -> httpx.AsyncClient:
    store = await Store.open(settings.database_url)
    await fill(store)
    await store.close()
    return client


async def said(client: httpx.AsyncClient, question: str) -> list[str]:
    """What the explanation beside the matches says."""
    answer = await client.get(f"/fhir/{question}")
    assert answer.status_code == 200, answer.text
    return sentences(answer.json())


def sentences(searchset: dict[str, Any]) -> list[str]:
    [outcome] = [entry for entry in searchset["entry"] if entry["search"]["mode"] == "outcome"]
    return [issue["diagnostics"] for issue in outcome["resource"]["issue"]]


async def test_a_search_counts_what_meets_each_condition(filled: httpx.AsyncClient) -> None:
    told = await said(filled, "Observation?code=4485-9&value-quantity=lt0.9||g/L&patient=p2&_explain=true")

    assert [one.rpartition("; ")[2] for one in told] == [
        "met by 3 alone",
        "met by 3 alone, by 2 together with all before it",
        "met by 3 alone, by 1 together with all before it",
    ]


async def test_a_search_names_the_condition_that_leaves_nothing(filled: httpx.AsyncClient) -> None:
    told = await said(filled, "Observation?code=4485-9&status=amended&patient=p2&_explain=true")

    assert told[0] == (
        "nothing is found: of the 3 Observation that meet all conditions before it,"
        " none meets 'status is amended, in any system'"
    )


@pytest.mark.parametrize("own", ["c3-2", "Observation/c3-2"])
async def test_a_resource_is_told_why_it_is_not_found(filled: httpx.AsyncClient, own: str) -> None:
    asked = f"Observation?code=4485-9&value-quantity=lt0.9||g/L&component-code=8480-6&_explain={own}"
    told = await said(filled, asked)

    assert told[0].startswith(
        "Observation/c3-2 is not found: it does not meet 'value-quantity is less than 0.9"
    )
    assert [one.rpartition("; ")[2] for one in told[1:]] == [
        "met",
        "not met",
        "not met: it has no component-code",
    ]
    assert not any("1.20" in one or "2021-06" in one for one in told)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Observation?status=final&_explain=c3-2", "Observation/c3-2 is found"),
        ("Patient/p1/Observation?_explain=c3-2", "Observation/c3-2 is found"),
        ("Patient/p1/Observation?_explain=c3-3", "Observation/c3-3 is not found"),
        ("Observation?status=final&_count=0&_explain=c3-2", "Observation/c3-2 is found"),
        ("Observation?status=final&_explain=no-such", "Observation/no-such is not known here"),
        ("Patient?_explain=p4", "Patient/p4 was deleted"),
        ("SearchParameter?code=no-such&_explain=true", "nothing is found: no SearchParameter"),
        ("SearchParameter?code=no-such&_explain=no-such", "SearchParameter/no-such is not known here"),
    ],
)
async def test_the_answer_comes_first(filled: httpx.AsyncClient, question: str, answer: str) -> None:
    assert (await said(filled, question))[0].startswith(answer)


async def test_the_matches_are_those_of_the_search_without_it(filled: httpx.AsyncClient) -> None:
    plain = (await filled.get("/fhir/Observation?status=final&_count=3")).json()
    asked = (await filled.get("/fhir/Observation?status=final&_count=3&_explain=true")).json()

    assert asked["entry"][:-1] == plain["entry"]
    assert [one["url"] for one in asked["link"] if one["relation"] == "self"] == [
        "http://test/fhir/Observation?status=final&_count=3&_explain=true"
    ]
    onward = next(one["url"] for one in asked["link"] if one["relation"] == "next")
    assert onward == next(one["url"] for one in plain["link"] if one["relation"] == "next")


async def test_a_form_and_a_batch_are_explained_alike(filled: httpx.AsyncClient) -> None:
    form = {"status": "amended", "_explain": "c3-2"}
    entry = {"request": {"method": "GET", "url": "Observation?status=amended&_explain=c3-2"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry]}

    by_form = (await filled.post("/fhir/Observation/_search", data=form)).json()
    answered = (await filled.post("/fhir", json=batch)).json()

    assert sentences(by_form) == sentences(answered["entry"][0]["resource"])
    assert sentences(by_form)[0].startswith("Observation/c3-2 is not found")


async def test_a_resource_of_another_type_is_refused(filled: httpx.AsyncClient) -> None:
    answer = await filled.get("/fhir/Observation?_explain=Patient/p1")

    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["http._explain"]


@pytest.mark.rule(78)
async def test_what_may_not_be_seen_is_neither_counted_nor_admitted(
    filled: httpx.AsyncClient, app: FastAPI
) -> None:
    key = await register_client(app.state.service.store, "sls", role="site", sites=["SLS"])
    filled.headers.update(await bearer(filled, "sls", key))

    [counted] = await said(filled, "Observation?code=4485-9&_explain=true")
    hidden = await said(filled, "Observation?code=4485-9&_explain=c3-3")
    absent = await said(filled, "Observation?code=4485-9&_explain=c3-9")

    assert counted.endswith("met by 2 alone")
    assert [one.replace("c3-3", "c3-9") for one in hidden] == absent
