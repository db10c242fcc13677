"""The times of HL7 v2 as FHIR's: as precise as sent, in the sender's zone where they name no offset.

The offset of MSH-7 is not that of the other times: it is that of the sending, which may be in another season.
Source: HL7 Version 2.5.1, chapter 2A, §2.A.22.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.fhir_mapping.primitives import is_shaped

_TIME = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,9})?)?)?)?)?)?([+-]\d{4})?", re.ASCII
)
_OF_DAY = re.compile(r"(\d\d)(\d\d)(?:(\d\d)(\.\d{1,9})?)?([+-]\d{4})?", re.ASCII)


def date_time(written: str, zone: str) -> str | None:
    """A FHIR dateTime: a year, a month, a day, or an instant to the second. None where it is no time.

    A minute begins with its first second; an hour alone is no time of FHIR's, so that the day is left. Of the
    hour a clock passes twice in autumn the earlier is taken.
    """
    match = _TIME.fullmatch(written)
    if match is None:
        return None
    year, month, day, _hour, minute, second, fraction, offset = match.groups()
    said = "-".join(part for part in (year, month, day) if part)
    if minute is not None:
        clock = f"T{match[4]}:{minute}:{second or '00'}"
        if not is_shaped("dateTime", f"{said}{clock}Z"):
            return None
        said += clock + (fraction or "") + _offset(said + clock, offset, zone)
    return said if is_shaped("dateTime", said) else None


def instant(written: str, zone: str) -> str | None:
    """A FHIR instant; None where the time is less precise than a minute."""
    said = date_time(written, zone)
    return said if said is not None and "T" in said else None


def of_day(written: str) -> str | None:
    """A time of day, `0805` or `080500`."""
    match = _OF_DAY.fullmatch(written)
    if match is None:
        return None
    hour, minute, second, fraction, _ = match.groups()
    said = f"{hour}:{minute}:{second or '00'}{fraction or ''}"
    return said if is_shaped("time", said) else None


def is_twice(said: str | None, zone: str) -> bool:
    """Whether a clock in that zone shows this twice, or never: an hour of the change of season."""
    if said is None or "T" not in said:
        return False
    local = datetime.fromisoformat(said[:16]).replace(tzinfo=ZoneInfo(zone))
    return local.utcoffset() != local.replace(fold=1).utcoffset()


def _offset(local: str, written: str | None, zone: str) -> str:
    """The offset sent, or that of the zone at this time of its clocks."""
    if written is not None:
        return f"{written[:3]}:{written[3:]}"
    shown = datetime.fromisoformat(local.replace(":60", ":59")).replace(tzinfo=ZoneInfo(zone))
    offset = shown.utcoffset() or timedelta()
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"
