"""Consent: that a patient agreed to take part in a study, or withdrew.

| FHIR element | trial store (`consent`) | note |
|---|---|---|
| `status` | `status` | only `active` holds; a withdrawal is `inactive`, with a provision that denies |
| `scope` | `scope_system`, `scope` | `research` for a study |
| `patient` | `patient_id` | the Patient |
| `dateTime` | `signed`, `signed_day` | when it was given, as written |
| `provision.type` | `provision` | permit or deny |
| `provision.period` | `started`, `ended` | as written |
| extension `consent-ResearchStudyContext`, of the provision or of the Consent | `study_id` | the study agreed to |

Who takes part in a study names the Consent in `ResearchSubject.consent`.
"""  # noqa: E501 - a table

from app.clinical.care import Consent
from app.clinical.records import Source
from app.fhir_mapping.datatypes import codings, extension, meant, meant_span, moment, period, target_id
from app.fhir_mapping.extensions import CONSENT_STUDY, CONSENT_STUDY_PATHS
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import standard


def to_records(document: Document, source: Source) -> tuple[Consent]:
    """Who agreed to what, and when."""
    provision = document.get("provision") or {}
    study = extension(provision, CONSENT_STUDY) or extension(document, CONSENT_STUDY) or {}
    return (
        Consent(
            source=source,
            patient=target_id(document.get("patient"), "Patient") or "",
            study=target_id(study.get("valueReference"), "ResearchStudy"),
            status=document.get("status", ""),
            scope=codings(document.get("scope")),
            when=meant(moment(document.get("dateTime"))),
            provision=provision.get("type"),
            period=meant_span(period(provision.get("period"))),
        ),
    )


CONSENT = Resource(
    name="Consent",
    about=__doc__,
    to_records=to_records,
    search=(
        *standard(
            "Consent",
            columns={"patient": Column.PATIENT, "status": Column.STATUS, "date": Column.DATE},
            about={
                "action": "What is agreed to or refused, such as collect or use.",
                "actor": "Whom the provision is about.",
                "category": "What kind of consent, such as a consent to research.",
                "consentor": "Who agreed.",
                "data": "The data it is about.",
                "date": "When it was given.",
                "identifier": "The consent's own number at the sender.",
                "organization": "Who keeps it.",
                "patient": "The Patient it is about.",
                "period": "How long it holds.",
                "purpose": "What for.",
                "scope": "What it is about: research, treatment, patient-privacy or adr.",
                "security-label": "The labels of what it is about.",
                "source-reference": "The form or questionnaire it was given on.",
                "status": "Such as active, inactive or rejected.",
            },
        ),
        SearchParameter(
            name="study",
            kind=SearchKind.REFERENCE,
            paths=CONSENT_STUDY_PATHS,
            column=Column.STUDY,
            targets=("ResearchStudy",),
            about="The study agreed to (extension consent-ResearchStudyContext).",
        ),
    ),
)
