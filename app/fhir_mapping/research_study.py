"""ResearchStudy: a trial, or a site's part of it, and by its registry number the protocol it follows.

| FHIR element | trial store (`study`) | note |
|---|---|---|
| `id` | `id` | |
| `identifier` | `registry_id` | `https://clinicaltrials.gov` with `NCT03562065` or `NCT02213705` names the protocol |
| `title` | `title` | |
| `status` | `status` | |
| `arm.name` | the arms a ResearchSubject may name | |
"""  # noqa: E501 - a table

from app.clinical.records import Source, Study
from app.fhir_mapping.datatypes import identifiers, values
from app.fhir_mapping.resource import IDENTITY, Column, Document, Resource, SearchKind, SearchParameter


def to_records(document: Document, source: Source) -> tuple[Study]:
    """The study."""
    return (
        Study(
            source=source,
            identifiers=identifiers(document.get("identifier")),
            status=document.get("status", ""),
            title=document.get("title"),
            arms=tuple(values(document, "arm.name")),
        ),
    )


RESEARCH_STUDY = Resource(
    name="ResearchStudy",
    about=__doc__,
    to_records=to_records,
    search=(
        *IDENTITY,
        SearchParameter(
            name="status",
            kind=SearchKind.TOKEN,
            paths=("status",),
            column=Column.STATUS,
            about="Where the study stands, such as active or completed.",
            url="http://hl7.org/fhir/SearchParameter/ResearchStudy-status",
        ),
        SearchParameter(
            name="title",
            kind=SearchKind.STRING,
            paths=("title",),
            about="The beginning of the title.",
            url="http://hl7.org/fhir/SearchParameter/ResearchStudy-title",
        ),
        SearchParameter(
            name="date",
            kind=SearchKind.DATE,
            paths=("period",),
            column=Column.DATE,
            about="When the study ran.",
            url="http://hl7.org/fhir/SearchParameter/ResearchStudy-date",
        ),
        SearchParameter(
            name="partof",
            kind=SearchKind.REFERENCE,
            paths=("partOf",),
            targets=("ResearchStudy",),
            about="The study this one is a part of.",
            url="http://hl7.org/fhir/SearchParameter/ResearchStudy-partof",
        ),
        SearchParameter(
            name="sponsor",
            kind=SearchKind.REFERENCE,
            paths=("sponsor",),
            targets=("Organization",),
            about="Who answers for the study.",
            url="http://hl7.org/fhir/SearchParameter/ResearchStudy-sponsor",
        ),
    ),
)
