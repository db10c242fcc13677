"""A search as data: clauses over declared parameters, an order, and a place to go on from."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from app.fhir_mapping.resource import Resource, SearchParameter

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`code` (system None: any), `system|code`, `|code` (system ""), `system|` (code None)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """`Type/id` or `id` (type None: any of the parameter's targets)."""

    type: str | None
    id: str


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date with its prefix, as the span of instants it means: low inclusive, high exclusive."""

    prefix: Prefix
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A number with its prefix and implicit precision [low, high), in the unit asked for."""

    prefix: Prefix
    value: Decimal
    low: Decimal
    high: Decimal
    system: str | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class StringValue:
    """The folded beginning looked for."""

    folded: str


Value = TokenValue | ReferenceValue | DateValue | QuantityValue | StringValue


@dataclass(frozen=True, slots=True)
class Clause:
    """One parameter with its alternatives (comma = or); clauses of a query are joined by and."""

    parameter: SearchParameter
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search of one type.

    `sort` is a single-valued column's parameter (`_lastUpdated`, `date`, `_id`), descending where
    `descending`. `after` is the last (sort key, id) of the previous page: paging never counts rows.
    """

    resource: Resource
    clauses: tuple[Clause, ...] = ()
    sort: SearchParameter | None = None
    descending: bool = False
    count: int = 50
    after: tuple[str | None, str] | None = None
    total: bool = False  # the number of matches is asked for
