"""Lung function in systemic sclerosis: FVC, DLCO and TLC, and how they changed since M0 (conventions §1.15).

The sources define no response: the change is computed and nothing is decided by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from app.clinical.answers import Figure
from app.clinical.comparison import six_digits
from app.clinical.interval import Interval
from app.clinical.records import Coding
from app.clinical.scores.form_codes import LUNG
from app.clinical.scores.sledai_labs import LOINC
from app.protocol.definition import Protocol


@dataclass(frozen=True, slots=True)
class Volume:
    """One quantity of lung function: the codes it comes under, and its unit."""

    codes: frozenset[Coding]
    unit: str


def _loinc(*codes: str) -> frozenset[Coding]:
    return frozenset(Coding(LOINC, code) for code in codes)


VOLUMES: Mapping[str, Volume] = {
    "fvc": Volume(_loinc("19868-9", "19870-5"), "L"),
    "fvc-percent-predicted": Volume(_loinc("19872-1"), "%"),
    "dlco": Volume(_loinc("19911-7"), "mL/min/mm[Hg]"),
    "dlco-percent-predicted": Volume(_loinc("98130-8"), "%"),
    "tlc": Volume(frozenset({LUNG.coding("tlc")}), "L"),
    "tlc-percent-predicted": Volume(frozenset({LUNG.coding("tlc-percent-predicted")}), "%"),
}
PLANNED = frozenset({"fvc-percent-predicted", "dlco-percent-predicted", "tlc"})
"""Those that are missed where they are not recorded; the others are told where they are."""


def change(protocol: Protocol, now: Figure, before: Figure | None) -> Figure:
    """The change since baseline: in percent of the value then, or in the quantity's own unit."""
    name = "change-from-baseline"
    if before is None:
        return Figure(name=name, value=None, reasons=now.reasons or ("baseline-missing",))
    if not isinstance(now.value, Interval) or not isinstance(before.value, Interval):
        return Figure(
            name=name, value=None, reasons=now.reasons or before.reasons or ("missing-observation",)
        )
    if protocol.parameters.ssc.change == "absolute":
        return Figure(name=name, value=now.value - before.value, unit=now.unit)
    if before.value.low <= 0:
        return Figure(name=name, value=None, reasons=("not-applicable",))
    return Figure(name=name, value=_relative(now.value, before.value), unit="%")


def _relative(now: Interval, before: Interval) -> Interval:
    """By how many percent a positive value rose, at least and at most."""
    lowest = Fraction(now.low) / Fraction(before.high)
    highest = Fraction(now.high) / Fraction(before.low)
    return Interval(six_digits((lowest - 1) * 100), six_digits((highest - 1) * 100))
