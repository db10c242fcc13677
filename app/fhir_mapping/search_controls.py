"""The parameters that shape an answer: its order, its size, what is added to it, how it is written.

Source: https://hl7.org/fhir/R4/search.html#return
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

from app.fhir_mapping.definitions import Definition, definition
from app.fhir_mapping.links import is_id
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.query import MOST_SORT_KEYS, Include, SortKey
from app.fhir_mapping.registry import RESOURCES
from app.fhir_mapping.resource import Resource, SearchKind, SearchParameter
from app.fhir_mapping.search_bounds import MOST_ELEMENTS
from app.fhir_mapping.search_includes import includes
from app.fhir_mapping.search_problems import CONTROLS, Findings
from app.fhir_mapping.shape import Summary

Pair = tuple[str, str]
Meaning = TypeVar("Meaning")

DEFAULT_COUNT = 50
LARGEST_COUNT = 1000
MOST_INCLUDES = 10

_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_SUMMARIES: Mapping[str, Summary] = {summary: summary for summary in get_args(Summary)}
_TRUTHS = {"true": True, "false": False}
_TOTALS = {"none": False, "estimate": True, "accurate": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """The controls of a search as understood; None where one was not given.

    `applied` are those that were used, as a link has them.
    """

    sort: tuple[SortKey, ...] = ()
    count: int | None = None
    total: bool | None = None
    summary: Summary | None = None
    elements: tuple[str, ...] | None = None
    includes: tuple[Include, ...] = ()
    pretty: bool | None = None
    explain: bool = False
    expected: str | None = None  # the id of the resource the explanation is about
    applied: tuple[Pair, ...] = ()


def read(given: Mapping[str, str], added: Sequence[Pair], findings: Findings) -> Controls:
    """The controls given, by name, and the `_include` and `_revinclude` beside them."""
    sort = _sort(given.get("_sort"), findings)
    count = _count(given.get("_count"), findings)
    total = _one_of(_TOTALS, "_total", given, findings)
    summary = _one_of(_SUMMARIES, "_summary", given, findings)
    elements = _elements(given.get("_elements"), findings)
    pretty = _one_of(_TRUTHS, "_pretty", given, findings)
    explain, expected = _explain(given.get("_explain"), findings)
    understood = dict(given) | {
        "_sort": ",".join(_written(key) for key in sort),
        "_count": "" if count is None else str(count),
        "_elements": ",".join(elements or ()),
    }
    pairs = [*added, *((name, text) for name, text in understood.items() if text and name != "_after")]
    return Controls(
        sort=sort,
        count=count,
        total=total,
        summary=summary,
        elements=elements,
        includes=_includes(added, findings),
        pretty=pretty,
        explain=explain,
        expected=expected,
        applied=tuple(sorted(pairs, key=_place)),
    )


def sortable(resource: Resource) -> tuple[str, ...]:
    """The parameters a search of this type can be sorted by."""
    return tuple(parameter.name for parameter in resource.search if _is_sortable(parameter))


def _is_sortable(parameter: SearchParameter) -> bool:
    return parameter.kind is not SearchKind.COMPOSITE and not parameter.either


def _place(pair: Pair) -> int:
    return CONTROLS.index(pair[0].partition(":")[0])


def _written(key: SortKey) -> str:
    return f"{'-' if key.descending else ''}{key.parameter.name}"


def _sort(text: str | None, findings: Findings) -> tuple[SortKey, ...]:
    """The keys to sort by, the most important first; one not served is ignored, as a parameter is."""
    keys = _listed(text)
    if len(keys) > MOST_SORT_KEYS:
        findings.too_costly(f"a search is sorted by {MOST_SORT_KEYS} keys at most")
        return ()
    found: list[SortKey] = []
    for written in keys:
        parameter = findings.resource.parameter(written.removeprefix("-"))
        if parameter is None or not _is_sortable(parameter):
            known = sortable(findings.resource)
            findings.ignore(f"_sort={written}", known, f"{findings.resource.name} is sorted by")
        else:
            found.append(SortKey(parameter, written.startswith("-")))
    return tuple(found)


def _count(text: str | None, findings: Findings) -> int | None:
    if text is None:
        return None
    if _COUNT.fullmatch(text) is None:
        findings.malformed("_count", text, "a count is a whole number, 0 or more")
        return None
    return min(int(text), LARGEST_COUNT)


def _one_of(
    meanings: Mapping[str, Meaning], name: str, given: Mapping[str, str], findings: Findings
) -> Meaning | None:
    text = given.get(name)
    if text is not None and text not in meanings:
        findings.malformed(name, text, f"it is one of {', '.join(meanings)}")
    return None if text is None else meanings.get(text)


def _explain(text: str | None, findings: Findings) -> tuple[bool, str | None]:
    """Whether the search is to be explained, and the id of the resource that was expected, if one was."""
    if text is None or text in _TRUTHS:
        return _TRUTHS.get(text or "", False), None
    kind = findings.resource.name
    own = text.removeprefix(f"{kind}/")
    if not is_id(own):
        findings.malformed("_explain", text, f"it is true, false, or what was expected: an id or {kind}/id")
    return True, own


def _elements(text: str | None, findings: Findings) -> tuple[str, ...] | None:
    """The elements wanted, `status` or `Observation.status`; one that R4 does not know is ignored."""
    asked = _listed(text)
    if len(asked) > MOST_ELEMENTS:
        findings.too_costly(f"an answer has {MOST_ELEMENTS} elements asked for at most")
        return None
    found: list[str] = []
    for written in asked:
        if _is_element(written, findings.resource):
            found.append(written.removesuffix("[x]"))
        else:
            own = definition(findings.resource.name)
            names = _element_names(own) if own is not None else ()
            findings.ignore(f"_elements={written}", names, f"{findings.resource.name} has")
    return tuple(found) or None


def _is_element(written: str, resource: Resource) -> bool:
    head, _, tail = written.rpartition(".")
    kind = definition(head or resource.name) if not head or head in RESOURCES else None
    return kind is not None and (tail in kind.elements or tail in _element_names(kind))


def _element_names(kind: Definition) -> Iterator[str]:
    """The elements of a type as R4 names them: a choice both as `value` and as `value[x]`."""
    for element in kind.elements.values():
        if element.choice is None:
            yield element.name
    for choice in kind.choices:
        yield choice
        yield choice.removesuffix("[x]")


def _includes(added: Sequence[Pair], findings: Findings) -> tuple[Include, ...]:
    found: list[Include] = []
    for name, text in added:
        try:
            found += includes(findings.resource, name, text)
        except Refusal as refused:
            findings.refused += refused.issues
    if len(added) > MOST_INCLUDES:
        findings.too_costly(f"a search may ask for {MOST_INCLUDES} includes: ask in parts")
    return tuple(dict.fromkeys(found))


def _listed(text: str | None) -> list[str]:
    return [part for part in (text or "").split(",") if part]
