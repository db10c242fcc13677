"""Past treatment: doses long enough and often enough (I4), the same doses of late (I5)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from app.clinical.answers import wire
from app.clinical.case import Case
from app.clinical.drugs.dose import Amount, amount
from app.clinical.drugs.exposure import exposure
from app.clinical.records import Coding, Span
from app.protocol.candidates import Treated
from tests.clinical.make import at
from tests.clinical.make_candidate import (
    MSC_SLE,
    ON,
    candidate,
    chosen,
    dose,
    findings,
    number,
    on,
    period,
    result,
    treatment,
)
from tests.clinical.test_eligibility import MET, NOT_MET, OPEN, finding, seen

NONE: dict[str, list[Treated]] = {"prednisone": [], "mycophenolate mofetil": []}


def taking(
    name: str, given: Sequence[Treated] | dict[str, list[Treated]], *, drug: str = "", **how: Any
) -> str:
    """The verdict of a criterion for somebody who was given only this."""
    treatments = given if isinstance(given, dict) else {drug: list(given)}
    return seen(name, treatments={**NONE, **treatments}, **how)[0]


# ---------------------------------------------------------------------------------------- amounts


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("20", "mg/d", Amount(Fraction(20), None, 1)),
        ("20", "mg/(24.h)", Amount(Fraction(20), None, 1)),
        ("20", "mg/24h", Amount(Fraction(20), None, 1)),
        ("20", "mg/day", Amount(Fraction(20), None, 1)),
        ("20", "mg/jour", Amount(Fraction(20), None, 1)),
        ("15", "mg/wk", Amount(Fraction(15), None, 7)),
        ("15", "mg/semaine", Amount(Fraction(15), None, 7)),
        ("500", "mg/mo", Amount(Fraction(500), None, 30)),
        ("1.5", "g/d", Amount(Fraction(1500), None, 1)),
        ("250", "ug", Amount(Fraction(1, 4))),
        ("250", "µg", Amount(Fraction(1, 4))),
        ("375", "mg/m2", Amount(Fraction(375), "m2")),
        ("375", "mg/m²", Amount(Fraction(375), "m2")),
        ("2.5", "mg/kg/d", Amount(Fraction(5, 2), "kg", 1)),
        ("20", "mg{prednisone}/d", Amount(Fraction(20), None, 1)),
        ("1", "{tbl}/d", None),
        ("20", "mL/h", None),
        ("20", None, None),
        ("-1", "mg", None),
        (None, "mg", None),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(value: str | None, unit: str | None, expected: Any) -> None:
    assert amount(None if value is None else Decimal(value), unit) == expected


# ----------------------------------------------------------------------- I4a, glucocorticoids in a row


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([period(6, "mg/d", -60, -33)], MET),  # 28 days
        ([period(6, "mg/d", -60, -34)], NOT_MET),  # 27 days
        ([period("5.9", "mg/d", -60)], NOT_MET),
        ([period(10, "mg/d", -60, -47), period(6, "mg/d", -46, -33)], MET),
        ([period(6, "mg/d", -60, -47), period(6, "mg/d", -45, -32)], NOT_MET),  # a day without
        ([period(42, "mg/wk", -60)], MET),
        ([period(6, "mg/d", -45_000)], MET),  # since 1900, as some write for "long ago"
        ([period(6, "mg/d", -45_000, -5_000)], MET),
        ([period(20, "mg/d", -60, route="intravenous")], NOT_MET),
        ([period(20, "mg/d", -60, route=None)], OPEN),
        ([period(None, None, -60)], OPEN),
        ([period(20, "{tbl}/d", -60)], OPEN),
        ([dose(10, -60 + n, route="oral") for n in range(28)], MET),
        ([dose(3, -60 + n, route="oral") for n in range(28) for _ in ("morning", "evening")], MET),
        ([period(20, "mg/d", 1)], NOT_MET),  # after the day asked for
        ([period(20, "mg/d", -27)], MET),  # day 28 is the day asked for
        ([period(20, "mg/d", -26)], NOT_MET),
    ],
)
def test_prednisone_of_6_mg_for_28_days_in_a_row(given: list[Treated], expected: str) -> None:
    assert taking("I4a", given, drug="prednisone") == expected


@pytest.mark.parametrize(
    ("drug", "enough", "too_little"),
    [
        ("prednisolone", "6", "5.99"),
        ("methylprednisolone", "4.8", "4.79"),
        ("dexamethasone", "0.9", "0.89"),
        ("betamethasone", "0.72", "0.71"),
        ("hydrocortisone", "24", "23.9"),
        ("cortisone", "30", "29.9"),
        ("triamcinolone", "4.8", "4.79"),
        ("deflazacort", "7.2", "7.19"),
    ],
)
def test_other_glucocorticoids_count_as_prednisone(drug: str, enough: str, too_little: str) -> None:
    assert taking("I4a", [period(enough, "mg/d", -60)], drug=drug) == MET
    assert taking("I4a", [period(too_little, "mg/d", -60)], drug=drug) == NOT_MET


def test_glucocorticoids_of_one_day_add_up_as_prednisone() -> None:
    both = {"prednisone": [period(3, "mg/d", -60)], "hydrocortisone": [period(12, "mg/d", -60)]}

    assert taking("I4a", both) == MET


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([period(4, "mg/d", -60), period(4, "mg/d", -60)], OPEN),  # a duplicate, or twice a day
        ([period(4, "mg/d", -60), period(5, "mg/d", -50)], OPEN),  # 5 or 9: raised, or morning and evening
        ([period(2, "mg/d", -60), period(3, "mg/d", -50)], NOT_MET),  # 5 at most
        ([period(2, "mg/d", -60), period(6, "mg/d", -50)], MET),  # 6 at least
        ([period(6, "mg/d", -60), period(2, "mg/d", -50)], OPEN),  # 2, or 8
        ([period(6, "mg/d", -60), period(2, "mg/d", -30)], MET),  # 30 days before the other
        ([period(5, "mg/d", -60), *(dose(4, -n, route="oral") for n in range(61))], NOT_MET),  # given stands
    ],
)
def test_of_records_that_overlap_it_is_open_whether_both_were_taken(
    given: list[Treated], expected: str
) -> None:
    assert taking("I4a", given, drug="prednisone") == expected


def test_it_is_asked_which_of_the_records_that_overlap_count() -> None:
    morning_and_evening = [period(4, "mg/d", -60), period(3, "mg/d", -60)]
    found = finding("I4a", treatments={**NONE, "prednisone": morning_and_evening})
    named = [str(source) for source in found.evidence if str(source) in str(found.needs)]

    assert found.reasons == ("conflicting-values",)
    assert "overlap: end the earlier" in str(found.needs)
    assert len(named) == 2


def test_a_change_of_dose_on_one_day_does_not_add_the_two_doses() -> None:
    history = candidate(
        treatments={**NONE, "prednisone": [period(20, "mg/d", -60, -45), period(15, "mg/d", -45)]}
    )
    case = Case(protocol=MSC_SLE, history=history, on=ON)
    taken = exposure(case, MSC_SLE.drugs_named(["prednisone"]), unit="mg", until=ON)

    assert set(taken.doses.values()) == {Fraction(20), Fraction(15)}
    assert len(taken.doses) == 61


def test_records_that_contradict_each_other_leave_it_open() -> None:
    contradicting = [period(20, "mg/d", -60), period(5, "mg/d", -60)]
    found = finding("I4a", treatments={**NONE, "prednisone": contradicting})

    assert (wire(found.verdict), found.reasons) == (OPEN, ("conflicting-values",))


def test_days_need_not_follow_each_other_where_the_protocol_says_so() -> None:
    given = [period(6, "mg/d", -60, -47), period(6, "mg/d", -40, -27)]
    loose = {"i4a.consecutive": False}

    assert taking("I4a", given, drug="prednisone") == NOT_MET
    assert taking("I4a", given, drug="prednisone", choices=loose) == MET
    assert taking("I4a", given, drug="prednisone", choices={"i4a.min_mg": 7, **loose}) == NOT_MET


def test_the_course_is_shown_with_its_days() -> None:
    found = finding("I4a", treatments={**NONE, "prednisone": [period(20, "mg/d", -60, -31)]})

    assert found.observed == "20 mg/d on 30 days, 2024-04-02 to 2024-05-01"
    assert found.threshold == ">= 6 mg/d on 28 days in a row"
    assert [one.type for one in found.evidence] == ["MedicationAdministration"]


def test_no_treatment_is_no_treatment_only_where_the_history_is_complete() -> None:
    unsaid: Any = {"attested": {"treatment-history-complete": None}}

    assert taking("I4a", []) == NOT_MET
    assert taking("I4a", [], **unsaid) == OPEN
    assert taking("I4b", [], **unsaid) == OPEN
    assert taking("I4b", {"mycophenolate mofetil": [period(2000, "mg/d", -165, -46)]}, **unsaid) == MET


# --------------------------------------------------------------- I4b, immunosuppressants for 90 days


@pytest.mark.parametrize(
    ("name", "drug", "at", "below", "unit"),
    [
        ("I4b-ii", "mycophenolate mofetil", "2000", "1999", "mg/d"),
        ("I4b-ii", "mycophenolate mofetil", "2", "1.999", "g/d"),
        ("I4b-ii", "mycophenolic acid", "1440", "1439", "mg/d"),
        ("I4b-iii", "azathioprine", "2", "1.99", "mg/kg/d"),
        ("I4b-iii", "azathioprine", "120", "119", "mg/d"),  # 60 kg
        ("I4b-iv", "methotrexate", "20", "19.9", "mg/wk"),
        ("I4b-v", "leflunomide", "10", "9.9", "mg/d"),
    ],
)
def test_a_dose_at_the_limit_for_90_days_is_enough_unless_more_is_asked(
    name: str, drug: str, at: str, below: str, unit: str
) -> None:
    strict = {"i4.op_strict": True}

    assert taking(name, [period(at, unit, -100, -11)], drug=drug) == MET
    assert taking(name, [period(at, unit, -100, -12)], drug=drug) == NOT_MET
    assert taking(name, [period(below, unit, -100, -11)], drug=drug) == NOT_MET
    assert taking(name, [period(at, unit, -100, -11)], drug=drug, choices=strict) == NOT_MET
    assert taking("I4b", [period(at, unit, -100, -11)], drug=drug) == MET


@pytest.mark.parametrize(("gap", "expected"), [(14, MET), (15, NOT_MET)])
def test_a_course_may_pause_for_14_days(gap: int, expected: str) -> None:
    resumed = -155 + 45 + gap
    given = [period(2000, "mg/d", -155, -111), period(2000, "mg/d", resumed, resumed + 44)]

    assert taking("I4b-ii", given, drug="mycophenolate mofetil") == expected


def test_weekly_doses_of_methotrexate_count_for_their_week() -> None:
    weekly = [dose(20, -90 + 7 * n, route="intramuscular") for n in range(13)]

    assert taking("I4b-iv", weekly, drug="methotrexate") == MET
    assert taking("I4b-iv", weekly[:-2], drug="methotrexate") == NOT_MET
    assert taking("I4b-iv", [dose(19, -90 + 7 * n) for n in range(13)], drug="methotrexate") == NOT_MET


def weights(*said: Any) -> dict[str, Any]:
    return {"results": {"loinc:29463-7": None}, "extra": tuple(result("loinc:29463-7", one) for one in said)}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([number(60, unit="kg", day=-101)], MET),
        ([number(60, unit="kg", day=-190)], MET),
        ([number(60, unit="kg", day=-191)], OPEN),  # more than 90 days before
        ([number(60, unit="kg", day=0)], MET),
        ([number(80, unit="kg", day=-50), number(60, unit="kg", day=-60)], MET),  # nearer to its start
        ([number(60, unit="kg", day=-50), number(70, unit="kg", day=-50)], OPEN),
        ([number("<80", unit="kg", day=-50)], OPEN),
        ([], OPEN),
    ],
)
def test_a_dose_per_kg_needs_a_weight_near_the_treatment(said: list[Any], expected: str) -> None:
    assert (
        taking("I4b-iii", [period(120, "mg/d", -100, -11)], drug="azathioprine", **weights(*said)) == expected
    )


def test_a_dose_per_kg_counts_as_a_whole_where_a_whole_is_asked_for() -> None:
    assert taking("I4a", [period("0.1", "mg/kg/d", -60)], drug="prednisone") == MET
    assert taking("I4a", [period("0.1", "mg/kg/d", -60)], drug="prednisone", **weights()) == OPEN


@pytest.mark.parametrize(
    ("given", "choices", "expected", "remark"),
    [
        ([period(150, "mg/d", -100, -11)], {}, MET, False),  # 2.5 mg/kg
        ([period(149, "mg/d", -100, -11)], {}, NOT_MET, False),
        ([period(120, "mg/d", -100, -56), period(180, "mg/d", -55, -11)], {}, MET, False),  # 2.5 on average
        ([period(119, "mg/d", -100, -56), period(180, "mg/d", -55, -11)], {}, NOT_MET, False),
        ([period(360, "mg/d", -100, -11)], {}, MET, True),
        ([period(360, "mg/d", -100, -11)], {"vii.upper_strict": True}, NOT_MET, True),
    ],
)
def test_ciclosporin_counts_by_its_mean_dose(
    given: list[Treated], choices: dict[str, Any], expected: str, remark: bool
) -> None:
    how: Any = {"treatments": {**NONE, "ciclosporin": given}, "choices": choices}
    found = finding("I4b-vii", **how)

    assert wire(found.verdict) == expected
    assert any("more than 5 mg/kg/d" in note for note in found.notes) == remark


# ------------------------------------------------------------------------- I4b-i, cyclophosphamide


@pytest.mark.parametrize(
    ("days", "size", "expected"),
    [
        ([-90, -60, -30], 500, MET),
        ([-86, -58, -30], 500, MET),  # every four weeks
        ([-90, -60, -30], 499, NOT_MET),
        ([-60, -30], 1000, NOT_MET),
        ([-58, -44, -30], 500, NOT_MET),  # three doses in a month
        ([-100, -86, -72, -58, -44, -30], 500, MET),  # every two weeks
        ([-100, -85, -70, -55, -40, -25], 250, MET),  # two of 250 mg a month
        ([-150, -60, -30], 750, NOT_MET),  # a month without
    ],
)
def test_cyclophosphamide_of_500_mg_a_month_for_three_months(
    days: list[int], size: int, expected: str
) -> None:
    assert taking("I4b-i", [dose(size, day) for day in days], drug="cyclophosphamide") == expected


def test_cyclophosphamide_must_be_given_by_vein_and_its_dose_known() -> None:
    days = (-90, -60, -30)
    unknown = [dose(1, -30, unit="{vial}"), dose(500, -60), dose(500, -90)]

    assert taking("I4b-i", [dose(500, day, route="oral") for day in days], drug="cyclophosphamide") == NOT_MET
    assert taking("I4b-i", [dose(500, day, route=None) for day in days], drug="cyclophosphamide") == OPEN
    assert taking("I4b-i", unknown, drug="cyclophosphamide") == OPEN
    assert taking("I4b-i", [period(500, "mg/mo", -90, -1, "intravenous")], drug="cyclophosphamide") == MET
    assert taking("I4b-i", [dose(10, day, unit="mg/kg") for day in days], drug="cyclophosphamide") == MET


# --------------------------------------------------------------------------------- I4b-vi, rituximab


def rituximab(days: list[int], size: str | int, unit: str = "mg", **how: Any) -> str:
    return taking("I4b-vi", [dose(size, day, unit=unit) for day in days], drug="rituximab", **how)


@pytest.mark.parametrize(
    ("days", "size", "unit", "expected"),
    [
        ([-200, -186], 1000, "mg", MET),
        ([-200, -190], 1000, "mg", MET),  # 10 days apart
        ([-200, -182], 1000, "mg", MET),  # 18 days apart
        ([-200, -191], 1000, "mg", NOT_MET),
        ([-200, -181], 1000, "mg", NOT_MET),
        ([-200, -186], 999, "mg", NOT_MET),
        ([-200], 1000, "mg", NOT_MET),
        ([-221, -214, -207, -200], 375, "mg/m2", MET),
        ([-221, -217, -207, -200], 375, "mg/m2", MET),  # 4, 10 and 7 days apart
        ([-221, -218, -207, -200], 375, "mg/m2", NOT_MET),
        ([-221, -214, -207], 375, "mg/m2", NOT_MET),
        ([-221, -214, -207, -200], "337.5", "mg/m2", MET),
        ([-221, -214, -207, -200], "337", "mg/m2", NOT_MET),
        ([-221, -214, -207, -200], "412.5", "mg/m2", MET),
        ([-221, -214, -207, -200], "413", "mg/m2", NOT_MET),
    ],
)
def test_rituximab_is_four_doses_a_week_apart_or_two_doses_two_weeks_apart(
    days: list[int], size: Any, unit: str, expected: str
) -> None:
    surface = result("loinc:8277-6", number("1.6", unit="m2", day=-200))

    assert rituximab(days, size, unit, extra=(surface,)) == expected


def test_a_dose_in_mg_is_measured_against_the_body_surface() -> None:
    days = [-40, -33, -26, -19]
    surface = result("loinc:8277-6", number("1.6", unit="m2"))
    height = result("loinc:8302-2", number(160, unit="cm", day=-2000))  # with 60 kg 1.633 m²

    assert rituximab(days, 600, extra=(surface,)) == MET
    assert rituximab(days, 700, extra=(surface,)) == NOT_MET
    assert rituximab(days, 612, extra=(height,)) == MET
    assert rituximab(days, 612) == OPEN
    assert rituximab(days, 612, results={"loinc:29463-7": None}, extra=(height,)) == OPEN


def test_without_a_body_surface_it_is_open_only_where_there_are_doses_enough() -> None:
    assert rituximab([-200], 1000) == NOT_MET
    assert rituximab([-221, -214, -207], 600) == NOT_MET
    assert rituximab([-221, -214, -207, -200], 600) == OPEN
    assert taking("I4b-vi", [period(None, None, -220, -200, "intravenous")], drug="rituximab") == OPEN


def test_two_half_doses_of_a_day_are_one_dose() -> None:
    halves = [dose(500, day) for day in (-200, -200, -186, -186)]

    assert taking("I4b-vi", halves, drug="rituximab") == MET


def test_an_infusion_past_midnight_is_one_dose() -> None:
    overnight = [
        replace(
            treatment("rituximab", dose(1000, day)),
            period=Span(at(on(day)), at(on(day + 1))),
            has_period=True,
        )
        for day in (-200, -186)
    ]

    assert seen("I4b-vi", extra=tuple(overnight))[0] == MET


def test_a_dose_over_a_long_period_does_not_say_how_often() -> None:
    months = replace(
        treatment("rituximab", period(1000, "mg", -200, -100, "intravenous")),
        dose=Decimal(1000),
        dose_unit="mg",
    )

    assert seen("I4b-vi", extra=(replace(months, rate=None, rate_unit=None),)) == (
        OPEN,
        ("missing-observation",),
    )


# -------------------------------------------------------------------------------- I4b-viii, belimumab


def test_belimumab_is_three_monthly_infusions_of_10_mg_per_kg() -> None:
    for days, size, expected in [
        ([-156, -128, -100], 600, MET),
        ([-156, -142, -128, -100], 600, MET),  # with the loading dose
        ([-156, -121, -86], 600, MET),  # 35 days apart
        ([-156, -120, -86], 600, NOT_MET),
        ([-128, -100], 600, NOT_MET),
        ([-156, -128, -100], 540, MET),
        ([-156, -128, -100], 539, NOT_MET),
    ]:
        given = [dose(size, day) for day in days]
        weighed = weights(number(60, unit="kg", day=-120))
        assert taking("I4b-viii", given, drug="belimumab", **weighed) == expected, (days, size)


def test_belimumab_under_the_skin_counts_where_the_protocol_allows_it() -> None:
    weekly = [period(200, "mg/wk", -200, -100, "subcutaneous")]
    doses = [dose(200, -200 + 7 * n, route="subcutaneous") for n in range(13)]
    allowed = {"viii.sc": True}

    assert taking("I4b-viii", weekly, drug="belimumab", choices=allowed) == MET
    assert taking("I4b-viii", doses, drug="belimumab", choices=allowed) == MET
    assert taking("I4b-viii", weekly, drug="belimumab") == NOT_MET
    found = finding("I4b-viii-sc")
    assert any("not-applicable" in note for note in found.notes)


# --------------------------------------------------------------------------------- dates of treatment


def months(since: str | None, until: str | None, *, status: str = "completed") -> Any:
    given = treatment("mycophenolate mofetil", period(2000, "mg/d", -165, -46), status=status)
    return replace(
        given, period=Span(None if since is None else at(since), None if until is None else at(until))
    )


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (months("2023-11", "2024-03"), MET),  # certain from 30 November to 1 March
        (months("2023-12", "2024-03"), OPEN),  # certain from 31 December to 1 March
        (months("2023", "2023-12-31"), OPEN),
        (months("2024-03", "2024-03"), OPEN),
        (months("2023-11-01", None), OPEN),  # it ended, nobody knows when
        (months("2023-11-01", None, status="in-progress"), MET),
        (months(None, "2024-03-01"), OPEN),
        (months("2024-07", "2024-12"), NOT_MET),
        (months("2023-11-01", "2024-03-01", status="entered-in-error"), NOT_MET),
        (months("2023-11-01", "2024-03-01", status="stopped"), MET),
    ],
)
def test_only_days_that_are_certain_count(record: Any, expected: str) -> None:
    found = finding("I4b-ii", treatments=NONE, extra=(record,))

    assert wire(found.verdict) == expected
    assert ("partial-date" in found.reasons) == (expected == OPEN)


def test_the_record_that_is_not_clear_is_named() -> None:
    unclear = period(None, None, -160, -50)
    found = finding("I4b-iii", treatments={**NONE, "azathioprine": [unclear]})

    assert found.reasons == ("missing-observation",)
    assert "record its dose" in str(found.needs)
    assert "MedicationAdministration/" in str(found.needs)
    assert found.evidence


def test_what_is_not_clear_of_one_drug_does_not_matter_where_another_is_enough() -> None:
    treatments = {"azathioprine": [period(None, None, -160, -50)]}

    assert seen("I4b", treatments=treatments) == (MET, ())


# --------------------------------------------------------------------------------- I5, stable doses


@pytest.mark.parametrize(
    ("prednisone", "expected"),
    [
        ([period(10, "mg/d", -45)], MET),
        ([period(20, "mg/d", -90, -31), period(10, "mg/d", -30)], MET),
        ([period(20, "mg/d", -90, -30), period(10, "mg/d", -29)], NOT_MET),
        ([period(10, "mg/d", -29)], NOT_MET),  # begun
        ([period(10, "mg/d", -90, -1)], NOT_MET),  # stopped
        ([period(10, "mg/d", -90, 0)], MET),
        ([period(10, "mg/d", -90, -20), period(10, "mg/d", -18)], NOT_MET),  # a day without
        ([period(10, "mg/d", -90, -20), period(10, "mg/d", -19)], MET),  # the same in two records
        ([period(70, "mg/wk", -90, -20), period(10, "mg/d", -19)], MET),
        ([period(None, None, -90)], MET),  # not known how much, but always the same
        ([period(None, None, -90, -20), period(None, None, -19)], NOT_MET),
        ([], NOT_MET),
        ([period(10, "mg/d", -90), period(20, "mg/d", -90)], MET),  # whichever was taken, or both
        ([period(10, "mg/d", -90), period(5, "mg/d", -9)], NOT_MET),  # changed in any case
        ([period(10, "mg/d", -90), period(10, "mg/d", -9)], OPEN),  # the same in two records, or twice
        ([dose(10, -n, route="oral") for n in range(31)], MET),
        ([dose(10, -n, route="oral") for n in range(31) if n != 7], OPEN),
        ([period(10, "mg/d", -90), period(80, "mg/d", -80, -75)], MET),  # long before the window
    ],
)
def test_prednisone_was_taken_at_the_same_dose_for_30_days(prednisone: list[Treated], expected: str) -> None:
    found = finding("I5", treatments={"prednisone": prednisone})

    assert wire(found.verdict) == expected, (found.observed, found.needs)


@pytest.mark.parametrize(
    ("drug", "given", "expected"),
    [
        ("hydroxychloroquine", [period(400, "mg/d", -400)], MET),
        ("hydroxychloroquine", [period(400, "mg/d", -20)], NOT_MET),
        ("azathioprine", [period(2, "mg/kg/d", -400, -15), period(100, "mg/d", -14)], NOT_MET),
        ("azathioprine", [period(2, "mg/kg/d", -400)], MET),
        ("mycophenolate mofetil", [period(2000, "mg/d", -165, -10)], NOT_MET),
        ("methotrexate", [dose(15, -98 + 7 * n, route="oral") for n in range(15)], MET),
        ("methotrexate", [dose(15, -98 + 7 * n, route="oral") for n in range(12)], OPEN),
        ("NSAID", [period(1000, "mg/d", -10)], NOT_MET),
        ("NSAID", [dose(400, -10, route="oral")], MET),  # when needed
        ("cyclophosphamide", [dose(500, -20)], OPEN),
        ("cyclophosphamide", [dose(500, -40)], MET),
    ],
)
def test_nothing_else_for_lupus_was_begun_changed_or_stopped(
    drug: str, given: list[Treated], expected: str
) -> None:
    assert seen("I5", treatments={drug: given})[0] == expected


def test_nsaids_matter_unless_the_protocol_means_steroids() -> None:
    begun = {"NSAID": [period(1000, "mg/d", -10)]}

    assert seen("I5", treatments=begun, choices={"i5.nsaid": False})[0] == MET


def test_single_doses_now_and_then_are_not_said_to_be_stable() -> None:
    assert seen("I5", treatments={"cyclophosphamide": [dose(500, -20)]}) == (OPEN, ("ambiguous-protocol",))


def test_a_small_change_may_be_tolerated() -> None:
    changed = {"prednisone": [period(10, "mg/d", -90, -20), period(9, "mg/d", -19)]}

    assert seen("I5", treatments=changed)[0] == NOT_MET
    assert seen("I5", treatments=changed, choices={"i5.tol_mg": 1})[0] == MET


def test_small_changes_that_add_up_are_not_tolerated() -> None:
    drifting = {
        "prednisone": [period(10, "mg/d", -90, -20), period(9, "mg/d", -19, -10), period(8, "mg/d", -9)]
    }

    assert seen("I5", treatments=drifting, choices={"i5.tol_mg": 1})[0] == NOT_MET


def test_a_change_is_shown_from_its_day() -> None:
    raised = {"prednisone": [period(10, "mg/d", -90, -13), period(15, "mg/d", -12)]}
    stopped = {"prednisone": [period(10, "mg/d", -90, -13)]}
    unknown = {"prednisone": [period(None, None, -90, -13)]}

    assert finding("I5", treatments=raised).observed == "prednisone 10 mg/d, then 15 mg/d from 2024-05-20"
    assert finding("I5", treatments=stopped).observed == "prednisone 10 mg/d, then none from 2024-05-20"
    assert finding("I5", treatments=unknown).observed == (
        "prednisone at a dose not known, then none from 2024-05-20"
    )
    assert finding("I5", treatments=NONE).observed == "no such treatment recorded"


def test_stability_rests_on_a_complete_history() -> None:
    unsaid: Any = {"attested": {"treatment-history-complete": None}}
    raised = {"prednisone": [period(10, "mg/d", -90, -13), period(15, "mg/d", -12)]}

    assert seen("I5", **unsaid) == (OPEN, ("attestation-missing",))
    assert seen("I5", attested={"treatment-history-complete": False}) == (OPEN, ("attestation-missing",))
    assert seen("I5", **unsaid, treatments=raised)[0] == NOT_MET


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2019", None, MET),  # vague, but long ago
        ("2024-05", None, OPEN),
        ("2023-01-01", "2024-05", OPEN),
        ("2023-01-01", "2024-04", MET),  # over before the window
        (None, None, OPEN),
    ],
)
def test_a_vague_date_matters_only_inside_the_window(
    since: str | None, until: str | None, expected: str
) -> None:
    given = treatment("hydroxychloroquine", period(400, "mg/d", -400))
    span = Span(None if since is None else at(since), None if until is None else at(until))

    assert seen("I5", extra=(replace(given, period=span),))[0] == expected


def test_a_code_above_the_drug_names_the_whole_class() -> None:
    naproxen = treatment(
        "NSAID", period(1000, "mg/d", -10), codings=(Coding("http://www.whocc.no/atc", "M01AE02"),)
    )

    assert seen("I5", extra=(naproxen,))[0] == NOT_MET
    assert findings(candidate(), by=chosen({}))["I5"].threshold == (
        "glucocorticoid, and no dose begun, changed or stopped from 2024-05-02 to 2024-06-01"
    )
