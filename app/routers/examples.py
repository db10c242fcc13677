"""Bodies and ids for the Swagger page: each succeeds on the demonstration trial and disturbs none of it."""

from app.routers.example_bodies import BODIES, Body

__all__ = [
    "ASKED",
    "BATCH",
    "BODIES",
    "COMPARTMENTS",
    "PATCHED",
    "REFUSED",
    "SEARCHED",
    "STORED",
    "TRANSACTION",
]

STORED = {
    "ResearchSubject": "msc-sle-01",
    "Observation": "msc-sle-01-m6-pga",
    "AdverseEvent": "msc-sle-01-ae1",
    "MedicationAdministration": "msc-sle-01-infusion",
    "MedicationStatement": "msc-sle-04-prednisone-1",
    "Condition": "msc-sle-c03-lupus",
    "Procedure": "msc-sle-03-renal-biopsy",
    "Consent": "msc-sle-c03-consent",
    "Patient": "msc-sle-p01",
    "ResearchStudy": "msc-sle",
    "DiagnosticReport": "msc-sle-01-m6-report",
    "Specimen": "msc-sle-01-m6-blood",
    "ServiceRequest": "msc-sle-01-m6-order",
    "Encounter": "msc-sle-01-m6",
    "QuestionnaireResponse": "msc-sle-01-m6-fatigue",
    "Practitioner": "msc-sle-biologist",
    "PractitionerRole": "msc-sle-biologist-role",
    "Organization": "msc-sle-laboratory",
    "Medication": "msc-sle-cells",
    "Device": "msc-sle-analyser",
    "BiologicallyDerivedProduct": "msc-sle-batch",
    "ConceptMap": "msc-sle-laboratory-codes",
    "Provenance": "Observation.1.msc-sle-01-m6-pga",
}
"""By type, a resource of the demonstration trial: what a read shows."""

ASKED = {
    "$status": ("msc-sle-03", {"on": "2020-09-15"}),
    "$sri-status": ("msc-sle-01", {"visit": "M6"}),
    "$eligibility": ("msc-sle-c01", {"on": "2022-09-12"}),
    "$timeline": ("msc-sle-01", {"name": "assessment"}),
    "$impact": ("msc-sle-01", {"observation": "Observation/msc-sle-01-m6-pga"}),
    "$visit-matrix": ("msc-sle-01", {"visit": "M6", "on": "2020-01-15"}),
    "$steroid-exposure": ("msc-sle-01", {"visit": "M6"}),
    "$treatment-failure": ("msc-sle-01", {"name": "TF3"}),
    "$disease-activity": ("msc-sle-01", {"visit": "M6", "name": "selena-sledai"}),
    "$tolerance": ("msc-sle-03", {"visit": "M12"}),
    "$clinical-response": ("msc-sle-01", {"visit": "M6"}),
    "$biomarkers": ("msc-sle-01", {"visit": "M6", "name": "c3"}),
    "$survival": ("msc-sle-01", {}),
    "$status-history": ("msc-sle-01", {}),
    "$cell-dose": ("msc-sle-05", {}),
    "$dose-escalation": ("msc-sle", {}),
    "$safety-summary": ("msc-sle", {}),
    "$overdue": ("msc-sle", {"name": "report", "on": "2020-10-20"}),
    "$enrolment": ("msc-sle", {}),
    "$endpoint-summary": ("msc-sle", {"name": "sri", "visit": "M6"}),
    "$lastn": ("", {"max": "2"}),
    "$stats": (
        "",
        {"subject": "Patient/msc-sle-p01", "code": "http://loinc.org|4485-9", "statistic": "average"},
    ),
}
"""By operation, whom it is asked about, and with what."""

SEARCHED = {
    "AuditEvent": {"entity": "Observation/msc-sle-01-m6-pga", "action": "C"},
    "Provenance": {"target": "Observation/msc-sle-01-m6-pga"},
    "ResearchSubject": {"study": "ResearchStudy/msc-sle"},
    "Observation": {
        "patient": "Patient/msc-sle-p01",
        "code": "https://trialbridge.example/fhir/CodeSystem/score|pga",
    },
    "AdverseEvent": {"subject": "Patient/msc-sle-p01"},
    "MedicationAdministration": {"patient": "Patient/msc-sle-p01"},
    "MedicationStatement": {"patient": "Patient/msc-sle-p04"},
    "Condition": {"code": "http://snomed.info/sct|55464009"},
    "Procedure": {"patient": "Patient/msc-sle-p03"},
    "Consent": {"study": "ResearchStudy/msc-sle"},
    "Patient": {"gender": "female"},
    "ResearchStudy": {"identifier": "https://clinicaltrials.gov|NCT03562065"},
    "DiagnosticReport": {"patient": "Patient/msc-sle-p01", "code": "http://loinc.org|11502-2"},
    "Specimen": {"patient": "Patient/msc-sle-p01"},
    "ServiceRequest": {"patient": "Patient/msc-sle-p01", "status": "completed"},
    "Encounter": {"patient": "Patient/msc-sle-p01"},
    "QuestionnaireResponse": {"patient": "Patient/msc-sle-p01"},
    "Practitioner": {"identifier": "https://trialbridge.example/fhir/sid/professional|MSC-SLE-BIOLOGIST"},
    "PractitionerRole": {"organization": "Organization/msc-sle-laboratory"},
    "Organization": {"name": "laboratoire"},
    "Medication": {"status": "active"},
    "Device": {"status": "active"},
    "BiologicallyDerivedProduct": {"identifier": "https://trialbridge.example/fhir/sid/batch|MSC-SLE-BATCH"},
    "ConceptMap": {"source-system": "https://laboratory.example/codes"},
}
"""By type, a search that finds something there."""

COMPARTMENTS = {
    "MedicationStatement": "msc-sle-p04",
    "Condition": "msc-sle-pc03",
    "Procedure": "msc-sle-p03",
    "Consent": "msc-sle-pc03",
}
"""By type, the patient whose data show one, where the first patient has none."""

PATCHED: dict[str, tuple[str, str]] = {
    "ResearchSubject": ("/status", "off-study"),
    "Observation": ("/status", "final"),
    "AdverseEvent": ("/actuality", "actual"),
    "MedicationAdministration": ("/status", "completed"),
    "MedicationStatement": ("/status", "completed"),
    "Condition": ("/onsetDateTime", "2016"),
    "Procedure": ("/status", "completed"),
    "Consent": ("/status", "active"),
    "Patient": ("/gender", "female"),
    "ResearchStudy": ("/status", "completed"),
    "DiagnosticReport": ("/status", "final"),
    "Specimen": ("/status", "available"),
    "ServiceRequest": ("/status", "completed"),
    "Encounter": ("/status", "finished"),
    "QuestionnaireResponse": ("/status", "completed"),
    "Practitioner": ("/identifier/0/value", "MSC-SLE-BIOLOGIST"),
    "PractitionerRole": ("/organization/reference", "Organization/msc-sle-laboratory"),
    "Organization": ("/name", "Laboratoire de biochimie"),
    "Medication": ("/status", "active"),
    "Device": ("/status", "active"),
    "BiologicallyDerivedProduct": ("/status", "available"),
    "ConceptMap": ("/status", "active"),
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
