"""Patient: the pseudonymous person behind a subject.

A trial knows a person by a number, a year of birth and a sex, and by nothing that says who it is.

| FHIR element | trial store (`patient`) | note |
|---|---|---|
| `id` | `id` | what every other resource refers to |
| `identifier` | searched by `identifier` | the trial's own number |
| `gender` | `gender` | |
| `birthDate` | `birth_date` | as written; a year or a month is enough |
| `deceasedBoolean` | `deceased` | |
| `deceasedDateTime` | `deceased`, `deceased_at` | |
| `meta.security` | site | system `https://trialbridge.example/fhir/CodeSystem/site` |
"""

from app.clinical.records import Person, Source
from app.fhir_mapping.datatypes import meant, moment
from app.fhir_mapping.resource import IDENTITY, Column, Document, Resource, SearchKind, SearchParameter


def to_records(document: Document, source: Source) -> tuple[Person]:
    """The person."""
    died = meant(moment(document.get("deceasedDateTime")))
    deceased = True if died is not None else document.get("deceasedBoolean")
    return (
        Person(
            source=source,
            birth_date=meant(moment(document.get("birthDate"))),
            gender=document.get("gender"),
            deceased=deceased,
            deceased_at=died,
        ),
    )


PATIENT = Resource(
    name="Patient",
    about=__doc__,
    to_records=to_records,
    search=(
        *IDENTITY,
        SearchParameter(
            name="gender",
            kind=SearchKind.TOKEN,
            paths=("gender",),
            about="Administrative gender: male, female, other or unknown.",
            url="http://hl7.org/fhir/SearchParameter/individual-gender",
        ),
        SearchParameter(
            name="birthdate",
            kind=SearchKind.DATE,
            paths=("birthDate",),
            column=Column.DATE,
            about="The date of birth, or the year of it.",
            url="http://hl7.org/fhir/SearchParameter/individual-birthdate",
        ),
        SearchParameter(
            name="death-date",
            kind=SearchKind.DATE,
            paths=("deceasedDateTime",),
            about="When the person died.",
            url="http://hl7.org/fhir/SearchParameter/Patient-death-date",
        ),
        SearchParameter(
            name="organization",
            kind=SearchKind.REFERENCE,
            paths=("managingOrganization",),
            targets=("Organization",),
            about="The organization that keeps the record.",
            url="http://hl7.org/fhir/SearchParameter/Patient-organization",
        ),
    ),
)
