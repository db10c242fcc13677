"""Which assessment is the baseline, and which stands for a visit."""

from itertools import permutations
from typing import Any

import pytest

from app.clinical.schedule import Choice, at_visit, baseline, visit_of
from app.clinical.scores.sledai import Sledai, assessments
from app.clinical.timeline import Infusion, infusion
from app.protocol.loader import load_all
from tests.clinical.make import Measurements, at, day, sledai, subject
from tests.clinical.make import infusion as given

PROTOCOL = load_all()["MSC-SLE"]


def infused(on: str) -> Infusion:
    """Day 0 of somebody infused then."""
    found = infusion(PROTOCOL, subject(given(on)))
    assert isinstance(found, Infusion)
    return found


T0 = infused("2021-03-01T10:00:00+01:00")
T0_OF_A_DAY = infused("2021-03-01")


def scored(**where: Any) -> Measurements:
    """A SLEDAI of 12."""
    return sledai(12, **where)


def names(choice: Choice[Sledai]) -> list[str]:
    """The ids of the chosen ones."""
    return [item.source.id for item in choice.chosen]


def first(*observations: Measurements, t0: Infusion = T0) -> Choice[Sledai]:
    """The baseline among these."""
    return baseline(PROTOCOL, t0, assessments(PROTOCOL, [one for part in observations for one in part]))


def third(*observations: Measurements, label: str = "M3") -> Choice[Sledai]:
    """What stands for M3 (planned on day 91, from 77 to 105)."""
    found = assessments(PROTOCOL, [one for part in observations for one in part])
    return at_visit(PROTOCOL, PROTOCOL.visit(label), T0, found)


@pytest.mark.parametrize(
    ("on", "is_baseline"),
    [
        pytest.param(day(-30), True, id="at the end of the look-back"),
        pytest.param(day(-31), False, id="beyond the look-back"),
        pytest.param(day(0), True, id="dated day 0"),
        pytest.param("2021-03-01T10:00:00+01:00", True, id="as the infusion begins"),
        pytest.param("2021-03-01T10:01:00+01:00", False, id="a minute after it began"),
        pytest.param("2021-03-01T09:59:00+01:00", True, id="a minute before"),
        pytest.param(day(1), False, id="the day after"),
    ],
)
def test_the_baseline_is_from_before_the_infusion_and_not_too_old(on: str, *, is_baseline: bool) -> None:
    assert bool(first(scored(on=on)).chosen) is is_baseline


def test_on_day_0_a_time_cannot_be_held_against_an_infusion_without_one() -> None:
    assert first(scored(on="2021-03-01T18:00:00+01:00"), t0=T0_OF_A_DAY).chosen


def test_the_last_value_before_the_infusion_is_the_baseline() -> None:
    values = [
        scored(on=day(-20), name="early"),
        scored(on=day(-2), name="late"),
        scored(on=day(3), name="after"),
    ]

    for order in permutations(values):
        assert names(first(*order)) == ["late"]


def test_a_value_recorded_for_the_baseline_is_preferred_however_old() -> None:
    assert names(first(scored(on=day(-40), visit="M0", name="tagged"), scored(on=day(-2)))) == ["tagged"]


def test_a_value_recorded_for_the_baseline_needs_no_date_but_a_dated_one_is_preferred() -> None:
    undated = scored(visit="M0", name="undated")

    assert names(first(undated)) == ["undated"]
    assert names(first(undated, scored(on=day(-9), visit="M0", name="dated"))) == ["dated"]


def test_a_value_from_after_the_infusion_is_no_baseline_whatever_it_is_recorded_for() -> None:
    choice = first(scored(on=day(15), visit="M0", name="late"))

    assert choice.chosen == ()
    assert choice.reasons == ("baseline-missing", "outside-window")
    assert "Observation/late/_history/1" in choice.notes[0]


def test_a_value_recorded_for_another_visit_is_no_baseline() -> None:
    assert first(scored(on=day(-2), visit="M3")).reasons == ("baseline-missing",)


def test_a_label_the_protocol_does_not_have_leaves_the_date_to_decide() -> None:
    assert names(first(scored(on=day(-2), visit="SCREENING", name="s"))) == ["s"]


@pytest.mark.parametrize(
    ("observation", "reasons"),
    [
        pytest.param((), ("baseline-missing",), id="none"),
        pytest.param(scored(on=day(-31)), ("baseline-missing", "outside-window"), id="too old"),
        pytest.param(scored(on="2021-02"), ("baseline-missing", "partial-date"), id="month only"),
        pytest.param(scored(), ("baseline-missing", "partial-date"), id="no date at all"),
        pytest.param(scored(on="2021-04"), ("baseline-missing",), id="some day after"),
        pytest.param(scored(on="2020"), ("baseline-missing", "outside-window"), id="some day long before"),
    ],
)
def test_a_missing_baseline_says_why(observation: Measurements, reasons: tuple[str, ...]) -> None:
    assert first(observation).reasons == reasons


def test_a_value_that_says_nothing_gives_way_to_one_that_does() -> None:
    empty = sledai(unknown=["fever"], on=day(-1))

    assert names(first(scored(on=day(-5), name="says"), empty)) == ["says"]
    assert len(first(empty).chosen) == 1


def test_values_of_the_same_time_are_kept_together() -> None:
    by_day = scored(on=day(-1), name="a-day")
    timed = scored(on="2021-02-28T08:00:00+01:00", name="b-hour")
    later = scored(on="2021-02-28T09:00:00+01:00", name="c-hour")

    assert names(first(by_day, timed)) == ["a-day", "b-hour"]
    assert names(first(timed, later)) == ["c-hour"]


@pytest.mark.parametrize(("on", "belongs"), [(76, False), (77, True), (91, True), (105, True), (106, False)])
def test_an_assessment_inside_the_window_is_of_the_visit(on: int, *, belongs: bool) -> None:
    assert bool(third(scored(on=day(on))).chosen) is belongs


@pytest.mark.parametrize(
    ("on", "label"),
    [
        (-30, "M0"),
        (-31, None),
        (0, "M0"),
        (1, "D10"),
        (10, "D10"),
        (30, "M1"),
        (91, "M3"),
        (365, "M12"),
        (396, None),
    ],
)
def test_a_day_belongs_to_the_visit_whose_window_holds_it(on: int, label: str | None) -> None:
    visit = visit_of(PROTOCOL, T0, at(day(on)))

    assert (None if visit is None else visit.label) == label


def test_a_day_that_is_not_exact_belongs_to_none() -> None:
    assert visit_of(PROTOCOL, T0, at("2021-03")) is None


def test_of_two_in_a_window_the_nearest_is_used_and_the_other_reported() -> None:
    values = [
        scored(on=day(80), name="far"),
        scored(on=day(95), name="near"),
        scored(on=day(104), name="late"),
    ]

    for order in permutations(values):
        choice = third(*order)
        assert names(choice) == ["near"]
        assert {item.source.id for item in choice.others} == {"far", "late"}
        assert len(choice.notes) == 2


def test_of_two_equally_near_the_earlier_is_used() -> None:
    assert names(third(scored(on=day(93), name="after"), scored(on=day(89), name="before"))) == ["before"]


def test_an_assessment_recorded_for_the_visit_wins_over_a_nearer_one() -> None:
    choice = third(scored(on=day(91), name="near"), scored(on=day(110), visit="M3", name="tagged"))

    assert names(choice) == ["tagged"]
    assert "lies on day 110, outside 77 to 105" in choice.notes[0]


def test_an_assessment_recorded_for_another_visit_is_not_taken() -> None:
    assert third(scored(on=day(91), visit="M6")).reasons == ("missing-observation",)
    assert names(third(scored(on=day(91), visit="M6", name="m6"), label="M6")) == ["m6"]


def test_an_assessment_recorded_for_the_visit_needs_no_date() -> None:
    assert names(third(scored(visit="M3", name="undated"))) == ["undated"]


@pytest.mark.parametrize(
    ("other", "kept"),
    [
        pytest.param({"on": "2021-05"}, [], id="a month with days nearer to the planned one"),
        pytest.param({}, [], id="no date at all"),
        pytest.param({"visit": "M3"}, ["vague"], id="recorded for the visit, and alone"),
        pytest.param({"on": "2021-07"}, ["dated"], id="a month after the window"),
        pytest.param({"on": "2021-06", "best": 91}, ["dated"], id="the planned day is never farther"),
        pytest.param({"visit": "M6"}, ["dated"], id="recorded for another visit"),
    ],
)
def test_what_is_dated_vaguely_may_be_the_one_of_the_visit(other: dict[str, Any], kept: list[str]) -> None:
    """It is not passed over as long as an exact date could make it the one that counts."""
    dated = scored(on=day(other.pop("best", 99)), name="dated")

    for order in permutations([dated, scored(**other, name="vague")]):
        assert names(third(*order)) == kept


def test_of_two_recorded_for_the_visit_the_undated_one_may_be_the_nearer() -> None:
    both = [scored(visit="M3", on=day(99), name="dated"), scored(visit="M3", name="vague")]

    assert all(
        third(*order).reasons == ("missing-observation", "partial-date") for order in permutations(both)
    )


@pytest.mark.parametrize(
    ("on", "kept"),
    [
        ("2021-02", []),
        (None, []),
        ("2021-01", ["dated"]),
        ("2021-04", ["dated"]),
    ],
)
def test_what_is_dated_vaguely_may_be_the_baseline(on: str | None, kept: list[str]) -> None:
    choice = first(scored(on=day(-10), name="dated"), scored(on=on, name="vague"))

    assert names(choice) == kept
    assert any("bears no exact date" in note for note in choice.notes) is not bool(kept)


def test_undated_assessments_of_one_visit_are_of_the_same_time() -> None:
    assert names(third(scored(visit="M3", name="a"), scored(visit="M3", name="b"))) == ["a", "b"]


@pytest.mark.parametrize(
    ("observation", "reasons"),
    [
        pytest.param((), ("missing-observation",), id="none"),
        pytest.param(scored(on="2021-06"), ("missing-observation", "partial-date"), id="month only"),
        pytest.param(scored(on="2022"), ("missing-observation",), id="another year"),
        pytest.param(scored(on=day(120)), ("missing-observation", "outside-window"), id="too late for M3"),
        pytest.param(scored(on=day(160)), ("missing-observation",), id="nearer to M6"),
        pytest.param(scored(on=day(183)), ("missing-observation",), id="of M6"),
    ],
)
def test_a_missing_assessment_says_why(observation: Measurements, reasons: tuple[str, ...]) -> None:
    assert third(observation).reasons == reasons
