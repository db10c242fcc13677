"""A Bundle of candidates is judged by the study's protocol, and nothing of it is stored."""

from typing import Any

import httpx
import pytest

from app.fhir_mapping import codec
from app.protocol.loader import load_all
from app.routers.example_candidate import CANDIDATE
from tests.routers.make import HEADERS, issues

Json = dict[str, Any]
STUDIES = {"msc-sle": "NCT03562065", "msc-ssc": "NCT02213705", "other": "NCT00000000"}
ADDRESS = "/fhir/ResearchStudy/{}/$check-eligibility"
ATTESTATION = "https://trialbridge.example/fhir/CodeSystem/attestation"


@pytest.fixture
async def studies(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Both trials, and a study without a protocol."""
    client.headers.update(HEADERS)
    for name, number in STUDIES.items():
        study = {
            "resourceType": "ResearchStudy",
            "id": name,
            "status": "active",
            "identifier": [{"system": "https://clinicaltrials.gov", "value": number}],
            "arm": [{"name": "donor"}],
        }
        answer = await client.put(f"/fhir/ResearchStudy/{name}", content=codec.write(study))
        assert answer.status_code == 201, answer.text
    return client


def bundle(*resources: Json) -> Json:
    entries = [{"resource": one} for one in resources]
    return {"resourceType": "Bundle", "type": "collection"} | ({"entry": entries} if entries else {})


def patient(name: str = "p", **more: str) -> Json:
    return {"resourceType": "Patient", "id": name, "gender": "male", "birthDate": "1980-02-03"} | more


def attested(code: str, truth: bool, *, of: str = "p") -> Json:
    return {
        "resourceType": "Observation",
        "id": f"{of}-{code}",
        "status": "final",
        "code": {"coding": [{"system": ATTESTATION, "code": code}]},
        "subject": {"reference": f"Patient/{of}"},
        "effectiveDateTime": "2024-05-30",
        "valueBoolean": truth,
    }


def subject(name: str, *, of: str = "p", study: str = "msc-ssc", **more: str) -> Json:
    return {
        "resourceType": "ResearchSubject",
        "id": name,
        "status": "candidate",
        "study": {"reference": f"ResearchStudy/{study}"},
        "individual": {"reference": f"Patient/{of}"},
    } | more


async def check(
    client: httpx.AsyncClient, sent: Json, study: str = "msc-ssc", **asked: str
) -> httpx.Response:
    return await client.post(ADDRESS.format(study), content=codec.write(sent), params=asked)


def results(answer: httpx.Response) -> dict[str, Json]:
    """The plain results by the person they are about."""
    assert answer.status_code == 200, answer.text
    return {one["name"]: one for one in answer.json()["results"]}


def criteria(result: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    to_read = list(result["criteria"])
    while to_read:
        one = to_read.pop()
        found[one["id"]] = one
        to_read += one.get("criteria", [])
    return found


async def test_a_patient_alone_is_judged_as_a_candidate(studies: httpx.AsyncClient) -> None:
    answer = await check(studies, CANDIDATE, "msc-sle", view="plain", on="2022-09-12")
    [(name, result)] = results(answer).items()
    found = criteria(result)

    assert name.startswith("Patient/")
    assert result["verdict"] == "undetermined"
    assert found["E4-platelet-count"]["verdict"] == "met"
    assert found["E4-platelets"]["reasons"] == ["attestation-missing"]
    [evidence] = found["E4-platelet-count"]["evidence"]
    assert evidence == "Observation/entry-1"
    assert {"name": "age-of-evidence", "value": 7, "unit": "d"} in found["E4-platelet-count"]["figures"]
    assert answer.json()["study"] == "ResearchStudy/msc-sle/_history/1"
    assert "Nothing of what was sent is stored." in answer.json()["notes"]


async def test_nothing_is_stored(studies: httpx.AsyncClient) -> None:
    counted = ("Patient", "Observation", "ResearchSubject", "ResearchStudy")

    async def rows() -> list[int]:
        answers = [await studies.get(f"/fhir/{kind}?_summary=count") for kind in counted]
        return [answer.json()["total"] for answer in answers]

    before = await rows()
    assert (await check(studies, CANDIDATE, "msc-sle")).status_code == 200
    assert (await check(studies, bundle(patient(), subject("s")))).status_code == 200

    assert await rows() == before == [0, 0, 0, 3]


async def test_the_answer_has_the_shape_of_eligibility(studies: httpx.AsyncClient) -> None:
    answer = await check(studies, bundle(patient()), lang="fr")
    parameters = codec.read(answer.content)
    [result] = [one for one in parameters["parameter"] if one["name"] == "result"]
    names = [part["name"] for part in result["part"]]

    assert parameters["resourceType"] == "Parameters"
    assert names[:2] == ["name", "verdict"]
    first = next(part for part in result["part"] if part["name"] == "criterion")
    text = next(part for part in first["part"] if part["name"] == "text")
    assert text["valueString"] == "Âge > 18 ans et < 70 ans."


async def test_every_person_is_judged_and_named_by_the_part_they_have(studies: httpx.AsyncClient) -> None:
    sent = bundle(patient(), patient("q", birthDate="1940"), subject("s"), attested("poor-compliance", True))
    found = results(await check(studies, sent, view="plain", on="2024-06-01"))

    assert found.keys() == {"ResearchSubject/s", "Patient/q"}
    assert found["ResearchSubject/s"]["verdict"] == "ineligible"
    assert criteria(found["ResearchSubject/s"])["RE10"]["verdict"] == "met"
    assert criteria(found["Patient/q"])["RI1"]["verdict"] == "not-met"
    assert criteria(found["Patient/q"])["RE10"]["verdict"] == "undetermined"


async def test_a_part_in_another_study_is_no_part_in_this_one(studies: httpx.AsyncClient) -> None:
    sent = bundle(patient(), subject("elsewhere", study="msc-ssc", status="on-study"))
    found = results(await check(studies, sent, "msc-sle", view="plain", on="2024-06-01"))

    assert found.keys() == {"Patient/p"}
    assert criteria(found["Patient/p"])["E10-here"]["verdict"] == "met"


async def test_donors_are_judged_by_the_criteria_of_donors(studies: httpx.AsyncClient) -> None:
    donor = bundle(patient(), subject("d", assignedArm="donor"))
    [assigned] = results(await check(studies, donor, view="plain")).values()
    [asked] = results(await check(studies, bundle(patient()), view="plain", population="donor")).values()
    [neither] = results(await check(studies, bundle(patient()), view="plain")).values()
    population = load_all()["MSC-SSc"].population("donor")
    assert population is not None
    ids = [one.id for one in (*population.inclusion, *population.exclusion)]

    assert [one["id"] for one in assigned["criteria"]] == ids
    assert [one["id"] for one in asked["criteria"]] == ids
    assert neither["criteria"][0]["id"] == "RI1"


async def test_a_population_the_protocol_does_not_have_is_refused(studies: httpx.AsyncClient) -> None:
    answer = await check(studies, bundle(patient()), "msc-sle", population="donor")

    assert answer.status_code == 400
    assert issues(answer)[0]["expression"] == ["http.population"]


async def test_the_bundle_may_stand_in_parameters(studies: httpx.AsyncClient) -> None:
    sent = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "bundle", "resource": bundle(patient())},
            {"name": "view", "valueCode": "plain"},
            {"name": "population", "valueCode": "donor"},
        ],
    }
    [result] = results(await check(studies, sent)).values()

    assert result["criteria"][0]["id"] == "DI1"


DANGLING = {"reference": "urn:uuid:0b7f2a34-5d0c-4c7e-9a57-000000000000"}
STATED = attested("poor-compliance", True)


@pytest.mark.parametrize(
    ("sent", "status", "place"),
    [
        (bundle(), 422, "Bundle.entry"),
        (bundle(STATED | {"status": "done"}), 400, "Bundle.entry[0].resource.status"),
        (bundle(patient(), patient()), 400, "Bundle.entry[1].resource"),
        (bundle(STATED | {"subject": DANGLING}), 400, "Bundle.entry[0].resource.subject.reference"),
        (bundle(patient() | {"name": [{"family": "Martin"}]}), 422, "Bundle.entry[0].resource.name"),
        (patient(), 400, "resourceType"),
        ({"resourceType": "Bundle"}, 400, "Bundle.type"),
    ],
)
async def test_what_a_write_would_refuse_is_refused_with_its_place(
    studies: httpx.AsyncClient, sent: Json, status: int, place: str
) -> None:
    answer = await check(studies, sent)

    assert answer.status_code == status, answer.text
    assert any(one["expression"][0].startswith(place) for one in issues(answer)), answer.text


async def test_it_is_asked_of_a_study_with_a_protocol_by_post(studies: httpx.AsyncClient) -> None:
    assert (await check(studies, bundle(patient()), "other")).status_code == 422
    assert (await check(studies, bundle(patient()), "nowhere")).status_code == 404
    assert (await studies.get(ADDRESS.format("msc-sle"))).status_code == 405
    assert (await studies.post(ADDRESS.format("msc-sle"))).status_code == 400
