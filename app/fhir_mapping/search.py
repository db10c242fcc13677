"""A query string to a Query: every parameter is read, refused or said to be ignored, never half understood.

An unknown parameter is ignored and named (or refused, where the asker wants strict handling); an
unsupported modifier and a malformed value are always refused, all of them at once.
Source: https://hl7.org/fhir/R4/search.html
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches

from app.fhir_mapping import datatypes, links
from app.fhir_mapping.outcome import Issue, Refusal, Severity
from app.fhir_mapping.query import Clause, Place, Query, SortKey
from app.fhir_mapping.resource import Column, Resource, SearchParameter
from app.fhir_mapping.search_values import MalformedError, alternatives, value
from app.fhir_mapping.wording import is_code_like, shown

Pair = tuple[str, str]

CONTROLS = ("_after", "_count", "_format", "_pretty", "_sort", "_summary", "_total")
"""The parameters that shape an answer rather than choose what is in it."""

DEFAULT_COUNT = 50
LARGEST_COUNT = 1000
MOST_VALUES = 1000
"""Alternatives in one search: beyond it a search is a download."""

SORTABLE = frozenset({Column.ID, Column.LAST_UPDATED, Column.DATE})

_NAME = re.compile(r"(?P<name>[^:.]*)(?::(?P<modifier>[^.]*))?(?:\.(?P<chain>.*))?", re.DOTALL)
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_COUNT = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search as understood: what to find, and what of the request that rests on.

    `applied` are the parameters that were used, `ignored` the names of those that were not.
    """

    query: Query
    base: str
    applied: tuple[Pair, ...]
    ignored: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[Issue, ...]:
        """What the asker should know beside the matches."""
        return tuple(_unknown(self.query.resource, name, severity="warning") for name in self.ignored)


def parse(resource: Resource, parameters: Iterable[Pair], *, base: str, strict: bool = False) -> Search:
    """The search these parameters ask for; Refusal 400 with every problem of them."""
    reading = _Reading(resource, base)
    for name, text in parameters:
        if text:
            reading.take(name, text)
    query = reading.query()
    refused = [_unknown(resource, name) for name in reading.ignored] if strict else []
    if reading.issues or refused:
        raise Refusal(400, (*reading.issues, *refused))
    applied = (*reading.applied, *reading.controls.items())
    return Search(query=query, base=base, applied=applied, ignored=tuple(reading.ignored))


def self_link(search: Search) -> str:
    """The address of this very page: only what was understood, so that asking it again gives the same."""
    return links.with_parameters(_address(search), search.applied)


def next_link(search: Search, after: Place) -> str:
    """The address of the page that goes on from there."""
    kept = [pair for pair in search.applied if pair[0] != "_after"]
    return links.with_parameters(_address(search), [*kept, ("_after", links.cursor(after))])


def _address(search: Search) -> str:
    return f"{search.base}/{search.query.resource.name}"


@dataclass
class _Reading:
    """The parameters read so far, with everything that is wrong with them."""

    resource: Resource
    base: str
    clauses: list[Clause] = field(default_factory=list)
    applied: list[Pair] = field(default_factory=list)
    controls: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)

    def take(self, written: str, text: str) -> None:
        """Read one parameter of the request."""
        if _UNREADABLE.search(written) or _UNREADABLE.search(text):
            self.issues.append(
                Issue("value", "a search parameter has characters no text may have", "http.url")
            )
            return
        named = _NAME.fullmatch(written)
        name = named["name"] if named else written
        parameter = self.resource.parameter(name)
        if parameter is None and name not in CONTROLS and ":" in written:
            text = (
                f"{shown(written, 'this parameter')} asks in a way that is not supported: no modifier is yet"
            )
            self.issues.append(Issue("not-supported", text, "http.url"))
        elif parameter is None and name not in CONTROLS:
            self.ignored.append(written)
        elif named and (named["modifier"] is not None or named["chain"] is not None):
            self._refuse_qualified(written, named)
        elif parameter is None:
            self.controls[name] = text
        else:
            self._clause(parameter, text)

    def _refuse_qualified(self, written: str, named: re.Match[str]) -> None:
        """Modifiers and chains: none is served yet, and leaving one out would change what is found."""
        modifier = named["modifier"]
        what = "a chain" if modifier is None else f"the modifier :{shown(modifier, '…')}"
        text = f"{what} is not supported on {named['name']}"
        self.issues.append(Issue("not-supported", text, _where(written)))

    def _clause(self, parameter: SearchParameter, text: str) -> None:
        """One parameter with its alternatives."""
        written = alternatives(text)
        try:
            values = tuple(value(parameter, part, base=self.base) for part in written)
        except MalformedError as problem:
            self._malformed(parameter.name, text, str(problem))
            return
        if values:
            self.clauses.append(Clause(parameter, values))
            self.applied.append((parameter.name, text))

    def query(self) -> Query:
        """What is to be found; controls that cannot be read are added to the problems."""
        if sum(len(clause.values) for clause in self.clauses) > MOST_VALUES:
            self.issues.append(
                Issue("too-costly", f"a search may name {MOST_VALUES} values: ask in parts", "http.url")
            )
        sort = self._sort()
        only_count = self._summary()
        count = self._count()
        after = self._after(by_time=bool(sort) and sort[0].parameter.column is not Column.ID)
        return Query(
            resource=self.resource,
            conditions=tuple(self.clauses),
            sort=sort,
            count=0 if only_count else count,
            after=after,
            total=self._total() or only_count or count == 0,
        )

    def _count(self) -> int:
        text = self.controls.get("_count")
        if text is None:
            return DEFAULT_COUNT
        if _COUNT.fullmatch(text) is None:
            self._malformed("_count", text, "a count is a whole number, 0 or more")
            return DEFAULT_COUNT
        count = min(int(text), LARGEST_COUNT)
        self.controls["_count"] = str(count)
        return count

    def _sort(self) -> tuple[SortKey, ...]:
        """The one key to sort by; a key not served is ignored, as an unknown parameter is."""
        text = self.controls.get("_sort")
        if text is None:
            return ()
        parameter = self.resource.parameter(text.removeprefix("-"))
        if parameter is None or parameter.column not in SORTABLE:
            self._ignore("_sort")
            return ()
        return (SortKey(parameter, text.startswith("-")),)

    def _summary(self) -> bool:
        """Whether only the number of matches is asked for; other summaries are ignored."""
        asked = self.controls.get("_summary", "false")
        if asked not in {"count", "false"}:
            self._ignore("_summary")
        return asked == "count"

    def _total(self) -> bool:
        asked = self.controls.get("_total", "none")
        if asked not in {"none", "estimate", "accurate"}:
            self._malformed("_total", asked, "a total is none, estimate or accurate")
        return asked != "none"

    def _after(self, *, by_time: bool) -> Place | None:
        text = self.controls.get("_after")
        if text is None:
            return None
        after = links.place(text)
        if after is None or (by_time and not all(map(_is_instant, after[0]))):
            self._malformed("_after", text, "take it unchanged from a next link")
        return after

    def _ignore(self, name: str) -> None:
        self.ignored.append(f"{name}={self.controls.pop(name)}")

    def _malformed(self, name: str, text: str, expected: str) -> None:
        self.issues.append(
            Issue("value", f"{_shown(f'{name}={text}', name)} cannot be read: {expected}", _where(name))
        )


def _is_instant(key: str | None) -> bool:
    """Whether a sort key of a page sorted by time can be one (None: what was last had no date)."""
    try:
        at = datetime.fromisoformat(key) if key is not None else datatypes.EARLIEST
        return at.tzinfo is not None and at.astimezone(UTC) is not None
    except (ValueError, OverflowError):
        return False


def known_names(resource: Resource) -> tuple[str, ...]:
    """Every parameter a search of this type understands."""
    return (*(parameter.name for parameter in resource.search), *CONTROLS)


def near(name: str, known: Sequence[str]) -> str:
    """A hint at the name that may have been meant, empty where none is near."""
    found = get_close_matches(name, known, n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def _unknown(resource: Resource, name: str, *, severity: Severity = "error") -> Issue:
    known = known_names(resource)
    done = "was ignored" if severity == "warning" else "is not served"
    what = _shown(name, _shown(name.partition("=")[0], "a parameter"))
    said = f"{what} {done}{near(name, known)}"
    text = f"{said}; {resource.name} is searched by {', '.join(known)}"
    return Issue("not-supported", text, _where(name), severity)


def _where(name: str) -> str:
    """Where in the request, as an OperationOutcome says it: `http.` and the parameter's name."""
    own = name.partition("=")[0]
    return f"http.{_shown(own, 'url')}"


def _shown(text: str, otherwise: str) -> str:
    """A parameter as it was asked, where all its words look like codes, otherwise other words for it."""
    return text if all(map(is_code_like, re.split("[:=]", text))) else otherwise
