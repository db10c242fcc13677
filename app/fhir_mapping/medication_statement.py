"""MedicationStatement: what a patient is said to have taken: corticosteroids, immunosuppressants, before and after.

It is counted beside the administrations: on a day with a MedicationAdministration of a drug, a statement on
the same drug says nothing more. The infusion that is day 0 is always a MedicationAdministration.

| FHIR element | trial store (`medication_statement`) | note |
|---|---|---|
| `status` | `status` | active, completed and stopped count; not-taken, intended, on-hold, unknown and entered-in-error never |
| `statusReason` | `status_reason` | why it was stopped or changed, such as a failure |
| `medicationCodeableConcept`, or a contained Medication | `system`, `code`, `text` | every coding is kept; ATC for drugs |
| `subject` | `patient_id` | the Patient |
| extension `workflow-researchStudy` | `study_id` | |
| `effectiveDateTime`, `effectivePeriod` | `started`, `ended`, `first_day`, `last_day` | as written, and as days in Paris; what is `active` has no end yet |
| `dosage` | `rate`, `rate_unit` | dose × frequency, such as `10 mg/d`; several entries (morning, evening) add up |
| `dosage.doseAndRate.doseQuantity` without `timing` | `dose`, `dose_unit` | one dose |
| `dosage.route`, `reasonCode` | | codes |
| `reasonReference` | | the Condition or other it was taken for |

The amount is left open, and a decision that needs it asks for it, where `dosage` cannot be read for sure: taken
as needed, a dose range, a frequency from-to, entries that follow one another, or bounds other than the period.
"""  # noqa: E501 - a table

from app.clinical.records import Administration, Coding, Source
from app.fhir_mapping.datatypes import (
    all_codings,
    codings,
    concept_text,
    extension,
    reference_texts,
    target_id,
)
from app.fhir_mapping.dosage import is_as_needed, taken
from app.fhir_mapping.extensions import RESEARCH_STUDY
from app.fhir_mapping.medication import product, when
from app.fhir_mapping.resource import Column, Document, Resource
from app.fhir_mapping.standard import of_study, standard


def to_records(document: Document, source: Source) -> tuple[Administration]:
    """What was taken, when, and how much."""
    said, dosages = product(document), document.get("dosage", ())
    amount = taken(dosages, document.get("effectivePeriod"))
    study = extension(document, RESEARCH_STUDY) or {}
    return (
        Administration(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            study=target_id(study.get("valueReference"), "ResearchStudy"),
            status=document.get("status", ""),
            codings=codings(said),
            text=concept_text(said),
            period=when(document),
            has_period="effectivePeriod" in document,
            dose=amount.dose,
            dose_unit=amount.dose_unit,
            rate=amount.rate,
            rate_unit=amount.rate_unit,
            as_needed=any(map(is_as_needed, dosages)),
            routes=_routes(document),
            reasons=all_codings(document.get("reasonCode")),
            reason_references=reference_texts(document.get("reasonReference")),
            status_reasons=all_codings(document.get("statusReason")),
        ),
    )


def _routes(document: Document) -> tuple[Coding, ...]:
    """The routes of all entries, each once."""
    return tuple(dict.fromkeys(all_codings(dosage.get("route") for dosage in document.get("dosage", ()))))


MEDICATION_STATEMENT = Resource(
    name="MedicationStatement",
    about=__doc__,
    to_records=to_records,
    search=(
        *standard(
            "MedicationStatement",
            columns={
                "patient": Column.PATIENT,
                "subject": Column.PATIENT,
                "status": Column.STATUS,
                "effective": Column.DATE,
            },
            about={
                "category": "What kind of statement, such as inpatient or patientspecified.",
                "code": "What was taken, as coded in line.",
                "context": "The Encounter or EpisodeOfCare it was made in.",
                "effective": "When it was taken, or was not.",
                "identifier": "The statement's own number at the sender.",
                "medication": "What was taken, as a Medication.",
                "part-of": "The event it is part of.",
                "patient": "The Patient who took it.",
                "source": "Who said so.",
                "status": "Such as active, completed, stopped or not-taken.",
                "subject": "Who took it: a Patient or a Group.",
            },
        ),
        of_study("The study it was recorded for (extension workflow-researchStudy)."),
    ),
)
