"""The kept types: whatever a hospital sends around its results goes in, and is found again."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.kept import KEPT
from tests.routers.make import HEADERS, body, created, issues

SENT = (Path(__file__).parent / "laboratory.json").read_bytes()
PATIENT = "msc-sle-p08"
URN = re.compile(r"urn:uuid:[0-9a-f-]{36}")
Json = dict[str, Any]


def number_of(kind: str, value: str = "EXAMPLE") -> str:
    """The identifier of a type's example, as a search writes it."""
    borne = codec.read(body(kind))["identifier"]
    one = borne if isinstance(borne, dict) else borne[0]
    return f"identifier={quote(one['system'], safe='')}|{value}"


async def found(client: httpx.AsyncClient, asked: str) -> list[str]:
    """The addresses of what a search finds, in order."""
    answer = await client.get(f"/fhir/{asked}", headers={"Prefer": "handling=strict"})
    assert answer.status_code == 200, answer.text
    return sorted(
        f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in answer.json().get("entry", ())
    )


@pytest.mark.parametrize("kind", [kept.name for kept in KEPT])
async def test_a_kept_type_has_every_interaction(trial: httpx.AsyncClient, kind: str) -> None:
    name = await created(trial, kind)
    own, number = f"/fhir/{kind}/{name}", number_of(kind)

    assert (await trial.post(f"/fhir/{kind}/$validate", content=body(kind))).status_code == 200
    again = await trial.post(f"/fhir/{kind}", content=body(kind), headers={"If-None-Exist": number})
    assert (again.status_code, again.json()["id"]) == (200, name)
    assert (await trial.put(own, content=body(kind, id=name, language="fr"))).status_code == 200
    changed = [{"op": "replace", "path": "/language", "value": "en"}]
    patched = await trial.patch(
        own, content=codec.write(changed), headers={"Content-Type": "application/json-patch+json"}
    )
    assert patched.json() == codec.read(body(kind, id=name, language="en")) | {"meta": patched.json()["meta"]}
    assert (await trial.put(f"/fhir/{kind}?{number}", content=body(kind, language="fr"))).status_code == 200
    assert (await trial.get(f"{own}/_history/2")).json()["language"] == "fr"
    assert (await trial.get(f"{own}/$meta")).status_code == 200

    for asked in (number, f"_id={name}", "_lastUpdated=gt2020"):
        assert await found(trial, f"{kind}?{asked}") == [f"{kind}/{name}"]
    assert (await trial.delete(own)).is_success
    assert (await trial.get(own)).status_code == 410
    history = (await trial.get(f"{own}/_history")).json()["entry"]
    assert [one["request"]["method"] for one in history] == ["DELETE", *["PUT"] * 3, "POST"]


async def test_what_is_no_r4_is_refused_with_its_place_in_every_kept_type(trial: httpx.AsyncClient) -> None:
    for kept in KEPT:
        wrong = body(kept.name, language=7, nonsense=True)
        answer = await trial.post(f"/fhir/{kept.name}", content=wrong)

        assert answer.status_code == 400
        assert {f"{kept.name}.language", f"{kept.name}.nonsense"} <= {
            one["expression"][0] for one in issues(answer)
        }


@pytest.fixture
async def laboratory(trial: httpx.AsyncClient) -> tuple[httpx.AsyncClient, dict[str, str]]:
    """A service that took the laboratory's Bundle, and by the fullUrl sent the address it was given."""
    answer = await trial.post("/fhir", content=SENT)
    assert answer.status_code == 200, answer.text
    entries = answer.json()["entry"]
    assert {one["response"]["status"][:3] for one in entries} == {"201"}
    given = ["/".join(one["response"]["location"].split("/")[-4:-2]) for one in entries]
    return trial, dict(zip([one["fullUrl"] for one in codec.read(SENT)["entry"]], given, strict=True))


Laboratory = tuple[httpx.AsyncClient, dict[str, str]]


def by_type(given: dict[str, str]) -> dict[str, str]:
    """The address of the one (or last) resource of a type."""
    return {address.split("/")[0]: address for address in given.values()}


async def test_a_laboratorys_bundle_comes_back_as_it_was_sent(laboratory: Laboratory) -> None:
    client, given = laboratory
    for entry in codec.read(SENT)["entry"]:
        stored = (await client.get(f"/fhir/{given[entry['fullUrl']]}")).content
        sent = codec.write(entry["resource"]).decode()
        expected = codec.read(URN.sub(lambda match: given[match[0]], sent).encode())

        assert codec.read(stored) == expected | {
            "id": given[entry["fullUrl"]].split("/")[1],
            "meta": codec.read(stored)["meta"],
        }


async def test_a_laboratorys_bundle_is_found_by_the_patient(laboratory: Laboratory) -> None:
    client, given = laboratory
    about = [one for one in given.values() if not one.startswith(("Organization", "Practitioner"))]

    for kind in ("DiagnosticReport", "Specimen", "ServiceRequest", "Encounter"):
        for asked in (f"{kind}?patient={PATIENT}", f"{kind}?subject=Patient/{PATIENT}"):
            assert await found(client, asked) == [by_type(given)[kind]]
        assert await found(client, f"Patient/{PATIENT}/{kind}") == [by_type(given)[kind]]
    assert await found(client, f"Patient/{PATIENT}/$everything?_count=100") == sorted(
        [f"Patient/{PATIENT}", *about]
    )
    kept = "_type=DiagnosticReport,Specimen,ServiceRequest,Encounter"
    for day, number in (("2024-03-04", 4), ("2024-03-05", 0)):
        assert len(await found(client, f"Patient/{PATIENT}/$everything?{kept}&start={day}")) == number
    assert await found(client, "DiagnosticReport?patient=somebody-else") == []


SEARCHED = {
    "DiagnosticReport?identifier=urn:oid:1.2.250.1.999.7|CR-240304-0817": "DiagnosticReport",
    "DiagnosticReport?code=http://loinc.org|11502-2&status=final&date=2024-03-04": "DiagnosticReport",
    "DiagnosticReport?issued=ge2024-03-04T14:00:00%2B01:00&category=CH": "DiagnosticReport",
    "DiagnosticReport?result.code=http://loinc.org|4498-2": "DiagnosticReport",
    "DiagnosticReport?based-on.authored=2024-03-04": "DiagnosticReport",
    "DiagnosticReport?performer:Organization.name=laboratoire": "DiagnosticReport",
    "DiagnosticReport?results-interpreter:Practitioner.family=biologiste-essai": "DiagnosticReport",
    "DiagnosticReport?specimen.accession=2403040817&encounter.status=finished": "DiagnosticReport",
    "DiagnosticReport?patient.gender=female&_sort=-date": "DiagnosticReport",
    "Specimen?accession=urn:oid:1.2.250.1.999.6|2403040817&collected=2024-03-04": "Specimen",
    "Specimen?type=119364003&_has:DiagnosticReport:specimen:status=final": "Specimen",
    "ServiceRequest?code=CPLT&status=completed&intent=order": "ServiceRequest",
    "ServiceRequest?requester=Practitioner/prescripteur-jamais-recu": "ServiceRequest",
    "Encounter?class=AMB&date=2024-03-04&service-provider.identifier=1750000001": "Encounter",
    "Organization?name=labo&address-city=paris": "Organization",
    "Organization?_has:Observation:performer:code=http://loinc.org|4485-9": "Organization",
    "Practitioner?identifier=urn:oid:1.2.250.1.71.4.2.1|10000000001": "Practitioner",
    "Practitioner?name=biologiste": "Practitioner",
}
"""Searches a laboratory's people ask, and the type of the one resource each finds."""


async def test_what_was_kept_is_searched_as_its_type_is_in_r4(laboratory: Laboratory) -> None:
    client, given = laboratory
    answers = {asked: await found(client, asked) for asked in SEARCHED}

    assert answers == {asked: [by_type(given)[kind]] for asked, kind in SEARCHED.items()}


async def test_a_report_comes_with_what_it_refers_to_and_what_refers_to_it(laboratory: Laboratory) -> None:
    client, given = laboratory
    report, order = by_type(given)["DiagnosticReport"], by_type(given)["ServiceRequest"]
    wholly = f"DiagnosticReport?_id={report.split('/')[1]}&_include=DiagnosticReport:*"
    results = [one for one in given.values() if one.startswith("Observation/")]

    assert await found(client, wholly) == sorted([f"Patient/{PATIENT}", *given.values()])
    assert await found(
        client, f"ServiceRequest?_id={order.split('/')[1]}&_revinclude=Observation:based-on"
    ) == (sorted([order, *results]))


async def test_a_bundle_sent_again_finds_the_laboratory_and_its_biologist(laboratory: Laboratory) -> None:
    client, given = laboratory
    again = await client.post("/fhir", content=SENT)

    statuses = [one["response"]["status"][:3] for one in again.json()["entry"]]
    assert statuses == ["200", "200", *["201"] * 6]
    assert len(await found(client, "Organization?active=true,false")) == 1
    assert len(await found(client, f"DiagnosticReport?performer={by_type(given)['Organization']}")) == 2


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("DiagnosticReport", {"performer": [{"reference": "Organization/never-sent"}]}),
        ("DiagnosticReport", {"resultsInterpreter": [{"reference": "Practitioner/never-sent"}]}),
        ("DiagnosticReport", {"specimen": [{"reference": "http://test/fhir/Specimen/never-sent"}]}),
        ("DiagnosticReport", {"performer": [{"reference": "Practitioner/never-sent/_history/4"}]}),
        ("Observation", {"performer": [{"reference": "Practitioner/never-sent"}]}),
        ("Observation", {"encounter": {"reference": "Encounter/never-sent"}}),
        ("Patient", {"managingOrganization": {"reference": "Organization/never-sent"}}),
    ],
)
async def test_what_is_kept_may_be_named_and_never_sent(
    trial: httpx.AsyncClient, kind: str, changes: Json
) -> None:
    assert (await trial.post(f"/fhir/{kind}", content=body(kind, **changes))).status_code == 201


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"subject": {"reference": "Patient/never-sent"}}, "DiagnosticReport.subject"),
        ({"result": [{"reference": "Observation/never-sent"}]}, "DiagnosticReport.result[0]"),
    ],
)
async def test_what_decisions_rest_on_must_have_been_sent(
    trial: httpx.AsyncClient, changes: Json, place: str
) -> None:
    answer = await trial.post("/fhir/DiagnosticReport", content=body("DiagnosticReport", **changes))

    assert answer.status_code == 422
    assert [one["expression"] for one in issues(answer)] == [[place]]


async def test_what_something_refers_to_is_deleted_after_it(laboratory: Laboratory) -> None:
    client, given = laboratory
    report, specimen = by_type(given)["DiagnosticReport"], by_type(given)["Specimen"]

    for still_named in (specimen, by_type(given)["Observation"], by_type(given)["Practitioner"]):
        refused = await client.delete(f"/fhir/{still_named}")
        assert refused.status_code == 409
        assert any(report in one["diagnostics"] for one in issues(refused))
    assert (await client.delete(f"/fhir/{report}")).is_success
    assert (await client.delete(f"/fhir/{by_type(given)['Practitioner']}")).is_success
    assert (await client.delete(f"/fhir/Patient/{PATIENT}")).status_code == 409


async def test_a_conditional_reference_to_a_professional_finds_the_one_that_was_kept(
    laboratory: Laboratory,
) -> None:
    client, given = laboratory
    asked = {"reference": "Practitioner?identifier=urn:oid:1.2.250.1.71.4.2.1|10000000001"}
    entry = {
        "resource": codec.read(body("DiagnosticReport", resultsInterpreter=[asked])),
        "request": {"method": "POST", "url": "DiagnosticReport"},
    }
    sent = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = await client.post("/fhir", content=codec.write(sent), headers=HEADERS)

    assert answer.status_code == 200, answer.text
    report = "/".join(answer.json()["entry"][0]["response"]["location"].split("/")[-4:-2])
    stored = (await client.get(f"/fhir/{report}")).json()
    assert stored["resultsInterpreter"] == [{"reference": by_type(given)["Practitioner"]}]


async def test_a_professional_may_be_named_and_a_patient_may_not(trial: httpx.AsyncClient) -> None:
    named = {"reference": f"Patient/{PATIENT}", "display": "Mme Essai"}
    numbered = [{"system": "urn:oid:1.2.250.1.213.1.4.8", "value": "184057510812381"}]

    answer = await trial.post("/fhir/Practitioner", content=body("Practitioner", name=[{"family": "Essai"}]))
    assert answer.status_code == 201
    for changes in ({"subject": named}, {"identifier": numbered}):
        assert (
            await trial.post("/fhir/DiagnosticReport", content=body("DiagnosticReport", **changes))
        ).status_code == 422
