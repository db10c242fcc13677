"""A candidate for the Swagger page: somebody who is looked at for the trial and not stored."""

from decimal import Decimal
from typing import Any

_PATIENT = "urn:uuid:0b7f2a34-5d0c-4c7e-9a57-1c2d3e4f5a6b"


def _result(code: str, value: Any, unit: str) -> dict[str, Any]:
    quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit}
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": _PATIENT},
        "effectiveDateTime": "2022-09-05",
        "valueQuantity": quantity,
    }
    return {"resource": resource}


CANDIDATE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {
            "fullUrl": _PATIENT,
            "resource": {"resourceType": "Patient", "gender": "female", "birthDate": "1989"},
        },
        _result("777-3", 25, "10*9/L"),
        _result("718-7", Decimal("11.2"), "g/dL"),
    ],
}
"""A woman of 33 with few platelets, of whom little else is known: synthetic."""
