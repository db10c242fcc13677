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
from app.fhir_mapping.resource import Column, Document, Resource
from app.fhir_mapping.standard import standard


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
    search=standard(
        "Patient",
        columns={"birthdate": Column.DATE},
        about={
            "identifier": "A pseudonymous number of the person, such as the trial's own.",
            "birthdate": "The date of birth, or the year of it.",
            "death-date": "When the person died.",
            "deceased": "Whether the person is said to have died; who is not said to have is false.",
            "gender": "Administrative gender: male, female, other or unknown.",
            "link": "Another record of the same person.",
            "organization": "The organization that keeps the record.",
        },
    ),
)
