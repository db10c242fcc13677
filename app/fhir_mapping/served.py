"""The types this server only serves: what it says of itself, read and searched as any resource is.

They are few and made here, so they are looked through in memory.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from app.fhir_mapping import codec, definitional, protocol_resources, vocabulary
from app.fhir_mapping.change import Version
from app.fhir_mapping.datatypes import fold, values
from app.fhir_mapping.operation import definition
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.query import Clause, Condition, Missing, Place, Query, StringValue, TokenValue, Value
from app.fhir_mapping.recorded import RECORDED
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import READ_ONLY, Document, Resource, SearchParameter
from app.fhir_mapping.search_account import (
    MOST_COUNTED,
    Account,
    Count,
    Counted,
    Expected,
    Verdict,
    lack,
)
from app.fhir_mapping.standard import standard
from app.protocol.loader import load_all


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One such type: how it is declared, and its documents by id."""

    resource: Resource
    documents: Callable[[], Mapping[str, Document]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some of the matches; `after` is where the next page goes on, `total` the number of all."""

    versions: list[Version]
    total: int
    after: Place | None = None
    included: tuple[Version, ...] = ()
    truncated: bool = False


_COMMON = ("_id", "url", "name", "status", "code")


def _served(name: str, about: str, documents: Callable[[], Mapping[str, Document]], *further: str) -> Served:
    """A type with its documents, searched by these of the parameters R4 defines for it."""
    named = (*_COMMON, *further)
    resource = Resource(
        name=name,
        about=about,
        to_records=lambda _document, _source: (),
        search=tuple(parameter for parameter in standard(name) if parameter.name in named),
        interactions=READ_ONLY,
    )
    return Served(resource=resource, documents=documents)


@cache
def _operation_definitions() -> Mapping[str, Document]:
    return {operation.id: definition(operation) for operation in OPERATIONS}


@cache
def _search_parameters() -> Mapping[str, Document]:
    served = (one.resource for one in SERVED.values())
    return definitional.search_parameters((*RESOURCES.values(), *served, *RECORDED.values()))


@cache
def _schedules() -> Mapping[str, Document]:
    return {one["id"]: one for one in map(protocol_resources.schedule, load_all().values())}


@cache
def _groups() -> Mapping[str, Document]:
    groups = (one for protocol in load_all().values() for one in protocol_resources.eligibility(protocol))
    return {one["id"]: one for one in groups}


SERVED: Final[dict[str, Served]] = {
    served.resource.name: served
    for served in (
        _served(
            "OperationDefinition",
            "The operations of this server, defined.",
            _operation_definitions,
        ),
        _served(
            "SearchParameter",
            "The search parameters of this server, defined.",
            _search_parameters,
            "base",
            "type",
        ),
        _served(
            "CodeSystem",
            "The service's own vocabulary: scores, their items and grades, products, attestations, and the"
            " criteria of each protocol.",
            vocabulary.code_systems,
        ),
        _served(
            "ValueSet",
            "The sets of codes of the service's own vocabulary.",
            vocabulary.value_sets,
        ),
        _served(
            "PlanDefinition",
            "The schedule of each protocol: its visits, their windows, and what is assessed at them.",
            _schedules,
        ),
        _served(
            "Group",
            "Who may enter each trial: the inclusion and exclusion criteria of each population.",
            _groups,
            "actual",
            "type",
        ),
    )
}
"""The served types by name."""


def page(served: Served, query: Query, *, at: datetime) -> Page:
    """The documents that meet every condition, by id, a page of them; `at` is when they came to be."""
    documents = served.documents()
    found = [
        name
        for name in sorted(documents)
        if all(_meets(documents[name], condition) for condition in query.conditions)
    ]
    rest = [name for name in found if query.after is None or name > query.after[1]]
    shown = rest[: query.count]
    versions = [
        Version(
            type=served.resource.name,
            id=name,
            version=1,
            last_updated=at,
            document=codec.write(documents[name]),
        )
        for name in shown
    ]
    more = len(rest) > len(shown) and bool(shown)
    return Page(versions=versions, total=len(found), after=((), shown[-1]) if more else None)


def account(served: Served, query: Query, expected: str | None) -> Account:
    """What meets the conditions of a query: in numbers, or the document of this id."""
    if expected is None:
        asked = query.conditions[:MOST_COUNTED]
        return Counted(tuple(_count(served, asked[: at + 1]) for at in range(len(asked))))
    document = served.documents().get(expected)
    if document is None:
        return Expected(expected)
    return Expected(expected, "current", tuple(_verdict(document, one) for one in query.conditions))


def _count(served: Served, conditions: Sequence[Condition]) -> Count:
    documents = served.documents().values()
    met = [[_meets(document, one) for one in conditions] for document in documents]
    return Count(sum(each[-1] for each in met), sum(map(all, met)))


def _verdict(document: Document, condition: Condition) -> Verdict:
    if _meets(document, condition):
        return "met"
    lacking = lack(condition)
    return "lacking" if lacking is not None and _meets(document, lacking) else "unmet"


def _meets(document: Document, condition: Condition) -> bool:
    match condition:
        case Missing(parameter, missing):
            return missing is not any(True for _ in _found(document, parameter))
        case Clause(parameter, wanted, negated):
            found = list(_found(document, parameter))
            return negated is not any(_is(one, value) for one in found for value in wanted)
        case _:
            raise refusal(400, "not-supported", "these few resources are searched without chains", "http.url")


def _found(document: Document, parameter: SearchParameter) -> Iterator[Any]:
    """The values a parameter is about; a set that takes in a whole system has all of its codes."""
    for path in parameter.paths:
        for one in values(document, path):
            yield str(one).lower() if isinstance(one, bool) else one
    if document["resourceType"] == "ValueSet" and parameter.name == "code":
        yield from vocabulary.codes_of_whole_systems(document)


def _is(found: str, value: Value) -> bool:
    match value:
        case TokenValue(system, code):
            return not system and (code is None or found == code)
        case StringValue(text, "exact"):
            return found == text
        case StringValue(text, "contains"):
            return text in fold(found)
        case StringValue(text):
            return fold(found).startswith(text)
        case _:
            return False
