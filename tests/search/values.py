"""Whether one value of a document is what one value of a search asks for, by R4's text, slowly.

Where R4 leaves a choice, ours: a date without an offset is in Europe/Paris; codes and identifiers are
compared with their case; `1e2` has the range R4's own example gives it, [95, 105). A value sent with a
comparator is every number it may be.
Source: https://hl7.org/fhir/R4/search.html
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
Interval = tuple[datetime, datetime]

PARIS = ZoneInfo("Europe/Paris")
BEGINNING = datetime.min.replace(tzinfo=UTC)
END = datetime.max.replace(tzinfo=UTC)
UCUM = "http://unitsofmeasure.org"
INFINITY = Decimal("Infinity")
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb")


def split(text: str, mark: str) -> list[str]:
    """The text cut at each mark that no backslash stands before."""
    return re.findall(rf"(?:^|{re.escape(mark)})((?:\\.|[^\\{re.escape(mark)}])*)", text, re.DOTALL)


def unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


# ---- Tokens and strings ------------------------------------------------------------------------------


def tokens(element: Any, system: str) -> Iterable[tuple[str, str]]:
    """Every (system, code) an element says."""
    if isinstance(element, bool):
        return [("", "true" if element else "false")]
    if isinstance(element, str):
        return [(system, element)]
    if "code" in element or "display" in element:
        return [(element.get("system", ""), element.get("code", ""))]
    if "coding" in element or "text" in element:
        return [(one.get("system", ""), one.get("code", "")) for one in element.get("coding", ())]
    of_contact = element.get("system") in ("phone", "email", "fax", "url", "sms", "pager", "other")
    return [("" if of_contact else element.get("system", ""), element.get("value", ""))]


def token(element: Any, text: str, system: str = "") -> bool:
    parts = [unescaped(part) for part in split(text, "|")]
    for of, code in tokens(element, system):
        if len(parts) == 1 and code and code == parts[0]:
            return True
        if len(parts) == 2 and of == parts[0] and (code == parts[1] if parts[1] else of):
            return True
    return False


def folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).casefold()


def string(element: Any, text: str, modifier: str) -> bool:
    """Whether a text, or any text within a name or an address, is what is asked for."""
    if isinstance(element, dict):
        apart = ("use", "type", "period", "id", "extension")
        return any(string(one, text, modifier) for name, one in element.items() if name not in apart)
    if isinstance(element, list):
        return any(string(one, text, modifier) for one in element)
    match modifier:
        case "exact":
            return bool(element == text)
        case "contains":
            return folded(text) in folded(element)
        case _:
            return folded(element).startswith(folded(text))


# ---- Dates -------------------------------------------------------------------------------------------


def interval(text: str) -> Interval:
    """The instants a date may mean: from the first on, up to the last, exclusive."""
    day, _, time = text.partition("T")
    return of_time(day, time) if time else of_day(day)


def of_day(text: str) -> Interval:
    """A year, a month or a day of Paris."""
    year, month, day = ([int(part) for part in text.split("-")] + [0, 0])[:3]
    first = datetime(year, month or 1, day or 1, tzinfo=PARIS)
    if day:
        following = first + timedelta(days=1)
    elif month and month < 12:
        following = first.replace(month=month + 1)
    else:
        following = first.replace(year=year + 1, month=1)
    return first.astimezone(UTC), following.astimezone(UTC)


def of_time(day: str, time: str) -> Interval:
    """A minute, a second, or the fraction of a second the digits say."""
    parts = re.fullmatch(r"(\d\d:\d\d)(:\d\d)?(\.\d+)?(Z|[+-]\d\d:\d\d)?", time)
    assert parts, f"{day}T{time} is no time"
    minute, second, fraction, zone = (part or "" for part in parts.groups())
    local = datetime.fromisoformat(f"{day}T{minute}{second or ':00'}")
    low = local.replace(tzinfo=PARIS).astimezone(UTC)
    if zone:
        hours, minutes = ("0", "0") if zone == "Z" else zone[1:].split(":")
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        low = local.replace(tzinfo=UTC) + (ahead if zone[0] == "-" else -ahead)
    if fraction:
        digits = len(fraction) - 1
        low += timedelta(microseconds=int(fraction[1:].ljust(6, "0")))
        return low, low + timedelta(microseconds=10 ** (6 - digits))
    return low, low + (timedelta(seconds=1) if second else timedelta(minutes=1))


def lasting(element: Any) -> Interval:
    """The instants a date, a Period or a Timing covers; an end that is not given is open."""
    if isinstance(element, str):
        return interval(element)
    if "event" in element:
        found = [interval(one) for one in element["event"]]
        return min(found)[0], max(high for _, high in found)
    element = element.get("repeat", {}).get("boundsPeriod", element)
    low = interval(element["start"])[0] if "start" in element else BEGINNING
    return low, interval(element["end"])[1] if "end" in element else END


def prefixed(text: str) -> tuple[str, str]:
    return (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)


def date(element: Any, text: str) -> bool:
    prefix, asked = prefixed(text)
    (low, high), (first, last) = interval(asked), lasting(element)
    contained = low <= first and last <= high
    return {
        "eq": contained,
        "ne": not contained,
        "gt": last > high,
        "lt": first < low,
        "ge": last > high or contained,
        "le": first < low or contained,
        "sa": first >= high,
        "eb": last <= low,
    }[prefix]


# ---- Numbers and quantities --------------------------------------------------------------------------

IN_GRAMS_PER_LITRE = {"g/L": "1", "g/dL": "10", "mg/dL": "0.01", "mg/L": "0.001", "mg/mL": "1"}
PER_MICROLITRE = {"/uL": "1", "10*3/uL": "1000", "10*9/L": "1000", "10*6/L": "1"}
IN_MILLIMETRES = {"mm": "1", "cm": "10"}
SPOKEN = {"G/L": "10*9/L", "Giga/L": "10*9/L", "/mm3": "/uL", "mg/dl": "mg/dL", "g/l": "g/L"}


def ratio(sent: str, asked: str) -> Decimal | None:
    """How many of the unit asked for one of the unit sent is; None where nobody can tell."""
    sent, asked = SPOKEN.get(sent, sent), SPOKEN.get(asked, asked)
    for units in (IN_GRAMS_PER_LITRE, PER_MICROLITRE, IN_MILLIMETRES):
        if sent in units and asked in units:
            return Decimal(units[sent]) / Decimal(units[asked])
    return None


def in_unit(element: Json, unit: list[str]) -> Decimal | None:
    """What to multiply the value sent with to have it in the unit asked for; None where it has another."""
    if not unit:
        return Decimal(1)
    system, code = unit
    if code in ((element.get("code"),) if system else (element.get("code"), element.get("unit"))) and (
        not system or system == element.get("system")
    ):
        return Decimal(1)
    if system not in ("", UCUM) or element.get("system", UCUM) != UCUM:
        return None
    return ratio(element.get("code") or element.get("unit", ""), code)


def half_a_digit(number: str) -> Decimal:
    """How far from the number asked for a value may lie and still be equal to the digits given."""
    exponent = Decimal(number).as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(1).scaleb(exponent) / (20 if exponent > 0 else 2)


def quantity(element: Json, text: str) -> bool:
    asked, *unit = (unescaped(part) for part in split(text, "|"))
    prefix, number = prefixed(asked)
    factor = in_unit(element, unit)
    if factor is None or "value" not in element:
        return False
    value, wanted, near = Decimal(element["value"]) * factor, Decimal(number), half_a_digit(number)
    said = element.get("comparator", "")
    least = -INFINITY if said.startswith("<") else value
    most = INFINITY if said.startswith(">") else value
    equal = not said and wanted - near <= value < wanted + near
    return {
        "eq": equal,
        "ne": not equal,
        "gt": most > wanted,
        "lt": least < wanted,
        "ge": most > wanted or (most == wanted and said != "<"),
        "le": least < wanted or (least == wanted and said != ">"),
        "sa": least > wanted or (least == wanted and said == ">"),
        "eb": most < wanted or (most == wanted and said == "<"),
    }[prefix]


def any_value(element: Any, text: str) -> bool:
    """The second half of a composite, by what it is: a text, a date, a period, a quantity or a concept."""
    if isinstance(element, str):
        is_date = re.fullmatch(r"\d{4}(-\d\d){0,2}(T.*)?", element)
        return date(element, text) if is_date else string(element, unescaped(text), "")
    if "start" in element or "end" in element:
        return date(element, text)
    return quantity(element, text) if "value" in element or "unit" in element else token(element, text)
