"""ResearchSubject: one patient's part in one study, from screening to the end of follow-up.

| FHIR element | trial store (`subject`) | note |
|---|---|---|
| `id` | `id` | what the operations are asked of |
| `identifier` | `code` | the first one; the subject's pseudonymous number |
| `individual` | `patient_id` | the Patient |
| `study` | `study_id` | the ResearchStudy |
| `status` | `status` | never changed by a computed answer; changes step by step, as below |
| extension `state-reason` | | why the subject came into the status |
| extension `state-date` | | the day of it |
| `period` | `period_start`, `period_end` | as written |
| `assignedArm`, `actualArm` | `assigned_arm`, `actual_arm` | names of arms of the study |
| `consent` | | the Consent referred to |

A subject may be created with any status, for a running trial is imported as it stands. An update that
changes the status has to be a step of R4's states (`$status-history` names those that may follow) and says
why and when, in the extensions `state-reason` (a CodeableConcept, such as a code of our `state-reason`, or
a text) and `state-date` under `https://trialbridge.example/fhir/StructureDefinition/`. Nobody comes on the
study (`on-study`, `on-study-intervention`, `on-study-observation`) without a Consent in force on that day
(the one named by `consent`, else any to this study or to research at large), or where none settles it an
investigator's attestation `consent-signed`. `off-study` and `withdrawn` are final. A status that was entered
by mistake is taken back with the reason `correction`. A subject that was deleted comes back in its last
status, or by a step from it. A patient has at most one part in one
study that goes on (`pending-on-study`, the three on the study, `follow-up`).
"""

from app.clinical.records import Enrolment, Source
from app.fhir_mapping import subject_state
from app.fhir_mapping.datatypes import identifiers, meant_span, period, target_id
from app.fhir_mapping.extensions import SITE_PATH
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import standard


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
            consent=subject_state.consent(document),
            since=subject_state.since(document),
            why=subject_state.why(document),
            corrects=subject_state.corrects(document),
        ),
    )


RESEARCH_SUBJECT = Resource(
    name="ResearchSubject",
    about=__doc__,
    to_records=to_records,
    search=(
        *standard(
            "ResearchSubject",
            columns={
                "patient": Column.PATIENT,
                "individual": Column.PATIENT,
                "study": Column.STUDY,
                "status": Column.STATUS,
                "date": Column.DATE,
            },
            about={
                "identifier": "The subject's pseudonymous number.",
                "patient": "The Patient who takes part.",
                "individual": "The Patient who takes part (the same as `patient`).",
                "study": "The study.",
                "status": "Where the subject stands, such as candidate, on-study or withdrawn.",
                "date": "From when to when the subject takes part.",
            },
        ),
        SearchParameter(
            name="arm",
            kind=SearchKind.TOKEN,
            paths=("assignedArm", "actualArm"),
            about="The name of the arm the subject was assigned to or followed.",
        ),
        SearchParameter(
            name="site",
            kind=SearchKind.TOKEN,
            paths=(SITE_PATH,),
            about="The site the subject comes from, by its tag in `meta.security`.",
        ),
    ),
)
