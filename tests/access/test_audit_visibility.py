"""Who sees what of the trail: two sites, their sponsor and its inspectors, each by a token of their own."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.store.session import Store
from tests.access.signing import bearer, register_client
from tests.routers.make import HEADERS, body, issues

SITES = "https://trialbridge.example/fhir/CodeSystem/site"
OF_B = "south"
"""Part of every name of site B, which site A must meet nowhere."""
CLIENTS: Mapping[str, dict[str, Any]] = {
    "hospital-a": {"role": "site", "sites": ["A"], "studies": ["study"]},
    "hospital-b": {"role": "site", "sites": ["B"], "studies": ["study"]},
    "sponsor": {"role": "sponsor", "studies": ["study"]},
    "inspector": {"role": "auditor", "studies": ["study"]},
    "stranger": {"role": "auditor", "studies": ["another"]},
    "operator": {"role": "administrator"},
    "board": {"role": "safety-board", "studies": ["study"]},
    "laboratory": {"role": "site", "sites": ["A"], "scopes": "system/Observation.rs"},
}


def trial() -> list[dict[str, Any]]:
    """A study with a subject at each of two sites, and a result of each."""
    found = [codec.read(body("ResearchStudy", id=name)) for name in ("study", "another")]
    for site, name in (("A", "north"), ("B", "south")):
        patient = {"reference": f"Patient/at-{name}"}
        tag = {"security": [{"system": SITES, "code": site}]}
        found += [
            {"resourceType": "Patient", "id": f"at-{name}", "meta": tag},
            codec.read(
                body(
                    "ResearchSubject",
                    id=f"subject-{name}",
                    individual=patient,
                    study={"reference": "ResearchStudy/study"},
                )
            ),
            codec.read(body("Observation", id=f"result-{name}", subject=patient)),
        ]
    return found


class Trial:
    """The service, and a token for each of those who use it."""

    def __init__(self, client: httpx.AsyncClient, tokens: Mapping[str, dict[str, str]]) -> None:
        self.client = client
        self.tokens = tokens

    async def get(self, name: str, address: str) -> httpx.Response:
        return await self.client.get(f"/fhir/{address}", headers=self.tokens[name])

    async def found(self, name: str, address: str) -> list[dict[str, Any]]:
        answer = await self.get(name, address)
        assert answer.status_code == 200, answer.text
        return [entry["resource"] for entry in answer.json().get("entry", ())]

    async def did(self, name: str, who: str, *, what: str) -> list[dict[str, Any]]:
        """What somebody is told of what somebody did: their searches, reads, …."""
        return await self.found(name, f"AuditEvent?altid={who}&subtype={what}")


@pytest.fixture
async def trial_of_two(store: Store, client: httpx.AsyncClient) -> Trial:
    """A trial of two sites, with all who use it signed in; the operator has stored it."""
    keys = {name: await register_client(store, name, **given) for name, given in CLIENTS.items()}
    tokens = {name: await bearer(client, name, key) for name, key in keys.items()}
    for document in trial():
        address = f"/fhir/{document['resourceType']}/{document['id']}"
        headers = HEADERS | tokens["operator"]
        stored = await client.put(address, content=codec.write(document), headers=headers)
        assert stored.status_code == 201, stored.text
    return Trial(client, tokens)


def entities(event: dict[str, Any]) -> set[str]:
    """What an event names."""
    whats = (one.get("what", {}).get("reference") for one in event.get("entity", ()))
    return {what for what in whats if what}


def queries(event: dict[str, Any]) -> list[str]:
    """How it was searched, as far as the event tells."""
    return [b64decode(one["query"]).decode() for one in event.get("entity", ()) if "query" in one]


def is_redacted(event: dict[str, Any]) -> bool:
    """Whether it says that parts of it are left out."""
    return any(one["code"] == "REDACTED" for one in event["meta"].get("security", ()))


# ---- a search over both sites ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "own", "other"), [("hospital-a", "north", "south"), ("hospital-b", "south", "north")]
)
async def test_a_site_sees_that_the_sponsor_saw_its_patient_and_nothing_of_the_others(
    trial_of_two: Trial, site: str, own: str, other: str
) -> None:
    query = f"patient=Patient/at-{own},Patient/at-{other}"
    assert len(await trial_of_two.found("sponsor", f"Observation?{query}")) == 2

    [event] = await trial_of_two.did(site, "sponsor", what="search-type")

    assert entities(event) == {f"Observation/result-{own}/_history/1", f"Patient/at-{own}"}
    assert is_redacted(event)
    assert queries(event) == []
    assert other not in codec.write(event).decode()
    assert "site" not in event["source"]  # its place in the trail would tell how much the others do


@pytest.mark.parametrize("name", ["sponsor", "inspector", "operator"])
async def test_who_sees_both_sites_sees_the_event_as_it_is_kept(trial_of_two: Trial, name: str) -> None:
    await trial_of_two.found("sponsor", "Observation?status=final")

    [event] = await trial_of_two.did(name, "sponsor", what="search-type")

    assert {"Patient/at-north", "Patient/at-south"} <= entities(event)
    assert queries(event) == ["status=final"]
    assert not is_redacted(event)
    assert event["source"]["site"]


async def test_no_answer_of_the_trail_names_anything_of_another_site(trial_of_two: Trial) -> None:
    for name in ("hospital-b", "sponsor", "operator", "hospital-a"):
        for address in (
            "Observation",
            "Patient/at-south",
            "ResearchSubject/subject-south/$timeline",
            "Observation/result-south",
        ):
            await trial_of_two.get(name, address)
    everything = ("AuditEvent?_count=1000", "Provenance?_count=1000", "AuditEvent?_sort=date&_count=1000")

    for address in everything:
        answer = await trial_of_two.get("hospital-a", address)
        assert answer.json()["entry"]
        told = [answer.text, *map(str, answer.headers.items())]
        queried = [query for entry in answer.json()["entry"] for query in queries(entry["resource"])]
        assert not [text for text in (*told, *queried) if OF_B in text]


# ---- what each one did -------------------------------------------------------------------------------


async def test_what_a_site_reads_of_its_own_is_seen_by_itself_and_by_who_oversees_it(
    trial_of_two: Trial,
) -> None:
    await trial_of_two.get("hospital-a", "Patient/at-north")

    seen = {
        name: await trial_of_two.did(name, "hospital-a", what="read")
        for name in trial_of_two.tokens
        if name not in {"board", "laboratory"}
    }

    expected = {"hospital-a": 1, "hospital-b": 0, "sponsor": 1, "inspector": 1, "stranger": 0, "operator": 1}
    assert {name: len(events) for name, events in seen.items()} == expected


async def test_who_was_kept_out_is_told_to_whose_patient_it_was(trial_of_two: Trial) -> None:
    hidden = await trial_of_two.get("hospital-a", "Patient/at-south")
    unknown = await trial_of_two.get("hospital-a", "Patient/x9")
    assert (hidden.status_code, unknown.status_code) == (404, 404)

    [theirs] = await trial_of_two.did("hospital-b", "hospital-a", what="read")
    own = await trial_of_two.did("hospital-a", "hospital-a", what="read")

    assert (theirs["outcome"], entities(theirs)) == ("4", {"Patient/at-south"})
    # what is out of sight and what never was are told alike
    for event in own:
        del event["id"], event["recorded"], event["meta"]["lastUpdated"]
        event["entity"] = [one for one in event["entity"] if one["type"].get("code") != "XrequestId"]
    assert own[0] == own[1]
    assert entities(own[0]) == set()


async def test_what_is_about_nobody_is_seen_by_who_did_it_and_by_who_oversees_the_study(
    trial_of_two: Trial,
) -> None:
    names = ("hospital-a", "hospital-b", "sponsor", "inspector", "stranger", "operator")
    await trial_of_two.found("hospital-a", "Organization?name=none")

    [event] = await trial_of_two.did("hospital-a", "hospital-a", what="search-type")
    seen = {name: (await trial_of_two.get(name, f"AuditEvent/{event['id']}")).is_success for name in names}

    assert queries(event) == ["name=none"]
    assert [name for name, sees in seen.items() if sees] == ["hospital-a", "inspector", "operator"]


# ---- found by, and read by ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["patient=Patient/at-south", "entity=Observation/result-south", "entity=Patient/at-south"]
)
async def test_nothing_is_found_by_what_is_out_of_sight(trial_of_two: Trial, query: str) -> None:
    await trial_of_two.found("sponsor", "Observation")
    await trial_of_two.get("hospital-a", "Patient/at-south")
    asked = f"AuditEvent?{query}&_total=accurate"

    theirs, own = await trial_of_two.get("hospital-a", asked), await trial_of_two.get("hospital-b", asked)

    assert (theirs.json()["total"], theirs.json().get("entry")) == (0, None)
    assert own.json()["total"] >= 2


async def test_an_event_out_of_sight_is_not_there(trial_of_two: Trial) -> None:
    await trial_of_two.get("hospital-b", "Patient/at-south")
    [event] = await trial_of_two.did("hospital-b", "hospital-b", what="read")

    refused = await trial_of_two.get("hospital-a", f"AuditEvent/{event['id']}")
    unknown = await trial_of_two.get("hospital-a", f"AuditEvent/{'0' * len(event['id'])}")

    assert (refused.status_code, unknown.status_code) == (404, 404)
    assert issues(refused)[0]["code"] == issues(unknown)[0]["code"] == "not-found"
    assert (await trial_of_two.get("inspector", f"AuditEvent/{event['id']}")).json() == event


async def test_the_provenance_of_what_is_out_of_sight_is_not_there(trial_of_two: Trial) -> None:
    for address in (
        "Provenance?target=Observation/result-south",
        "Provenance?_id=Observation.1.result-south",
    ):
        assert await trial_of_two.found("hospital-a", address) == []
        assert len(await trial_of_two.found("hospital-b", address)) == 1
    refused = await trial_of_two.get("hospital-a", "Provenance/Observation.1.result-south")
    own = await trial_of_two.get("hospital-a", "Provenance/Observation.1.result-north")
    assert (refused.status_code, own.status_code) == (404, 200)


async def test_the_difference_of_what_is_out_of_sight_is_not_there(trial_of_two: Trial) -> None:
    asked = [
        await trial_of_two.get("hospital-a", f"{kind}/$diff")
        for kind in ("Patient/at-north", "Patient/at-south")
    ]

    assert [answer.status_code for answer in asked] == [200, 404]


@pytest.mark.parametrize("name", ["board", "laboratory"])
@pytest.mark.parametrize(
    "address", ["AuditEvent", "AuditEvent/x", "Provenance", "Provenance/Patient.1.at-north"]
)
async def test_the_trail_is_kept_from_who_was_not_granted_it(
    trial_of_two: Trial, name: str, address: str
) -> None:
    refused = await trial_of_two.get(name, address)

    assert (refused.status_code, issues(refused)[0]["code"]) == (403, "forbidden")
