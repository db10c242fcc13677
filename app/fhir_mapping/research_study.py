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
from app.fhir_mapping.resource import Column, Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.standard import standard


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
        *standard(
            "ResearchStudy",
            columns={"status": Column.STATUS, "date": Column.DATE},
            about={
                "identifier": "A registry's number, such as `https://clinicaltrials.gov|NCT03562065`.",
                "status": "Where the study stands, such as active or completed.",
                "date": "When the study ran.",
                "keyword": "A term the study is found by.",
                "partof": "The study this one is a part of.",
                "sponsor": "Who answers for the study.",
                "title": "The beginning of the title.",
            },
        ),
        SearchParameter(
            name="enrollment",
            kind=SearchKind.REFERENCE,
            paths=("enrollment",),
            targets=("Group",),
            about="Whom the study takes in, as a Group.",
        ),
        SearchParameter(
            name="arm-name",
            kind=SearchKind.STRING,
            paths=("arm.name",),
            about="The beginning of the name of an arm.",
        ),
    ),
)
