"""A write is data: the changes a request asks for, and the versions they become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.push import Delivered, Push
from app.fhir_mapping.query import Query
from app.fhir_mapping.resource import Document, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """The search a conditional write or reference names its target by.

    `text` is the search as the sender wrote it (`identifier=system|value`); `where` is the FHIRPath or
    `http.` place to point to when it finds none or several.
    """

    query: Query
    text: str
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Store this document under this id.

    `fresh` says the server chose the id, so nothing can stand there yet. `if_match` lists the version
    ids one of which must be current (If-Match); `only_new` refuses (412) where something stands there
    (`If-None-Match: *`). `raw` are the bytes as received, `document` the same decoded; `where` is the
    FHIRPath prefix for refusals (`Bundle.entry[3].resource`). `references` are the conditional
    references of the document by their text (`Patient?identifier=s|v`). `push` says that it is a registered
    sender's, which is stored once however often it comes. `remarks` is what the answer says beside, such as
    what was left out of what was sent.
    """

    resource: Resource
    id: str
    raw: bytes
    document: Document
    fresh: bool = False
    if_match: tuple[str, ...] | None = None
    only_new: bool = False
    where: str | None = None
    references: Mapping[str, Criteria] | None = None
    push: Push | None = None
    remarks: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Delete the resource under this id; deleting what is not there is done already."""

    resource: Resource
    id: str
    if_match: tuple[str, ...] | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """Change the resource under this id by what `become` makes of its current document.

    `become` is given the stored bytes and gives the Put that stores the result, checked as any other. Its
    `raw` are those very bytes where the patch changes nothing, and then nothing is stored. It raises
    Refusal where the patch cannot be applied or its result not be stored. 404 or 410 where nothing stands
    there.
    """

    resource: Resource
    id: str
    become: Callable[[str, bytes], Put]
    if_match: tuple[str, ...] | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditional:
    """A write whose target is found by a search, inside the transaction that carries it out.

    - create (`Put` with `fresh`, If-None-Exist): none found is stored, one is left as it is and answered
      as `matched`, several are refused (412).
    - update (`Put`): none is stored under the Put's id (`fresh` where the server made it up), one is
      replaced: `own_id`, the id the body carried, must be none or the same (400); several 412.
    - patch: none 404, one is patched, several 412.
    - delete: none is done already, one is deleted, several 412.

    `creates` tells a conditional create from a conditional update. The id of a `Patch` or `Delete` here
    is empty: the match gives it.
    """

    change: Put | Patch | Delete
    criteria: Criteria
    creates: bool = False
    own_id: str | None = None


Change = Put | Delete
"""What is carried out in the end."""

Plain = Change | Patch
"""A write whose target has a name."""

Write = Plain | Conditional
"""What may be asked for: the store turns it into a Change, or finds that nothing is to be done."""


def changed(write: Write) -> Plain:
    """What a write changes, if its condition lets it."""
    return write.change if isinstance(write, Conditional) else write


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a resource as it is remembered; a deletion has no document.

    `created` is true for the version a client would be answered 201 for: the first one, or the one
    that brings a deleted resource back. `matched` says nothing was written: a conditional create found
    this version. `delivered` is what became of what a registered sender pushed,
    `remarks` what its Put had to say, or that the document was `erased`. `whose` are the patient it is about
    and its study, empty where it has none; None where it was not looked at.
    """

    type: str
    id: str
    version: int
    last_updated: datetime
    document: bytes | None
    created: bool = False
    matched: bool = False
    delivered: Delivered | None = None
    remarks: tuple[Issue, ...] = ()
    erased: bool = False
    whose: tuple[str, str] | None = None

    @property
    def name(self) -> tuple[str, str, int]:
        """The type, id and number that tell it from every other."""
        return self.type, self.id, self.version

    @property
    def deleted(self) -> bool:
        """Whether this version is a deletion."""
        return self.document is None and not self.erased


Token = tuple[str, str, str, int]
"""Parameter, system ("" where none), code ("" where it has none), part."""

Reference = tuple[str, str, str]
"""Parameter, target type, target id; ("", address) for what is not ours, ("", "") without a literal."""

Date = tuple[str, datetime, datetime, int]
"""Parameter, low inclusive, high exclusive, part."""

Text = tuple[str, str, str, int]
"""Parameter, folded (lower case, no accents), as written, part."""

Quantity = tuple[str, int, Decimal | None, str, str, str, str, bool]
"""Parameter, part, value, comparator, system, code, unit; "" for what was not sent.

The last says that it was sent so; else it is the same in another unit.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRows:
    """What a document is found by: the values of its search parameters, beside its single columns.

    A part is 0 for the resource itself and n for its n-th component: a composite is met within one.
    """

    patient: str | None
    study: str | None
    site: str | None
    status: str | None
    date_low: datetime | None
    date_high: datetime | None
    tokens: Sequence[Token]
    references: Sequence[Reference]
    dates: Sequence[Date]
    strings: Sequence[Text]
    quantities: Sequence[Quantity]
    links: Mapping[tuple[str, str], str]  # hosted (type, id) referred to -> FHIRPath of one mention
