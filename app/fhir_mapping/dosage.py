"""A Dosage as the daily, weekly or monthly amount it comes to: `5 mg, twice a day` is `10 mg/d`.

It is read only where everything that bears on the amount is understood; what is not leaves no amount, so
that a decision asks for the dose rather than counting a wrong one.
Source: https://hl7.org/fhir/R4/dosage.html and https://hl7.org/fhir/R4/datatypes.html#Timing
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from app.clinical.drugs.dose import amount
from app.fhir_mapping.datatypes import codings, decimal
from app.fhir_mapping.medication import rate_of
from app.fhir_mapping.units import written_unit

Element = dict[str, Any]

PER_DAY: Final[Mapping[str, int]] = {
    "QD": 1,
    "AM": 1,
    "PM": 1,
    "BED": 1,
    "BID": 2,
    "TID": 3,
    "QID": 4,
}
"""How often a day, by the code of a Timing."""

_HOURS: Final = 24
_UNREAD: Final = (
    *("boundsDuration", "boundsRange", "count", "countMax", "frequencyMax", "periodMax"),
    *("duration", "durationMax", "offset"),
)
"""What makes of a repetition a range, a short course or an infusion."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A dose taken once, or an amount per time; nothing where it cannot be read."""

    dose: Decimal | None = None
    dose_unit: str | None = None
    rate: Decimal | None = None
    rate_unit: str | None = None


NOTHING: Final = Taken()


def taken(dosages: Sequence[Element], effective: Element | None) -> Taken:
    """What all entries together come to: morning and evening add up where each of them can be read.

    `effective` is the period the statement holds for. Entries of different sequence numbers follow one
    another, entries by different routes are different treatments: neither add up.
    """
    each = [_entry(dosage, effective) for dosage in dosages]
    if len(each) == 1:
        return each[0]
    apart = {(dosage.get("sequence"), codings(dosage.get("route"))) for dosage in dosages}
    return _sum(each) if len(apart) == 1 else NOTHING


def _sum(each: Sequence[Taken]) -> Taken:
    amounts = [amount(one.rate, one.rate_unit) for one in each]
    known = [one for one in amounts if one is not None and one.days is not None and one.per is None]
    if len(known) < len(amounts):
        return NOTHING
    total = sum(one.daily for one in known)
    return Taken(rate=Decimal(total.numerator) / total.denominator, rate_unit="mg/d")


def is_as_needed(dosage: Element) -> bool:
    """Whether it is taken only as needed, so that its dose does not say how much was taken."""
    return bool(dosage.get("asNeededBoolean")) or "asNeededCodeableConcept" in dosage


def _entry(dosage: Element, effective: Element | None) -> Taken:
    """One entry; what is taken as needed is nothing that can be counted."""
    if is_as_needed(dosage):
        return NOTHING
    given: Sequence[Element] = dosage.get("doseAndRate", ())
    if len(given) != 1:
        return NOTHING
    dose, timing = given[0].get("doseQuantity") or {}, dosage.get("timing")
    value, unit = decimal(dose.get("value")), written_unit(dose)
    if value is None or unit is None:
        return NOTHING if timing or "doseRange" in given[0] else _rate(given[0])
    if timing is None:
        return Taken(dose=value, dose_unit=unit)
    often = _often(timing, effective)
    if often is None:
        return NOTHING
    times, per = often
    return Taken(rate=value * times, rate_unit=f"{unit}/{per}")


def _rate(given: Element) -> Taken:
    rate, unit = rate_of(given)
    return Taken(rate=rate, rate_unit=unit)


def _often(timing: Element, effective: Element | None) -> tuple[Decimal, str] | None:
    """How often, per day, week or month; None where it cannot be told."""
    repeat = timing.get("repeat")
    if repeat is None:
        codes = [coding.code for coding in codings(timing.get("code"))]
        times = next((PER_DAY[code] for code in codes if code in PER_DAY), None)
        return None if times is None or "event" in timing else (Decimal(times), "d")
    if "event" in timing or any(name in repeat for name in _UNREAD) or not _covers(repeat, effective):
        return None
    return _repeated(repeat)


def _covers(repeat: Element, effective: Element | None) -> bool:
    """Whether the repetition goes on for all of the statement's period."""
    bounds = repeat.get("boundsPeriod")
    return bounds is None or bounds == effective


def _repeated(repeat: Element) -> tuple[Decimal, str] | None:
    period, unit = decimal(repeat.get("period", 1)), repeat.get("periodUnit", "d")
    if period is None or period <= 0:
        return None
    moments = len(repeat.get("timeOfDay") or repeat.get("when") or ())
    days = len(repeat.get("dayOfWeek", ()))
    if "period" not in repeat and ("frequency" in repeat or not moments + days):
        return None
    times = Decimal(repeat.get("frequency", 1))
    if moments and unit == "d" and period == 1:
        if "frequency" in repeat and times != moments:
            return None
        times = Decimal(moments)
    if days:
        return _on_days_of_the_week(times, days, period=period, unit=unit)
    if unit == "h":
        return times * _HOURS / period, "d"
    return (times / period, unit) if unit in ("d", "wk", "mo") else None


def _on_days_of_the_week(
    times: Decimal, days: int, *, period: Decimal, unit: str
) -> tuple[Decimal, str] | None:
    """So often on each of these days; `once a week, on Mondays` names the day the once is on."""
    if period == 1 and unit == "d":
        return times * days, "wk"
    return (times, "wk") if period == 1 and unit == "wk" and times == days else None
