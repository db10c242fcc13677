"""A small type to search, so that these tests stand without the six mappings."""

from app.fhir_mapping.resource import Column, Resource, SearchKind, SearchParameter
from app.fhir_mapping.search import Search, parse

BASE = "http://trial.example/fhir"

IDENTITY = (
    SearchParameter(
        name="_id",
        kind=SearchKind.TOKEN,
        paths=("id",),
        column=Column.ID,
        about="The logical id of the resource.",
    ),
    SearchParameter(
        name="_lastUpdated",
        kind=SearchKind.DATE,
        paths=("meta.lastUpdated",),
        column=Column.LAST_UPDATED,
        about="When the current version was stored.",
    ),
    SearchParameter(
        name="identifier", kind=SearchKind.TOKEN, paths=("identifier",), about="A business identifier."
    ),
)

OBSERVATION = Resource(
    name="Observation",
    about="Something measured.",
    to_records=lambda _document, _source: (),
    search=(
        *IDENTITY,
        SearchParameter(
            name="patient",
            kind=SearchKind.REFERENCE,
            paths=("subject",),
            column=Column.PATIENT,
            targets=("Patient",),
            about="Whom it is about.",
        ),
        SearchParameter(
            name="focus",
            kind=SearchKind.REFERENCE,
            paths=("focus",),
            targets=("Group", "Patient", "ResearchStudy"),
            about="What it is of, where it is not of the patient.",
        ),
        SearchParameter(name="code", kind=SearchKind.TOKEN, paths=("code",), about="What was measured."),
        SearchParameter(
            name="status",
            kind=SearchKind.TOKEN,
            paths=("status",),
            column=Column.STATUS,
            about="Its status.",
            url="http://hl7.org/fhir/SearchParameter/Observation-status",
        ),
        SearchParameter(
            name="date",
            kind=SearchKind.DATE,
            paths=("effective",),
            column=Column.DATE,
            about="When it is true.",
        ),
        SearchParameter(
            name="value-quantity", kind=SearchKind.QUANTITY, paths=("valueQuantity",), about="The value."
        ),
        SearchParameter(
            name="value-string", kind=SearchKind.STRING, paths=("valueString",), about="The text."
        ),
        SearchParameter(
            name="combo-code",
            kind=SearchKind.TOKEN,
            paths=(),
            either=("code",),
            about="What was measured, by whichever code.",
        ),
        SearchParameter(
            name="code-value-quantity",
            kind=SearchKind.COMPOSITE,
            paths=(),
            components=("code", "value-quantity"),
            about="What was measured, with its value.",
        ),
    ),
)

PATIENT = Resource(
    name="Patient", about="Somebody.", to_records=lambda _document, _source: (), search=IDENTITY
)


def search(*parameters: tuple[str, str], strict: bool = False) -> Search:
    return parse(OBSERVATION, parameters, base=BASE, strict=strict)
