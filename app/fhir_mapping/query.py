"""A search as data: conditions over declared parameters, an order, what to add, and a place to go on from.

The grammar (`search.py`) makes it from a query string; the store turns it into SQL. Conditional writes and
conditional references are asked by the same Query.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from app.fhir_mapping.resource import Resource, SearchParameter

Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
Matching = Literal["start", "exact", "contains"]

SORT_KEY_LENGTH = 60
"""How many characters of a text count where it is sorted by: a place in a page then has a bounded size."""

MOST_SORT_KEYS = 5
"""The keys one order may have, for the same reason."""


@dataclass(frozen=True, slots=True)
class TokenValue:
    """`code` (system None: any), `system|code`, `|code` (system ""), `system|` (code None)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """`Type/id` or `id` (type None: any of the parameter's targets).

    A literal that is not ours (another server's address, a urn) has the type "" and itself as id. `version`
    is the one that was written beside it, which counts only where versions are what is looked for.
    """

    type: str | None
    id: str
    version: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class IdentifierValue:
    """The identifier a reference names its target by (`subject:identifier=system|value`)."""

    token: TokenValue


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date with its prefix, as the span of instants it means: low inclusive, high exclusive."""

    prefix: Prefix
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with its implicit precision [low, high), in one unit: its code under a system, or its text.

    With the prefix `ap`, [low, high] is the value less and more a tenth of it.
    `unit` None asks for a number in any unit; `system` None for that code or unit text in any system.
    """

    value: Decimal
    low: Decimal
    high: Decimal
    system: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class QuantityValue:
    """A quantity with its prefix: as asked, and the same in every other unit we know it can be put in."""

    prefix: Prefix
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class StringValue:
    """The text looked for: folded (no case, no accents) for a beginning or a part, as written where exact."""

    text: str
    matching: Matching = "start"


@dataclass(frozen=True, slots=True)
class CompositeValue:
    """One value for each component of a composite parameter; all are to be met in the same part."""

    values: tuple["Value", ...]


Value = (
    TokenValue | ReferenceValue | IdentifierValue | DateValue | QuantityValue | StringValue | CompositeValue
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One parameter with its alternatives (comma = or); `negated` asks for what has none of them (`:not`)."""

    parameter: SearchParameter
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """That a parameter has no value (`:missing=true`), or has one (`:missing=false`); never a composite."""

    parameter: SearchParameter
    missing: bool


@dataclass(frozen=True, slots=True)
class Chained:
    """That a reference leads to a `target` which meets a condition (`subject:Patient.name`)."""

    parameter: SearchParameter
    target: Resource
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Reverse:
    """That a `source` which meets a condition refers to it (`_has:Observation:patient:code`)."""

    source: Resource
    parameter: SearchParameter
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """That one of these holds: the targets a chain may lead to, the parameters of a compartment."""

    conditions: tuple["Condition", ...]


Condition = Clause | Missing | Chained | Reverse | AnyOf


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of the order; what has no value comes last, whichever the direction."""

    parameter: SearchParameter
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """What to add to the matches: the targets of a parameter, or (`reverse`) what refers by it.

    `source` is the type that bears the parameter. `target` narrows to one type. `iterate` applies it to
    what was added, too. `parameter` None is `*`: every reference parameter of the source.
    """

    source: Resource
    parameter: SearchParameter | None
    target: str | None = None
    reverse: bool = False
    iterate: bool = False


Place = tuple[tuple[str | None, ...], str]
"""Where a page ended: the sort keys of its last match (None where it has none), and that match's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A search of one type; all conditions are to be met.

    `after` is where the previous page ended: paging never counts rows. The order ends with the id, so that
    it is total.
    """

    resource: Resource
    conditions: tuple[Condition, ...] = ()
    sort: tuple[SortKey, ...] = ()
    count: int = 50
    after: Place | None = None
    total: bool = False  # the number of matches is asked for
    includes: tuple[Include, ...] = ()

    @property
    def identifier(self) -> TokenValue | None:
        """The business identifier that is all this search asks for, with its system; else None.

        Such a search is what conditional writes mostly are, and the only kind that can be answered for
        many at once.
        """
        match self.conditions:
            case (Clause(parameter, (TokenValue(system=str(), code=str()) as token,), False),) if (
                parameter.name == "identifier" and token.system
            ):
                return token
            case _:
                return None


def clauses(condition: Condition) -> Iterator[Clause | Missing]:
    """The innermost questions of a condition."""
    match condition:
        case Clause() | Missing():
            yield condition
        case Chained() | Reverse():
            yield from clauses(condition.condition)
        case AnyOf():
            for one in condition.conditions:
                yield from clauses(one)
