"""The SF-36 scales: recodes, the half rule, and the literal reading with equal weights (§1.7)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.scores.form_codes import SF36_ITEM
from app.clinical.scores.sf36 import LAYOUTS, SCALES, reading, scale
from tests.clinical.make import day, infusion
from tests.clinical.make_forms import SLE, Answers, activity, read, sf36, shown, with_parameter

BEST = {
    **dict.fromkeys((f"3{letter}" for letter in "abcdefghij"), 3),
    **dict.fromkeys(("4a", "4b", "4c", "4d", "5a", "5b", "5c", "10"), 5),
    **dict.fromkeys(("1", "6", "7", "8", "9a", "9d", "9e", "9h", "11b", "11d"), 1),
    **dict.fromkeys(("9b", "9c", "9f", "9g", "9i", "11a", "11c"), 5),
}
WORST = {
    item: (SF36_ITEM.concept(item).span or (1, 5))[1] if answer == 1 else 1 for item, answer in BEST.items()
}
PHYSICAL = dict(zip((f"3{letter}" for letter in "abcdefghij"), (3, 3, 3, 3, 2, 2, 2, 2, 1, 1), strict=True))
HALF_OF_PHYSICAL = {"3a": 3, "3b": 3, "3c": 3, "3d": 3, "3e": 1}


@pytest.mark.parametrize(
    ("name", "answers", "expected"),
    [
        pytest.param("PF", PHYSICAL, "60", id="PF: four 3, four 2, two 1"),
        pytest.param("BP", {"7": 3, "8": 2}, "62", id="BP: 7 is 3, 8 is 2"),
        pytest.param("RP", {"4a": 4, "4b": 3, "4d": 5}, "75", id="RP: 4, 3, missing, 5"),
        pytest.param("RP", {"4a": 4}, None, id="RP: only one answered"),
        pytest.param("GH", {"1": 3, "11a": 2, "11b": 4, "11c": 3, "11d": 3}, "42", id="GH: 3, 2, 4, 3, 3"),
        pytest.param("BP", {"7": 1, "8": 1}, "100", id="BP: 8 is 1 and 7 is 1"),
        pytest.param("BP", {"7": 2, "8": 1}, "84", id="BP: 8 is 1 and 7 is not"),
        pytest.param("BP", {"8": 2}, "75", id="BP: 7 missing"),
        pytest.param("BP", {"7": 3}, "64", id="BP: 8 missing"),
        pytest.param("PF", HALF_OF_PHYSICAL, "80", id="PF: exactly half answered"),
        pytest.param("SF", {"6": 2, "10": 4}, "75", id="SF: 6 is turned round"),
    ],
)
def test_a_scale_is_made_by_the_manual(name: str, answers: dict[str, int], expected: str | None) -> None:
    made = scale(name, answers, "manual_v2")

    assert made == (None if expected is None else Fraction(expected))


@pytest.mark.parametrize(
    ("name", "answers", "manual", "equal"),
    [
        pytest.param("BP", {"7": 3, "8": 2}, "62", "67.5", id="BP differs"),
        pytest.param("GH", {"1": 3, "11a": 2, "11b": 4, "11c": 3, "11d": 3}, "42", "40", id="GH differs"),
        pytest.param("PF", PHYSICAL, "60", "60", id="PF does not"),
        pytest.param("MH", {"9b": 2, "9c": 3, "9d": 2, "9f": 4, "9h": 3}, "55", "55", id="MH does not"),
    ],
)
def test_every_question_may_carry_equal_weight(
    name: str, answers: dict[str, int], manual: str, equal: str
) -> None:
    assert scale(name, answers, "manual_v2") == Fraction(manual)
    assert scale(name, answers, "equal_weight_linear") == Fraction(equal)


@pytest.mark.parametrize("scoring", ["manual_v2", "equal_weight_linear"])
def test_the_best_answers_give_100_and_the_worst_0(scoring: str) -> None:
    assert {scale(name, BEST, scoring) for name in SCALES} == {Fraction(100)}
    assert {scale(name, WORST, scoring) for name in SCALES} == {Fraction(0)}


@given(
    st.fixed_dictionaries(
        {item: st.integers(1, (SF36_ITEM.concept(item).span or (1, 5))[1]) for item in SF36_ITEM.codes}
    )
)
def test_a_filled_in_form_has_every_scale_between_0_and_100(answers: dict[str, int]) -> None:
    for scoring in ("manual_v2", "equal_weight_linear"):
        for name in SCALES:
            made = scale(name, answers, scoring)
            assert made is not None
            assert 0 <= made <= 100


def scales(
    answers: Answers, recorded: Answers | None = None, *, scoring: str = "manual_v2"
) -> dict[str, str]:
    """Every scale of one form."""
    protocol = with_parameter(SLE, "sf36", scoring=scoring)
    made = reading(protocol, read(LAYOUTS[0], sf36(answers, recorded), LAYOUTS[1]))
    return {one.name: str(one.value or ", ".join(one.reasons)) for one in made.scores}


def test_the_parameter_chooses_the_scoring() -> None:
    assert scales({"7": 3, "8": 2})["BP"] == "62"
    assert scales({"7": 3, "8": 2}, scoring="equal_weight_linear")["BP"] == "67.5"


@pytest.mark.parametrize(
    ("answers", "recorded", "expected"),
    [
        pytest.param({}, {"PF": "60"}, "60", id="only the scale"),
        pytest.param(PHYSICAL, {"PF": "60"}, "60", id="the questions give the scale"),
        pytest.param(PHYSICAL, {"PF": "55"}, "conflicting-values", id="they do not"),
        pytest.param({"3a": 3}, {"PF": "60"}, "60", id="too few questions for a scale of their own"),
        pytest.param({}, {}, "missing-observation", id="neither"),
    ],
)
def test_a_recorded_scale_and_its_questions_must_agree(
    answers: Answers, recorded: Answers, expected: str
) -> None:
    assert scales(answers, recorded)["PF"] == expected


def test_a_scale_with_too_few_answers_says_which_are_missing() -> None:
    found = activity(infusion(), sf36({"4a": 4}, on=day(91)))["sf36v2", "M3"]

    assert shown(found, "RP") == "missing-observation"
    assert "for RP, the questions 4b, 4c, 4d, at M3" in found.missing


def test_each_scale_is_compared_with_baseline() -> None:
    found = activity(
        infusion(), sf36({"7": 3, "8": 2}, on=day(-3)), sf36({"7": 1, "8": 1}, on=day(183)), names=("sf36v2",)
    )

    assert shown(found["sf36v2", "M6"], "BP-change-from-baseline") == "38"
    assert shown(found["sf36v2", "M6"], "PF-change-from-baseline") == "missing-observation"
