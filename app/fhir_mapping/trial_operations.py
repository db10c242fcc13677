"""Every question of the trial, in the order the Swagger page shows them."""

from typing import Final

from app.fhir_mapping.check_operation import CHECK_ELIGIBILITY
from app.fhir_mapping.study_operations import (
    DOSE_ESCALATION,
    ENDPOINT_SUMMARY,
    ENROLMENT,
    OVERDUE,
    SAFETY_SUMMARY,
)
from app.fhir_mapping.subject_operations import (
    BIOMARKERS,
    CELL_DOSE,
    CLINICAL_RESPONSE,
    DISEASE_ACTIVITY,
    ELIGIBILITY,
    IMPACT,
    SRI_STATUS,
    STATUS,
    STATUS_HISTORY,
    STEROID_EXPOSURE,
    SURVIVAL,
    TIMELINE,
    TOLERANCE,
    TREATMENT_FAILURE,
    VISIT_MATRIX,
)

TRIAL_OPERATIONS: Final = (
    STATUS,
    STATUS_HISTORY,
    SRI_STATUS,
    ELIGIBILITY,
    CHECK_ELIGIBILITY,
    CLINICAL_RESPONSE,
    DISEASE_ACTIVITY,
    BIOMARKERS,
    STEROID_EXPOSURE,
    TREATMENT_FAILURE,
    TIMELINE,
    VISIT_MATRIX,
    IMPACT,
    ENDPOINT_SUMMARY,
    ENROLMENT,
    TOLERANCE,
    SURVIVAL,
    CELL_DOSE,
    DOSE_ESCALATION,
    SAFETY_SUMMARY,
    OVERDUE,
)
