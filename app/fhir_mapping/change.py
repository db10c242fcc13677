"""A write is data: the changes a request asks for, and the versions they become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.fhir_mapping.resource import Document, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """Store this document under this id.

    `fresh` says the server chose the id, so nothing can stand there yet. `if_match` lists the version
    ids one of which must be current (If-Match). `raw` are the bytes as received, `document` the
    same decoded; `where` is the FHIRPath prefix for refusals (`Bundle.entry[3].resource`).
    """

    resource: Resource
    id: str
    raw: bytes
    document: Document
    fresh: bool = False
    if_match: tuple[str, ...] | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Delete the resource under this id; deleting what is not there is done already."""

    resource: Resource
    id: str
    if_match: tuple[str, ...] | None = None
    where: str | None = None


Change = Put | Delete


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a resource as it is remembered; a deletion has no document.

    `created` is true for the version a client would be answered 201 for: the first one, or the one
    that brings a deleted resource back.
    """

    type: str
    id: str
    version: int
    last_updated: datetime
    document: bytes | None
    created: bool = False

    @property
    def deleted(self) -> bool:
        """Whether this version is a deletion."""
        return self.document is None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexRows:
    """What a document is found by: the values of its search parameters, beside its single columns."""

    patient: str | None
    study: str | None
    site: str | None
    status: str | None
    date_low: datetime | None
    date_high: datetime | None
    tokens: Sequence[tuple[str, str, str]]  # parameter, system ("" where none), code
    references: Sequence[tuple[str, str, str]]  # parameter, target type, target id (own-base literals)
    dates: Sequence[tuple[str, datetime, datetime]]  # parameter, low inclusive, high exclusive
    strings: Sequence[tuple[str, str, str]]  # parameter, folded (lower case, no accents), as written
    links: Mapping[tuple[str, str], str]  # hosted (type, id) referred to -> FHIRPath of one mention
