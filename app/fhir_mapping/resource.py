"""A resource type as a value: everything the rooms above need to know about it, declared once.

Routes, search, Swagger, CapabilityStatement, the relational rows and the tests are all drawn from
a Resource. Adding a search parameter is one more SearchParameter; adding a type is one more file.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.clinical.history import Record
from app.clinical.records import Source

Document = dict[str, Any]


class SearchKind(StrEnum):
    """The R4 search parameter types we serve (https://hl7.org/fhir/R4/search.html#ptypes)."""

    TOKEN = "token"
    REFERENCE = "reference"
    DATE = "date"
    QUANTITY = "quantity"
    NUMBER = "number"
    STRING = "string"
    URI = "uri"
    COMPOSITE = "composite"


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
    """One way to search a type; its values lie in the rows of its kind, under its own name.

    | kind | rows |
    |---|---|
    | token, uri | `search_token`; a uri, a boolean and a string have the system "" |
    | reference | `search_reference`; an address elsewhere has the type "" and is whole, a reference without a literal has "" for both; the identifier of a reference is a `search_token` of `name:identifier` |
    | date | `search_date` |
    | quantity, number | `search_quantity`, as `sent` and the same in other units; a number has neither system nor unit |
    | string | `search_string` |

    A parameter without a row has no value (`:missing`). Only these are found otherwise:
    - `column`: by a column of `resource`. A reference with a column (`patient`, `study`) is found by the
      column or by rows, which hold what the column cannot: further values, other types, other addresses.
    - `either`: by the rows of the parameters named (`combo-code` by those of `code` and `component-code`);
      it has none of its own.
    - `components`: by the parameters named, which are to be met in the same `part` of the resource.

    `paths` are the elements it looks at, in JSON names as a small FHIRPath (`component.code`,
    `telecom.where(system='phone')`, `extension('url').valueCode`); lists are walked. `read` gives the values
    where no path can. `targets` are the types a reference parameter may point to. `system` is the code
    system that R4 requires where the elements are plain codes: the one of a status.
    """  # noqa: E501 - a table

    name: str
    kind: SearchKind
    paths: tuple[str, ...]
    about: str
    column: Column | None = None
    either: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    url: str | None = None  # canonical of the official SearchParameter, None where it is our own
    components: tuple[str, ...] = ()
    system: str | None = None
    read: Callable[[Document], Iterable[Any]] | None = None


INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
"""What can be done with a type, unless it declares less."""
READ_ONLY = ("read", "search-type")
"""What can be done with a type that nobody writes."""


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
    interactions: tuple[str, ...] = INTERACTIONS
    review: Callable[[Document], tuple[Any, ...]] = lambda _document: ()

    def parameter(self, name: str) -> SearchParameter | None:
        """The search parameter of that name."""
        return next((parameter for parameter in self.search if parameter.name == name), None)
