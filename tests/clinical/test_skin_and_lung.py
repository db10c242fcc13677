"""The modified Rodnan skin score and lung function of the sclerosis trial (§1.15)."""

from typing import Any

import pytest

from app.clinical.scores.mrss import LAYOUT, reading
from app.protocol.definition import Protocol
from tests.clinical.make import day, infusion
from tests.clinical.make_forms import SSC, activity, measured, mrss, read, shown, with_parameter

LUNG = "https://trialbridge.example/fhir/CodeSystem/lung-function"
CELLS = infusion(product="bm-msc")


def skin(recorded: Any) -> str:
    """The skin score of one form."""
    made = reading(read(LAYOUT, recorded)).scores[0]
    return str(made.value or ", ".join(made.reasons))


@pytest.mark.parametrize(
    ("recorded", "total"),
    [
        pytest.param(mrss({"face": 1, "hand-left": 3, "hand-right": 3}), "7", id="three sites"),
        pytest.param(mrss({}, rest=3), "51", id="every site 3"),
        pytest.param(mrss(total=22), "22", id="only a total"),
        pytest.param(mrss({"face": 2}, total=2), "2", id="the sites give the total"),
        pytest.param(mrss({"face": 2}, total=3), "conflicting-values", id="they do not"),
        pytest.param(mrss({"face": 2, "chest": 1}, rest=None), "3 to 48", id="fifteen sites not examined"),
    ],
)
def test_the_skin_score_is_the_sum_of_its_sites(recorded: Any, total: str) -> None:
    assert skin(recorded) == total


def test_the_skin_score_is_compared_with_baseline() -> None:
    found = activity(CELLS, mrss(total=25, on=day(-5)), mrss(total=18, on=day(365)), protocol=SSC)

    assert shown(found["mrss", "M12"], "change-from-baseline") == "-7"
    assert found["mrss", "M3"].reasons == ("missing-observation",)


def lung(code: str, before: str, after: str, *, unit: str = "%", **asked: Any) -> Any:
    """A quantity at M0 and at M6."""
    found = activity(
        CELLS,
        measured(code, before, unit, on=day(-10)),
        measured(code, after, unit, on=day(183)),
        **{"protocol": SSC} | asked,
    )
    return {name: result for (name, visit), result in found.items() if visit == "M6"}


def absolute(protocol: Protocol) -> Protocol:
    return with_parameter(protocol, "ssc", change="absolute")


@pytest.mark.parametrize(
    ("protocol", "code", "name", "change", "unit"),
    [
        pytest.param(SSC, "19872-1", "fvc-percent-predicted", "-12.5", "%", id="FVC, relative"),
        pytest.param(absolute(SSC), "19872-1", "fvc-percent-predicted", "-10", "%", id="FVC, in points"),
        pytest.param(SSC, "98130-8", "dlco-percent-predicted", "-12.5", "%", id="DLCO, relative"),
    ],
)
def test_lung_function_changes_by_a_share_or_in_points(
    protocol: Protocol, code: str, name: str, change: str, unit: str
) -> None:
    found = lung(code, "80", "70", protocol=protocol)[name]

    assert shown(found) == "70"
    assert shown(found, "change-from-baseline") == change


def test_the_total_lung_capacity_has_a_code_of_our_own() -> None:
    found = activity(CELLS, measured("tlc", "4.2", "L", system=LUNG, on=day(91)), protocol=SSC)

    assert shown(found["tlc", "M3"]) == "4.2"
    assert shown(found["tlc", "M3"], "change-from-baseline") == "baseline-missing"


@pytest.mark.parametrize(
    ("said", "value", "change"),
    [
        pytest.param(
            {"value": None, "problem": "unit-not-convertible"}, *["unit-not-convertible"] * 2, id="unit"
        ),
        pytest.param({"unit": "L"}, *["unit-not-convertible"] * 2, id="litres where percent are meant"),
        pytest.param({"comparator": "<"}, "<= 70", "missing-observation", id="only known to lie below"),
    ],
)
def test_a_value_that_cannot_be_computed_with_says_why(said: Any, value: str, change: str) -> None:
    found = activity(
        CELLS,
        measured("19872-1", "80", "%", on=day(-10)),
        measured("19872-1", "70", "%", on=day(183), **said),
        protocol=SSC,
    )["fvc-percent-predicted", "M6"]

    assert (shown(found), shown(found, "change-from-baseline")) == (value, change)


def test_two_results_of_the_same_time_contradict_each_other() -> None:
    found = activity(
        CELLS,
        measured("19872-1", "80", "%", on=day(183)),
        measured("19872-1", "70", "%", on=day(183)),
        protocol=SSC,
    )["fvc-percent-predicted", "M6"]

    assert found.reasons == ("conflicting-values",)


def test_a_volume_in_litres_is_told_beside_the_percentage_where_recorded() -> None:
    found = lung("19868-9", "3.0", "2.4", unit="L")

    assert shown(found["fvc"], "change-from-baseline") == "-20"
    assert found["fvc-percent-predicted"].reasons == ("missing-observation",)
