"""The check of the cell dose: the worked examples of clinical conventions §1.14."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.doses import cell_dose
from app.clinical.history import History
from app.clinical.interval import Interval
from app.protocol.definition import Protocol
from tests.clinical.make import day, subject
from tests.clinical.make_safety import LUPUS, SCLEROSIS, choosing, infused, weight

MET, NOT, OPEN = "met", "not-met", "undetermined"


def given_cells(
    *records: Any, arm: str | None = "cohort-2e6", actual: str | None = None, **dose: Any
) -> History:
    history = subject(infused(**dose), *records)
    return replace(history, enrolment=replace(history.enrolment, assigned_arm=arm, actual_arm=actual))


def result(history: History, name: str = "cell-dose", protocol: Protocol = LUPUS) -> Result:
    answer = cell_dose.answer(protocol, history, Asked(today=date(2022, 1, 1)))
    return next(one for one in answer.results if one.name == name)


def figure(found: Result, name: str) -> Any:
    value = next(one.value for one in found.figures if one.name == name)
    return value.low if isinstance(value, Interval) and value.low == value.high else value


EXAMPLES = [
    ("58.4", "117", "2.00342", "0.171233", MET),
    ("70", "126", "1.8", "-10", MET),
    ("70", "125", "1.78571", "-10.7143", NOT),
]


@pytest.mark.parametrize(("kg", "cells", "per_kg", "off", "verdict"), EXAMPLES)
def test_the_worked_examples(kg: str, cells: str, per_kg: str, off: str, verdict: str) -> None:
    found = result(given_cells(weight(kg, day(-1)), cells=cells))

    assert found.verdict == verdict
    assert figure(found, "given-per-kg") == Decimal(per_kg)
    assert figure(found, "deviation") == Decimal(off)
    assert figure(found, "planned-cells") == 2 * Decimal(kg)
    assert figure(found, "weight-age") == 1


def test_a_weight_nine_days_old_is_too_old() -> None:
    found = result(given_cells(weight("60", day(-9)), cells="120"))

    assert (found.verdict, found.reasons) == (OPEN, ("outside-window",))
    older = choosing(LUPUS, "dose", weight_lookback=10)
    assert result(given_cells(weight("60", day(-9)), cells="120"), protocol=older).verdict == MET


R1 = [
    ("60", "120", "2"), ("55", "110", "2"), ("72", "144", "2"), ("64", "128", "2"),
    ("58.4", "117", "2"), ("50", "200", "4"), ("81", "324", "4"), ("66", "264", "4"),
]  # fmt: skip


@pytest.mark.parametrize(("kg", "cells", "level"), R1)
def test_every_dose_of_the_lupus_cohort_is_met(kg: str, cells: str, level: str) -> None:
    history = given_cells(weight(kg, day(0)), cells=cells, arm=f"cohort-{level}e6")

    assert result(history).verdict == MET
    assert (result(history, "arm").verdict, figure(result(history, "arm"), "actual-arm")) == (
        MET,
        f"cohort-{level}e6",
    )


def test_a_dose_per_kg_needs_no_weight() -> None:
    found = result(given_cells(cells="2.1", unit="10*6/kg"))

    assert found.verdict == MET
    assert figure(found, "given-cells") is None


def test_a_dose_per_kg_gives_the_cells_in_all() -> None:
    assert figure(result(given_cells(weight("60", day(-1)), cells="2", unit="10*6/kg")), "given-cells") == 120


@pytest.mark.parametrize(
    ("cells", "unit"),
    [
        ("120", "10*6"),
        ("120", "10*6{cells}"),
        ("120", "10^6 cells"),
        ("120000", "10*3"),
        ("0.12", "10*9{cells}"),
        ("120000000", "{cells}"),
        ("2", "10*6/kg"),
        ("2", "10*6{cells}/kg"),
        ("2", "10^6 cells/kg"),
    ],
)
def test_every_way_to_write_the_cells_means_the_same(cells: str, unit: str) -> None:
    found = result(given_cells(weight("60", day(-1)), cells=cells, unit=unit))

    assert found.verdict == MET
    assert (figure(found, "given-per-kg"), figure(found, "given-cells")) == (2, 120)


@pytest.mark.parametrize("unit", ["mg", "1", "", "10*6/m2"])
def test_a_unit_that_is_no_number_of_cells_is_not_guessed(unit: str) -> None:
    found = result(given_cells(weight("60", day(-1)), cells="120", unit=unit))

    assert (found.verdict, found.reasons) == (OPEN, ("unit-not-convertible",))


@pytest.mark.parametrize(
    ("weights", "more", "reason"),
    [
        ({}, {"cells": "120"}, "missing-observation"),
        ({"2021-02": "60"}, {"cells": "120"}, "partial-date"),
        ({day(3): "60"}, {"cells": "120"}, "missing-observation"),
        ({day(-1): "60"}, {}, "missing-observation"),
        ({day(-1): "60"}, {"cells": "120", "arm": None}, "missing-observation"),
        ({day(-1): "60"}, {"cells": "120", "arm": "unheard-of"}, "missing-observation"),
    ],
)
def test_what_is_missing_leaves_it_open(weights: dict[str, str], more: dict[str, Any], reason: str) -> None:
    found = result(given_cells(*(weight(kg, on) for on, kg in weights.items()), **more))

    assert (found.verdict, found.reasons) == (OPEN, (reason,))
    assert found.missing


def test_a_weight_in_a_unit_that_is_none_is_not_used() -> None:
    odd = weight("60", day(-1), problem="unit-not-convertible", value=None)

    assert result(given_cells(odd, cells="120")).reasons == ("unit-not-convertible",)


def test_the_weight_the_cells_were_prepared_for_stands_in_where_none_is_recorded() -> None:
    found = result(given_cells(cells="120", weight_used=Decimal(60)))

    assert (found.verdict, figure(found, "weight")) == (MET, 60)


def test_another_weight_than_the_one_prepared_for_is_a_query() -> None:
    found = result(given_cells(weight("61", day(-1)), cells="120", weight_used=Decimal(60)))

    assert found.verdict == MET
    assert any("prepared for 60 kg" in note for note in found.notes)


def test_two_weights_of_the_same_day_leave_it_open_only_where_they_decide() -> None:
    near = (weight("60", day(-1)), weight("61", day(-1)))
    far = (weight("60", day(-1)), weight("90", day(-1)))

    assert result(given_cells(*near, cells="120")).verdict == MET
    found = result(given_cells(*far, cells="120"))
    assert (found.verdict, found.reasons) == (OPEN, ("conflicting-values",))


@pytest.mark.parametrize(
    ("kg", "on", "verdict", "reasons"),
    [
        ("90", "2021-02", OPEN, ("partial-date",)),  # may be of the last days before the infusion
        ("61", "2021-02", MET, ()),  # within the tolerance by both
        ("90", "2021", OPEN, ("partial-date",)),
        ("90", "2021-01", MET, ()),  # too old on any day of it
        ("90", "2021-04", MET, ()),  # after the infusion
        ("90", None, OPEN, ("partial-date",)),
    ],
)
def test_a_weight_of_a_vague_date_matters_where_it_may_be_the_last(
    kg: str, on: Any, verdict: str, reasons: tuple[str, ...]
) -> None:
    vague = weight(kg, on)
    by_weight = result(given_cells(weight("60", day(-3)), vague, cells="120"))
    as_prepared = result(given_cells(vague, cells="120", weight_used=Decimal(60)))

    for found in (by_weight, as_prepared):
        assert (found.verdict, found.reasons) == (verdict, reasons)
        assert found.missing == ((f"the exact day of {vague[0].source}",) if reasons else ())


def test_a_vague_weight_alone_is_asked_for_its_day() -> None:
    vague = weight("60", "2021-02")
    found = result(given_cells(vague, cells="120"))

    assert (found.verdict, found.reasons) == (OPEN, ("partial-date",))
    assert f"the exact day of {vague[0].source}" in found.missing[0]


def test_each_of_the_weights_that_disagree_is_judged() -> None:
    three = tuple(weight(kg, day(-1)) for kg in ("50", "60", "75"))
    two = (three[0], three[2])

    found = result(given_cells(*three, cells="120"))
    assert (found.verdict, found.reasons) == (OPEN, ("conflicting-values",))
    assert result(given_cells(*two, cells="120")).verdict == NOT, "2.4 and 1.6 are both too far from 2"


def test_a_level_that_only_one_of_the_weights_leads_to_is_not_known() -> None:
    weights = tuple(weight(kg, day(-1)) for kg in ("30", "60", "61"))

    assert result(given_cells(*weights, cells="120"), "arm").verdict == OPEN
    assert result(given_cells(*weights[1:], cells="120"), "arm").verdict == MET


def test_the_last_weight_before_the_infusion_counts() -> None:
    found = result(
        given_cells(
            weight("80", day(-5)),
            weight("60", "2021-03-01T08:00:00+01:00"),
            weight("90", "2021-03-01T11:00:00+01:00"),
            cells="120",
        )
    )

    assert (figure(found, "weight"), figure(found, "weight-age")) == (60, 0)


@pytest.mark.parametrize(
    ("until", "verdict"),
    [
        ("2021-03-01T10:29:00+01:00", NOT),
        ("2021-03-01T10:30:00+01:00", MET),
        ("2021-03-01T11:00:00+01:00", MET),
        ("2021-03-01T11:01:00+01:00", NOT),
        ("2021-03-01", OPEN),
        (None, OPEN),
    ],
)
def test_the_infusion_lasts_half_an_hour_to_an_hour(until: str | None, verdict: str) -> None:
    assert result(given_cells(until=until), "duration").verdict == verdict


def test_other_limits_of_the_duration_may_be_set() -> None:
    longer = choosing(LUPUS, "infusion", min=20, max=90)

    assert result(given_cells(until="2021-03-01T11:30:00+01:00"), "duration", longer).verdict == MET


def test_another_tolerance_may_be_set() -> None:
    wider = choosing(LUPUS, "dose", tol=Decimal("0.2"))

    assert result(given_cells(weight("70", day(-1)), cells="125"), protocol=wider).verdict == MET


def test_the_arm_followed_is_the_level_nearest_to_the_cells_given() -> None:
    found = result(given_cells(weight("60", day(-1)), cells="230", actual="cohort-2e6"), "arm")

    assert (found.verdict, figure(found, "actual-arm")) == (NOT, "cohort-4e6")
    assert any("nearest to cohort-4e6" in note for note in found.notes)


def test_the_lot_is_said_or_asked_for() -> None:
    assert figure(result(given_cells(lot="L7")), "lot") == "L7"
    assert any("lot" in note for note in result(given_cells()).notes)


def test_without_an_infusion_nothing_can_be_checked() -> None:
    found = result(replace(given_cells(), administrations=()))

    assert (found.verdict, found.reasons) == (OPEN, ("not-infused",))


def test_a_protocol_without_doses_refuses() -> None:
    with pytest.raises(CannotAnswer):
        result(given_cells(), protocol=LUPUS.model_copy(update={"arms": ()}))


def test_the_sclerosis_trial_has_its_own_levels() -> None:
    assert [arm.name for arm in SCLEROSIS.arms] == ["cohort-1e6", "cohort-3e6"]


@given(st.decimals("40", "100", places=1), st.decimals("50", "400", places=1))
def test_a_change_of_unit_never_matters(kg: Decimal, cells: Decimal) -> None:
    body = weight(str(kg), day(-1))
    one = result(given_cells(body, cells=str(cells)))
    other = result(given_cells(body, cells=str(cells * 1000), unit="10*3"))

    assert (one.verdict, one.figures[2].value) == (other.verdict, other.figures[2].value)


def test_another_infusion_is_a_figure_with_its_record() -> None:
    once = given_cells(weight("60", day(-1)), cells="120")
    again = infused("2021-04-01T10:00:00+01:00", cells="120", name="infusion-2")
    twice = replace(once, administrations=(*once.administrations, again))

    assert figure(result(once), "other-infusions") == 0
    [more] = [one for one in result(twice).figures if one.name == "other-infusions"]
    assert (more.value, more.evidence) == (1, (again.source,))
