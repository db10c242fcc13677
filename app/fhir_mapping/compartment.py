"""The Patient compartment: what is about a patient, type by type (`Patient/{id}/Observation`).

Source: https://hl7.org/fhir/R4/compartmentdefinition-patient.html
"""

from typing import Final

from app.fhir_mapping.query import AnyOf, Clause, Condition, ReferenceValue
from app.fhir_mapping.resource import Resource

PATIENT: Final = {
    "AdverseEvent": ("subject",),
    "MedicationAdministration": ("patient", "performer", "subject"),
    "Observation": ("subject", "performer"),
    "Patient": ("link",),
    "ResearchSubject": ("individual",),
}
"""The parameters by which a resource of a type belongs to a patient."""


def compartment(resource: Resource, patient_id: str) -> Condition | None:
    """That a resource of this type is about a patient; None where the type is outside the compartment."""
    parameters = [resource.parameter(name) for name in PATIENT.get(resource.name, ())]
    value = ReferenceValue("Patient", patient_id)
    held = tuple(Clause(parameter, (value,)) for parameter in parameters if parameter is not None)
    if len(held) == 1:
        return held[0]
    return AnyOf(held) if held else None
