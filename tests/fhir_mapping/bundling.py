"""Builders of Bundles that read aloud."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from app.fhir_mapping import codec
from app.fhir_mapping.intake import Intake
from app.fhir_mapping.transaction import Plan, plan
from tests.fhir_mapping.searching import BASE, OBSERVATION, PATIENT

RESOURCES = {resource.name: resource for resource in (OBSERVATION, PATIENT)}

Document = dict[str, Any]


def uuid(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def observation(*, of: str = "Patient/p-1", **members: Any) -> Document:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
        "subject": {"reference": of},
        **members,
    }


def patient(**members: Any) -> Document:
    return {"resourceType": "Patient", "gender": "female", **members}


def entry(method: str, url: str, resource: Document | None = None, **members: Any) -> Document:
    request = {"method": method, "url": url} | members.pop("request", {})
    return members | ({} if resource is None else {"resource": resource}) | {"request": request}


def bundle(*entries: Document, kind: str = "transaction") -> bytes:
    return codec.write({"resourceType": "Bundle", "type": kind} | ({"entry": entries} if entries else {}))


TAKING = Intake("accept")
"""A way in that looks at R4 and at the resource's own review."""


def numbered(beginning: str = "new") -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{beginning}-{next(numbers)}"


def read(raw: bytes) -> Plan:
    return plan(raw, resources=RESOURCES, new_id=numbered(), base=BASE, intake=TAKING, most=20)


transaction = partial(bundle, kind="transaction")
batch = partial(bundle, kind="batch")
