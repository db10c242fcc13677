"""FHIR's data types, read into the trial's vocabulary: dates, codes, references, paths.

Nothing here raises. What cannot be read is None or left out, so that a mapping stays total over
every document R4 allows.
Sources: https://hl7.org/fhir/R4/datatypes.html and https://hl7.org/fhir/R4/references.html
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.clinical.records import Coding, Moment, Span

PARIS = ZoneInfo("Europe/Paris")
"""The trial's time zone: where a date without an offset is meant (clinical conventions §0.4)."""

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""The low bound of what has no beginning."""

LATEST = datetime.max.replace(tzinfo=UTC)
"""The high bound of what has no end."""

Path = tuple[str, ...]

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d|60)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_REFERENCE = re.compile(
    r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)
_STEP = re.compile(r"extension\('([^']+)'\)|([A-Za-z]+)")
_DAY_LENGTH = len("2021-09-14")
_DECEMBER = 12
_FARTHEST = 300
_WRITTEN_OUT = 20
_ONE_DAY = timedelta(days=1)


def moment(text: Any) -> Moment | None:
    """A FHIR date, dateTime or instant, with the span of instants it may mean.

    A text without an offset is meant in Europe/Paris. A leap second (`:60`) is the first instant
    of the next minute. None where the text is no date.
    """
    return _moment(text) if isinstance(text, str) else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> Moment | None:
    """Remembered: a document's date is read for its record and for its index, and days repeat."""
    return _of_day(text) if len(text) <= _DAY_LENGTH else _of_time(text)


def _of_day(text: str) -> Moment | None:
    """A year, a month or a day."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError:
        return None
    last = first if day else _last_day(first, whole_year=month is None)
    end = LATEST if last == date.max else _midnight(last + _ONE_DAY)
    return Moment(text, _midnight(first), end, first, last, False)


def _last_day(first: date, *, whole_year: bool) -> date:
    """The last day of the year or month that begins on this day."""
    if whole_year or first.month == _DECEMBER:
        return date(first.year, _DECEMBER, 31)
    return date(first.year, first.month + 1, 1) - _ONE_DAY


def _midnight(day: date) -> datetime:
    """The instant a day begins in the trial's time zone."""
    return _utc(datetime(day.year, day.month, day.day, tzinfo=PARIS))


def _utc(local: datetime) -> datetime:
    """The same instant in UTC, held within the years a datetime can express."""
    try:
        return local.astimezone(UTC)
    except OverflowError:
        return EARLIEST if local.year == 1 else LATEST


def _of_time(text: str) -> Moment | None:
    """A day with a time: a minute, a second, or the fraction of a second its digits say."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    minute, seconds, fraction, zone = match.groups()
    try:
        start = _utc(_local(minute, zone)) + _beyond_minute(seconds, fraction)
        day = start.astimezone(PARIS).date()
    except ValueError:
        return None
    except OverflowError:  # within hours of the first or the last instant there is
        start, day = (EARLIEST, date.min) if text.startswith("0001") else (LATEST, date.max)
    return Moment(text, start, _after(start, seconds, fraction), day, day, True)


def _local(minute: str, zone: str | None) -> datetime:
    """The minute as written, in its own offset or the trial's time zone."""
    written = datetime.fromisoformat(minute + (zone or ""))
    return written if zone else written.replace(tzinfo=PARIS)


def _beyond_minute(seconds: str | None, fraction: str | None) -> timedelta:
    """The seconds and their fraction, to the microsecond."""
    if not seconds:
        return timedelta()
    return timedelta(seconds=int(seconds), microseconds=int(fraction[:6].ljust(6, "0")) if fraction else 0)


def _after(start: datetime, seconds: str | None, fraction: str | None) -> datetime:
    """The end, exclusive, of the time whose start and digits these are."""
    if not seconds:
        width = timedelta(minutes=1)
    elif not fraction:
        width = timedelta(seconds=1)
    else:
        width = timedelta(microseconds=10 ** max(0, 6 - len(fraction)))
    return LATEST if LATEST - start < width else start + width


def period(value: Any) -> Span:
    """A FHIR Period; an end that is not given, or not readable, is None."""
    if not isinstance(value, dict):
        return Span(None, None)
    return Span(moment(value.get("start")), moment(value.get("end")))


def timing(value: Any) -> Span:
    """The span of a FHIR Timing: from its first to its last event, or its bounds."""
    if not isinstance(value, dict):
        return Span(None, None)
    events = sorted(filter(None, map(moment, value.get("event") or ())), key=lambda event: event.start)
    if events:
        return Span(events[0], events[-1])
    repeat = value.get("repeat")
    return period(repeat.get("boundsPeriod") if isinstance(repeat, dict) else None)


def span_bounds(when: Span | Moment | None) -> tuple[datetime, datetime] | None:
    """The low bound, inclusive, and the high bound, exclusive, a search compares with.

    An end that is not given is open. None where no date is given at all.
    """
    if isinstance(when, Moment):
        return when.start, when.end
    if when is None or (when.start is None and when.end is None):
        return None
    return (when.start.start if when.start else EARLIEST), (when.end.end if when.end else LATEST)


def date_bounds(value: Any) -> tuple[datetime, datetime] | None:
    """The bounds of an element that is a date text, a Period or a Timing."""
    if isinstance(value, str):
        return span_bounds(moment(value))
    if isinstance(value, dict):
        return span_bounds(timing(value) if "event" in value or "repeat" in value else period(value))
    return None


def codings(concept: Any) -> tuple[Coding, ...]:
    """The codes of a CodeableConcept, in their order; a coding without a code is left out."""
    if not isinstance(concept, dict):
        return ()
    return tuple(
        [
            Coding(coding.get("system", ""), coding["code"])
            for coding in concept.get("coding", ())
            if isinstance(coding, dict) and "code" in coding
        ]
    )


def all_codings(concepts: Any) -> tuple[Coding, ...]:
    """The codes of a list of CodeableConcepts, one after the other."""
    return tuple(coding for concept in concepts or () for coding in codings(concept))


def concept_text(concept: Any) -> str | None:
    """What a person would read: the concept's text, else its first display."""
    if not isinstance(concept, dict):
        return None
    if "text" in concept:
        return str(concept["text"])
    shown = (coding.get("display") for coding in concept.get("coding", ()) if isinstance(coding, dict))
    return next(filter(None, shown), None)


def identifiers(value: Any) -> tuple[Coding, ...]:
    """Business identifiers as system and value; one without a value is left out."""
    found = value if isinstance(value, list) else [value]
    return tuple(
        Coding(identifier.get("system", ""), identifier["value"])
        for identifier in found
        if isinstance(identifier, dict) and "value" in identifier
    )


def reference(value: Any, base: str) -> tuple[str, str] | None:
    """The (type, id) a Reference points to on this server, a version left aside.

    `base` is our own FHIR base address. None for what lies elsewhere: another server, a `urn:`,
    a contained `#id`, or no literal reference at all.
    """
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str):
        return None
    return _literal(text, base)


@lru_cache(maxsize=8192)
def _literal(text: str, base: str) -> tuple[str, str] | None:
    """Remembered: all that is sent of one patient refers to the same."""
    local = text.removeprefix(base if base.endswith("/") else base + "/") if base else text
    match = _REFERENCE.fullmatch(local)
    return (match[1], match[2]) if match else None


def target_id(value: Any, hosted: str) -> str | None:
    """The id a Reference of that type points to, without knowing our own address.

    A relative `Type/id` gives the id. An absolute or `urn:` address is given whole: no id looks like
    it, so it can never be taken for a resource of ours before it is known to be one. A reference to
    another type, or without a literal, gives None.
    """
    if not isinstance(value, dict):
        return None
    text = value.get("reference")
    if not isinstance(text, str):
        return None
    if ":" in text:
        return text
    local = _literal(text, "")
    return local[1] if local is not None and local[0] == hosted else None


def extension(element: Any, url: str) -> dict[str, Any] | None:
    """The first extension of that url on this element."""
    found = element.get("extension") if isinstance(element, dict) else None
    return next((one for one in found or () if isinstance(one, dict) and one.get("url") == url), None)


def decimal(value: Any) -> Decimal | None:
    """A JSON number as an exact Decimal; None for anything else, and beyond what is ever measured."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if -_FARTHEST <= value.adjusted() <= _FARTHEST else None


def digits(value: Decimal) -> str:
    """A number with the digits that were sent, written out where that is how numbers are written."""
    exponent = value.as_tuple().exponent
    return f"{value:f}" if isinstance(exponent, int) and -_WRITTEN_OUT <= exponent <= 0 else str(value)


def values(document: Any, path: str) -> list[Any]:
    """All values at a path such as `component.code`; lists are walked through."""
    return walk(document, split(path))


def split(path: str) -> Path:
    """A path as its steps; the step `extension('url')` is that url."""
    return tuple(match[1] or match[2] for match in _STEP.finditer(path))


def walk(element: Any, path: Path) -> list[Any]:
    """As `values`, for a path split beforehand."""
    found = [element]
    for step in path:
        found = [below for one in found if isinstance(one, dict) for below in _below(one, step)]
    return found


def _below(holder: dict[str, Any], step: str) -> list[Any]:
    """What one step leads to; a member of that name, or the extensions of that url."""
    if ":" in step:
        extensions = holder.get("extension", ())
        return [one for one in extensions if isinstance(one, dict) and one.get("url") == step]
    below = holder.get(step)
    if below is None:
        return []
    return below if isinstance(below, list) else [below]


def fold(text: str) -> str:
    """The text as a search compares it: without case, without accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(part for part in plain if not unicodedata.combining(part))
