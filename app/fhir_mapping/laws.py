"""The laws among R4's invariants: what cannot be said by naming elements alone.

Each law takes the object it is about, whatever shape that has, and gives the paths from it at which the law
is broken; "" is the object itself. None raises: a wrong shape is told elsewhere.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

Object = dict[str, Any]
Law = Callable[[Object], list[str]]

UCUM = "http://unitsofmeasure.org"
CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
HERE = [""]


def nothing(_object: Object) -> list[str]:
    """No law at all."""
    return []


def _has(object_: Object, element: str) -> bool:
    """Whether an element is there, be it by its extension only."""
    return element in object_ or f"_{element}" in object_


def listed(value: Any) -> list[Any]:
    """The value where it is a list, else nothing."""
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Object]:
    return [one for one in listed(value) if isinstance(one, dict)]


def _codings(concept: Any) -> set[tuple[Any, Any]]:
    """The (system, code) pairs of a CodeableConcept."""
    if not isinstance(concept, dict):
        return set()
    pairs = [(coding.get("system"), coding.get("code")) for coding in _objects(concept.get("coding"))]
    return {(system, code) for system, code in pairs if isinstance(system, str) and isinstance(code, str)}


def _number(value: Any) -> Decimal | int | None:
    return value if isinstance(value, Decimal | int) and not isinstance(value, bool) else None


def period_in_order(period: Object) -> list[str]:
    """A period may not end before it begins; a moment and a day are compared as days."""
    start, end = period.get("start"), period.get("end")
    if not isinstance(start, str) or not isinstance(end, str):
        return []
    if "T" in start and "T" in end:
        return HERE if _later(start, end) else []
    known = min(len(start), len(end), 10)
    return HERE if start[:known] > end[:known] else []


def _later(start: str, end: str) -> bool:
    try:
        return datetime.fromisoformat(start) > datetime.fromisoformat(end)
    except (ValueError, OverflowError, TypeError):  # a leap second, or no date at all: not ours to say here
        return False


def range_in_order(range_: Object) -> list[str]:
    """The low end may not lie above the high end, where both are in the same unit."""
    low, high = range_.get("low"), range_.get("high")
    if not isinstance(low, dict) or not isinstance(high, dict):
        return []
    if low.get("code", low.get("unit")) != high.get("code", high.get("unit")):
        return []
    least, most = _number(low.get("value")), _number(high.get("value"))
    return HERE if least is not None and most is not None and least > most else []


def ratio_whole(ratio: Object) -> list[str]:
    """Numerator and denominator go together."""
    paired = ("numerator" in ratio) == ("denominator" in ratio)
    return [] if paired and ("numerator" in ratio or "extension" in ratio) else HERE


def component_repeats_code(observation: Object) -> list[str]:
    """Where a component bears the Observation's own code, the Observation has no value of its own."""
    own = _codings(observation.get("code"))
    components = enumerate(listed(observation.get("component")))
    return [
        f".component[{number}].code"
        for number, component in components
        if isinstance(component, dict) and own & _codings(component.get("code"))
    ]


def abated(condition: Object) -> list[str]:
    """A condition that has abated is no longer active."""
    ended = {(CLINICAL_STATUS, code) for code in ("resolved", "remission", "inactive")}
    return [] if ended & _codings(condition.get("clinicalStatus")) else [".clinicalStatus"]


def erroneous_without_status(condition: Object) -> list[str]:
    """A condition entered in error has no clinical status."""
    wrong = (VERIFICATION_STATUS, "entered-in-error") in _codings(condition.get("verificationStatus"))
    return [".clinicalStatus"] if wrong else []


def no_home(element: str) -> Law:
    """What belongs to an organization is never of use home."""

    def law(organization: Object) -> list[str]:
        numbered = enumerate(listed(organization.get(element)))
        at_home = [number for number, one in numbered if isinstance(one, dict) and one.get("use") == "home"]
        return [f".{element}[{number}]" for number in at_home]

    return law


def actual_members(group: Object) -> list[str]:
    """Only an actual group has members."""
    return [] if group.get("actual") is True or "_actual" in group else [".member"]


def in_ucum(quantity: Object) -> list[str]:
    """A value has a code for its unit, and the system, where given, is UCUM."""
    coded = _has(quantity, "code") or not _has(quantity, "value")
    return [] if coded and quantity.get("system", UCUM) == UCUM else HERE


def duration_in_ucum(duration: Object) -> list[str]:
    """A coded duration has a value and a UCUM unit."""
    return [] if duration.get("system") == UCUM and _has(duration, "value") else HERE


def counted_in_ones(count: Object) -> list[str]:
    """A count is a whole number of ones."""
    value = _number(count.get("value"))
    whole = value is None or isinstance(value, int)
    return in_ucum(count) or ([] if count.get("code", "1") == "1" and whole else HERE)


def positive_age(age: Object) -> list[str]:
    """An age lies above zero."""
    value = _number(age.get("value"))
    return in_ucum(age) or ([] if value is None or value > 0 else HERE)


def not_negative(element: str) -> Law:
    """A stretch of time is not negative."""

    def law(repeat: Object) -> list[str]:
        value = _number(repeat.get(element))
        return [f".{element}"] if value is not None and value < 0 else []

    return law


def offset_from_event(repeat: Object) -> list[str]:
    """An offset is counted from an event of the day."""
    when = [one for one in listed(repeat.get("when")) if isinstance(one, str)]
    return [] if "when" in repeat and not {"C", "CM", "CD", "CV"} & set(when) else HERE


def one_parameter_value(parameter: Object) -> list[str]:
    """A parameter has exactly one of value, resource and parts."""
    valued = any(name.lstrip("_").startswith("value") for name in parameter)
    return [] if valued + ("part" in parameter) + ("resource" in parameter) == 1 else HERE


def when_code(element: str, codes: tuple[str, ...], needed: str) -> Law:
    """A certain code needs another element beside it."""

    def law(object_: Object) -> list[str]:
        asked = object_.get(element) in codes if isinstance(object_.get(element), str) else False
        return HERE if asked and not _has(object_, needed) else []

    return law


def trigger_says_what(trigger: Object) -> list[str]:
    """A trigger names what sets it off."""
    kind = trigger.get("type")
    if not isinstance(kind, str):
        return []
    timed = any(name.lstrip("_").startswith("timing") for name in trigger)
    met = {"named-event": _has(trigger, "name"), "periodic": timed}
    return [] if met.get(kind, "data" in trigger or not kind.startswith("data-")) else HERE
