"""ResearchSubject: one patient's part in one study, from screening to the end of follow-up.

| FHIR element | trial store (`subject`) | note |
|---|---|---|
| `id` | `id` | what the operations are asked of |
| `identifier` | `code` | the first one; the subject's pseudonymous number |
| `individual` | `patient_id` | the Patient |
| `study` | `study_id` | the ResearchStudy |
| `status` | `status` | never changed by a computed answer |
| `period` | `period_start`, `period_end` | as written |
| `assignedArm`, `actualArm` | `assigned_arm`, `actual_arm` | names of arms of the study |
| `consent` | | the Consent referred to |
"""

from typing import Any

from app.clinical.records import Enrolment, Source
from app.fhir_mapping.datatypes import identifiers, meant_span, period, target_id
from app.fhir_mapping.resource import IDENTITY, Column, Document, Resource, SearchKind, SearchParameter


def to_records(document: Document, source: Source) -> tuple[Enrolment]:
    """The patient's part in the study."""
    return (
        Enrolment(
            source=source,
            patient=target_id(document.get("individual"), "Patient") or "",
            study=target_id(document.get("study"), "ResearchStudy") or "",
            status=document.get("status", ""),
            period=meant_span(period(document.get("period"))),
            identifiers=identifiers(document.get("identifier")),
            assigned_arm=document.get("assignedArm"),
            actual_arm=document.get("actualArm"),
            consent=_literal(document.get("consent")),
        ),
    )


def _literal(reference: Any) -> str | None:
    return reference.get("reference") if isinstance(reference, dict) else None


RESEARCH_SUBJECT = Resource(
    name="ResearchSubject",
    about=__doc__,
    to_records=to_records,
    search=(
        *IDENTITY,
        SearchParameter(
            name="patient",
            kind=SearchKind.REFERENCE,
            paths=("individual",),
            column=Column.PATIENT,
            targets=("Patient",),
            about="The Patient who takes part.",
            url="http://hl7.org/fhir/SearchParameter/ResearchSubject-patient",
        ),
        SearchParameter(
            name="individual",
            kind=SearchKind.REFERENCE,
            paths=("individual",),
            column=Column.PATIENT,
            targets=("Patient",),
            about="The Patient who takes part (the same as `patient`).",
            url="http://hl7.org/fhir/SearchParameter/ResearchSubject-individual",
        ),
        SearchParameter(
            name="study",
            kind=SearchKind.REFERENCE,
            paths=("study",),
            column=Column.STUDY,
            targets=("ResearchStudy",),
            about="The study.",
            url="http://hl7.org/fhir/SearchParameter/ResearchSubject-study",
        ),
        SearchParameter(
            name="status",
            kind=SearchKind.TOKEN,
            paths=("status",),
            column=Column.STATUS,
            about="Where the subject stands, such as candidate, on-study or withdrawn.",
            url="http://hl7.org/fhir/SearchParameter/ResearchSubject-status",
        ),
        SearchParameter(
            name="date",
            kind=SearchKind.DATE,
            paths=("period",),
            column=Column.DATE,
            about="From when to when the subject takes part.",
            url="http://hl7.org/fhir/SearchParameter/ResearchSubject-date",
        ),
    ),
)
