"""AdverseEvent: what went wrong, how badly, how seriously, and what each assessor thinks caused it.

Severity (the CTCAE grade) and seriousness (SAE) are two facts; neither is ever derived from the other.

| FHIR element | trial store (`adverse_event`) | note |
|---|---|---|
| `subject` | `patient_id` | the Patient |
| `study` | `study_id` | the first one named |
| `actuality` | `actuality` | |
| `event` | `system`, `code`, `text` | MedDRA or NCIt; every coding is kept |
| `date` | `day`, `occurred` | when it began |
| `recordedDate` | | when it was reported |
| extension `ae-grade` (or `ctcae-grade`) | `grade` | 0 to 5: a code, an integer, an NCIt grade or "Grade 3" |
| `severity` | | mild, moderate or severe, as sent |
| `seriousness` | `serious` | |
| `outcome` | `outcome` | |
| `suspectEntity.causality` | `causality` | every opinion, of every assessor |
| `identifier` | searched by `identifier` | |

The canonical grade extension is
`http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/ae-grade`. A grade that cannot be read
as CTCAE 0 to 5 is refused (422), so that no event passes for ungraded.
"""

from typing import Any

from app.clinical.records import AdverseEvent, Coding, Source
from app.fhir_mapping.datatypes import (
    codings,
    concept_text,
    identifiers,
    meant,
    moment,
    target_id,
)
from app.fhir_mapping.extensions import GRADES
from app.fhir_mapping.grade import grade, grades, review
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import standard

SERIOUSNESS = "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness"


def to_records(document: Document, source: Source) -> tuple[AdverseEvent]:
    """The event with its facts as reported."""
    event = document.get("event")
    studies = (target_id(study, "ResearchStudy") for study in document.get("study", ()))
    return (
        AdverseEvent(
            source=source,
            patient=target_id(document.get("subject"), "Patient") or "",
            study=next(filter(None, studies), None),
            actuality=document.get("actuality", ""),
            codings=codings(event),
            text=concept_text(event),
            when=meant(moment(document.get("date"))),
            recorded=meant(moment(document.get("recordedDate"))),
            grade=grade(document),
            severity=_first_code(document.get("severity")),
            serious=_serious(codings(document.get("seriousness"))),
            outcome=_first_code(document.get("outcome")),
            causality=tuple(_opinions(document)),
            identifiers=identifiers(document.get("identifier")),
        ),
    )


def _serious(found: tuple[Coding, ...]) -> bool | None:
    """Whether it was reported as serious; None where it was not said, or said both ways."""
    said = {_says_serious(coding) for coding in found} - {None}
    return said.pop() if len(said) == 1 else None


def _says_serious(coding: Coding) -> bool | None:
    """R4 says `Serious`, `Non-serious` and `SeriousResultsInDeath`…; later releases say it in lower case."""
    if coding.system != SERIOUSNESS:
        return None
    code = coding.code.casefold()
    return False if code == "non-serious" else True if code.startswith("serious") else None


def _first_code(concept: Any) -> str | None:
    return next((coding.code for coding in codings(concept)), None)


def _opinions(document: Document) -> list[tuple[str | None, str]]:
    """Every opinion on what caused it: the suspect, and the assessment in the assessor's code."""
    return [
        (_suspect(entity), assessed)
        for entity in document.get("suspectEntity", ())
        for opinion in entity.get("causality", ())
        if (assessed := _assessment(opinion)) is not None
    ]


def _suspect(entity: dict[str, Any]) -> str | None:
    return (entity.get("instance") or {}).get("reference")


def _assessment(opinion: dict[str, Any]) -> str | None:
    assessed = opinion.get("assessment")
    return _first_code(assessed) or concept_text(assessed) or opinion.get("productRelatedness")


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
