"""Every score at every visit: SLEDAI, BILAG and PGA with items, changes, data queries and what is missing."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.asked import Asked, CannotAnswer
from app.clinical.codes import BILAG_2004_SYSTEMS, CLASSIC_SYSTEMS, SLEDAI_ITEM
from app.clinical.scores import disease_activity
from tests.clinical.make import bilag, day, infusion, pga, sledai, subject
from tests.clinical.make_forms import (
    LATE,
    SLE,
    SSC,
    activity,
    eq5d,
    figure,
    measured,
    mrss,
    sf36,
    shown,
    slicc,
    with_parameter,
)

EVERY = SLEDAI_ITEM.codes


@pytest.mark.parametrize(
    ("recorded", "total"),
    [
        pytest.param(
            sledai(
                present=["arthritis", "rash", "alopecia", "low-complement", "dna-binding"],
                rest="absent",
                on=day(91),
            ),
            "12",
            id="SL-1",
        ),
        pytest.param(sledai(present=EVERY, on=day(91)), "105", id="SL-2"),
        pytest.param(
            sledai(present=["arthritis"], unknown=["fever", "dna-binding"], rest="absent", on=day(91)),
            "4 to 7",
            id="SL-3",
        ),
        pytest.param(
            sledai(present=["vasculitis"], unknown=["fever"], rest="absent", on=day(91)), "8 to 9", id="SL-4"
        ),
        pytest.param(
            sledai(present=["arthritis"], unknown=["fever"], rest="absent", on=day(91)), "4 to 5", id="SL-5"
        ),
        pytest.param(sledai(12, on=day(91)), "12", id="only a total"),
        pytest.param(
            sledai(12, present=["arthritis"], rest="absent", on=day(91)),
            "conflicting-values",
            id="the items give 4, 12 is written",
        ),
    ],
)
def test_a_sledai_total_is_told_as_far_as_it_is_known(recorded: Any, total: str) -> None:
    assert shown(activity(infusion(), recorded)["selena-sledai", "M3"]) == total


def test_the_items_of_a_sledai_are_told_and_those_not_known_are_asked_for() -> None:
    form = sledai(present=["arthritis"], unknown=["fever"], rest="absent", on=day(91))
    found = activity(infusion(), form)["selena-sledai", "M3"]

    assert figure(found, "arthritis").value is True
    assert figure(found, "rash").value is False
    assert shown(found, "fever") == "missing-observation"
    assert found.missing == ("the items fever, at M3",)
    assert shown(found, "study-day") == "91"
    assert found.verdict is None


def test_an_item_not_mentioned_is_absent_where_only_positives_are_ticked() -> None:
    protocol = with_parameter(SLE, "sledai", missing_item="absent")
    ticked = sledai(present=["arthritis"], on=day(91))

    assert shown(activity(infusion(), ticked)["selena-sledai", "M3"]) == "4 to 105"
    assert shown(activity(infusion(), ticked, protocol=protocol)["selena-sledai", "M3"]) == "4"


def test_a_sledai_2k_is_told_beside_the_selena_sledai_where_it_was_recorded() -> None:
    form = sledai(9, instrument="sledai-2k", on=day(91))
    found = activity(infusion(), form)

    assert shown(found["sledai-2k", "M3"]) == "9"
    assert found["selena-sledai", "M3"].reasons == ("missing-observation",)
    assert ("sledai-2k", "M6") not in found


def test_by_the_parameter_the_sledai_2k_is_the_one_that_is_missed() -> None:
    found = activity(infusion(), protocol=with_parameter(SLE, "sledai", variant="sledai_2k"))

    assert found["sledai-2k", "M3"].reasons == ("missing-observation",)
    assert ("selena-sledai", "M3") not in found


@pytest.mark.parametrize(
    ("recorded", "name", "total"),
    [
        pytest.param(
            bilag(dict(zip(CLASSIC_SYSTEMS, "ABCDEEEC", strict=True)), on=day(91)),
            "bilag-classic",
            "14",
            id="A, B, C, D, E, E, E, C",
        ),
        pytest.param(
            bilag(dict.fromkeys(CLASSIC_SYSTEMS, "A"), on=day(91)), "bilag-classic", "72", id="all A"
        ),
        pytest.param(
            bilag(
                dict(zip(BILAG_2004_SYSTEMS, "ABBCEEEEE", strict=True)), instrument="bilag-2004", on=day(91)
            ),
            "bilag-2004",
            "29",
            id="BILAG-2004: A, B, B, C",
        ),
        pytest.param(
            bilag({"renal": "A", "general": "B", "vasculitis": "C", "haematological": None}, on=day(91)),
            "bilag-classic",
            "13 to 22",
            id="7 known give 13, one missing",
        ),
    ],
)
def test_a_bilag_total_weighs_the_grades(recorded: Any, name: str, total: str) -> None:
    assert shown(activity(infusion(), recorded)[name, "M3"]) == total


def test_the_weights_of_a_bilag_are_the_protocols() -> None:
    protocol = with_parameter(SLE, "bilag", weights={"A": 12, "B": 5, "C": 1, "D": 0, "E": 0})
    form = bilag({"renal": "A", "general": "B"}, on=day(91))

    found = activity(infusion(), form, protocol=protocol)["bilag-classic", "M3"]

    assert shown(found) == "17"
    assert shown(found, "renal") == "A"


def test_a_system_never_involved_after_it_was_is_queried_at_its_visit() -> None:
    found = activity(
        infusion(), bilag({"renal": "B"}, on=day(-1)), bilag({}, on=day(91)), bilag({}, on=day(183))
    )

    [query] = [note for note in found["bilag-classic", "M3"].notes if "never involved" in note]
    assert "renal is E" in query
    assert shown(found["bilag-classic", "M3"]) == "0"
    assert not any("never involved" in note for note in found["bilag-classic", "M0"].notes)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        pytest.param(pga("2.0", on=day(-1)), pga("2.3", on=day(91)), "0.3", id="2.0 to 2.3"),
        pytest.param(pga("1.5", on=day(-1)), pga("1.79", on=day(91)), "0.29", id="1.5 to 1.79"),
        pytest.param(
            pga("4.0", of="10", on=day(-1)),
            pga("5.0", of="10", on=day(91)),
            "0.3",
            id="4 to 5 of a scale of 10",
        ),
    ],
)
def test_a_global_assessment_is_compared_on_0_to_3_exactly(before: Any, after: Any, change: str) -> None:
    found = activity(infusion(), before, after)["pga", "M3"]

    assert shown(found, "change-from-baseline") == change


def test_an_uncertain_baseline_leaves_the_change_between_two_numbers() -> None:
    before = sledai(present=["vasculitis"], unknown=["fever"], rest="absent", on=day(-1))
    found = activity(infusion(), before, sledai(4, on=day(91)))["selena-sledai", "M3"]

    assert shown(found, "change-from-baseline") == "-5 to -4"
    assert figure(found, "change-from-baseline").reasons == ("missing-observation",)


def test_what_a_laboratory_knows_better_is_a_question_and_changes_nothing() -> None:
    form = sledai(present=["vasculitis"], unknown=["leukopenia"], rest="absent", on=day(91))
    leukocytes = measured("6690-2", "2.1", "10*9/L", on=day(88))

    with_result, without = (
        activity(infusion(), form, *more)["selena-sledai", "M3"] for more in ([leukocytes], [])
    )

    assert shown(with_result) == shown(without) == "8 to 9"
    [query] = [note for note in with_result.notes if "by the laboratory" in note]
    assert "leukopenia is not known" in query
    assert "unless a drug explains it" in query


def proteinuria(protocol: Any, value: str, instrument: str = "selena-sledai") -> list[str]:
    """The queries about a denied proteinuria at M6, where it was 0.8 g at M3."""
    found = activity(
        infusion(),
        measured("2889-4", "0.8", "g/(24.h)", on=day(91)),
        sledai(rest="absent", on=day(183), instrument=instrument),
        measured("2889-4", value, "g/(24.h)", on=day(180)),
        protocol=protocol,
    )[instrument, "M6"]
    return [note for note in found.notes if "proteinuria" in note and "by the laboratory" in note]


def test_proteinuria_counts_where_it_is_new_or_rises_or_whenever_it_is_there() -> None:
    literal = with_parameter(SLE, "sledai", proteinuria_rule="any_gt_0_5")

    assert proteinuria(SLE, "0.9") == []
    assert len(proteinuria(SLE, "1.4")) == 1
    assert len(proteinuria(literal, "0.9")) == 1
    assert len(proteinuria(SLE, "0.9", "sledai-2k")) == 1


def test_without_an_infusion_every_score_says_so_and_the_baseline_so_far_is_told() -> None:
    today = date.fromisoformat(day(0))
    found = activity(sledai(12, on=day(-1)), pga("2.0", on=day(-40)), today=today)

    assert {result.reasons[0] for result in found.values()} == {"not-infused"}
    assert shown(found["selena-sledai", "M0"]) == "12"
    assert "not infused yet" in found["selena-sledai", "M0"].notes[-1]
    assert found["pga", "M0"].reasons == ("not-infused", "baseline-missing", "outside-window")
    assert found["selena-sledai", "M3"].figures == ()
    assert ("sledai-2k", "M0") not in found


def test_an_infusion_of_an_unknown_day_places_nothing() -> None:
    found = activity(infusion("2021-03"), sledai(12, on=day(-1)))

    assert {result.reasons for result in found.values()} == {("partial-date",)}


def test_a_visit_whose_window_is_open_may_still_come() -> None:
    found = activity(infusion(), sledai(12, on=day(-1)), today=date.fromisoformat(day(100)))

    assert found["selena-sledai", "M3"].reasons == ("missing-observation", "window-open")


def test_a_form_entered_in_error_never_counts_and_is_named() -> None:
    wrong = sledai(30, on=day(91), status="entered-in-error", name="wrong")
    found = activity(infusion(), wrong)["selena-sledai", "M3"]

    assert found.reasons == ("missing-observation",)
    assert found.notes == ("Observation/wrong/_history/1 was entered in error: it does not count",)


def test_two_totals_of_one_time_contradict_each_other() -> None:
    found = activity(infusion(), sledai(8, on=day(91)), sledai(9, on=day(91)))["selena-sledai", "M3"]

    assert found.reasons == ("conflicting-values",)
    assert found.missing == ("a correction of what is contradictory, at M3",)


def test_an_answer_is_narrowed_by_visit_and_by_name() -> None:
    found = activity(infusion(), visits=("M6",), names=("pga", "bilag-classic"))

    assert set(found) == {("bilag-classic", "M6"), ("pga", "M6")}


@pytest.mark.parametrize(
    ("protocol", "asked", "said"),
    [
        pytest.param(SLE, {"visits": ("M2",)}, "visit 'M2' is not one of M0, M3, M6, M9, M12", id="visit"),
        pytest.param(SLE, {"names": ("mrss",)}, "name 'mrss' is not one of selena-sledai", id="name"),
        pytest.param(SSC, {"names": ("pga",)}, "name 'pga' is not one of mrss, fvc", id="of the other trial"),
        pytest.param(SLE.model_copy(update={"visits": SLE.visits[1:3]}), {}, "plans no score", id="no score"),
    ],
)
def test_what_the_protocol_does_not_plan_is_refused(protocol: Any, asked: Any, said: str) -> None:
    with pytest.raises(CannotAnswer, match=said):
        activity(infusion(), protocol=protocol, **asked)


RECORDS: Sequence[Any] = (
    sledai(12, on=day(-1)),
    sledai(present=["arthritis"], unknown=["fever"], rest="absent", on=day(91)),
    sledai(8, on=day(91)),
    bilag({"renal": "A"}, on=day(-2)),
    bilag({"renal": None}, on=day(91)),
    pga("2.0", on=day(-1)),
    slicc(total=4, on=day(-1)),
    slicc(total=3, on=day(91)),
    sf36({"7": 3, "8": 2}, on=day(91)),
    eq5d("2123.", on=day(91)),
    eq5d("....2", on=day(91)),
    measured("777-3", "80", "10*9/L", on=day(91)),
)


@settings(max_examples=40, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_in_which_results_arrive_never_matters(random: Random) -> None:
    shuffled = random.sample(RECORDS, len(RECORDS))

    assert activity(infusion(name="i"), *shuffled) == activity(infusion(name="i"), *RECORDS)


ITEMS = st.dictionaries(st.sampled_from(EVERY), st.booleans())


def range_of(items: dict[str, bool]) -> Any:
    """The total of a form on which only these items are answered."""
    present, absent = ([one for one, there in items.items() if there is said] for said in (True, False))
    form = sledai(present=present, absent=absent, unknown=set(EVERY) - set(items), on=day(91))
    found = activity(infusion(), form, names=("selena-sledai",), visits=("M3",))
    return figure(found["selena-sledai", "M3"], "total").value


@settings(max_examples=40, deadline=None)
@given(ITEMS.filter(bool), ITEMS)
def test_knowing_more_items_only_narrows_a_total(known: dict[str, bool], more: dict[str, bool]) -> None:
    before, after = range_of(known), range_of(more | known)

    assert before & after == after


def test_a_form_at_the_same_time_completes_another() -> None:
    found = activity(infusion(), eq5d("2123.", on=day(91)), eq5d("....2", on=day(91)))["eq5d-5l", "M3"]

    assert shown(found, "lss") == "10"


def test_a_change_of_the_unit_of_a_scale_never_matters() -> None:
    on_ten = activity(infusion(), pga("5.0", of="10", on=day(91)))["pga", "M3"]
    on_hundred = activity(infusion(), pga("50", of="100", on=day(91)))["pga", "M3"]

    assert shown(on_ten) == shown(on_hundred) == "1.5"


def test_the_sclerosis_trial_plans_skin_and_lung() -> None:
    names = {name for name, _ in activity(infusion(product="bm-msc"), protocol=SSC)}

    assert names == {"mrss", "fvc-percent-predicted", "dlco-percent-predicted", "tlc"}
    assert (
        shown(activity(infusion(product="bm-msc"), mrss(total=20, on=day(91)), protocol=SSC)["mrss", "M3"])
        == "20"
    )


def test_an_answer_bears_the_name_of_its_question() -> None:
    answer = disease_activity.answer(SLE, subject(infusion()), Asked(today=LATE))

    assert (answer.question, answer.protocol) == ("disease-activity", "MSC-SLE")


def test_by_the_parameter_the_bilag_2004_is_the_one_that_is_missed() -> None:
    protocol = with_parameter(SLE, "bilag", variant="bilag2004", weights=None)
    graded = bilag(
        dict(zip(BILAG_2004_SYSTEMS, "ABBCEEEEE", strict=True)), instrument="bilag-2004", on=day(91)
    )
    found = activity(infusion(), graded, protocol=protocol)

    assert shown(found["bilag-2004", "M3"]) == "29"
    assert found["bilag-2004", "M6"].reasons == ("missing-observation",)
    assert ("bilag-classic", "M6") not in found


@pytest.mark.parametrize(("days", "queries"), [(10, 0), (14, 1)])
def test_items_look_back_as_many_days_as_the_protocol_says(days: int, queries: int) -> None:
    protocol = with_parameter(SLE, "sledai", lookback_days=days)
    form = sledai(rest="absent", on=day(91))

    found = activity(infusion(), form, measured("777-3", "80", "10*9/L", on=day(79)), protocol=protocol)

    assert sum("by the laboratory" in note for note in found["selena-sledai", "M3"].notes) == queries


def test_a_system_graded_in_two_ways_leaves_the_total_open() -> None:
    found = activity(infusion(), bilag({"renal": "A"}, on=day(91)), bilag({"renal": "B"}, on=day(91)))

    assert shown(found["bilag-classic", "M3"]) == "0 to 9"
    assert found["bilag-classic", "M3"].reasons == ("conflicting-values",)
    assert figure(found["bilag-classic", "M3"], "renal").reasons == ("conflicting-values",)


def test_a_score_nobody_must_send_is_missed_where_it_is_asked_for_by_name() -> None:
    found = activity(infusion(), visits=("M6",), names=("eq5d-index",))

    [missed] = found.values()
    assert missed.missing
    assert missed.reasons == ("missing-observation",)
    assert ("eq5d-index", "M6") not in activity(infusion(), visits=("M6",))
