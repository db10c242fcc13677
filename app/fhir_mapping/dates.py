"""FHIR's dates: what a date, a period or a timing may mean, as days in Paris and as instants in UTC.

Nothing here raises; what is no date is None.
Source: https://hl7.org/fhir/R4/datatypes.html#dateTime
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.clinical.records import Moment, Span

PARIS = ZoneInfo("Europe/Paris")
"""The trial's time zone: where a date without an offset is meant (clinical conventions §0.4)."""

EARLIEST = datetime.min.replace(tzinfo=UTC)
"""The low bound of what has no beginning."""

LATEST = datetime.max.replace(tzinfo=UTC)
"""The high bound of what has no end."""

YEARS = range(1850, 2200)
"""When what a trial records may lie; a date outside is a placeholder, such as 9999-12-31 for no end."""

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d)(?::([0-5]\d|60)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_DAY_LENGTH = len("2021-09-14")
_DECEMBER = 12
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


def meant(when: Moment | None) -> Moment | None:
    """The moment, unless it is a placeholder: that says nothing about when."""
    if when is None or when.first_day.year not in YEARS or when.last_day.year not in YEARS:
        return None
    return when


def meant_span(when: Span) -> Span:
    """The span; an end that is a placeholder is open."""
    return Span(meant(when.start), meant(when.end))


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
