"""Observations as measurements: laboratory results, scores, items and panels."""

from decimal import Decimal
from typing import Any

import pytest

from app.clinical.codes import BASE as CODES
from app.clinical.records import Coding, Measurement
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.observation import OBSERVATION as RESOURCE
from app.fhir_mapping.units import NOT_CONVERTIBLE
from tests.fhir_mapping.documents import (
    BILAG,
    HL7,
    LOINC,
    OBSERVATION,
    PGA,
    POSITIVE,
    SCORE,
    SLEDAI,
    Json,
    concept,
    quantity,
    source,
)


def measured(document: Json) -> tuple[Measurement, ...]:
    found = RESOURCE.to_records(document, source("Observation"))
    assert all(isinstance(record, Measurement) for record in found)
    return found  # type: ignore[return-value]


def test_a_laboratory_result_is_one_measurement_in_the_canonical_unit() -> None:
    assert measured(OBSERVATION) == (
        Measurement(
            source=source("Observation"),
            part=0,
            patient="p-014",
            status="corrected",
            codings=(Coding(LOINC, "4485-9"), Coding("urn:lab:codes", "C3N")),
            when=moment("2021-09-14T08:05:00+02:00"),
            visit="M6",
            value=Decimal("0.71"),
            unit="g/L",
            comparator="<",
            received="71.0",
            received_unit="mg/dL",
            low=Decimal("0.90"),  # its bound has no unit of its own
            high=Decimal("1.8"),  # its bound has another unit than the value
            interpretations=("L",),
        ),
    )


def test_a_score_gives_its_total_and_every_item() -> None:
    whole, arthritis, fever, dna = measured(SLEDAI)
    panel = (Coding(SCORE, "selena-sledai"),)

    assert (whole.part, whole.codings, whole.panel) == (0, panel, ())
    assert (whole.value, whole.unit, whole.received) == (Decimal(6), None, "6")
    assert [part.part for part in (arthritis, fever, dna)] == [1, 2, 3]
    assert {part.panel for part in (arthritis, fever, dna)} == {panel}
    assert arthritis.is_coded(CODES + "sledai-item", "arthritis")
    assert (arthritis.truth, fever.truth, dna.truth, dna.absent) == (True, False, None, "not-performed")
    assert {part.status for part in (whole, arthritis)} == {"final"}
    assert {part.when for part in (whole, arthritis, fever, dna)} == {moment("2021-09-14")}


def test_a_panel_without_a_value_of_its_own_is_still_known() -> None:
    whole, renal, vasculitis = measured(BILAG)

    assert whole.codings == (Coding(SCORE, "bilag-classic"),)
    assert (whole.value, whole.truth, whole.answers, whole.absent, whole.problem) == (
        None,
        None,
        (),
        None,
        None,
    )
    assert whole.when is not None
    assert whole.when.day is None  # 2021-09: the day is left open
    assert renal.answers == (Coding(CODES + "bilag-grade", "B"),)
    assert vasculitis.answers == (Coding(CODES + "bilag-grade", "E"),)


def test_a_coded_answer_keeps_its_codes_and_its_words() -> None:
    (found,) = measured(POSITIVE)

    assert found.answers == (Coding(HL7 + "v3-ObservationInterpretation", "POS"),)
    assert (found.text, found.when) == ("positif", None)


def _with(**value: Any) -> Json:
    kept = {name: element for name, element in PGA.items() if not name.startswith("value")}
    return {**kept, **value}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"valueQuantity": quantity("1.50", "{score}")}, {"value": Decimal("1.50"), "unit": "{score}"}),
        ({"valueQuantity": quantity("1E+301", "g")}, {"value": None, "problem": NOT_CONVERTIBLE}),
        ({"valueQuantity": quantity("1E+301", "g")}, {"received": "1E+301"}),
        ({"valueInteger": 2}, {"value": Decimal(2), "unit": None, "received": "2"}),
        ({"valueBoolean": False}, {"truth": False}),
        ({"valueString": "voir commentaire"}, {"text": "voir commentaire", "value": None}),
        ({"valueDateTime": "2021-03"}, {"text": "2021-03"}),
        ({"valueTime": "08:00:00"}, {"text": "08:00:00"}),
        ({"valueRange": {"low": {"value": 1}}}, {"value": None, "text": None}),
        ({"valueQuantity": {"unit": "g"}}, {"value": None, "received": None, "problem": None}),
        ({"dataAbsentReason": concept(HL7 + "data-absent-reason", "unknown")}, {"absent": "unknown"}),
        ({"dataAbsentReason": {"text": "tube cassé"}}, {"absent": "tube cassé"}),
        ({}, {"value": None, "absent": None}),
    ],
)  # fmt: skip
def test_every_kind_of_value_is_read_or_left(value: Json, expected: dict[str, Any]) -> None:
    (found,) = measured(_with(**value))

    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("ratio", "value", "received"),
    [
        ({"numerator": {"value": 1}, "denominator": {"value": 80}}, Decimal(80), "1:80"),
        ({"numerator": {"value": 2}, "denominator": {"value": 80}}, None, None),
        ({"numerator": {"value": 1, "comparator": "<"}, "denominator": {"value": 80}}, None, None),
        ({"numerator": {"value": 1}}, None, None),
    ],
)
def test_a_titre_may_come_as_a_ratio(ratio: Json, value: Decimal | None, received: str | None) -> None:
    (found,) = measured(_with(code=concept(LOINC, "5048-4"), valueRatio=ratio))

    assert (found.value, found.received) == (value, received)


def test_a_ratio_of_anything_else_is_kept_and_not_computed_with() -> None:
    ratio = {"numerator": {"value": 1}, "denominator": {"value": 80}}

    assert measured(_with(valueRatio=ratio))[0].value is None


def test_a_result_without_a_unit_is_never_computed_with() -> None:
    document = {**OBSERVATION, "valueQuantity": {"value": Decimal("0.71")}}
    (found,) = measured(document)

    assert (found.value, found.unit, found.problem) == (None, "g/L", NOT_CONVERTIBLE)
    assert (found.received, found.received_unit) == ("0.71", None)
    assert found.low is None  # its bound has no unit either


@pytest.mark.parametrize(
    ("effective", "text"),
    [
        ({"effectiveDateTime": "2021"}, "2021"),
        ({"effectiveInstant": "2021-09-14T08:05:00Z"}, "2021-09-14T08:05:00Z"),
        ({"effectivePeriod": {"start": "2021-09-13", "end": "2021-09-14"}}, "2021-09-13"),
        ({"effectivePeriod": {"end": "2021-09-14"}}, None),
        ({"effectiveTiming": {"event": ["2021-09-14", "2021-09-13"]}}, "2021-09-13"),
        ({"_effectiveDateTime": {"extension": [{"url": "http://x.example", "valueCode": "y"}]}}, None),
        ({}, None),
    ],
)
def test_when_it_was_observed(effective: Json, text: str | None) -> None:
    document = {name: value for name, value in PGA.items() if not name.startswith("effective")} | effective
    when = measured(document)[0].when

    assert (when.text if when else None) == text


@pytest.mark.parametrize(
    ("subject", "patient"),
    [
        ({"reference": "Patient/p-1"}, "p-1"),
        ({"reference": "Patient/p-1/_history/2"}, "p-1"),
        ({"reference": "Group/g-1"}, ""),
        ({"display": "somebody"}, ""),
        ({"reference": "http://elsewhere.example/Patient/p-1"}, "http://elsewhere.example/Patient/p-1"),
        (None, ""),
    ],
)
def test_an_observation_of_no_patient_of_ours_belongs_to_none(subject: Json | None, patient: str) -> None:
    document = {name: value for name, value in PGA.items() if name != "subject"}

    assert measured(document | ({"subject": subject} if subject else {}))[0].patient == patient


def item(code: str, **value: Any) -> Json:
    return {"code": concept(CODES + "sledai-item", code), **value}


def graded(system: str, grade: str | None = "B", **value: Any) -> Json:
    said = {"valueCodeableConcept": concept(CODES + "bilag-grade", grade)} if grade else value
    return {"code": concept(CODES + "bilag-system", system), **said}


def scale(value: Any) -> Json:
    return {"code": concept(SCORE, "scale-max"), "valueInteger": value}


@pytest.mark.parametrize("document", [OBSERVATION, SLEDAI, BILAG, PGA, POSITIVE])
def test_what_a_score_has_is_accepted(document: Json) -> None:
    assert RESOURCE.review(document) == ()


@pytest.mark.parametrize(
    "document",
    [
        {**SLEDAI, "valueInteger": 105},
        {**SLEDAI, "valueInteger": 0},
        {**SLEDAI, "valueInteger": 12},  # not the sum of its items: undetermined later, stored now
        {
            **SLEDAI,
            "component": [item("fever"), {"code": concept("urn:local", "remark"), "valueString": "?"}],
        },
        {**BILAG, "code": concept(SCORE, "bilag-2004"), "component": [graded("ophthalmic", "A")]},
        {**BILAG, "component": [graded("renal", None)]},
        _with(valueQuantity=quantity(3, "{score}")),
        _with(valueQuantity=quantity(0, "{score}")),
        _with(valueQuantity=quantity("7.5", "{score}"), component=[scale(10)]),
        _with(valueQuantity=quantity("42", "mm"), component=[scale(100)]),
        _with(dataAbsentReason=concept(HL7 + "data-absent-reason", "unknown")),
        {**BILAG, "code": {"coding": [*concept(SCORE, "bilag-classic")["coding"], {"code": "BILAG"}]}},
        {**PGA, "code": {"text": "global assessment"}},
    ],
)
def test_what_a_score_may_have_is_accepted(document: Json) -> None:
    assert RESOURCE.review(document) == ()


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({**BILAG, "code": {"text": " Bilag "}}, "Observation.code"),
        ({**BILAG, "code": concept("urn:local", "BILAG")}, "Observation.code"),
        ({**BILAG, "code": concept(SCORE, "bilag")}, "Observation.code"),
        ({**SLEDAI, "valueInteger": 106}, "Observation.valueInteger"),
        ({**SLEDAI, "valueInteger": -1}, "Observation.valueInteger"),
        (_with(code=SLEDAI["code"], valueQuantity=quantity("6.5", "1")), "Observation.valueQuantity"),
        (_with(code=SLEDAI["code"], valueString="6"), "Observation.valueString"),
        ({**SLEDAI, "component": [item("flu", valueBoolean=True)]}, "Observation.component[0].code"),
        ({**SLEDAI, "component": [item("fever", valueInteger=1)]}, "Observation.component[0].valueInteger"),
        ({**BILAG, "component": [graded("renal", "F")]}, "Observation.component[0].valueCodeableConcept"),
        ({**BILAG, "component": [graded("renal", None, valueX="B")]}, "Observation.component[0].valueX"),
        ({**BILAG, "component": [graded("renal"), graded("ophthalmic")]}, "Observation.component[1].code"),
        (_with(valueQuantity=quantity("3.1", "{score}")), "Observation.valueQuantity"),
        (_with(valueQuantity=quantity("-0.1", "{score}")), "Observation.valueQuantity"),
        (_with(valueInteger=11, component=[scale(10)]), "Observation.valueInteger"),
        (_with(valueInteger=1, component=[scale(0)]), "Observation.component[0].valueInteger"),
        (_with(valueString="1.5"), "Observation.valueString"),
        (_with(valueQuantity=quantity("2", "mm")), "Observation.valueQuantity"),
        (_with(valueQuantity=quantity("2", "g/L"), component=[scale(10)]), "Observation.valueQuantity"),
        (_with(code=SLEDAI["code"], valueQuantity=quantity("6", "mg")), "Observation.valueQuantity"),
    ],
)  # fmt: skip
def test_what_a_score_cannot_have_is_refused_where_it_stands(document: Json, where: str) -> None:
    (issue,) = RESOURCE.review(document)

    assert issue.expression == where


def test_every_problem_of_a_score_is_told_at_once() -> None:
    document = {**SLEDAI, "valueInteger": 200, "component": [item("flu"), item("fever", valueString="yes")]}

    assert len(RESOURCE.review(document)) == 3
