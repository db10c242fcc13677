"""A laboratory's whole Bundle that is sent again changes nothing, whatever it brings beside the results."""

from typing import Any
from uuid import uuid4

import httpx

from app.fhir_mapping import codec
from tests.store.pushing import result

RPPS = "urn:oid:1.2.250.1.71.4.2.1"
Json = dict[str, Any]


def whole(**of_practitioner: Any) -> bytes:
    """A result, who validated it, and a specimen that bears no number; the names are new each time."""
    names = [f"urn:uuid:{uuid4()}" for _ in range(3)]
    practitioner = {
        "resourceType": "Practitioner",
        "identifier": [{"system": RPPS, "value": "10001234567"}],
        **of_practitioner,
    }
    specimen = {"resourceType": "Specimen", "subject": {"reference": "Patient/p1"}, "type": {"text": "sérum"}}
    observation = result(
        performer=[{"reference": names[0]}],
        specimen={"reference": names[1]},
        identifier=result()["identifier"],
    )
    entries = [
        {
            "fullUrl": name,
            "resource": resource,
            "request": {"method": "POST", "url": resource["resourceType"]},
        }
        for name, resource in zip(names, (practitioner, specimen, observation), strict=True)
    ]
    return codec.write({"resourceType": "Bundle", "type": "transaction", "entry": entries})


async def statuses(client: httpx.AsyncClient, body: bytes) -> list[str]:
    answer = await client.post("/fhir", content=body)
    assert answer.status_code == 200, answer.text
    return [entry["response"]["status"][:3] for entry in answer.json()["entry"]]


async def total(client: httpx.AsyncClient, kind: str) -> int:
    found: Json = (await client.get(f"/fhir/{kind}?_summary=count")).json()
    return int(found["total"])


async def test_the_same_bundle_under_new_names_is_a_replay_to_its_last_entry(
    pushing: httpx.AsyncClient,
) -> None:
    assert await statuses(pushing, whole()) == ["201", "201", "201"]
    for _ in range(3):
        assert await statuses(pushing, whole()) == ["200", "200", "200"]

    assert [await total(pushing, kind) for kind in ("Practitioner", "Specimen", "Observation")] == [1, 1, 1]
    [entry] = (await pushing.get("/fhir/Observation/_history")).json()["entry"]
    assert entry["resource"]["performer"][0]["reference"].startswith("Practitioner/")


async def test_somebody_who_is_here_already_is_referred_to_and_left_as_they_are(
    pushing: httpx.AsyncClient,
) -> None:
    here = {
        "resourceType": "Practitioner",
        "id": "here",
        "identifier": [{"system": RPPS, "value": "10001234567"}],
    }
    await pushing.put("/fhir/Practitioner/here", content=codec.write({**here, "active": True}))

    assert await statuses(pushing, whole(active=False)) == ["200", "201", "201"]

    [entry] = (await pushing.get("/fhir/Observation")).json()["entry"]
    assert entry["resource"]["performer"] == [{"reference": "Practitioner/here"}]
    assert (await pushing.get("/fhir/Practitioner/here")).json()["active"] is True


async def test_another_bundle_brings_another_specimen(pushing: httpx.AsyncClient) -> None:
    await statuses(pushing, whole())
    other = codec.read(whole())
    other["entry"][1]["resource"]["type"] = {"text": "urines"}
    other["entry"][2]["resource"]["identifier"][0]["value"] = "L2^C3"

    assert await statuses(pushing, codec.write(other)) == ["200", "201", "201"]
    assert await total(pushing, "Specimen") == 2


async def test_without_a_senders_result_the_same_bundle_is_plain_fhir(pushing: httpx.AsyncClient) -> None:
    bundle = codec.read(whole())
    bundle["entry"] = bundle["entry"][:2]

    for _ in range(2):
        assert await statuses(pushing, codec.write(bundle)) == ["201", "201"]


def bundle(*resources: Json, names: tuple[str, ...] = ()) -> bytes:
    """A transaction that creates these, the first of them under these names."""
    entries: list[Json] = [
        {"resource": one, "request": {"method": "POST", "url": one["resourceType"]}} for one in resources
    ]
    for entry, name in zip(entries, names, strict=False):
        entry["fullUrl"] = name
    return codec.write({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def specimen(text: str, **said: Any) -> Json:
    return {
        "resourceType": "Specimen",
        "subject": {"reference": "Patient/p1"},
        "type": {"text": text},
        **said,
    }


async def test_what_says_something_about_a_patient_is_stored_whatever_it_bears(
    pushing: httpx.AsyncClient,
) -> None:
    for number, severity in enumerate(("mild", "severe")):
        event = {
            "resourceType": "AdverseEvent",
            "identifier": {"system": "urn:oid:2.999.1", "value": "AE-1"},
            "actuality": "actual",
            "subject": {"reference": "Patient/p1"},
            "severity": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/adverse-event-severity",
                        "code": severity,
                    }
                ]
            },
        }
        assert await statuses(pushing, bundle(event, result(f"L{number}"))) == ["201", "201"]

    order = [{"system": "urn:oid:2.999.2", "value": "ACC-1"}]
    two = [result(identifier=order), result(identifier=order, status="amended")]
    assert await statuses(pushing, bundle(*two, result("L3"))) == ["201", "201", "201"]
    assert [await total(pushing, kind) for kind in ("AdverseEvent", "Observation")] == [2, 5]


async def test_two_specimens_of_one_number_are_two(pushing: httpx.AsyncClient) -> None:
    number = [{"system": "urn:oid:2.999.3", "value": "ACC-9"}]
    both = [specimen("sérum", identifier=number), specimen("urines", identifier=number)]

    assert await statuses(pushing, bundle(*both, result())) == ["201", "201", "201"]
    assert await statuses(pushing, bundle(*both, result())) == ["200", "200", "200"]


async def test_the_answer_says_that_what_is_here_stays(pushing: httpx.AsyncClient) -> None:
    await statuses(pushing, whole(active=True))
    answer = await pushing.post("/fhir", content=whole(active=False))

    said = answer.json()["entry"][0]["response"]
    assert said["status"][:3] == "200"
    assert "stays as it is, though it differs in Practitioner.active" in codec.write(said).decode()


async def test_a_longer_message_brings_no_specimen_again(pushing: httpx.AsyncClient) -> None:
    name = f"urn:uuid:{uuid4()}"
    one, other = (result(f"L{number}", specimen={"reference": name}) for number in (1, 2))

    assert await statuses(pushing, bundle(specimen("sérum"), one, names=(name,))) == ["201", "201"]
    longer = bundle(specimen("sérum"), one, other, names=(name,))
    assert await statuses(pushing, longer) == ["200", "200", "201"]


async def test_a_tube_without_a_word_of_its_own_is_its_patients_and_its_days(
    pushing: httpx.AsyncClient,
) -> None:
    await pushing.put("/fhir/Patient/p2", content=b'{"resourceType":"Patient","id":"p2"}')
    tube = {"resourceType": "Specimen", "type": {"text": "sérum"}}
    name = f"urn:uuid:{uuid4()}"
    about: list[Json] = [
        {"subject": {"reference": "Patient/p1"}},
        {"subject": {"reference": "Patient/p2"}},
        {"effectiveDateTime": "2021-10-14T08:05:00+02:00"},
    ]
    for number, said in enumerate(about):
        one = result(f"L{number}", specimen={"reference": name}, **said)
        assert await statuses(pushing, bundle(tube, one, names=(name,))) == ["201", "201"]

    assert await total(pushing, "Specimen") == 3


async def test_two_that_one_stored_one_bears_are_that_one(pushing: httpx.AsyncClient) -> None:
    numbers = [{"system": f"urn:oid:2.999.{number}", "value": "1"} for number in (4, 5)]
    await pushing.post(
        "/fhir/Practitioner", content=codec.write({"resourceType": "Practitioner", "identifier": numbers})
    )
    two = [{"resourceType": "Practitioner", "identifier": [number]} for number in numbers]

    assert await statuses(pushing, bundle(*two, result())) == ["200", "200", "201"]
    assert await total(pushing, "Practitioner") == 1


async def test_a_number_without_an_end_is_taken(pushing: httpx.AsyncClient) -> None:
    long = "".join(str(uuid4()) for _ in range(250))
    tube = specimen("sérum", identifier=[{"system": f"urn:x:{long}", "value": long}])
    coded = result(code={"coding": [{"system": f"urn:x:{long}", "code": "x"}]})

    assert await statuses(pushing, bundle(tube, coded)) == ["201", "201"]
    assert await statuses(pushing, bundle(tube, coded)) == ["200", "200"]
