"""The types this service speaks, in the order the Swagger page shows them.

A new mapped type is one more file and one more line here; a kept one is a declaration in `kept`.
"""

from typing import Final

from app.fhir_mapping.adverse_event import ADVERSE_EVENT
from app.fhir_mapping.condition import CONDITION
from app.fhir_mapping.consent import CONSENT
from app.fhir_mapping.kept import KEPT
from app.fhir_mapping.medication_administration import MEDICATION_ADMINISTRATION
from app.fhir_mapping.medication_statement import MEDICATION_STATEMENT
from app.fhir_mapping.observation import OBSERVATION
from app.fhir_mapping.patient import PATIENT
from app.fhir_mapping.procedure import PROCEDURE
from app.fhir_mapping.research_study import RESEARCH_STUDY
from app.fhir_mapping.research_subject import RESEARCH_SUBJECT
from app.fhir_mapping.resource import Resource

MAPPED: Final[dict[str, Resource]] = {
    resource.name: resource
    for resource in (
        RESEARCH_SUBJECT,
        OBSERVATION,
        ADVERSE_EVENT,
        MEDICATION_ADMINISTRATION,
        MEDICATION_STATEMENT,
        CONDITION,
        PROCEDURE,
        CONSENT,
        PATIENT,
        RESEARCH_STUDY,
    )
}
"""The types of which trial records are made: answers rest on these, and references to them lead somewhere."""

RESOURCES: Final[dict[str, Resource]] = MAPPED | {resource.name: resource for resource in KEPT}
