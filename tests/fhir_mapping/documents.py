"""One full document of each mapped type, valid R4, for tests to read, to change and to break."""

from decimal import Decimal
from typing import Any

from app.clinical.codes import BASE as CODES
from app.clinical.records import Source
from tests.fhir_mapping.care_documents import OF_CARE

HERE = "http://trial.example/fhir"
UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
NCIT = "http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl"
SCORE = CODES + "score"
STUDY_URL = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
VISIT_URL = "https://trialbridge.example/fhir/StructureDefinition/visit"
GRADE_URL = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade"

Json = dict[str, Any]


def concept(system: str, code: str, **more: Any) -> Json:
    return {"coding": [{"system": system, "code": code}], **more}


def quantity(value: str | int, unit: str, **more: Any) -> Json:
    number = Decimal(value) if isinstance(value, str) else value
    return {"value": number, "unit": unit, "system": UCUM, "code": unit, **more}


def source(kind: str) -> Source:
    return Source(kind, "x", 1)


META = {"security": [{"system": CODES + "site", "code": "SLS"}]}

PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p-014",
    "meta": META,
    "identifier": [{"system": "urn:trial:subject", "value": "MSCSLE-SLS-014"}],
    "gender": "female",
    "birthDate": "1985",
    "deceasedDateTime": "2024-02",
    "managingOrganization": {"reference": "Organization/sls"},
}
RESEARCH_STUDY: Json = {
    "resourceType": "ResearchStudy",
    "id": "msc-sle-sls",
    "meta": META,
    "identifier": [{"system": "https://clinicaltrials.gov", "value": "NCT03562065"}],
    "title": "Étude MSC-SLE",
    "partOf": [{"reference": "ResearchStudy/msc-sle"}],
    "status": "active",
    "period": {"start": "2019-05-14"},
    "sponsor": {"reference": "Organization/aphp"},
    "arm": [{"name": "cohort-2e6"}, {"name": "cohort-4e6"}],
}
RESEARCH_SUBJECT: Json = {
    "resourceType": "ResearchSubject",
    "id": "s-014",
    "meta": META,
    "identifier": [{"system": "urn:trial:subject", "value": "MSCSLE-SLS-014"}],
    "status": "on-study",
    "period": {"start": "2021-03-02"},
    "study": {"reference": "ResearchStudy/msc-sle"},
    "individual": {"reference": "Patient/p-014"},
    "assignedArm": "cohort-2e6",
    "actualArm": "cohort-4e6",
    "consent": {"reference": "Consent/c-014"},
}
OBSERVATION: Json = {
    "resourceType": "Observation",
    "id": "lab-1",
    "meta": META,
    "extension": [
        {"url": STUDY_URL, "valueReference": {"reference": "ResearchStudy/msc-sle"}},
        {"url": VISIT_URL, "valueCode": "M6"},
    ],
    "identifier": [{"system": "urn:lab", "value": "L21^C3"}],
    "status": "corrected",
    "category": [concept(HL7 + "observation-category", "laboratory")],
    "code": {"coding": [{"system": LOINC, "code": "4485-9"}, {"system": "urn:lab:codes", "code": "C3N"}]},
    "subject": {"reference": "Patient/p-014"},
    "effectiveDateTime": "2021-09-14T08:05:00+02:00",
    "valueQuantity": quantity("71.0", "mg/dL", comparator="<"),
    "interpretation": [concept(HL7 + "v3-ObservationInterpretation", "L")],
    "referenceRange": [
        {"type": concept(HL7 + "referencerange-meaning", "therapeutic"), "low": quantity(1, "mg/dL")},
        {"low": {"value": 90}, "high": quantity("1.8", "g/L")},
    ],
}
SLEDAI: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": concept(SCORE, "selena-sledai"),
    "subject": {"reference": "Patient/p-014"},
    "effectivePeriod": {"start": "2021-09-14", "end": "2021-09-15"},
    "valueInteger": 6,
    "component": [
        {"code": concept(CODES + "sledai-item", "arthritis"), "valueBoolean": True},
        {"code": concept(CODES + "sledai-item", "fever"), "valueBoolean": False},
        {
            "code": concept(CODES + "sledai-item", "dna-binding"),
            "dataAbsentReason": concept(HL7 + "data-absent-reason", "not-performed"),
        },
    ],
}
BILAG: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": concept(SCORE, "bilag-classic"),
    "subject": {"reference": "Patient/p-014"},
    "effectiveDateTime": "2021-09",
    "component": [
        {
            "code": concept(CODES + "bilag-system", "renal"),
            "valueCodeableConcept": concept(CODES + "bilag-grade", "B"),
        },
        {
            "code": concept(CODES + "bilag-system", "vasculitis"),
            "valueCodeableConcept": concept(CODES + "bilag-grade", "E"),
        },
    ],
}
PGA: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": concept(SCORE, "pga"),
    "subject": {"reference": "Patient/p-014"},
    "effectiveDateTime": "2021-09-14",
    "valueQuantity": quantity("1.50", "{score}"),
}
POSITIVE: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": concept(LOINC, "8061-4"),
    "subject": {"reference": "Patient/p-014"},
    "valueCodeableConcept": concept(HL7 + "v3-ObservationInterpretation", "POS", text="positif"),
}
ADVERSE_EVENT: Json = {
    "resourceType": "AdverseEvent",
    "id": "ae-1",
    "meta": META,
    "extension": [{"url": GRADE_URL, "valueCodeableConcept": concept(NCIT, "C41340")}],
    "identifier": {"system": "urn:ae", "value": "AE1"},
    "actuality": "actual",
    "category": [concept(HL7 + "adverse-event-category", "product-use-error")],
    "event": concept(HL7 + "MDRAE", "10016256", text="asthénie"),
    "subject": {"reference": "Patient/p-014"},
    "date": "2021-03-16T12:00:00+01:00",
    "recordedDate": "2021-03-17",
    "resultingCondition": [{"reference": "Condition/fatigue"}],
    "seriousness": concept(HL7 + "adverse-event-seriousness", "Non-serious"),
    "severity": concept(HL7 + "adverse-event-severity", "severe"),
    "outcome": concept(HL7 + "adverse-event-outcome", "resolved"),
    "suspectEntity": [
        {
            "instance": {"reference": "MedicationAdministration/inf-1"},
            "causality": [
                {"assessment": concept(NCIT, "C53258"), "author": {"reference": "Practitioner/site"}},
                {"assessment": concept(NCIT, "C53257"), "author": {"reference": "Practitioner/sponsor"}},
                {"productRelatedness": "unlikely"},
            ],
        }
    ],
    "study": [{"reference": "ResearchStudy/msc-sle"}],
}
INFUSION: Json = {
    "resourceType": "MedicationAdministration",
    "id": "inf-1",
    "meta": META,
    "contained": [
        {
            "resourceType": "Medication",
            "id": "imp",
            "code": concept(CODES + "product", "uc-msc"),
            "batch": {"lotNumber": "UCL-UC-0007"},
        }
    ],
    "extension": [{"url": STUDY_URL, "valueReference": {"reference": "ResearchStudy/msc-sle"}}],
    "identifier": [{"system": "urn:infusion", "value": "INF1"}],
    "status": "completed",
    "medicationReference": {"reference": "#imp"},
    "subject": {"reference": "Patient/p-014"},
    "effectivePeriod": {"start": "2021-03-16T10:02:00+01:00", "end": "2021-03-16T10:47:00+01:00"},
    "dosage": {
        "route": concept("http://snomed.info/sct", "47625008"),
        "dose": {"value": Decimal("2.0"), "unit": "10^6 cells/kg", "system": UCUM, "code": "10*6/kg"},
    },
}
STEROID: Json = {
    "resourceType": "MedicationAdministration",
    "status": "completed",
    "medicationCodeableConcept": concept("http://www.whocc.no/atc", "H02AB07"),
    "subject": {"reference": "Patient/p-014"},
    "effectiveDateTime": "2021-03",
    "reasonCode": [concept("http://snomed.info/sct", "55464009")],
    "dosage": {"rateQuantity": {"value": Decimal("7.5"), "unit": "mg/j"}},
}
BY_REFERENCE: Json = {
    "resourceType": "MedicationAdministration",
    "meta": META,
    "status": "completed",
    "medicationReference": {"reference": "Medication/m-1"},
    "subject": {"reference": "Patient/p-014"},
    "effectiveDateTime": "2021-03-16",
}

ALL: tuple[Json, ...] = (
    PATIENT,
    RESEARCH_STUDY,
    RESEARCH_SUBJECT,
    OBSERVATION,
    SLEDAI,
    BILAG,
    PGA,
    POSITIVE,
    ADVERSE_EVENT,
    INFUSION,
    STEROID,
    BY_REFERENCE,
    *OF_CARE,
)
