"""A body to create for each kept type, as the Swagger page offers it."""

from typing import Any

Body = dict[str, Any]

_SYNTHETIC: Body = {
    "tag": [{"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}]
}
_PATIENT: Body = {"reference": "Patient/msc-sle-p08"}
_LABORATORY: Body = {"reference": "Organization/msc-sle-laboratory"}
_REPORT: Body = {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]}


def _made(kind: str, family: str, **said: Any) -> Body:
    """A synthetic resource with its own number at the hospital."""
    number = [{"system": f"https://trialbridge.example/fhir/sid/{family}", "value": "EXAMPLE"}]
    return {"resourceType": kind, "meta": _SYNTHETIC, "identifier": number, **said}


KEPT_BODIES: dict[str, Body] = {
    "DiagnosticReport": _made(
        "DiagnosticReport",
        "report",
        status="final",
        code=_REPORT,
        subject=_PATIENT,
        effectiveDateTime="2024-03-04T08:10:00+01:00",
        issued="2024-03-04T14:30:00+01:00",
        performer=[_LABORATORY],
        conclusionCode=[{"text": "Within the reference ranges"}],
    ),
    "Specimen": _made(
        "Specimen",
        "specimen",
        status="available",
        type={"coding": [{"system": "http://snomed.info/sct", "code": "119364003"}]},
        subject=_PATIENT,
        collection={"collectedDateTime": "2024-03-04T08:10:00+01:00"},
    ),
    "ServiceRequest": _made(
        "ServiceRequest",
        "order",
        status="completed",
        intent="order",
        code=_REPORT,
        subject=_PATIENT,
        authoredOn="2024-03-03",
    ),
    "Encounter": _made(
        "Encounter",
        "stay",
        **{"class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}},
        status="finished",
        subject=_PATIENT,
        period={"start": "2024-03-04", "end": "2024-03-04"},
    ),
    "QuestionnaireResponse": {
        "resourceType": "QuestionnaireResponse",
        "meta": _SYNTHETIC,
        "identifier": {"system": "https://trialbridge.example/fhir/sid/form", "value": "EXAMPLE"},
        "status": "completed",
        "subject": _PATIENT,
        "authored": "2024-03-04",
        "item": [{"linkId": "1", "text": "Fatigue, 0 to 10", "answer": [{"valueInteger": 3}]}],
    },
    "Practitioner": _made("Practitioner", "professional", active=True, gender="female"),
    "PractitionerRole": _made("PractitionerRole", "professional", active=True, organization=_LABORATORY),
    "Organization": _made("Organization", "organization", active=True, name="Laboratoire d'exemple"),
    "Medication": _made(
        "Medication",
        "product",
        status="active",
        code={"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB07"}]},
    ),
    "Device": _made("Device", "device", status="active", type={"text": "Analyser"}, owner=_LABORATORY),
    "BiologicallyDerivedProduct": _made(
        "BiologicallyDerivedProduct", "batch", productCategory="cells", status="available"
    ),
    "ConceptMap": {
        "resourceType": "ConceptMap",
        "meta": _SYNTHETIC,
        "identifier": {"system": "https://trialbridge.example/fhir/sid/map", "value": "EXAMPLE"},
        "url": "https://laboratory.example/fhir/ConceptMap/example",
        "status": "draft",
        "group": [
            {
                "source": "https://laboratory.example/example-codes",
                "target": "http://loinc.org",
                "element": [{"code": "POIDS", "target": [{"code": "29463-7", "equivalence": "equivalent"}]}],
            }
        ],
    },
}
"""By kept type, a body to create."""
