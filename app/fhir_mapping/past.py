"""The history that is asked for: since when, as of when, in which order, and the addresses of its pages.

Source: https://hl7.org/fhir/R4/http.html#history; `_sort` is R5's.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from app.fhir_mapping import datatypes, links
from app.fhir_mapping.change import Version
from app.fhir_mapping.outcome import Issue, Refusal
from app.fhir_mapping.query import Place
from app.fhir_mapping.question import unasked
from app.fhir_mapping.search_controls import DEFAULT_COUNT, LARGEST_COUNT
from app.fhir_mapping.search_problems import malformed, near, spoken
from app.fhir_mapping.search_problems import where as place_of
from app.fhir_mapping.search_values import MalformedError, span

KNOWN = ("_since", "_at", "_sort", "_count", "_summary", "_elements", "_format", "_pretty", "_after")
"""Every parameter a history understands."""

_COUNT = re.compile(r"\d{1,9}", re.ASCII)
_ONCE = ("_since", "_at", "_sort", "_count", "_after")
_OFFSET = re.compile(r".*(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_ORDERS = {"_lastUpdated": True, "-_lastUpdated": False}
_SHAPING = frozenset({"_count", "_summary", "_elements", "_format", "_pretty", "_after"})
"""What says how much is shown, and how, rather than what is told."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A history as understood; `applied` is what of the request that rests on, `address` where it was asked.

    `since` is inclusive, `at` from an instant to another; `after` is where the previous page ended.
    """

    address: str
    applied: tuple[Pair, ...]
    count: int = DEFAULT_COUNT
    since: datetime | None = None
    at: tuple[datetime, datetime] | None = None
    ascending: bool = False
    after: Place | None = None


class HistoryPage(Protocol):
    """Some versions of one resource, of a type, or of everything."""

    @property
    def versions(self) -> Sequence[Version]:
        """The versions, in the order that was asked for."""

    @property
    def total(self) -> int | None:
        """How many there are in all, None where they were not counted."""

    @property
    def after(self) -> Place | None:
        """Where the next page goes on, None on the last page."""

    @property
    def monitor(self) -> Place | None:
        """Where to ask later for what comes after the last page of a history that begins with the oldest."""


def parse(parameters: Iterable[Pair], *, address: str, key: bytes = b"", strict: bool = False) -> Past:
    """The history these parameters ask for; Refusal 400 with every problem of them.

    What is not known is passed over, unless `strict`. `key` signs the page links.
    """
    pairs = [(name, text) for name, text in parameters if text]
    given = dict(pairs)
    issues = [_unknown(name) for name in given if strict and name not in KNOWN]
    issues += _repeated([name for name, _ in pairs])
    count = _count(given.get("_count"), issues)
    since = _since(given.get("_since"), issues)
    at = _at(given.get("_at"), issues)
    order = _ORDERS.get(given.get("_sort", "-_lastUpdated"))
    if order is None:
        issues.append(malformed("_sort", "", "_lastUpdated is the oldest first, -_lastUpdated the newest"))
    if "_count" in given:
        given["_count"] = str(count)
    applied = tuple((name, given[name]) for name in KNOWN if name in given)
    after = _after(given.get("_after"), issues, key=key, question=_question(address, applied))
    if issues:
        raise Refusal(400, tuple(issues))
    return Past(
        address=address,
        applied=applied,
        count=count,
        since=since,
        at=at,
        ascending=order or False,
        after=after,
    )


def self_link(past: Past) -> str:
    """The address of this very page."""
    return links.with_parameters(past.address, past.applied)


def page_link(past: Past, after: Place, *, key: bytes = b"") -> str:
    """The address of the page that goes on from there, at once or later."""
    kept = [pair for pair in past.applied if pair[0] != "_after"]
    cursor = links.cursor(after, key=key, question=_question(past.address, kept))
    return links.with_parameters(past.address, [*kept, ("_after", cursor)])


def _question(address: str, applied: Iterable[Pair]) -> bytes:
    """What a place in a history belongs to: the path below the base, and what is told in which order."""
    told = sorted(pair for pair in applied if pair[0] not in _SHAPING)
    path = address.partition("://")[2].partition("/")[2]
    return hashlib.sha256(repr((path, told)).encode()).digest()


def _unknown(name: str) -> Issue:
    known = f"; a history takes {', '.join(KNOWN)}"
    said = f"{spoken(name, 'a parameter')} is not served{near(name, KNOWN)}{known}"
    return Issue("not-supported", said, place_of(name))


def _repeated(names: list[str]) -> list[Issue]:
    """That something is said twice which cannot be two things at once."""
    text = "{0} is given more than once: say it once"
    return [Issue("value", text.format(name), place_of(name)) for name in _ONCE if names.count(name) > 1]


def _count(text: str | None, issues: list[Issue]) -> int:
    if text is None:
        return DEFAULT_COUNT
    if _COUNT.fullmatch(text) is None:
        issues.append(malformed("_count", text, "a count is a whole number, 0 or more"))
        return DEFAULT_COUNT
    return min(int(text), LARGEST_COUNT)


def _since(text: str | None, issues: list[Issue]) -> datetime | None:
    """The instant, inclusive, a history begins with."""
    if text is None:
        return None
    meant = datatypes.moment(text)
    if meant is None or not meant.has_time or _OFFSET.fullmatch(text) is None:
        hint = "it is an instant, such as 2024-05-03T10:20:30Z; the + of an offset is written %2B"
        issues.append(malformed("_since", "", hint))
        return None
    _bounded("_since", (meant.first_day, meant.last_day), issues)
    return meant.start


def _at(text: str | None, issues: list[Issue]) -> tuple[datetime, datetime] | None:
    """The first and the last instant a time may mean as of which a history is told."""
    if text is None:
        return None
    try:
        at = span(text)
    except MalformedError as problem:
        issues.append(malformed("_at", "", str(problem)))
        return None
    meant = datatypes.moment(text)
    if meant is not None:
        _bounded("_at", (meant.first_day, meant.last_day), issues)
    return at


def _bounded(name: str, days: tuple[date, date], issues: list[Issue]) -> None:
    """Refuse a time no trial is asked about; near the ends of the calendar there is no arithmetic of days."""
    said = unasked(days[0]) or unasked(days[1])
    if said is not None:
        issues.append(Issue("value", f"{name} {said}", place_of(name)))


def _after(text: str | None, issues: list[Issue], *, key: bytes, question: bytes) -> Place | None:
    if text is None:
        return None
    found = links.place(text, key=key, question=question)
    if found is None or len(found[0]) != 3:  # noqa: PLR2004 an instant, a type and a version
        issues.append(malformed("_after", "", "take it unchanged from a link of a page"))
    return found
