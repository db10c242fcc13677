"""Procedure: something done to the patient: a dialysis, a transplantation, a plasmapheresis, a biopsy.

| FHIR element | trial store (`procedure`) | note |
|---|---|---|
| `status` | `status` | completed, in-progress and stopped count |
| `code` | `system`, `code`, `text` | every coding is kept; SNOMED CT |
| `subject` | `patient_id` | the Patient |
| extension `workflow-researchStudy` | `study_id` | that it was done for the study |
| `performedDateTime`, `performedPeriod` | `started`, `ended`, `first_day`, `last_day` | as written, and as days in Paris |
| `reasonCode` | | codes: the reason is what makes it a treatment failure |
| `reasonReference` | | the Condition, Observation or other it was done for |

A time given as an age, a range or a text is kept and not known as a day.
"""  # noqa: E501 - a table

from app.clinical.care import Procedure
from app.clinical.records import Source
from app.fhir_mapping.datatypes import (
    all_codings,
    codings,
    concept_text,
    extension,
    reference_texts,
    target_id,
)
from app.fhir_mapping.extensions import RESEARCH_STUDY
from app.fhir_mapping.medication import when
from app.fhir_mapping.resource import Column, Document, Resource
from app.fhir_mapping.standard import of_study, standard


def to_records(document: Document, source: Source) -> tuple[Procedure]:
    """What was done, when, and why."""
    code = document.get("code")
    study = extension(document, RESEARCH_STUDY) or {}
    return (
        Procedure(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            study=target_id(study.get("valueReference"), "ResearchStudy"),
            status=document.get("status", ""),
            codings=codings(code),
            text=concept_text(code),
            period=when(document, "performed"),
            reasons=all_codings(document.get("reasonCode")),
            reason_references=reference_texts(document.get("reasonReference")),
        ),
    )


PROCEDURE = Resource(
    name="Procedure",
    about=__doc__,
    to_records=to_records,
    search=(
        *standard(
            "Procedure",
            columns={
                "patient": Column.PATIENT,
                "subject": Column.PATIENT,
                "status": Column.STATUS,
                "date": Column.DATE,
            },
            about={
                "based-on": "The request it carries out.",
                "category": "What kind of procedure it is.",
                "code": "What was done, such as a haemodialysis.",
                "date": "When it was done.",
                "encounter": "The Encounter it was done in.",
                "identifier": "The procedure's own number at the sender.",
                "instantiates-canonical": "The FHIR protocol it follows.",
                "instantiates-uri": "The protocol elsewhere it follows.",
                "location": "Where it was done.",
                "part-of": "The event it is part of.",
                "patient": "The Patient it was done to.",
                "performer": "Who did it.",
                "reason-code": "Why it was done.",
                "reason-reference": "What it was done for.",
                "status": "Such as completed, in-progress or not-done.",
                "subject": "Whom it was done to: a Patient or a Group.",
            },
        ),
        of_study("The study it was done for (extension workflow-researchStudy)."),
    ),
)
