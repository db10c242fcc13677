"""The SLICC/ACR damage index: domains, caps, versions, and that damage never decreases (§1.6)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.interval import Interval
from app.clinical.scores.damage_codes import DOMAINS, SLICC_ITEM
from app.clinical.scores.slicc import LAYOUT, items, reading, total, whole
from tests.clinical.make import day, infusion
from tests.clinical.make_forms import SLE, activity, between, figure, read, shown, slicc, with_parameter

EXAMPLE = {"cataract": 1, "cva": 2, "gfr-below-50": 1, "proteinuria": 1}
ITEM = {item.code: item for item in SLICC_ITEM.concepts}


def points(answers: dict[str, int | bool], *, protocol: Any = SLE, rest: int | None = 0) -> Interval | None:
    """The index of one form."""
    made = reading(protocol, read(LAYOUT, slicc(answers, rest=rest)), ()).scores[0].value
    assert made is None or isinstance(made, Interval)
    return made


@pytest.mark.parametrize(
    ("answers", "damage"),
    [
        pytest.param(EXAMPLE, 5, id="SLICC 1: cataract, two CVAs, GFR below 50, proteinuria"),
        pytest.param({**EXAMPLE, "esrd": 3}, 6, id="SLICC 2: then end-stage renal disease"),
        pytest.param({"esrd": True}, 3, id="end-stage renal disease alone, ticked"),
        pytest.param({"gfr-below-50": 1, "proteinuria": 1, "esrd": 3}, 3, id="the kidney counts 3 at most"),
        pytest.param({}, 0, id="no damage"),
        pytest.param({"cataract": True, "diabetes": True}, 2, id="ticked items count one point each"),
    ],
)
def test_the_points_of_the_items_add_up_with_the_kidney_capped(
    answers: dict[str, int | bool], damage: int
) -> None:
    assert points(answers) == between(damage)


@pytest.mark.parametrize(("version", "highest", "count"), [(41, 47, 41), (39, 45, 39), (42, 48, 42)])
def test_each_version_of_the_list_has_its_own_highest_damage(version: Any, highest: int, count: int) -> None:
    protocol = with_parameter(SLE, "slicc", items=version)

    assert whole(protocol) == between(0, highest)
    assert len(items(protocol)) == count
    assert points({code: 3 if code == "esrd" else 1 for code in ITEM}, protocol=protocol) is not None
    assert total(
        {code: Interval.of(*[(ITEM[code].span or (0, 1))[1]] * 2) for code in ITEM}, items(protocol)
    ) == (between(highest))


@pytest.mark.parametrize(("version", "damage"), [(41, 2), (39, 0), (42, 3)])
def test_an_item_outside_the_version_of_the_list_does_not_count(version: Any, damage: int) -> None:
    added: dict[str, int | bool] = {
        "pulmonary-resection": 1,
        "pancreatic-insufficiency": 1,
        "tendon-rupture": 1,
    }

    assert points(added, protocol=with_parameter(SLE, "slicc", items=version)) == between(damage)


def test_items_not_recorded_leave_the_index_between_two_numbers() -> None:
    answers: dict[str, int | bool] = {"cataract": 1, "gfr-below-50": 1}

    assert points(answers, rest=None) == between(2, 47)


def test_a_cva_that_is_only_ticked_counts_one_point_or_two() -> None:
    assert points({"cva": True}) == between(1, 2)


@pytest.mark.parametrize(
    ("recorded", "damage"),
    [
        pytest.param(slicc(EXAMPLE, total=5), "5", id="the items give what is written"),
        pytest.param(slicc(EXAMPLE, total=6), "conflicting-values", id="the items give 5, 6 is written"),
        pytest.param(slicc(total=6), "6", id="only a total"),
        pytest.param(slicc({"cataract": 1}, rest=None, total=6), "6", id="a total beside some items"),
        pytest.param(slicc({"cva": 2}, rest=None, total=1), "conflicting-values", id="more items than total"),
    ],
)
def test_the_items_and_the_written_total_must_agree(recorded: Any, damage: str) -> None:
    made = reading(SLE, read(LAYOUT, recorded), ()).scores[0]

    assert (str(made.value) if made.value else made.reasons[0]) == damage


def over_time(*totals: int) -> list[str]:
    """The damage at M0, M3 and M6, as answered."""
    records = [slicc(total=each, on=day(on)) for each, on in zip(totals, (-1, 91, 183), strict=False)]
    found = activity(infusion(), *records)
    return [shown(found["slicc-damage", label]) for label in ("M0", "M3", "M6")[: len(totals)]]


@pytest.mark.parametrize(
    ("totals", "answered"),
    [
        pytest.param((5, 5, 6), ["5", "5", "6"], id="damage grows"),
        pytest.param((5, 4, 6), ["5", "conflicting-values", "6"], id="a fall contradicts what was before"),
        pytest.param(
            (5, 3, 4), ["5", "conflicting-values", "conflicting-values"], id="below an earlier form"
        ),
    ],
)
def test_damage_that_falls_contradicts_itself(totals: tuple[int, ...], answered: list[str]) -> None:
    assert over_time(*totals) == answered


def test_a_fall_names_the_form_it_contradicts() -> None:
    found = activity(
        infusion(), slicc(total=5, on=day(-1), name="before"), slicc(total=3, on=day(91), name="after")
    )["slicc-damage", "M3"]

    assert found.reasons == ("conflicting-values",)
    assert any(
        "Observation/after/_history/1 gives 3 after 5 in Observation/before/_history/1" in note
        for note in found.notes
    )


def test_damage_entered_in_error_contradicts_nothing() -> None:
    wrong = slicc(total=9, on=day(-2), status="entered-in-error")

    found = activity(infusion(), slicc(total=3, on=day(-1)), wrong, slicc(total=3, on=day(91)))

    assert shown(found["slicc-damage", "M3"]) == "3"


@pytest.mark.parametrize(
    ("recorded", "present"),
    [
        pytest.param(slicc({}, on=day(91)), "False", id="no damage"),
        pytest.param(slicc({"cataract": 1}, on=day(91)), "True", id="one point"),
        pytest.param(slicc({"cataract": 1}, rest=None, on=day(91)), "True", id="one point, the rest unknown"),
        pytest.param(slicc({"cataract": 0}, rest=None, on=day(91)), "missing-observation", id="not known"),
    ],
)
def test_comorbidities_are_present_from_one_point(recorded: Any, present: str) -> None:
    found = activity(infusion(), recorded)["slicc-damage", "M3"]

    assert shown(found, "comorbidity-present") == present


def test_new_damage_is_counted_since_baseline() -> None:
    found = activity(infusion(), slicc(EXAMPLE, on=day(-1)), slicc({**EXAMPLE, "esrd": 3}, on=day(365)))

    assert shown(found["slicc-damage", "M12"], "change-from-baseline") == "1"
    assert figure(found["slicc-damage", "M12"], "domain-renal").value == between(3)


ANSWERS = st.fixed_dictionaries(
    {code: st.one_of(st.none(), st.integers(0, (item.span or (0, 1))[1])) for code, item in ITEM.items()}
)


@settings(max_examples=60, deadline=None)
@given(ANSWERS, st.sampled_from(SLICC_ITEM.codes), st.data())
def test_knowing_one_item_more_only_narrows_the_index(
    answers: dict[str, int | None], item: str, data: st.DataObject
) -> None:
    known = {
        code: Interval.of(value) for code, value in answers.items() if value is not None and code != item
    }
    more = known | {item: Interval.of(data.draw(st.integers(0, (ITEM[item].span or (0, 1))[1])))}
    before, after = total(known, items(SLE)), total(more, items(SLE))

    assert before.low <= after.low <= after.high <= before.high


def test_every_domain_has_the_highest_damage_of_the_paper() -> None:
    of = items(with_parameter(SLE, "slicc", items=42))
    highest = {
        name: int(total({i: Interval.of(0) for i in of if i not in codes}, of).high)
        for name, codes in ((name, {item.code for item in domain}) for name, domain in DOMAINS.items())
    }

    assert highest == {
        "ocular": 2, "neuropsychiatric": 6, "renal": 3, "pulmonary": 6, "cardiovascular": 6,
        "peripheral-vascular": 5, "gastrointestinal": 6, "musculoskeletal": 7, "skin": 3, "gonadal": 1,
        "endocrine": 1, "malignancy": 2,
    }  # fmt: skip
