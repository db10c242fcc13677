"""Condition: a diagnosis or problem: the lupus itself, a neoplasm, an end-stage renal disease.

| FHIR element | trial store (`condition`) | note |
|---|---|---|
| `subject` | `patient_id` | the Patient |
| `code` | `system`, `code`, `text` | every coding is kept |
| `clinicalStatus` | `clinical` | active, recurrence, relapse, inactive, remission, resolved |
| `verificationStatus` | `verification` | refuted and entered-in-error never count |
| `onsetDateTime`, `onsetPeriod` | `onset`, `onset_day` | as written; of a period its start |
| `abatementDateTime`, `abatementPeriod` | `abated`, `abated_day` | as written; of a period its end |
| `recordedDate` | `recorded` | |

An onset or abatement given as an age, a range or a text is kept, searched by, and not known as a day.
"""

from typing import Any

from app.clinical.care import Condition
from app.clinical.records import Moment, Source
from app.fhir_mapping.datatypes import codings, concept_text, meant, moment, target_id
from app.fhir_mapping.resource import Column, Document, Resource
from app.fhir_mapping.standard import standard


def to_records(document: Document, source: Source) -> tuple[Condition]:
    """The diagnosis, since when, and until when."""
    code = document.get("code")
    return (
        Condition(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            codings=codings(code),
            text=concept_text(code),
            clinical=_first_code(document.get("clinicalStatus")),
            verification=_first_code(document.get("verificationStatus")),
            onset=_at(document, "onset", "start"),
            abatement=_at(document, "abatement", "end"),
            recorded=meant(moment(document.get("recordedDate"))),
        ),
    )


def _first_code(concept: Any) -> str | None:
    return next((coding.code for coding in codings(concept)), None)


def _at(document: Document, name: str, bound: str) -> Moment | None:
    """The moment of `onset[x]` or `abatement[x]`; of a Period the bound that says it."""
    span = document.get(f"{name}Period") or {}
    return meant(moment(document.get(f"{name}DateTime", span.get(bound))))


CONDITION = Resource(
    name="Condition",
    about=__doc__,
    to_records=to_records,
    search=standard(
        "Condition",
        columns={"patient": Column.PATIENT, "subject": Column.PATIENT, "onset-date": Column.DATE},
        about={
            "abatement-age": "The age at which it ended.",
            "abatement-date": "When it ended.",
            "abatement-string": "When it ended, in words.",
            "body-site": "Where in the body it is.",
            "category": "Such as problem-list-item or encounter-diagnosis.",
            "clinical-status": "Such as active, remission or resolved.",
            "code": "What it is, such as systemic lupus erythematosus.",
            "encounter": "The Encounter it was recorded in.",
            "evidence": "A sign or symptom it shows by.",
            "evidence-detail": "What it was concluded from.",
            "identifier": "The record's own number at the sender.",
            "onset-age": "The age at which it began.",
            "onset-date": "When it began.",
            "onset-info": "When it began, in words.",
            "patient": "The Patient who has it.",
            "recorded-date": "When it was first recorded.",
            "severity": "How severe it is.",
            "stage": "Its stage.",
            "subject": "Who has it: a Patient or a Group.",
            "verification-status": "Such as confirmed, provisional or refuted.",
        },
    ),
)
