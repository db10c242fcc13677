"""The same value pushed in another unit is the same value, and never changes an answer.

Exactly the same: of two decimals one of which is the other in its unit, to the last digit. One exception is
the source's own: the SSc blood gases have a threshold in each of two units which are not quite the same.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Context, Decimal, Inexact
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from app.clinical.criteria.results import compared
from app.clinical.records import Measurement, Source
from app.fhir_mapping.observation import to_records
from app.fhir_mapping.unit_tables import DIMENSIONS
from app.fhir_mapping.units import BY_LOINC, LOINC, UCUM, conversion
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.measured import Threshold
from tests.clinical.make_candidate import findings, of_protocol, on

EXACT = Context(prec=200, traps=[Inexact])
GASES = {"2703-7", "2019-8"}


def thresholds(part: object) -> Iterator[Threshold]:
    """Every comparison of a measured number, anywhere in a protocol."""
    if isinstance(part, Threshold):
        yield part
    if isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from thresholds(getattr(part, name))
    elif isinstance(part, dict):
        for inner in part.values():
            yield from thresholds(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from thresholds(inner)


BOUNDS = sorted(
    {
        (name, code.code, one.value)
        for name, protocol in load_all().items()
        for one in thresholds(protocol)
        for code in one.codes
        if code.system == LOINC and code.code in BY_LOINC and one.value is not None
    }
)


def units(loinc: str) -> list[str]:
    """Every UCUM unit that a result of this code may come in."""
    known = BY_LOINC[loinc]
    return [
        unit
        for dimension in (known.dimension, *(bridge[0] for bridge in known.bridges))
        for unit in DIMENSIONS[dimension]
    ]


def in_unit(loinc: str, value: Decimal, unit: str) -> Decimal | None:
    """The canonical value in another unit, to the last digit; None where no decimal is it."""
    way = conversion(BY_LOINC[loinc], unit)
    assert way is not None
    try:
        return EXACT.add(EXACT.divide(EXACT.multiply(value, way.divide), way.multiply), way.offset)
    except Inexact:
        return None


def measured(loinc: str, value: Decimal, unit: str, high: Decimal | None = None) -> Measurement:
    document: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": "Patient/p"},
        "effectiveDateTime": on(-1),
        "valueQuantity": {"value": value, "system": UCUM, "code": unit},
    }
    if high is not None:
        document["referenceRange"] = [{"high": {"value": high, "system": UCUM, "code": unit}}]
    [one] = to_records(document, Source("Observation", "the-value", 1))
    return one


DECIMALS = st.builds(
    lambda number, places: Decimal(number).scaleb(-places), st.integers(1, 10**9), st.integers(0, 9)
)


@given(st.sampled_from(sorted(BY_LOINC)), DECIMALS, DECIMALS, st.data())
def test_a_measurement_in_another_unit_differs_in_nothing_but_what_was_received(
    loinc: str, value: Decimal, high: Decimal, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(units(loinc)))
    other, bound = in_unit(loinc, value, unit), in_unit(loinc, high, unit)
    assume(other is not None and bound is not None)
    assert other is not None

    plain = measured(loinc, value, BY_LOINC[loinc].canonical, high)
    moved = measured(loinc, other, unit, bound)
    assert replace(moved, received=plain.received, received_unit=plain.received_unit) == plain


def judged(protocol: Protocol, one: Measurement) -> dict[str, Any]:
    """The verdict and the reasons of every criterion, with this value as the last one measured."""
    with_it = of_protocol(protocol, extra=(one,))
    return {key: (found.verdict, found.reasons) for key, found in findings(with_it, by=protocol).items()}


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(BOUNDS), st.integers(-3, 3), st.integers(1, 9), st.data())
def test_no_verdict_depends_on_the_unit_however_near_the_threshold(
    bound: tuple[str, str, Decimal], steps: int, places: int, data: st.DataObject
) -> None:
    name, loinc, threshold = bound
    value = threshold + Decimal(steps).scaleb(-places)
    unit = data.draw(st.sampled_from(units(loinc)))
    other = in_unit(loinc, value, unit)
    assume(value > 0 and other is not None and loinc not in GASES)
    assert other is not None
    protocol = load_all()[name]

    assert judged(protocol, measured(loinc, other, unit)) == judged(
        protocol, measured(loinc, value, BY_LOINC[loinc].canonical)
    )


def test_every_threshold_of_a_known_analyte_is_looked_at() -> None:
    assert {(name, code) for name, code, _ in BOUNDS} >= {("MSC-SLE", "777-3"), ("MSC-SSc", "2703-7")}


@pytest.mark.parametrize(
    ("loinc", "kilopascals", "differs"),
    [
        ("2703-7", "7.9", False),
        ("2703-7", "7.9995", True),  # 60.0012 mmHg: below 8 kPa, and not below 60 mmHg
        ("2703-7", "8.1", False),
        ("2019-8", "6.6", False),
        ("2019-8", "6.69", True),  # 50.1791 mmHg: not above 6.7 kPa, and above 50 mmHg
        ("2019-8", "6.8", False),
    ],
)
def test_between_the_two_thresholds_the_source_gives_a_blood_gas_is_read_in_its_own_unit(
    loinc: str, kilopascals: str, differs: bool
) -> None:
    protocol = load_all()["MSC-SSc"]
    criterion = next(one for one in thresholds(protocol) if loinc in {code.code for code in one.codes})
    value = Decimal(kilopascals)
    own = measured(loinc, value, "kPa")
    moved = measured(loinc, value * Decimal("7.500617"), "mm[Hg]")

    said = [_passes(criterion, one) for one in (own, moved)]
    assert (said[0] != said[1]) == differs


def _passes(criterion: Threshold, one: Measurement) -> Any:
    return compared(criterion, one, "order it").truth
