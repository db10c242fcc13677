"""Two hospitals that push a few synthetic results to the demonstration: the inbox has something to tell.

Nobody in the trials is meant: their answers stay as they are.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import httpx

from app.fhir_mapping import codec
from app.fhir_mapping.sender import Sender
from app.store.senders import listed, register
from app.store.session import Store

Json = dict[str, Any]

CHU_A: Final = Sender(
    name="chu-a",
    systems=("urn:oid:2.999.1.1",),
    code_systems=("urn:oid:2.999.1.2",),
    unit_system="https://chu-a.example/units",
    subject_system="urn:oid:2.999.1.3",
    applications=("LAB|CHU-A",),
    silent_after=24 * 60,
)
CHU_B: Final = Sender(
    name="chu-b",
    systems=("urn:oid:2.999.2.1",),
    subject_system="urn:oid:2.999.2.3",
    applications=("GLIMS|CHU-B",),
    time_zone="Indian/Reunion",
)
SYNTHETIC: Final = {"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}
_HEADERS: Final = {"Content-Type": "application/fhir+json"}
_LOINC, _UCUM = "http://loinc.org", "http://unitsofmeasure.org"
_SODIUM: Final = {"system": _LOINC, "code": "2951-2"}
_ANSWERED: Final = (httpx.codes.OK, httpx.codes.CREATED, httpx.codes.ACCEPTED)


async def push(client: httpx.AsyncClient, store: Store, *, at: datetime) -> int:
    """Register the hospitals and push what they push, once; how many requests were taken in."""
    there = await client.get("/fhir/ConceptMap/chu-a-codes")
    if there.status_code in (httpx.codes.OK, httpx.codes.GONE):
        return 0
    registered = {sender.name for sender in await listed(store)}
    for sender in (CHU_A, CHU_B):
        if sender.name not in registered:
            await register(store, sender, at=at)
    store.desk.expire()
    done = 0
    for method, address, document, number in _requests():
        said = _HEADERS | {"X-Correlation-Id": number}
        content = codec.write(document | {"meta": {"tag": [SYNTHETIC]}})
        answer = await client.request(method, f"/fhir/{address}", content=content, headers=said)
        done += answer.status_code in _ANSWERED
    return done


def _requests() -> Iterator[tuple[str, str, Json, str]]:
    """Method, address, document and the number of the message."""
    yield "PUT", "Patient/chu-patient", _patient(), "chu-a-0"
    yield "PUT", "ConceptMap/chu-a-codes", _codes(), "chu-a-1"
    local = {"system": CHU_A.code_systems[0], "code": "NA", "display": "Sodium"}
    unit = {"value": 139, "unit": "mmol/l"}
    first = _result(CHU_A, "A-8801", local, unit)
    unknown = {"system": CHU_A.code_systems[0], "code": "FIBR", "display": "Fibrinogène"}
    yield "POST", "Observation", first, "chu-a-2"
    yield "POST", "Observation", first, "chu-a-3"  # the same again: a replay
    yield "POST", "Observation", _result(CHU_A, "A-8802", unknown, {"value": 3, "unit": "g/L"}), "chu-a-4"
    somebody = _result(CHU_A, "A-8803", local, unit, subject="not-registered-yet")
    yield "POST", "Observation", somebody, "chu-a-5"  # parked
    ucum = {"value": 141, "unit": "mmol/L", "system": _UCUM, "code": "mmol/L"}
    yield "POST", "Observation", _result(CHU_B, "B-1", _SODIUM, ucum, status="preliminary"), "chu-b-1"
    yield "POST", "Observation", _result(CHU_B, "B-1", _SODIUM, ucum | {"value": 140}), "chu-b-2"


def _patient() -> Json:
    pseudonym = {"system": CHU_B.subject_system, "value": "B-001"}
    return {
        "resourceType": "Patient",
        "id": "chu-patient",
        "identifier": [pseudonym],
        "gender": "female",
        "birthDate": "1984",
    }


def _codes() -> Json:
    """What chu-a's codes and units mean; of fibrinogen it says nothing yet."""
    return {
        "resourceType": "ConceptMap",
        "id": "chu-a-codes",
        "url": "https://chu-a.example/fhir/ConceptMap/codes",
        "version": "1",
        "status": "active",
        "group": [
            _group(CHU_A.code_systems[0], _LOINC, "NA", "2951-2"),
            _group(CHU_A.unit_system, _UCUM, "mmol/l", "mmol/L"),
        ],
    }


def _group(source: str | None, target: str, code: str, meaning: str) -> Json:
    same = {"code": meaning, "equivalence": "equivalent"}
    return {"source": source, "target": target, "element": [{"code": code, "target": [same]}]}


def _result(
    sender: Sender,
    number: str,
    code: Json,
    quantity: Json,
    *,
    subject: str = "chu-patient",
    status: str = "final",
) -> Json:
    return {
        "resourceType": "Observation",
        "identifier": [{"system": sender.systems[0], "value": number}],
        "status": status,
        "code": {"coding": [code]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": "2022-09-12T08:10:00+02:00",
        "issued": f"2022-09-12T{'10' if status == 'preliminary' else '12'}:00:00+02:00",
        "valueQuantity": quantity,
    }
