"""What was taken: the medication, its time, and what its dosage comes to."""

from decimal import Decimal
from typing import Any

import pytest

from app.clinical.records import Administration, Coding, Span
from app.fhir_mapping.datatypes import moment
from app.fhir_mapping.medication_statement import MEDICATION_STATEMENT as RESOURCE
from tests.fhir_mapping.care_documents import (
    ATC,
    SNOMED,
    STATED_BY_REFERENCE,
    STATEMENT,
    Json,
    concept,
    every,
    milligrams,
)
from tests.fhir_mapping.documents import source

ORAL, INTRAVENOUS = concept(SNOMED, "26643006"), concept(SNOMED, "47625008")


def stated(document: Json) -> Administration:
    (found,) = RESOURCE.to_records(document, source("MedicationStatement"))
    assert isinstance(found, Administration)
    return found


def amount(*dosage: Json, **changed: Any) -> tuple[str | None, str | None, str | None, str | None]:
    """Dose and rate, each with its unit, of a statement with this dosage."""
    found = stated({**STATEMENT, "dosage": list(dosage), **changed})
    dose, rate = (None if value is None else f"{value.normalize():f}" for value in (found.dose, found.rate))
    return dose, found.dose_unit, rate, found.rate_unit


def taken(value: str, timing: Json | None = None, **more: Any) -> Json:
    """So many mg, so often."""
    said = {} if timing is None else {"timing": timing}
    return {"doseAndRate": [{"doseQuantity": milligrams(value)}], **said, **more}


NOTHING = (None, None, None, None)


def test_a_statement_says_what_was_taken_from_when_to_when_and_why_it_was_stopped() -> None:
    assert stated(STATEMENT) == Administration(
        source=source("MedicationStatement"),
        patient="p-014",
        study="msc-sle",
        status="stopped",
        codings=(Coding(ATC, "H02AB07"),),
        text="prednisone",
        period=Span(moment("2021-08-01"), moment("2021-09-30")),
        has_period=True,
        dose=None,
        dose_unit=None,
        rate=Decimal("7.5"),
        rate_unit="mg/d",
        routes=(Coding(SNOMED, "26643006"),),
        reasons=(Coding(SNOMED, "55464009"),),
        status_reasons=(Coding(SNOMED, "182840001"),),
    )


def test_a_contained_medication_is_what_was_taken() -> None:
    found = stated(STATED_BY_REFERENCE)

    assert found.codings == (Coding(ATC, "L04AX03"),)
    assert (found.period, found.has_period) == (Span(moment("2021-08"), moment("2021-08")), False)


def test_a_medication_elsewhere_gives_no_code_and_no_time_gives_no_day() -> None:
    found = stated(
        {"medicationReference": {"reference": "Medication/m-1"}, "subject": {"reference": "Patient/p-014"}}
    )

    assert found.codings == ()
    assert found.period == Span(None, None)


@pytest.mark.parametrize(
    ("timing", "rate", "unit"),
    [
        (every(), "10", "mg/d"),
        (every(times=2), "20", "mg/d"),
        (every(period=2), "5", "mg/d"),  # every other day
        (every(period=Decimal("0.5")), "20", "mg/d"),
        (every(period=8, unit="h"), "30", "mg/d"),
        (every(unit="wk"), "10", "mg/wk"),
        (every(times=3, unit="wk"), "30", "mg/wk"),
        (every(unit="mo"), "10", "mg/mo"),
        (every(period=6, unit="mo"), "1.666666666666666666666666667", "mg/mo"),
        (every(when=["MORN"]), "10", "mg/d"),
        (every(times=2, when=["MORN", "EVE"]), "20", "mg/d"),
        ({"repeat": {"when": ["MORN", "EVE"]}}, "20", "mg/d"),
        ({"repeat": {"timeOfDay": ["08:00:00", "12:00:00", "20:00:00"]}}, "30", "mg/d"),
        ({"repeat": {"period": 1, "periodUnit": "d"}}, "10", "mg/d"),  # R4: once, where no frequency is said
        ({"repeat": {"dayOfWeek": ["mon"]}}, "10", "mg/wk"),
        (every(unit="wk", dayOfWeek=["mon"]), "10", "mg/wk"),
        (every(times=2, unit="wk", dayOfWeek=["mon", "thu"]), "20", "mg/wk"),
        (every(dayOfWeek=["mon", "wed", "fri"]), "30", "mg/wk"),
        ({"code": {"coding": [{"code": "BID"}]}}, "20", "mg/d"),
        (every(boundsPeriod={"start": "2021-08-01", "end": "2021-09-30"}), "10", "mg/d"),
    ],
)
def test_a_dose_times_its_frequency_is_a_rate(timing: Json, rate: str, unit: str) -> None:
    assert amount(taken("10", timing)) == (None, None, rate, unit)


@pytest.mark.parametrize(
    "timing",
    [
        {},
        {"repeat": {}},
        {"repeat": {"frequency": 2}},  # in which time?
        {"repeat": {"boundsPeriod": {"start": "2021-08-01", "end": "2021-09-30"}}},
        {"code": {"text": "as the doctor says"}},
        {"event": ["2021-08-01"]},
        every(frequencyMax=2),
        every(periodMax=2),
        every(count=5),
        every(duration=1, durationUnit="h"),
        every(boundsDuration={"value": 10}),
        every(boundsPeriod={"start": "2021-08-01", "end": "2021-08-10"}),  # the rest of the period is open
        every(unit="a"),
        every(unit="min"),
        every(period=0),
        every(times=3, when=["MORN", "EVE"]),  # three times, or twice?
        every(times=1, unit="wk", dayOfWeek=["mon", "thu"]),
        every(period=2, unit="wk", dayOfWeek=["mon"]),
    ],
)
def test_a_timing_that_cannot_be_read_for_sure_leaves_the_amount_open(timing: Json) -> None:
    assert amount(taken("10", timing)) == NOTHING


@pytest.mark.parametrize(
    "dosage",
    [
        taken("10", every(), asNeededBoolean=True),
        taken("10", every(), asNeededCodeableConcept={"text": "pain"}),
        {
            "timing": every(),
            "doseAndRate": [{"doseRange": {"low": milligrams("5"), "high": milligrams("10")}}],
        },
        {"timing": every(), "doseAndRate": []},
        {"timing": every(), "doseAndRate": [{"doseQuantity": milligrams(one)} for one in ("5", "10")]},
        {"timing": every(), "doseAndRate": [{"doseQuantity": {"value": 1}}]},
        {"text": "one tablet a day"},
    ],
)
def test_a_dose_that_cannot_be_read_for_sure_leaves_the_amount_open(dosage: Json) -> None:
    assert amount(dosage) == NOTHING


def test_what_is_said_not_to_be_as_needed_counts() -> None:
    assert amount(taken("10", every(), asNeededBoolean=False)) == (None, None, "10", "mg/d")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"asNeededBoolean": True}, True),
        ({"asNeededCodeableConcept": {"text": "pain"}}, True),
        ({"asNeededBoolean": False}, False),
        ({}, False),
    ],
)
def test_it_is_known_of_what_is_taken_as_needed(said: Json, *, expected: bool) -> None:
    assert stated({**STATEMENT, "dosage": [taken("10", every(), **said)]}).as_needed is expected


def test_tablets_stay_tablets() -> None:
    dose = {"value": 2, "unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tbl}"}

    assert amount({"timing": every(), "doseAndRate": [{"doseQuantity": dose}]}) == (
        None,
        None,
        "2",
        "{tbl}/d",
    )


@pytest.mark.parametrize(
    ("each", "rate"),
    [
        ((taken("5", every(when=["MORN"])), taken("2.5", every(when=["EVE"]))), "7.5"),
        ((taken("7", every(unit="wk")), taken("2.5", every())), "3.5"),
        (
            (
                taken("5", every()),
                {
                    "timing": every(),
                    "doseAndRate": [{"doseQuantity": {"value": Decimal("0.01"), "unit": "g"}}],
                },
            ),
            "15",
        ),
        ((taken("5", every(), sequence=1), taken("5", every(), sequence=1)), "10"),
        ((taken("5", every(), sequence=1), taken("10", every(), sequence=2)), None),  # one after the other
        ((taken("5", every(), route=ORAL), taken("10", every(), route=INTRAVENOUS)), None),
        ((taken("5", every(), route=ORAL), taken("10", every())), None),
        ((taken("5", every()), taken("10", every(), asNeededBoolean=True)), None),
        ((taken("5", every()), taken("10")), None),
    ],
)
def test_several_entries_add_up_where_all_can_be_read(each: tuple[Json, ...], rate: str | None) -> None:
    assert amount(*each) == (NOTHING if rate is None else (None, None, rate, "mg/d"))


def test_a_dose_without_timing_is_one_dose() -> None:
    assert amount(taken("1000")) == ("1000", "mg", None, None)


def test_a_rate_is_a_rate() -> None:
    rate = {"rateQuantity": {"value": Decimal("7.5"), "unit": "mg/j"}}

    assert amount({"doseAndRate": [rate]}) == (None, None, "7.5", "mg/d")


def test_no_dosage_leaves_the_amount_open() -> None:
    bare = {name: STATEMENT[name] for name in STATEMENT if name != "dosage"}

    assert stated(bare).rate is None
