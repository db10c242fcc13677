"""What is hardly a living patient's is asked about; nothing is ever changed by it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.records import Coding, Measurement, Source
from app.fhir_mapping import codec
from app.fhir_mapping.datatypes import digits
from app.fhir_mapping.observation import to_records
from app.fhir_mapping.plausibility import BY_CODE, RANGES, beyond
from app.fhir_mapping.translation import translated
from app.fhir_mapping.units import BY_LOINC, LOINC, UCUM, amount
from tests.clinical.make import subject
from tests.fhir_mapping.make_maps import EMPTY


def result(loinc: str, value: str, unit: str, **further: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": loinc}]},
        "subject": {"reference": "Patient/p"},
        "valueQuantity": {"value": Decimal(value), "system": UCUM, "code": unit, **further},
    }


def measured(document: dict[str, Any]) -> Measurement:
    [one] = to_records(document, Source("Observation", "x", 1))
    return one


def test_every_analyte_has_a_range_with_its_source() -> None:
    assert set(BY_CODE) == set(BY_LOINC)
    assert sum(len(codes.split()) for _, codes, *_ in RANGES) == len(BY_CODE)
    assert all(one.low < one.high and one.source for one in BY_CODE.values())


@pytest.mark.parametrize(
    ("loinc", "value", "unit", "asked"),
    [
        # slips of the unit or of the decimal point that laboratories make
        ("14682-9", "88", "umol/L", False),
        ("14682-9", "88", "mmol/L", True),
        ("14682-9", "0.9", "umol/L", True),  # mg/dL, called umol/L
        ("2160-0", "0.9", "mg/dL", False),
        ("718-7", "120", "g/dL", True),  # g/L, called g/dL
        ("718-7", "120", "g/L", False),
        ("777-3", "212000", "10*9/L", True),  # /uL, called 10*9/L
        ("777-3", "212000", "/uL", False),
        ("4485-9", "71", "g/L", True),  # mg/dL, called g/L
        ("29463-7", "6.4", "kg", True),
        ("8302-2", "1.65", "cm", True),
        ("8310-5", "98.6", "Cel", True),
        ("8310-5", "98.6", "[degF]", False),
        ("10230-1", "0.55", "%", True),
        ("10230-1", "0.55", "1", False),
        ("2703-7", "8", "kPa", False),
        ("8123-2", "101", "%", True),
        # what survivors and the gravely ill have
        ("777-3", "1", "10*9/L", False),
        ("718-7", "3", "g/dL", False),
        ("1742-6", "9000", "U/L", False),
        ("14682-9", "1900", "umol/L", False),
    ],
)
def test_a_value_beyond_the_range_is_asked_about(loinc: str, value: str, unit: str, asked: bool) -> None:
    document = codec.read(codec.write(result(loinc, value, unit)))
    raw = codec.write(document)
    said = translated(raw, document, EMPTY)

    assert [(one.code, one.severity) for one in said.warnings] == [("business-rule", "warning")] * asked
    assert (said.raw, said.document) == (raw, document)
    assert all(f" {value} " not in one.text for one in said.warnings)


@pytest.mark.parametrize(
    ("value", "comparator", "asked"),
    [("20", "<", False), ("20", ">", False), ("0.5", "<", True), ("40", ">", True), ("40", "<", False)],
)
def test_a_comparator_says_only_which_side_is_open(value: str, comparator: str, asked: bool) -> None:
    """Haemoglobin from 1.5 to 26 g/dL: `<40` may be anything below, `<0.5` may not."""
    assert (measured(result("718-7", value, "g/dL", comparator=comparator)).doubt is not None) == asked


@pytest.mark.parametrize("loinc", sorted(BY_CODE))
def test_the_bounds_themselves_are_plausible(loinc: str) -> None:
    known, codings = BY_CODE[loinc], (Coding(LOINC, loinc),)

    assert beyond(codings, known.low, None) is None
    assert beyond(codings, known.high, None) is None
    assert beyond(codings, known.high + Decimal("0.000001"), None) is known
    assert beyond(codings, known.low - Decimal("0.000001"), None) is known


@given(st.sampled_from(sorted(BY_LOINC)), st.decimals(-10, 10**9, places=3))
def test_a_doubt_changes_nothing_but_itself(loinc: str, value: Decimal) -> None:
    document = result(loinc, str(value), BY_LOINC[loinc].canonical)
    one = measured(document)

    assert one.value == amount(BY_LOINC[loinc], document["valueQuantity"]).value
    assert (one.problem, one.received) == (None, digits(value))


def test_an_answer_says_what_was_doubtful_and_used_all_the_same() -> None:
    doubtful = measured(result("777-3", "212000", "10*9/L"))

    assert subject((doubtful,)).remarks() == (
        "query: Observation/x/_history/1 lies outside what is plausible (platelets 0 to 3000 10*9/L)",
    )
    assert subject((replace(doubtful, status="entered-in-error"),)).remarks() == ()
