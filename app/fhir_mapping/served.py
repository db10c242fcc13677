"""The types this server only serves: what it says of itself, read and searched as any resource is.

They are few and made here, so they are looked through in memory.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from app.fhir_mapping import definitional
from app.fhir_mapping.datatypes import fold, values
from app.fhir_mapping.operation import definition
from app.fhir_mapping.operations import OPERATIONS
from app.fhir_mapping.outcome import refusal
from app.fhir_mapping.query import Clause, Condition, Missing, Query, StringValue, TokenValue, Value
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Document, Resource, SearchKind, SearchParameter
from app.fhir_mapping.search_account import (
    MOST_COUNTED,
    Account,
    Count,
    Counted,
    Expected,
    Verdict,
    lack,
)

READ_ONLY: Final = ("read", "search-type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One such type: how it is declared, and its documents by id."""

    resource: Resource
    documents: Callable[[], Mapping[str, Document]]


def _parameter(name: str, kind: SearchKind, *paths: str, about: str) -> SearchParameter:
    return SearchParameter(name=name, kind=kind, paths=paths, about=about)


_ID = _parameter("_id", SearchKind.TOKEN, "id", about="The logical id.")
_URL = _parameter("url", SearchKind.URI, "url", about="The canonical address.")
_NAME = _parameter("name", SearchKind.STRING, "name", about="The beginning of the name.")
_STATUS = _parameter("status", SearchKind.TOKEN, "status", about="Such as active.")
_CODE = _parameter("code", SearchKind.TOKEN, "code", about="The code it is used by.")


def _served(
    name: str, about: str, documents: Callable[[], Mapping[str, Document]], *search: SearchParameter
) -> Served:
    resource = Resource(
        name=name,
        about=about,
        to_records=lambda _document, _source: (),
        search=(_ID, _URL, _NAME, _STATUS, *search),
        interactions=READ_ONLY,
    )
    return Served(resource=resource, documents=documents)


@cache
def _operation_definitions() -> Mapping[str, Document]:
    return {operation.id: definition(operation) for operation in OPERATIONS}


@cache
def _search_parameters() -> Mapping[str, Document]:
    return definitional.search_parameters(RESOURCES.values())


SERVED: Final[dict[str, Served]] = {
    served.resource.name: served
    for served in (
        _served(
            "OperationDefinition",
            "The operations of this server, defined.",
            _operation_definitions,
            _CODE,
            _parameter("base", SearchKind.URI, "base", about="HL7's definition it follows."),
        ),
        _served(
            "SearchParameter",
            "The search parameters of this server, defined.",
            _search_parameters,
            _CODE,
            _parameter("base", SearchKind.TOKEN, "base", about="A type it searches."),
            _parameter("type", SearchKind.TOKEN, "type", about="Its kind, such as token."),
        ),
        _served(
            "CodeSystem",
            "The service's own vocabulary: scores, their items and grades, products, attestations.",
            definitional.code_systems,
            _parameter("code", SearchKind.TOKEN, "concept.code", about="A code it defines."),
        ),
    )
}
"""The served types by name."""


def matches(served: Served, query: Query) -> list[Document]:
    """The documents that meet every condition, by id."""
    documents = served.documents()
    return [
        documents[name]
        for name in sorted(documents)
        if all(_meets(documents[name], one) for one in query.conditions)
    ]


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


def _found(document: Document, parameter: SearchParameter) -> Iterable[Any]:
    return (one for path in parameter.paths for one in values(document, path))


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
