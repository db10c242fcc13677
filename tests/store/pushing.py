"""Pushed results for tests of the store: what the door makes of them, without the door."""

from dataclasses import replace
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.change import Put
from app.fhir_mapping.identity import identity_of
from app.fhir_mapping.push import Message, Push
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.sender import Sender, Senders
from app.store.ids import new_id

LAB = Sender(name="lab-a", systems=("urn:oid:1.2.250.1.0.99.1",), code_systems=("urn:oid:1.2.250.1.0.99.2",))
SENDERS = Senders((LAB,))


def result(number: str = "L1^C3", **changes: Any) -> dict[str, Any]:
    """A complement C3 of a known patient, as a laboratory sends it."""
    document: dict[str, Any] = {
        "resourceType": "Observation",
        "identifier": [{"system": LAB.systems[0], "value": number}],
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "4485-9"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2021-09-14T08:05:00+02:00",
        "issued": "2021-09-14T10:00:00+02:00",
        "valueQuantity": {"value": 0.71, "unit": "g/L", "system": "http://unitsofmeasure.org", "code": "g/L"},
    }
    return {name: value for name, value in {**document, **changes}.items() if value is not None}


def put(document: dict[str, Any], *, own_id: str | None = None, message: Message | None = None) -> Put:
    """What stores it, marked as a push where it bears a sender's identifier."""
    raw = codec.write(document)
    kind = document["resourceType"]
    made = Put(
        resource=RESOURCES[kind],
        id=own_id or new_id(),
        raw=raw,
        document=codec.read(raw),
        fresh=own_id is None,
    )
    identity = identity_of(SENDERS, made.document)
    if identity is None:
        return made
    return replace(made, push=Push(sender=LAB.name, identity=identity, message=message or Message()))
