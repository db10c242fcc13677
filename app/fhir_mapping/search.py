"""A query string to a Query: every parameter is read, refused or said to be ignored, never half understood.

An unknown parameter is ignored and named (or refused, where the asker wants strict handling); an
unsupported modifier and a malformed value are always refused, all of them at once.
Source: https://hl7.org/fhir/R4/search.html
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

from app.fhir_mapping import links, search_controls, search_names
from app.fhir_mapping.outcome import Issue, Refusal, refusal
from app.fhir_mapping.query import (
    Condition,
    Place,
    Query,
)
from app.fhir_mapping.resource import Resource
from app.fhir_mapping.search_bounds import (
    LONGEST_NAME,
    MOST_PARAMETERS,
    MOST_STEPS,
    MOST_VALUES,
    cost,
    findable,
    steps,
)
from app.fhir_mapping.search_controls import DEFAULT_COUNT, Controls, Pair
from app.fhir_mapping.search_includes import INCLUDES
from app.fhir_mapping.search_problems import CONTROLS, Findings, known_names, near, spoken, unsupported
from app.fhir_mapping.search_values import alternatives
from app.fhir_mapping.shape import Summary

__all__ = ["Search", "criteria", "known_names", "near", "next_link", "parse", "self_link"]

_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as understood: what to find, and what of the request that rests on.

    `address` is the absolute address that was asked. `applied` are the parameters that were used, the
    controls last; `ignored` the names of those that were not, which `warnings` puts into words. `summary`,
    `elements` and `pretty` are the form the answer is wanted in; `explain` asks how it was understood
    and what meets it, or whether the resource `expected` does (its id), and `uncounted` that nothing is said
    of how many match, though it be known.
    """

    query: Query
    base: str
    address: str
    applied: tuple[Pair, ...]
    ignored: tuple[str, ...] = ()
    warnings: tuple[Issue, ...] = ()
    summary: Summary | None = None
    elements: tuple[str, ...] | None = None
    pretty: bool = False
    explain: bool = False
    expected: str | None = None
    uncounted: bool = False


def parse(
    resource: Resource,
    parameters: Iterable[Pair],
    *,
    base: str,
    strict: bool = False,
    key: bytes = b"",
    within: Condition | None = None,
    address: str | None = None,
) -> Search:
    """The search these parameters ask for; Refusal 400 with every problem of them.

    `key` signs page links. `within` narrows the search to a compartment, whose `address` was asked.
    """
    reading = _Reading(resource, base, Findings(resource, strict))
    reading.take_all([(name, text) for name, text in parameters if text])
    controls = search_controls.read(reading.controls, reading.includes, reading.findings)
    asked = address or f"{base}/{resource.name}"
    after = reading.controls.get("_after")
    applied = (*reading.applied, *controls.applied)
    place = _place(after, _question(asked.removeprefix(base), applied), key, reading.findings)
    if reading.findings.refused:
        raise Refusal(400, tuple(reading.findings.refused))
    conditions = (*(() if within is None else (within,)), *reading.conditions)
    query = _query(resource, conditions, controls, place)
    return Search(
        query=query,
        base=base,
        address=asked,
        applied=applied if after is None else (*applied, ("_after", after)),
        ignored=tuple(reading.findings.ignored),
        warnings=tuple(reading.findings.warnings),
        summary=controls.summary,
        elements=controls.elements,
        pretty=controls.pretty or False,
        explain=controls.explain,
        expected=controls.expected,
        uncounted=controls.total is False and not query.total,
    )


def criteria(resource: Resource, text: str, *, base: str, where: str | None = None) -> Query:
    """The search a conditional write or reference names its target by (`identifier=system|value`).

    Nothing of it may be passed over, since more would then be found than was meant: 400, at `where`.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
        _criteria(resource, pairs)
        return findable(parse(resource, pairs, base=base, strict=True).query)
    except ValueError:
        text = "the criteria are not a query string, such as identifier=https%3A//example.org/ids|1"
        raise refusal(400, "value", text, where or "http.url") from None
    except Refusal as refused:
        issues = tuple(replace(issue, expression=where or issue.expression) for issue in refused.issues)
        raise Refusal(refused.status, issues) from None


def _criteria(resource: Resource, pairs: list[Pair]) -> None:
    """Refuse what no criteria may have: nothing to find by, or a word about the answer."""
    if not pairs:
        text = (
            f"criteria name what to find {resource.name} by, such as identifier=system|value; none are given"
        )
        raise refusal(400, "value", text, "http.url")
    for name, text in pairs:
        if not alternatives(text):
            raise unsupported(name, f"{spoken(name, 'a parameter')} has no value: criteria need one for each")
        if name.partition(":")[0] in CONTROLS:
            raise unsupported(name, f"{spoken(name, 'a parameter')} is about an answer: criteria only find")


def self_link(search: Search) -> str:
    """The address of this very page: only what was understood, so that asking it again gives the same."""
    return links.with_parameters(search.address, search.applied)


def next_link(search: Search, after: Place, *, key: bytes = b"") -> str:
    """The address of the page that goes on from there; what was explained is not explained again."""
    kept = [pair for pair in search.applied if pair[0] not in {"_after", "_explain"}]
    cursor = links.cursor(after, key=key, question=_question(search.address.removeprefix(search.base), kept))
    return links.with_parameters(search.address, [*kept, ("_after", cursor)])


def _question(path: str, applied: Iterable[Pair]) -> bytes:
    """What a place in the answers belongs to: what is found, and in which order; not how much is shown."""
    asked = sorted(
        pair for pair in applied if pair[0] == "_sort" or pair[0].partition(":")[0] not in CONTROLS
    )
    return hashlib.sha256(repr((path, asked)).encode()).digest()


def _place(after: str | None, question: bytes, key: bytes, findings: Findings) -> Place | None:
    if after is None:
        return None
    found = links.place(after, key=key, question=question)
    if found is None:
        findings.malformed("_after", "", "take it unchanged from a next link, with the parameters beside it")
    return found


def _query(
    resource: Resource, conditions: tuple[Condition, ...], controls: Controls, after: Place | None
) -> Query:
    counting = controls.summary == "count" or controls.count == 0
    return Query(
        resource=resource,
        conditions=conditions,
        sort=controls.sort,
        count=0 if counting else (controls.count or DEFAULT_COUNT),
        after=after,
        total=counting or controls.total or False,
        includes=controls.includes,
    )


@dataclass
class _Reading:
    """The parameters read so far, with everything that is wrong with them."""

    resource: Resource
    base: str
    findings: Findings
    conditions: list[Condition] = field(default_factory=list)
    applied: list[Pair] = field(default_factory=list)
    controls: dict[str, str] = field(default_factory=dict)
    includes: list[Pair] = field(default_factory=list)

    def take_all(self, pairs: list[Pair]) -> None:
        """Read the parameters of the request."""
        if len(pairs) > MOST_PARAMETERS:
            self.findings.too_costly(f"a search may have {MOST_PARAMETERS} parameters: ask in parts")
            return
        for name, text in pairs:
            self._take(name, text)
        if sum(map(cost, self.conditions)) > MOST_VALUES:
            self._too_many_values()
        if sum(map(steps, self.conditions)) > MOST_STEPS:
            text = f"a search may have {MOST_STEPS} conditions and references to follow: ask in parts"
            self.findings.too_costly(text)

    def _too_many_values(self) -> None:
        counted = "a quantity counting once for each unit it is looked for in"
        self.findings.too_costly(f"a search may name {MOST_VALUES} values, {counted}: ask in parts")

    def _take(self, written: str, text: str) -> None:
        if _UNREADABLE.search(written) or _UNREADABLE.search(text):
            said = "a search parameter has characters no text may have"
            self.findings.refused.append(Issue("value", said, "http.url"))
        elif len(written) > LONGEST_NAME:
            self.findings.too_costly(f"the name of a parameter may have {LONGEST_NAME} characters")
        elif written in INCLUDES:
            self.includes.append((written, text))
        elif written in CONTROLS:
            self.controls[written] = text
        elif re.split("[:.]", written)[0] in CONTROLS:
            self.findings.refused += _qualified(written).issues
        elif search_names.is_plain(written) and self.resource.parameter(written) is None:
            known = known_names(self.resource)
            self.findings.ignore(written, known, f"{self.resource.name} is searched by")
        elif values := alternatives(text):
            self._condition(written, text, values=len(values))

    def _condition(self, written: str, text: str, *, values: int) -> None:
        if values > MOST_VALUES:
            self._too_many_values()
            return
        try:
            self.conditions.append(search_names.condition(self.resource, written, text, base=self.base))
            self.applied.append((written, text))
        except Refusal as refused:
            self.findings.refused += refused.issues


def _qualified(written: str) -> Refusal:
    """That a control is written with a modifier or a chain it has not."""
    own = re.split("[:.]", written)[0]
    served = "there is :iterate" if own in INCLUDES else "it has none"
    return unsupported(written, f"{spoken(written, own)} is not served: of modifiers of {own}, {served}")
