"""How a search was understood, in sentences: for people who ask why something was not found.

A text that was asked for is not shown again, since it may be a patient's: only what looks like a code is.
"""

import re
from collections.abc import Mapping

from app.fhir_mapping import datatypes, links
from app.fhir_mapping.outcome import Issue
from app.fhir_mapping.query import (
    AnyOf,
    Chained,
    Clause,
    CompositeValue,
    Condition,
    DateValue,
    IdentifierValue,
    Matching,
    Measure,
    Missing,
    Prefix,
    QuantityValue,
    ReferenceValue,
    Reverse,
    SortKey,
    StringValue,
    TokenValue,
    Value,
)
from app.fhir_mapping.resource import SearchKind, SearchParameter
from app.fhir_mapping.search import Search
from app.fhir_mapping.search_account import Account, told
from app.fhir_mapping.wording import may_hold_number, shown, some

_DATES: Mapping[Prefix, str] = {
    "eq": "lies within [{low}, {high})",
    "ne": "does not lie within [{low}, {high})",
    "gt": "reaches beyond {high}",
    "lt": "begins before {low}",
    "ge": "reaches beyond {high} or lies within [{low}, {high})",
    "le": "begins before {low} or lies within [{low}, {high})",
    "sa": "begins at {high} or later",
    "eb": "ends at {low} or earlier",
    "ap": "overlaps [{low}, {high})",
}
_NUMBERS: Mapping[Prefix, str] = {
    "eq": "at least {low} and below {high}",
    "ne": "below {low}, or {high} and more",
    "gt": "more than {value}",
    "lt": "less than {value}",
    "ge": "{value} or more",
    "le": "{value} or less",
    "sa": "more than {value} for certain",
    "eb": "less than {value} for certain",
    "ap": "from {low} to {high}",
}
_TEXTS: Mapping[Matching, str] = {
    "start": "begins with the text asked for, whatever its case and accents",
    "contains": "contains the text asked for, whatever its case and accents",
    "exact": "is the text asked for, to the letter",
}
_ADDRESS = re.compile(r"(?:https?://|urn:)[A-Za-z0-9./:_#-]{1,100}", re.ASCII)


def explanation(search: Search, account: Account | None = None) -> tuple[Issue, ...]:
    """What is answered where a search is asked to explain itself (`_explain=true`, or `_explain={id}`)."""
    name = search.query.resource.name
    said = told(account, name, explained(search))
    if not search.query.conditions:
        said.append(f"every {name} is asked for")
    if search.query.sort:
        keys = ", then by ".join(map(_key, search.query.sort))
        said.append(f"sorted by {keys}; what has no such value comes last, and ids decide between equals")
    return tuple(Issue("informational", sentence, severity="information") for sentence in said)


def explained(search: Search) -> tuple[tuple[Condition, str], ...]:
    """Each condition of a search with a sentence that says how it was understood."""
    return tuple((condition, said(condition)) for condition in search.query.conditions)


def said(condition: Condition) -> str:
    """A condition in words."""
    match condition:
        case Clause(parameter, values, negated):
            words = " or ".join(_value(value, parameter) for value in values)
            return f"{parameter.name} has no value that {words}" if negated else f"{parameter.name} {words}"
        case Missing(parameter, missing):
            return f"{parameter.name} has {'no' if missing else 'a'} value"
        case Chained(parameter, target, further):
            return f"{parameter.name} leads to some {target.name} where {said(further)}"
        case Reverse(source, parameter, further):
            return f"there is some {source.name} whose {parameter.name} leads to it and where {said(further)}"
        case AnyOf(conditions):
            return ", or ".join(map(said, conditions))


def _key(key: SortKey) -> str:
    return f"{key.parameter.name} ({'greatest' if key.descending else 'smallest'} first)"


def _value(value: Value, parameter: SearchParameter) -> str:
    """One alternative in words."""
    match value:
        case TokenValue(None, str() as uri) if parameter.kind is SearchKind.URI:
            return f"is {_plain(uri, 'the address asked for')}"
        case CompositeValue(values):
            named = zip(parameter.components, values, strict=True)
            together = " and ".join(f"{name} {_simple(one)}" for name, one in named)
            return f"has, in one and the same part, {together}"
        case _:
            return _simple(value)


def _simple(value: Value) -> str:
    match value:
        case TokenValue():
            words = f"is {_token(value)}"
        case ReferenceValue():
            words = f"leads to {_reference(value)}"
        case IdentifierValue(token):
            words = f"names its target by an identifier that is {_token(token)}"
        case DateValue(prefix, low, high):
            words = _DATES[prefix].format(low=links.instant(low), high=links.instant(high))
        case QuantityValue(prefix, measures):
            words = f"is {_quantity(prefix, measures)}"
        case StringValue():
            words = _TEXTS[value.matching]
        case _:
            words = " and ".join(map(_simple, value.values))
    return words


def _token(token: TokenValue) -> str:
    code = shown(token.code or "", "the code asked for")
    if token.system is None:
        return f"{code}, in any system"
    if not token.system:
        return f"{code}, without a system"
    system = _plain(token.system, "the system asked for")
    return f"any code of {system}" if token.code is None else f"{code} of {system}"


def _reference(reference: ReferenceValue) -> str:
    if reference.type == "":
        return _plain(reference.id, "the address asked for")
    name = shown(reference.id, "the id asked for")
    return f"{name}, of any type it may lead to" if reference.type is None else f"{reference.type}/{name}"


def _quantity(prefix: Prefix, measures: tuple[Measure, ...]) -> str:
    """A quantity with the units it is looked for in; one unknown to us may be any text, so not shown."""
    asked, *others = measures
    numbers = {"value": asked.value, "low": asked.low, "high": asked.high}
    spelled = {name: datatypes.digits(number) for name, number in numbers.items()}
    amount = _NUMBERS[prefix].format(**spelled)
    if asked.unit is None:
        return f"{amount}, in any unit"
    if not others:
        return f"{amount}, in the unit asked for"
    units = dict.fromkeys(one.unit or "" for one in others if one.unit != asked.unit)
    return f"{amount} {asked.unit}, or the same in {some(units)}"


def _plain(address: str, otherwise: str) -> str:
    plain = _ADDRESS.fullmatch(address) is not None and not may_hold_number(address)
    return address if plain else otherwise
