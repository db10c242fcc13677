"""What was given: the infusion of the cells, and the treatments around it."""

from decimal import Decimal
from typing import Any

import pytest

from app.clinical.codes import BASE as CODES
from app.clinical.records import Administration, Coding, Span
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.extensions import CELL_DOSE, LOT
from app.fhir_mapping.medication_administration import MEDICATION_ADMINISTRATION as RESOURCE
from tests.fhir_mapping.documents import BY_REFERENCE, INFUSION, STEROID, UCUM, Json, source

UC_MSC = Coding(CODES + "product", "uc-msc")


def given(document: Json) -> Administration:
    (found,) = RESOURCE.to_records(document, source("MedicationAdministration"))
    assert isinstance(found, Administration)
    return found


def test_an_infusion_names_its_product_its_dose_and_its_lot() -> None:
    assert given(INFUSION) == Administration(
        source=source("MedicationAdministration"),
        patient="p-014",
        study="msc-sle",
        status="completed",
        codings=(UC_MSC,),
        text=None,
        period=Span(moment("2021-03-16T10:02:00+01:00"), moment("2021-03-16T10:47:00+01:00")),
        has_period=True,
        dose=Decimal("2.0"),
        dose_unit="10*6/kg",
        rate=None,
        rate_unit=None,
        routes=(Coding("http://snomed.info/sct", "47625008"),),
        reasons=(),
        lot="UCL-UC-0007",
    )


def test_a_single_moment_is_where_it_begins_and_ends() -> None:
    found = given(STEROID)

    assert found.period == Span(moment("2021-03"), moment("2021-03"))
    assert not found.has_period
    assert found.reasons == (Coding("http://snomed.info/sct", "55464009"),)
    assert (found.rate, found.rate_unit) == (Decimal("7.5"), "mg/d")


def test_a_medication_elsewhere_gives_no_code() -> None:
    assert given(BY_REFERENCE).codings == ()
    assert given({**INFUSION, "medicationReference": {"reference": "#other"}}).codings == ()
    assert given({**INFUSION, "medicationReference": {"display": "cells"}}).lot is None


def test_a_lot_may_be_said_by_our_extension() -> None:
    found = given({**STEROID, "extension": [{"url": LOT, "valueString": "LOT-7"}]})

    assert (found.lot, found.study) == ("LOT-7", None)


def _ratio(value: Any, time: Any, unit: str = "d") -> Json:
    denominator = {"value": time, "system": UCUM, "code": unit} if time is not None else {"code": unit}
    return {"numerator": {"value": value, "system": UCUM, "code": "mg"}, "denominator": denominator}


@pytest.mark.parametrize(
    ("dosage", "rate", "unit"),
    [
        ({"rateQuantity": {"value": Decimal("7.5"), "system": UCUM, "code": "mg/d"}}, Decimal("7.5"), "mg/d"),
        ({"rateQuantity": {"value": 8, "unit": "mg/24h"}}, Decimal(8), "mg/(24.h)"),
        ({"rateRatio": _ratio(500, 1, "wk")}, Decimal(500), "mg/wk"),
        ({"rateRatio": _ratio(10, 1)}, Decimal(10), "mg/d"),
        ({"rateRatio": _ratio(10, 1, "j")}, Decimal(10), "mg/d"),
        ({"rateRatio": _ratio(1000, 1, "mo")}, Decimal(1000), "mg/mo"),
        ({"rateRatio": _ratio(10, 2)}, None, None),
        ({"rateRatio": _ratio(10, None)}, None, None),
        ({"rateRatio": _ratio(10, 1, "min")}, None, None),
        ({"text": "as needed"}, None, None),
    ],
)
def test_an_amount_per_time_is_a_rate(dosage: Json, rate: Decimal | None, unit: str | None) -> None:
    found = given({**STEROID, "dosage": dosage})

    assert (found.rate, found.rate_unit) == (rate, unit)


def test_the_viable_cells_and_the_weight_they_were_prepared_for_may_be_said() -> None:
    def said(name: str, value: int, unit: str) -> Json:
        return {"url": name, "valueQuantity": {"value": value, "system": UCUM, "code": unit}}

    parts = [said("totalViableCells", 128, "10*6"), said("weightUsed", 64, "kg")]
    found = given({**INFUSION, "extension": [{"url": CELL_DOSE, "extension": parts}]})

    assert (found.cells, found.weight_used) == (Decimal(128), Decimal(64))
