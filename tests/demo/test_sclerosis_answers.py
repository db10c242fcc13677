"""What the demonstration of MSC-SSc answers, through mapping and pure functions (docs/demonstration.md)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.clinical.answers import Figure, Result
from app.clinical.asked import Asked
from app.clinical.criteria import eligibility
from app.clinical.doses import cell_dose
from app.clinical.interval import Interval
from app.clinical.safety import tolerance
from app.clinical.scores import disease_activity
from app.clinical.truth import Truth
from app.protocol.loader import load_all
from tests.demo.stories import history

TODAY = date(2026, 1, 1)
MET, NOT, OPEN = "met", "not-met", "undetermined"

CONSIDERED = {
    "msc-ssc-c01": ("eligible", []),
    "msc-ssc-c02": ("undetermined", ["RE2"]),
    "msc-ssc-d01": ("eligible", []),
    "msc-ssc-d02": ("ineligible", ["DE2"]),
}


def assessed(subject: str) -> Result:
    recorded = history(subject)
    screened = recorded.enrolment.period.start
    assert screened is not None
    return eligibility.assess(load_all()["MSC-SSc"], recorded, on=screened.first_day).results[0]


@pytest.mark.parametrize("subject", CONSIDERED)
def test_the_eligibility_of_a_candidate_or_donor_on_the_day_of_screening(subject: str) -> None:
    result = assessed(subject)
    as_wanted = {"I": Truth.YES, "E": Truth.NO}
    in_the_way = [one.id for one in result.findings if one.verdict is not as_wanted[one.id[1]]]
    assert (result.verdict, in_the_way) == CONSIDERED[subject]


def test_the_candidate_without_a_dlco_is_told_so_and_nothing_else() -> None:
    assert assessed("msc-ssc-c02").missing == ("order DLCO in % of predicted (LOINC 98130-8)",)


def result(module: Any, subject: str, name: str | None = None, **asked: Any) -> Result:
    answer = module.answer(load_all()["MSC-SSc"], history(subject), Asked(today=TODAY, **asked))
    found: Result = next(one for one in answer.results if name in (None, one.name))
    return found


SUBJECTS = ("msc-ssc-01", "msc-ssc-02", "msc-ssc-03", "msc-ssc-04")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_everybody_tolerated_the_infusion(subject: str) -> None:
    for rule in ("related", "any"):
        assert result(tolerance, subject, visits=("D10",), rules=(rule,)).verdict == MET
    assert result(tolerance, subject, visits=("M12",), rules=("related",)).verdict == MET


def test_the_severe_events_of_subject_03_count_only_whatever_their_cause() -> None:
    found = result(tolerance, "msc-ssc-03", visits=("M12",), rules=("any",))
    assert found.verdict == NOT
    assert [str(one) for one in found.evidence if one.type == "AdverseEvent"] == [
        "AdverseEvent/msc-ssc-03-ae1/_history/1",
        "AdverseEvent/msc-ssc-03-ae2/_history/1",
    ]


@pytest.mark.parametrize(
    ("subject", "per_kg", "deviation"),
    [
        ("msc-ssc-01", "1", "0"),
        ("msc-ssc-02", "1.05", "5"),
        ("msc-ssc-03", "3", "0"),
        ("msc-ssc-04", "3", "0"),
    ],
)
def test_the_dose_of_cells(subject: str, per_kg: str, deviation: str) -> None:
    found = result(cell_dose, subject, "cell-dose")
    assert found.verdict == MET
    assert figure(found, "given-per-kg").value == Interval.of(Decimal(per_kg), Decimal(per_kg))
    assert figure(found, "deviation").value == Interval.of(Decimal(deviation), Decimal(deviation))
    assert figure(found, "lot").value == f"BM-SSC-00{subject[-2:]}"
    assert {result(cell_dose, subject, name).verdict for name in ("duration", "arm")} == {MET}


def figure(found: Result, name: str) -> Figure:
    return next(one for one in found.figures if one.name == name)


SKIN = {
    "msc-ssc-01": {"M0": 27, "M3": 25, "M6": 21, "M12": 15},
    "msc-ssc-02": {"M0": 28, "M3": 28, "M6": 27, "M12": 26},
    "msc-ssc-03": {"M0": 36, "M3": 35, "M6": 33, "M12": 31},
    "msc-ssc-04": {"M0": 27, "M3": 25, "M12": 16},
}


@pytest.mark.parametrize(("subject", "visit"), [(one, visit) for one in SKIN for visit in SKIN[one]])
def test_the_skin_score_and_its_change(subject: str, visit: str) -> None:
    found = result(disease_activity, subject, "mrss", visits=(visit,), names=("mrss",))
    score = SKIN[subject][visit]
    assert figure(found, "total").value == Interval.of(score, score)
    if visit != "M0":
        change = score - SKIN[subject]["M0"]
        assert figure(found, "change-from-baseline").value == Interval.of(change, change)


def test_a_site_that_was_not_examined_leaves_the_skin_score_between_two_bounds() -> None:
    found = result(disease_activity, "msc-ssc-04", "mrss", visits=("M6",), names=("mrss",))
    assert figure(found, "total").value == Interval.of(20, 23)
    assert figure(found, "change-from-baseline").value == Interval.of(-7, -4)


@pytest.mark.parametrize(
    ("subject", "visit", "name", "percent"),
    [
        ("msc-ssc-01", "M12", "fvc-percent-predicted", "10"),
        ("msc-ssc-03", "M12", "fvc-percent-predicted", "-11.7647"),
        ("msc-ssc-03", "M12", "dlco-percent-predicted", "-13.0435"),
        ("msc-ssc-02", "M6", "tlc", "-1.10497"),
    ],
)
def test_the_change_of_lung_function_is_relative(subject: str, visit: str, name: str, percent: str) -> None:
    found = result(disease_activity, subject, name, visits=(visit,), names=(name,))
    change = Decimal(percent)
    assert figure(found, "change-from-baseline").value == Interval.of(change, change)


def test_lung_function_that_was_not_measured_is_missing() -> None:
    name = "fvc-percent-predicted"
    found = result(disease_activity, "msc-ssc-04", name, visits=("M12",), names=(name,))
    assert (found.reasons, found.figures) == (("missing-observation",), ())
    assert name in found.missing[0]
