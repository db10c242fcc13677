"""AdverseEvent: what went wrong, how badly, how seriously, and what each assessor thinks caused it.

Severity (the CTCAE grade) and seriousness (SAE) are two facts; neither is ever derived from the other.

| FHIR element | trial store (`adverse_event`) | note |
|---|---|---|
| `subject` | `patient_id` | the Patient |
| `study` | `study_id` | the first one named |
| `actuality` | `actuality` | |
| `event` | `system`, `code`, `text` | MedDRA or NCIt; every coding is kept |
| `category` | | a MedDRA system organ class, or our `organ-class` |
| `date` (or extension `AdverseEvent.occurrence` of R5) | `day`, `occurred` | when it began |
| extension `AdverseEvent.occurrence`, or `resolve-date` | | when it ended |
| `detected` | | when the site noticed it |
| `recordedDate` | | when it was reported |
| extension `status` of the research guide | | `entered-in-error` never counts |
| extension `ae-grade` (or `ctcae-grade`) | `grade` | 0 to 5: a code, an integer, an NCIt grade or "Grade 3" |
| extension `grade-change` | | a later grade: `grade` and `date`, once for each change |
| `severity` | | mild, moderate or severe, as sent |
| `seriousness` | `serious` | |
| extension `seriousness-criteria` | | why it is serious: death, life-threatening, hospitalisation, … |
| extension `expected-in-research-study` | | whether the reference safety information lists it |
| extension `reporting-clock` | | `siteAware`, `sponsorAware`: when the clocks of reporting began |
| extension `reported` | | a report sent: `recipient` (sponsor, authority) and `date`, once for each |
| `outcome` | `outcome` | |
| `suspectEntity.causality` | `causality` | every opinion, of every assessor |
| `identifier` | searched by `identifier` | |

The canonical grade extension is
`http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade`. A grade that cannot be read
as CTCAE 0 to 5 is refused (422), so that no event passes for ungraded. It is the grade at onset: a grade
that an ongoing event reached later is a `grade-change`, and counts from its date. Our own extensions stand
under `https://trialbridge.example/fhir/StructureDefinition/`.

That a report was sent, which `$overdue` waits for, is recorded so (`recipient` is sponsor or authority):

```json
{
  "url": "https://trialbridge.example/fhir/StructureDefinition/reported",
  "extension": [
    {"url": "recipient", "valueCode": "authority"},
    {"url": "date", "valueDateTime": "2024-05-10"}
  ]
}
```
"""

from typing import Any

from app.clinical.records import AdverseEvent, Source, Span
from app.fhir_mapping import seriousness
from app.fhir_mapping.causality import opinions
from app.fhir_mapping.datatypes import (
    all_codings,
    codings,
    concept_text,
    extension,
    identifiers,
    meant,
    meant_span,
    moment,
    period,
    target_id,
)
from app.fhir_mapping.extensions import AE_RESEARCH, GRADES, OCCURRENCE
from app.fhir_mapping.grade import changes, grade, grades, review, scale
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import standard

STATUS = AE_RESEARCH + "status"
RESOLVED = AE_RESEARCH + "resolve-date"


def to_records(document: Document, source: Source) -> tuple[AdverseEvent]:
    """The event with its facts as reported."""
    event = document.get("event")
    studies = (target_id(study, "ResearchStudy") for study in document.get("study", ()))
    occurred = _occurred(document)
    return (
        AdverseEvent(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            study=next(filter(None, studies), None),
            actuality=document.get("actuality", ""),
            codings=codings(event),
            text=concept_text(event),
            when=meant(moment(document.get("date"))) or occurred.start,
            recorded=meant(moment(document.get("recordedDate"))),
            grade=grade(document),
            severity=_first_code(document.get("severity")),
            serious=seriousness.serious(document),
            outcome=_first_code(document.get("outcome")),
            opinions=opinions(document),
            identifiers=identifiers(document.get("identifier")),
            status=_status(document),
            categories=all_codings(document.get("category")),
            ended=occurred.end,
            detected=meant(moment(document.get("detected"))),
            changes=changes(document),
            scale=scale(document),
            criteria=seriousness.criteria(document),
            expected=seriousness.expected(document),
            site_aware=seriousness.aware(document, "siteAware"),
            sponsor_aware=seriousness.aware(document, "sponsorAware"),
            reports=seriousness.reports(document),
        ),
    )


def _first_code(concept: Any) -> str | None:
    return next((coding.code for coding in codings(concept)), None)


def _occurred(document: Document) -> Span:
    """Onset and end by R5's occurrence; the end else by the research guide's date of resolution."""
    sent = extension(document, OCCURRENCE) or {}
    when = meant_span(period(sent.get("valuePeriod")))
    resolved = meant(moment((extension(document, RESOLVED) or {}).get("valueDateTime")))
    start = when.start or meant(moment(sent.get("valueDateTime")))
    return Span(start, when.end or resolved)


def _status(document: Document) -> str | None:
    """The state of the report; `entered-in-error` takes it back."""
    found = {"extension": [*document.get("extension", ()), *document.get("modifierExtension", ())]}
    said = (extension(found, STATUS) or {}).get("valueCode")
    return said if isinstance(said, str) else None


ADVERSE_EVENT = Resource(
    name="AdverseEvent",
    about=__doc__,
    to_records=to_records,
    review=review,
    search=(
        *standard(
            "AdverseEvent",
            columns={"subject": Column.PATIENT, "study": Column.STUDY, "date": Column.DATE},
            about={
                "actuality": "Whether it happened or nearly did: actual or potential.",
                "category": "What kind of event, such as product-use-error.",
                "date": "When it occurred.",
                "event": "What happened, such as a MedDRA term.",
                "resultingcondition": "What it led to.",
                "seriousness": "Whether it was reported as serious.",
                "severity": "mild, moderate or severe; for the CTCAE grade see `grade`.",
                "study": "A study it was reported to.",
                "subject": "Whom it happened to: a Patient, Group, Practitioner or RelatedPerson.",
                "substance": "What is suspected to have caused it, such as the infusion.",
            },
        ),
        SearchParameter(
            name="identifier",
            kind=SearchKind.TOKEN,
            paths=("identifier",),
            about="The event's own number at the sender.",
        ),
        SearchParameter(
            name="patient",
            kind=SearchKind.REFERENCE,
            paths=("subject",),
            column=Column.PATIENT,
            targets=("Patient",),
            about="The Patient it happened to.",
        ),
        SearchParameter(
            name="grade",
            kind=SearchKind.NUMBER,
            paths=tuple(f"extension('{url}')" for url in GRADES),
            read=grades,
            about="The CTCAE grade, 0 to 5 (extension ae-grade).",
        ),
        SearchParameter(
            name="recorded-date", kind=SearchKind.DATE, paths=("recordedDate",), about="When it was reported."
        ),
        SearchParameter(
            name="outcome",
            kind=SearchKind.TOKEN,
            paths=("outcome",),
            about="How it ended, such as resolved or fatal.",
        ),
    ),
)
