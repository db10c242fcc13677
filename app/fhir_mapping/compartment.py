"""The Patient compartment: what is about a patient, type by type (`Patient/{id}/Observation`).

Source: https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from typing import Final

from app.fhir_mapping.query import AnyOf, Clause, Condition, ReferenceValue, TokenValue
from app.fhir_mapping.resource import Resource, SearchKind, SearchParameter

PATIENT: Final = {
    "AdverseEvent": ("subject",),
    "Condition": ("patient", "asserter"),
    "Consent": ("patient",),
    "DiagnosticReport": ("subject",),
    "Encounter": ("patient",),
    "MedicationAdministration": ("patient", "performer", "subject"),
    "MedicationStatement": ("subject",),
    "Observation": ("subject", "performer"),
    "Patient": ("_id", "link"),
    "Procedure": ("patient", "performer"),
    "QuestionnaireResponse": ("subject", "author"),
    "ResearchSubject": ("individual",),
    "ServiceRequest": ("subject", "performer"),
    "Specimen": ("subject",),
}
"""The parameters by which a resource of a type belongs to a patient; the patient is of their own."""


def compartment(resource: Resource, patient_id: str) -> Condition | None:
    """That a resource of this type is about a patient; None where the type is outside the compartment."""
    parameters = [resource.parameter(name) for name in PATIENT.get(resource.name, ())]
    held = tuple(_named(parameter, patient_id) for parameter in parameters if parameter is not None)
    if len(held) == 1:
        return held[0]
    return AnyOf(held) if held else None


def _named(parameter: SearchParameter, patient_id: str) -> Clause:
    if parameter.kind is SearchKind.REFERENCE:
        return Clause(parameter, (ReferenceValue("Patient", patient_id),))
    return Clause(parameter, (TokenValue(None, patient_id),))
