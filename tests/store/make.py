"""Small documents for the store's tests, and the changes that store them."""

from datetime import datetime
from typing import Any
from uuid import uuid4

from app.clinical.history import History
from app.fhir_mapping import codec
from app.fhir_mapping.change import Delete, Put
from app.fhir_mapping.registry import RESOURCES
from app.store.records import recorded
from app.store.session import Store
from app.store.visibility import Visibility

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
SITE = "https://trialbridge.example/fhir/CodeSystem/site"


def patient(*, site: str | None = None) -> dict[str, Any]:
    document: dict[str, Any] = {"resourceType": "Patient", "gender": "female", "birthDate": "1986"}
    if site is not None:
        document["meta"] = {"security": [{"system": SITE, "code": site}]}
    return document


def study() -> dict[str, Any]:
    return {
        "resourceType": "ResearchStudy",
        "status": "active",
        "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
    }


def subject(of: str, *, study: str = "s1") -> dict[str, Any]:
    return {
        "resourceType": "ResearchSubject",
        "status": "on-study",
        "study": {"reference": f"ResearchStudy/{study}"},
        "individual": {"reference": f"Patient/{of}"},
    }


def c3(of: str, value: str = "0.71", *, on: str = "2021-09-14", status: str = "final") -> bytes:
    """A complement C3 in g/L, its digits as given."""
    return (
        b'{"resourceType":"Observation","status":"' + status.encode() + b'",'
        b'"identifier":[{"system":"urn:oid:1.2.250.1.0.99.1","value":"' + uuid4().hex.encode() + b'"}],'
        b'"code":{"coding":[{"system":"http://loinc.org","code":"4485-9"},'
        b'{"system":"urn:oid:1.2.250.1.0.99.2","code":"C3N"}]},'
        b'"subject":{"reference":"Patient/' + of.encode() + b'"},'
        b'"effectiveDateTime":"' + on.encode() + b'",'
        b'"valueQuantity":{"value":' + value.encode() + b',"unit":"g/L",'
        b'"system":"http://unitsofmeasure.org","code":"g/L"}}'
    )


def put(document: dict[str, Any] | bytes, name: str | None = None, **more: Any) -> Put:
    """Store this; under a fresh id unless one is named."""
    raw = document if isinstance(document, bytes) else codec.write(document)
    read = codec.read(raw)
    return Put(
        resource=RESOURCES[read["resourceType"]],
        id=name or uuid4().hex,
        raw=raw,
        document=read,
        fresh=name is None,
        **more,
    )


def delete(kind: str, name: str, **more: Any) -> Delete:
    """Delete this."""
    return Delete(resource=RESOURCES[kind], id=name, **more)


async def of_subject(store: Store, visibility: Visibility, name: str, as_of: datetime | None) -> History:
    """What is recorded of a subject; refused as `recorded` refuses."""
    return (await recorded(store, visibility, name, as_of)).history
