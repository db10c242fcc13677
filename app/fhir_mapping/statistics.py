"""Observation $stats: the answer as Observations, one for each code.

Source: https://hl7.org/fhir/R4/observation-operation-stats.html
"""

from collections.abc import Sequence
from typing import Any, Final

from app.clinical.records import Coding
from app.clinical.statistics import Sample, statistic
from app.fhir_mapping import codec, links
from app.fhir_mapping.units import UCUM

SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/observation-statistics"
_COUNTS: Final = frozenset({"count", "total-count"})


def observation(found: Sample, names: Sequence[str], *, subject: str) -> dict[str, Any]:
    """The statistics of a sample as an Observation with a component for each."""
    document: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [_coding(found.code)]},
        "subject": {"reference": subject},
    }
    if found.first is not None and found.last is not None:
        period = {"start": links.instant(found.first), "end": links.instant(found.last)}
        document["effectivePeriod"] = period
    components = [_component(found, name) for name in names]
    document["component"] = components
    if found.left_out:
        document["note"] = [{"text": f"Not counted: {', '.join(found.left_out)}."}]
    return document


def _component(found: Sample, name: str) -> dict[str, Any]:
    value = statistic(name, found.values, total=found.total)
    component: dict[str, Any] = {"code": {"coding": [{"system": SYSTEM, "code": name}]}}
    if value is None:
        reason = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
        return component | {"dataAbsentReason": {"coding": [{"system": reason, "code": "unknown"}]}}
    unit = _unit(found, name)
    quantity: dict[str, Any] = {"value": value}
    if unit is not None:
        quantity |= {"unit": unit, "system": UCUM, "code": unit}
    return component | {"valueQuantity": quantity}


def _unit(found: Sample, name: str) -> str | None:
    if name in _COUNTS:
        return "1"
    return f"({found.unit})2" if name == "variance" and found.unit is not None else found.unit


def _coding(code: Coding) -> dict[str, str]:
    return {"system": code.system, "code": code.code} if code.system else {"code": code.code}


def parameters(observations: Sequence[dict[str, Any]], included: Sequence[bytes]) -> bytes:
    """The answer: one `statistics` for each code, and the observations counted where they are asked for."""
    parts = [b'{"name":"statistics","resource":%b}' % codec.write(one) for one in observations]
    parts += [b'{"name":"source","resource":%b}' % one for one in included]
    return b'{"resourceType":"Parameters","parameter":[%b]}' % b",".join(parts)
