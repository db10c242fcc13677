"""One full document of each type of care beside the trial, and what each is found by."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from app.fhir_mapping.datatypes import LATEST, moment, span_bounds

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem/"
SNOMED = "http://snomed.info/sct"
ATC = "http://www.whocc.no/atc"
LOINC = "http://loinc.org"
STUDY_URL = "http://hl7.org/fhir/StructureDefinition/workflow-researchStudy"
CONSENT_URL = "http://hl7.org/fhir/StructureDefinition/consent-ResearchStudyContext"
OF_STUDY = {"url": STUDY_URL, "valueReference": {"reference": "ResearchStudy/msc-sle"}}


def concept(system: str, code: str, **more: Any) -> Json:
    return {"coding": [{"system": system, "code": code}], **more}


def milligrams(value: str) -> Json:
    return {"value": Decimal(value), "unit": "mg", "system": UCUM, "code": "mg"}


def every(*, times: int = 1, period: Any = 1, unit: str = "d", **more: Any) -> Json:
    """How often something is taken."""
    return {"repeat": {"frequency": times, "period": period, "periodUnit": unit, **more}}


STATEMENT: Json = {
    "resourceType": "MedicationStatement",
    "id": "ms-1",
    "extension": [OF_STUDY],
    "identifier": [{"system": "urn:statement", "value": "MS1"}],
    "partOf": [{"reference": "Observation/o-1"}],
    "status": "stopped",
    "statusReason": [concept(SNOMED, "182840001")],
    "category": concept(HL7 + "medication-statement-category", "outpatient"),
    "medicationCodeableConcept": concept(ATC, "H02AB07", text="prednisone"),
    "subject": {"reference": "Patient/p-014"},
    "context": {"reference": "Encounter/e"},
    "effectivePeriod": {"start": "2021-08-01", "end": "2021-09-30"},
    "informationSource": {"reference": "Patient/p-014"},
    "reasonCode": [concept(SNOMED, "55464009")],
    "dosage": [
        {
            "timing": every(times=1),
            "route": concept(SNOMED, "26643006"),
            "doseAndRate": [{"doseQuantity": milligrams("7.5")}],
        }
    ],
}
STATED_BY_REFERENCE: Json = {
    "resourceType": "MedicationStatement",
    "contained": [{"resourceType": "Medication", "id": "drug", "code": concept(ATC, "L04AX03")}],
    "status": "active",
    "medicationReference": {"reference": "#drug"},
    "subject": {"reference": "Patient/p-014"},
    "effectiveDateTime": "2021-08",
}
CONDITION: Json = {
    "resourceType": "Condition",
    "id": "c-1",
    "identifier": [{"system": "urn:condition", "value": "C1"}],
    "clinicalStatus": concept(HL7 + "condition-clinical", "inactive"),
    "verificationStatus": concept(HL7 + "condition-ver-status", "confirmed"),
    "category": [concept(HL7 + "condition-category", "problem-list-item")],
    "severity": concept(SNOMED, "24484000"),
    "code": concept(SNOMED, "46177005", text="end-stage renal disease"),
    "bodySite": [concept(SNOMED, "64033007")],
    "subject": {"reference": "Patient/p-014"},
    "encounter": {"reference": "Encounter/e"},
    "onsetDateTime": "2021-05-02",
    "abatementDateTime": "2022",
    "recordedDate": "2021-05-03",
    "asserter": {"reference": "Practitioner/d"},
    "stage": [{"summary": concept(SNOMED, "433146000")}],
    "evidence": [{"code": [concept(SNOMED, "4210003")], "detail": [{"reference": "Observation/o-1"}]}],
}
PROCEDURE: Json = {
    "resourceType": "Procedure",
    "id": "pr-1",
    "extension": [OF_STUDY],
    "identifier": [{"system": "urn:procedure", "value": "P1"}],
    "instantiatesCanonical": ["http://trial.example/PlanDefinition/dialysis|1"],
    "instantiatesUri": ["http://trial.example/sop/7"],
    "basedOn": [{"reference": "ServiceRequest/r"}],
    "partOf": [{"reference": "Procedure/pr-0"}],
    "status": "completed",
    "category": concept(SNOMED, "277132007"),
    "code": concept(SNOMED, "302497006"),
    "subject": {"reference": "Patient/p-014"},
    "encounter": {"reference": "Encounter/e"},
    "performedPeriod": {"start": "2021-05-04T08:00:00+02:00", "end": "2021-05-04T12:00:00+02:00"},
    "performer": [{"actor": {"reference": "Practitioner/d"}}],
    "location": {"reference": "Location/l"},
    "reasonCode": [concept(SNOMED, "46177005")],
    "reasonReference": [{"reference": "Condition/c-1"}, {"display": "uraemia"}],
}
CONSENT: Json = {
    "resourceType": "Consent",
    "id": "c-014",
    "identifier": [{"system": "urn:consent", "value": "K1"}],
    "status": "active",
    "scope": concept(HL7 + "consentscope", "research"),
    "category": [concept(LOINC, "59284-0")],
    "patient": {"reference": "Patient/p-014"},
    "dateTime": "2021-03-02T09:30:00+01:00",
    "performer": [{"reference": "Patient/p-014"}],
    "organization": [{"reference": "Organization/sls"}],
    "sourceReference": {"reference": "DocumentReference/icf"},
    "policyRule": {"text": "ICF v3.0"},
    "provision": {
        "extension": [{"url": CONSENT_URL, "valueReference": {"reference": "ResearchStudy/msc-sle"}}],
        "type": "permit",
        "period": {"start": "2021-03-02"},
        "actor": [
            {"role": concept(HL7 + "v3-ParticipationType", "PRCP"), "reference": {"reference": "Group/g"}}
        ],
        "action": [concept(HL7 + "consentaction", "use")],
        "securityLabel": [{"system": HL7 + "v3-Confidentiality", "code": "R"}],
        "purpose": [{"system": HL7 + "v3-ActReason", "code": "HRESCH"}],
        "data": [{"meaning": "instance", "reference": {"reference": "Observation/o-1"}}],
    },
}
OF_CARE = (STATEMENT, STATED_BY_REFERENCE, CONDITION, PROCEDURE, CONSENT)


def _bounds(text: str) -> tuple[datetime, datetime]:
    found = span_bounds(moment(text))
    assert found is not None
    return found


_YEARS = {"value": 31, "unit": "years", "system": UCUM, "code": "a"}
AGED = {
    name: CONDITION[name]
    for name in ("resourceType", "subject", "code", "clinicalStatus", "verificationStatus")
}
FOUND_BY: list[tuple[Json, str, Any]] = [
    (STATEMENT, "category", [(HL7 + "medication-statement-category", "outpatient")]),
    (STATEMENT, "code", [(ATC, "H02AB07")]),
    (STATEMENT, "context", [("Encounter", "e")]),
    (STATEMENT, "effective", (_bounds("2021-08-01")[0], _bounds("2021-09-30")[1])),
    (STATEMENT, "identifier", [("urn:statement", "MS1")]),
    (STATED_BY_REFERENCE, "medication", [("", "#drug")]),
    (STATED_BY_REFERENCE, "effective", _bounds("2021-08")),
    (STATEMENT, "part-of", [("Observation", "o-1")]),
    (STATEMENT, "patient", "p-014"),
    (STATEMENT, "source", [("Patient", "p-014")]),
    (STATEMENT, "status", "stopped"),
    (STATEMENT, "subject", "p-014"),
    (STATEMENT, "study", "msc-sle"),
    (AGED | {"abatementAge": _YEARS}, "abatement-age", [(0, Decimal(31), "", UCUM, "a", "years", True)]),
    (AGED | {"abatementRange": {"low": _YEARS}}, "abatement-age", [(0, None, "", "", "", "", True)]),
    (CONDITION, "abatement-date", [_bounds("2022")]),
    (AGED | {"abatementString": "à l'été"}, "abatement-string", [("a l'ete", "à l'été")]),
    (CONDITION, "asserter", [("Practitioner", "d")]),
    (CONDITION, "body-site", [(SNOMED, "64033007")]),
    (CONDITION, "category", [(HL7 + "condition-category", "problem-list-item")]),
    (CONDITION, "clinical-status", [(HL7 + "condition-clinical", "inactive")]),
    (CONDITION, "code", [(SNOMED, "46177005")]),
    (CONDITION, "encounter", [("Encounter", "e")]),
    (CONDITION, "evidence", [(SNOMED, "4210003")]),
    (CONDITION, "evidence-detail", [("Observation", "o-1")]),
    (CONDITION, "identifier", [("urn:condition", "C1")]),
    (AGED | {"onsetAge": _YEARS}, "onset-age", [(0, Decimal(31), "", UCUM, "a", "years", True)]),
    (CONDITION, "onset-date", _bounds("2021-05-02")),
    (
        AGED | {"onsetPeriod": {"start": "2021", "end": "2022"}},
        "onset-date",
        (_bounds("2021")[0], _bounds("2022")[1]),
    ),
    (AGED | {"onsetString": "Enfance"}, "onset-info", [("enfance", "Enfance")]),
    (CONDITION, "patient", "p-014"),
    (CONDITION, "recorded-date", [_bounds("2021-05-03")]),
    (CONDITION, "severity", [(SNOMED, "24484000")]),
    (CONDITION, "stage", [(SNOMED, "433146000")]),
    (CONDITION, "subject", "p-014"),
    (CONDITION, "verification-status", [(HL7 + "condition-ver-status", "confirmed")]),
    (PROCEDURE, "based-on", [("ServiceRequest", "r")]),
    (PROCEDURE, "category", [(SNOMED, "277132007")]),
    (PROCEDURE, "code", [(SNOMED, "302497006")]),
    (PROCEDURE, "date", (_bounds("2021-05-04T08:00:00+02:00")[0], _bounds("2021-05-04T12:00:00+02:00")[1])),
    (PROCEDURE, "encounter", [("Encounter", "e")]),
    (PROCEDURE, "identifier", [("urn:procedure", "P1")]),
    (PROCEDURE, "instantiates-canonical", [("", "http://trial.example/PlanDefinition/dialysis")]),
    (PROCEDURE, "instantiates-uri", [("", "http://trial.example/sop/7")]),
    (PROCEDURE, "location", [("Location", "l")]),
    (PROCEDURE, "part-of", [("Procedure", "pr-0")]),
    (PROCEDURE, "patient", "p-014"),
    (PROCEDURE, "performer", [("Practitioner", "d")]),
    (PROCEDURE, "reason-code", [(SNOMED, "46177005")]),
    (PROCEDURE, "reason-reference", [("Condition", "c-1"), ("", "")]),
    (PROCEDURE, "status", "completed"),
    (PROCEDURE, "subject", "p-014"),
    (PROCEDURE, "study", "msc-sle"),
    (CONSENT, "action", [(HL7 + "consentaction", "use")]),
    (CONSENT, "actor", [("Group", "g")]),
    (CONSENT, "category", [(LOINC, "59284-0")]),
    (CONSENT, "consentor", [("Patient", "p-014")]),
    (CONSENT, "data", [("Observation", "o-1")]),
    (CONSENT, "date", _bounds("2021-03-02T09:30:00+01:00")),
    (CONSENT, "identifier", [("urn:consent", "K1")]),
    (CONSENT, "organization", [("Organization", "sls")]),
    (CONSENT, "patient", "p-014"),
    (CONSENT, "period", [(_bounds("2021-03-02")[0], LATEST)]),
    (CONSENT, "purpose", [(HL7 + "v3-ActReason", "HRESCH")]),
    (CONSENT, "scope", [(HL7 + "consentscope", "research")]),
    (CONSENT, "security-label", [(HL7 + "v3-Confidentiality", "R")]),
    (CONSENT, "source-reference", [("DocumentReference", "icf")]),
    (CONSENT, "status", "active"),
    (CONSENT, "study", "msc-sle"),
]
"""By document and parameter, the column's value or the rows of its table."""
