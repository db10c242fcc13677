"""Other readings of the sources, where no test of the single answers tells them apart (conventions §5)."""

from typing import Any

import pytest

from app.clinical.answers import wire
from app.clinical.asked import Asked
from app.clinical.failures.failure import answer as failure
from app.clinical.responses.response import answer as clinical_response
from app.clinical.responses.sri import status
from app.clinical.safety.tolerance import answer as tolerance
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from tests.clinical.make import at, bilag, day, infusion, pga, sledai, subject
from tests.clinical.make_candidate import (
    MSC_SLE,
    MSC_SSC,
    candidate,
    chosen,
    dose,
    findings,
    number,
    of_protocol,
)
from tests.clinical.make_kidneys import creatinine, protein
from tests.clinical.make_safety import choosing
from tests.clinical.make_treated import treated

MET, NOT_MET, OPEN = "met", "not-met", "undetermined"
LATER = at(day(500)).first_day


def eligibility(name: str, by: Protocol = MSC_SLE, **changes: Any) -> str:
    """The verdict of one criterion for the candidate of MSC-SLE."""
    return wire(findings(candidate(**changes), by=by)[name].verdict)


@pytest.mark.parametrize(
    ("score", "at_least", "above"), [(5, NOT_MET, NOT_MET), (6, MET, NOT_MET), (7, MET, MET)]
)
def test_activity_is_at_least_or_above_6(score: int, at_least: str, above: str) -> None:
    assert eligibility("I3", score=score) == at_least
    assert eligibility("I3", chosen({"i3.op": ">"}), score=score) == above


@pytest.mark.parametrize(
    ("drug", "choice", "before", "usual", "other"),
    [
        ("belimumab", {"e6.belimumab_days": 62}, -61, NOT_MET, MET),
        ("belimumab", {"e6.belimumab_days": 28}, -45, MET, NOT_MET),
        ("rituximab", {"e6.bcell_days": 184}, -184, NOT_MET, MET),
        ("rituximab", {"e6.bcell_days": 180}, -183, MET, NOT_MET),
    ],
)
def test_the_time_after_a_biologic_is_the_protocols(
    drug: str, choice: dict[str, int], before: int, usual: str, other: str
) -> None:
    given = {drug: [dose(600, before)]}

    assert eligibility("E6", treatments=given) == usual
    assert eligibility("E6", chosen(choice), treatments=given) == other


@pytest.mark.parametrize(("lookback", "expected"), [(30, OPEN), (45, MET)])
def test_how_old_a_baseline_may_be_is_the_protocols(lookback: int, expected: str) -> None:
    protocol = choosing(MSC_SLE, "visit", baseline_lookback_days=lookback)
    seen = [(14, "2.0", day(-40)), (6, "1.0", day(91))]
    forms = [(sledai(score, on=on), bilag({}, on=on), pga(physician, on=on)) for score, physician, on in seen]
    history = subject(infusion(), *(form for forms_of_a_day in forms for form in forms_of_a_day))

    assert status(protocol, history, visits=["M3"], rules=["registry"]).results[0].verdict == expected


@pytest.mark.parametrize(("first", "last", "expected"), [(77, 105, OPEN), (61, 121, MET)])
def test_the_window_of_a_visit_is_the_protocols(first: int, last: int, expected: str) -> None:
    visits = tuple(
        visit.model_copy(update={"window": (first, last)}) if visit.label == "M3" else visit
        for visit in MSC_SLE.visits
    )
    protocol = MSC_SLE.model_copy(update={"visits": visits})
    seen = [(14, "2.0", day(-3)), (6, "1.0", day(110))]
    forms = [(sledai(score, on=on), bilag({}, on=on), pga(physician, on=on)) for score, physician, on in seen]
    history = subject(infusion(), *(form for forms_of_a_day in forms for form in forms_of_a_day))

    assert status(protocol, history, visits=["M3"], rules=["registry"]).results[0].verdict == expected


@pytest.mark.parametrize(
    ("changed", "before", "after", "usual", "other"),
    [
        ({"above_normal": 3}, "0.3", "1.2", MET, NOT_MET),
        ({"normal_below": "0.2"}, "0.3", "1.2", MET, OPEN),  # now in the gap that gap_rule decides
        ({"above_raised": 20}, "1.5", "3.2", MET, NOT_MET),  # the "20/24 heures" of the scan, as it stands
        ({"raised_above": 2}, "1.5", "3.2", MET, OPEN),
    ],
)
def test_the_thresholds_of_proteinuria_are_the_protocols(
    changed: dict[str, Any], before: str, after: str, usual: str, other: str
) -> None:
    section = MSC_SLE.failure
    assert section is not None
    assert section.nephritis is not None
    nephritis = type(section.nephritis).model_validate({**section.nephritis.model_dump(), **changed})
    made = MSC_SLE.model_copy(update={"failure": section.model_copy(update={"nephritis": nephritis})})
    protocol = choosing(made, "tf3", gap_rule="undetermined")
    history = treated(protein({-1: before, 91: after, 105: after, 119: after}), creatinine({-1: 70, 300: 71}))

    def verdict(by: Protocol) -> str | None:
        return failure(by, history, Asked(today=LATER, names=("TF3",))).results[0].verdict

    assert verdict(MSC_SLE) == usual
    assert verdict(protocol) == other


def test_the_visits_of_later_toxicity_are_the_protocols() -> None:
    quarterly = choosing(MSC_SLE, "tox", visits=("M3", "M9"), on_demand=())

    def visits(protocol: Protocol) -> list[str | None]:
        return [
            one.visit
            for one in tolerance(protocol, treated(), Asked(today=LATER)).results
            if one.rule == "any"
        ]

    assert visits(MSC_SLE) == ["D10", "M1", "M3", "M6", "M12"]
    assert visits(quarterly) == ["D10", "M3", "M9"]


@pytest.mark.parametrize(
    ("what", "lupus", "sclerosis", "code", "value", "unit"),
    [
        ("PaO2 below 70 or 60 mmHg", "E2d-pao2", "RE2a-pao2", "loinc:2703-7", 65, "mm[Hg]"),
        ("platelets below 30 or 50", "E4-platelet-count", "RE5-platelets", "loinc:777-3", 40, "10*9/L"),
        ("ejection fraction below 40 or 35 %", "E2b-lvef", "RE2c-lvef", "loinc:10230-1", 37, "%"),
    ],
)
def test_each_trial_has_its_own_limits(  # noqa: PLR0917 - a line of a table
    what: str, lupus: str, sclerosis: str, code: str, value: int, unit: str
) -> None:
    results = {code: number(value, unit=unit)}

    in_lupus = findings(candidate(results=results))[lupus].verdict
    in_sclerosis = findings(of_protocol(MSC_SSC, results=results), by=MSC_SSC)[sclerosis].verdict

    assert in_lupus is ~in_sclerosis, what


def test_no_criterion_is_shared_by_two_trials() -> None:
    lupus, sclerosis = ({part.id for part in load_all()[key].every_part} for key in ("MSC-SLE", "MSC-SSc"))

    assert lupus.isdisjoint(sclerosis)


@pytest.mark.parametrize("visit", ["M3", "M6"])
def test_the_visit_that_objective_4_is_about_is_the_protocols(visit: str) -> None:
    protocol = choosing(MSC_SLE, "response", highlighted=visit)
    results = clinical_response(protocol, treated(), Asked(today=LATER, names=("major",))).results

    told = [one.visit for one in results if any("three months" in note for note in one.notes)]
    assert told == [visit]
