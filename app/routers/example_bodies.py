"""A body to create for each type, as the Swagger page offers it."""

from decimal import Decimal
from typing import Any

from app.routers.example_kept import KEPT_BODIES

Body = dict[str, Any]

_SYNTHETIC: Body = {
    "tag": [{"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}]
}
_PATIENT: Body = {"reference": "Patient/msc-sle-p08"}
_STUDY: Body = {"reference": "ResearchStudy/msc-sle"}


def _concept(system: str, code: str) -> Body:
    return {"coding": [{"system": system, "code": code}]}


BODIES: dict[str, Body] = {
    "ResearchSubject": {
        "resourceType": "ResearchSubject",
        "meta": _SYNTHETIC,
        "identifier": [{"system": "https://trialbridge.example/fhir/sid/subject", "value": "EXAMPLE-01"}],
        "status": "candidate",
        "study": _STUDY,
        "individual": _PATIENT,
    },
    "Observation": {
        "resourceType": "Observation",
        "meta": _SYNTHETIC,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7", "display": "Body weight"}]},
        "subject": _PATIENT,
        "effectiveDateTime": "2024-03-04T08:10:00+01:00",
        "valueQuantity": {
            "value": Decimal("61.50"),
            "unit": "kg",
            "system": "http://unitsofmeasure.org",
            "code": "kg",
        },
    },
    "AdverseEvent": {
        "resourceType": "AdverseEvent",
        "meta": _SYNTHETIC,
        "extension": [
            {
                "url": "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade",
                "valueCodeableConcept": {"coding": [{"code": "1"}], "text": "Grade 1"},
            }
        ],
        "actuality": "actual",
        "event": {"text": "Headache"},
        "subject": _PATIENT,
        "date": "2024-03-04",
        "seriousness": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness",
                    "code": "non-serious",
                }
            ]
        },
        "study": [_STUDY],
    },
    "MedicationAdministration": {
        "resourceType": "MedicationAdministration",
        "meta": _SYNTHETIC,
        "status": "completed",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01"}],
            "text": "Paracetamol",
        },
        "subject": _PATIENT,
        "effectiveDateTime": "2024-03-04T09:00:00+01:00",
        "dosage": {"dose": {"value": 500, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}},
    },
    "MedicationStatement": {
        "resourceType": "MedicationStatement",
        "meta": _SYNTHETIC,
        "status": "active",
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB07"}],
            "text": "Prednisone",
        },
        "subject": _PATIENT,
        "effectivePeriod": {"start": "2024-03-04"},
        "dosage": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [
                    {
                        "doseQuantity": {
                            "value": Decimal("7.5"),
                            "unit": "mg",
                            "system": "http://unitsofmeasure.org",
                            "code": "mg",
                        }
                    }
                ],
            }
        ],
    },
    "Condition": {
        "resourceType": "Condition",
        "meta": _SYNTHETIC,
        "clinicalStatus": _concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"),
        "verificationStatus": _concept(
            "http://terminology.hl7.org/CodeSystem/condition-ver-status", "confirmed"
        ),
        "code": {"text": "Migraine"},
        "subject": _PATIENT,
        "onsetDateTime": "2019",
    },
    "Procedure": {
        "resourceType": "Procedure",
        "meta": _SYNTHETIC,
        "status": "completed",
        "code": _concept("http://snomed.info/sct", "7246002"),
        "subject": _PATIENT,
        "performedDateTime": "2024-03-04",
    },
    "Consent": {
        "resourceType": "Consent",
        "meta": _SYNTHETIC,
        "status": "active",
        "scope": _concept("http://terminology.hl7.org/CodeSystem/consentscope", "research"),
        "category": [_concept("http://loinc.org", "59284-0")],
        "patient": _PATIENT,
        "dateTime": "2024-03-04T09:30:00+01:00",
        "policyRule": {"text": "Information and consent form, version 3.0"},
        "provision": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/consent-ResearchStudyContext",
                    "valueReference": _STUDY,
                }
            ],
            "type": "permit",
        },
    },
    "Patient": {
        "resourceType": "Patient",
        "meta": _SYNTHETIC,
        "identifier": [{"system": "https://trialbridge.example/fhir/sid/subject", "value": "EXAMPLE-01"}],
        "gender": "female",
        "birthDate": "1988",
    },
    "ResearchStudy": {
        "resourceType": "ResearchStudy",
        "meta": _SYNTHETIC,
        "identifier": [{"system": "https://trialbridge.example/fhir/sid/study", "value": "EXAMPLE"}],
        "title": "An example study",
        "status": "active",
    },
    **KEPT_BODIES,
}
"""By type, a body to create."""
