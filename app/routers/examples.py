"""Bodies and ids for the Swagger page: each succeeds on the demonstration trial and disturbs none of it."""

from decimal import Decimal
from typing import Any

Body = dict[str, Any]

STORED = {
    "ResearchSubject": "msc-sle-01",
    "Observation": "msc-sle-01-m6-pga",
    "AdverseEvent": "msc-sle-01-ae1",
    "MedicationAdministration": "msc-sle-01-infusion",
    "Patient": "msc-sle-p01",
    "ResearchStudy": "msc-sle",
}
"""By type, a resource of the demonstration trial: what a read shows."""

ASKED = {
    "$sri-status": ("msc-sle-01", {"visit": "M6"}),
    "$eligibility": ("msc-sle-c01", {"on": "2022-09-12"}),
    "$timeline": ("msc-sle-01", {"name": "assessment"}),
    "$lastn": ("", {"max": "2"}),
    "$stats": (
        "",
        {"subject": "Patient/msc-sle-p01", "code": "http://loinc.org|4485-9", "statistic": "average"},
    ),
}
"""By operation, whom it is asked about, and with what."""

SEARCHED = {
    "ResearchSubject": {"study": "ResearchStudy/msc-sle"},
    "Observation": {
        "patient": "Patient/msc-sle-p01",
        "code": "https://trialbridge.example/fhir/CodeSystem/score|pga",
    },
    "AdverseEvent": {"subject": "Patient/msc-sle-p01"},
    "MedicationAdministration": {"patient": "Patient/msc-sle-p01"},
    "Patient": {"gender": "female"},
    "ResearchStudy": {"identifier": "https://clinicaltrials.gov|NCT03562065"},
}
"""By type, a search that finds something there."""

_SYNTHETIC: Body = {
    "tag": [{"system": "https://trialbridge.example/fhir/CodeSystem/data-origin", "code": "synthetic"}]
}
_PATIENT: Body = {"reference": "Patient/msc-sle-p08"}
_STUDY: Body = {"reference": "ResearchStudy/msc-sle"}

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
}
"""By type, a body to create."""


PATCHED: dict[str, tuple[str, str]] = {
    "ResearchSubject": ("/status", "off-study"),
    "Observation": ("/status", "final"),
    "AdverseEvent": ("/actuality", "actual"),
    "MedicationAdministration": ("/status", "completed"),
    "Patient": ("/gender", "female"),
    "ResearchStudy": ("/status", "completed"),
}
"""By type, an element of the one in STORED and what it is there: a patch that leaves the trial as it is."""


def own_id(kind: str) -> str:
    """The id an example is stored under by PUT, so that trying it leaves the trial's resources alone."""
    return f"example-{kind.lower()}"


def to_update(kind: str) -> Body:
    """The body to store under `own_id`."""
    body = BODIES[kind]
    return {"resourceType": kind, "id": own_id(kind), **{name: body[name] for name in body}}


TRANSACTION: Body = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {
            "fullUrl": "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-6d9f6a1c2b3d",
            "resource": BODIES["Patient"],
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": {
                **BODIES["Observation"],
                "subject": {"reference": "urn:uuid:5f0c4a6e-0b1d-4f0e-9a57-6d9f6a1c2b3d"},
            },
            "request": {"method": "POST", "url": "Observation"},
        },
    ],
}
"""A new patient and a result of theirs, together or not at all."""

BATCH: Body = {
    "resourceType": "Bundle",
    "type": "batch",
    "entry": [
        {"request": {"method": "GET", "url": "Patient/msc-sle-p01"}},
        {"request": {"method": "GET", "url": "Observation?patient=Patient/msc-sle-p01&_count=3"}},
    ],
}
"""Two questions in one request."""

REFUSED: Body = {
    "resourceType": "OperationOutcome",
    "issue": [
        {
            "severity": "error",
            "code": "code-invalid",
            "diagnostics": "'done' is not one of the codes R4 allows here: amended, cancelled, corrected, …",
            "expression": ["Observation.status"],
        }
    ],
}
"""How a refusal looks."""
