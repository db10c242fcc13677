"""A resource type as a value: everything the rooms above need to know about it, declared once.

Routes, search, Swagger, CapabilityStatement, the relational rows and the tests are all drawn from
a Resource. Adding a search parameter is one more SearchParameter; adding a type is one more file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.clinical.records import Record, Source

Document = dict[str, Any]


class SearchKind(StrEnum):
    """The R4 search parameter types we serve (https://hl7.org/fhir/R4/search.html#ptypes)."""

    TOKEN = "token"
    REFERENCE = "reference"
    DATE = "date"
    QUANTITY = "quantity"
    STRING = "string"


class Column(StrEnum):
    """The columns of a current resource that hold a single-valued parameter, so that no join is needed."""

    ID = "id"
    LAST_UPDATED = "last_updated"
    PATIENT = "patient_id"
    STUDY = "study_id"
    STATUS = "status"
    DATE = "date"  # the pair date_low, date_high


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParameter:
    """One way to search a type.

    `paths` are the elements it looks at, in JSON names with dots (`component.code`); lists are walked.
    `column` names where a single-valued parameter lies; the others lie in the index tables, but for
    quantities, which lie in the measurements.
    `either` names the parameters whose values a combined one (`combo-code`) is found by; it has none of
    its own. `targets` are the types a reference parameter may point to.
    """

    name: str
    kind: SearchKind
    paths: tuple[str, ...]
    about: str
    column: Column | None = None
    either: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    url: str | None = None  # canonical of the official SearchParameter, None where it is our own


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A mapped FHIR type.

    `to_records` translates a checked document into trial records; it never raises for what R4 allows.
    `review` lists what this trial does not allow though R4 does (answered 422), for example a plain
    "BILAG" without an instrument.
    """

    name: str
    about: str
    to_records: Callable[[Document, Source], tuple[Record, ...]]
    search: tuple[SearchParameter, ...]
    review: Callable[[Document], tuple[Any, ...]] = lambda _document: ()

    def parameter(self, name: str) -> SearchParameter | None:
        """The search parameter of that name."""
        return next((parameter for parameter in self.search if parameter.name == name), None)


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
"""The parameters every type has."""
