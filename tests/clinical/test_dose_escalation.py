"""The choice of the next dose: the tables of clinical conventions §1.13, to four decimals."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Answer, Result
from app.clinical.asked import Asked
from app.clinical.doses import dose_cohorts, dose_escalation, dose_rule
from app.clinical.doses.dose_cohorts import Treated
from app.clinical.doses.posterior import Posterior
from app.clinical.interval import Interval
from app.clinical.records import Source, Study
from app.protocol.definition import Protocol
from app.protocol.dosing import Prior
from tests.clinical.make import day
from tests.clinical.make_safety import LUPUS, SCLEROSIS, choosing, event, infused, treated, weight

FLAT = Prior(a=Decimal(1), b=Decimal(1))
JEFFREYS = Prior(a=Decimal("0.5"), b=Decimal("0.5"))
MILD = Prior(a=Decimal("0.6"), b=Decimal("1.4"))
STUDY = Study(source=Source("ResearchStudy", "msc", 1), identifiers=(), status="active", title=None, arms=())
TODAY = date(2023, 1, 1)
BINARY = {"p_high": Decimal("0.5"), "p_low": Decimal("0.5")}
MILDER = {"prior_a": Decimal("0.6"), "prior_b": Decimal("1.4"), "p_low": Decimal("0.3")}
TOXIC, TOLERATED, OPEN = "not-met", "met", "undetermined"

TABLE = [
    (0, "0.2621", "0.1780", "0.1176", "0.0905", "0.0527", "0.0469", "higher"),
    (1, "0.6554", "0.5339", "0.4202", "0.3578", "0.3373", "0.2837", "committee"),
    (2, "0.9011", "0.8306", "0.7443", "0.6870", "0.7032", "0.6261", "committee"),
    (3, "0.9830", "0.9624", "0.9295", "0.9031", "0.9228", "0.8745", "lower"),
    (4, "0.9984", "0.9954", "0.9891", "0.9830", "0.9900", "0.9751", "lower"),
    (5, "0.9999", "0.9998", "0.9993", "0.9987", "0.9996", "0.9975", "lower"),
]


def four(number: Decimal) -> str:
    return str(number.quantize(Decimal("0.0001")))


def excess(met: int, of: int, prior: Prior = FLAT, limit: str = "0.30") -> str:
    return four(Posterior(prior, met, of).excess(Decimal(limit)))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}/5")
def test_the_probability_of_excess_after_five_and_what_follows(row: tuple[Any, ...]) -> None:
    met, *printed, decided = row
    limits = ("0.20", "0.25", "0.30", "0.33")
    computed = [
        *(excess(met, 5, FLAT, limit) for limit in limits),
        excess(met, 5, JEFFREYS),
        excess(met, 5, MILD),
    ]

    assert computed == printed
    chosen = LUPUS.parameters.dose
    assert dose_rule.decision(chosen, dose_rule.in_force(chosen), met=met, of=5) == decided


SEQUENCES = [
    (
        0,
        {
            1: "0.4900",
            2: "0.3430",
            3: "0.2401",
            4: "0.1681",
            5: "0.1176",
            6: "0.0824",
            8: "0.0404",
            10: "0.0198",
        },
    ),
    (1, {1: "0.9100", 2: "0.7840", 3: "0.6517", 4: "0.5282", 5: "0.4202"}),
    (2, {2: "0.9730", 3: "0.9163", 4: "0.8369", 5: "0.7443"}),
]


@pytest.mark.parametrize(("met", "printed"), SEQUENCES)
def test_the_probability_of_excess_subject_by_subject(met: int, printed: dict[int, str]) -> None:
    assert {of: excess(met, of) for of in printed} == printed


def test_before_anybody_was_treated() -> None:
    assert excess(0, 0) == "0.7000"


@pytest.mark.parametrize("of", range(12))
def test_without_an_event_it_is_a_power(of: int) -> None:
    exact = Decimal("0.7") ** (of + 1)

    assert abs(Posterior(FLAT, 0, of).excess(Decimal("0.30")) - exact) <= Decimal("0.000001")


@pytest.mark.parametrize(
    ("met", "of", "mean", "low", "high"),
    [
        (0, 5, "0.1429", "0.0042", "0.4593"),
        (1, 5, "0.2857", "0.0433", "0.6412"),
        (2, 5, "0.4286", "0.1181", "0.7772"),
        (0, 3, "0.2000", "0.0063", "0.6024"),
        (0, 8, "0.1000", "0.0028", "0.3363"),
        (0, 10, "0.0833", "0.0023", "0.2849"),
    ],
)
def test_the_mean_and_the_credible_interval(met: int, of: int, mean: str, low: str, high: str) -> None:
    found = Posterior(FLAT, met, of)

    assert (four(found.mean()), *map(four, found.credible())) == (mean, low, high)


def test_the_chance_of_an_event_in_the_next_cohort() -> None:
    assert four(Posterior(FLAT, 0, 5).any_among(5)) == "0.4545"


@pytest.mark.parametrize(("limit", "printed"), [("0.30", "0.0006"), ("0.20", "0.0092")])
def test_twenty_without_an_event(limit: str, printed: str) -> None:
    assert excess(0, 20, FLAT, limit) == printed


# ---- From subjects to a decision -----------------------------------------------------------------------


def subjects(*verdicts: str, arm: str = "cohort-2e6", first: int = 1) -> list[Treated]:
    return [
        Treated(
            source=Source("ResearchSubject", f"{arm}-{number}", 1),
            arm=arm,
            day=date(2021, first, number),
            verdict=verdict,
            reasons=("window-open",) if verdict == OPEN else (),
            missing=("ask again later",) if verdict == OPEN else (),
        )
        for number, verdict in enumerate(verdicts, 1)
    ]


def answer(rows: list[Treated], protocol: Protocol = LUPUS) -> Answer:
    return dose_escalation.answer(protocol, STUDY, rows, Asked(today=TODAY))


def found(rows: list[Treated], name: str, *, protocol: Protocol = LUPUS, arm: str | None = None) -> Result:
    results = answer(rows, protocol).results
    return next(one for one in results if one.name == name and arm in (None, one.arm))


def figures(result: Result) -> dict[str, Any]:
    return {one.name: one.value for one in result.figures}


@pytest.mark.parametrize(
    ("verdicts", "decided", "arm"),
    [
        ([TOLERATED] * 5, "higher", "cohort-4e6"),
        ([TOXIC, *[TOLERATED] * 4], "committee", None),
        ([TOXIC] * 3 + [TOLERATED] * 2, "lower", "cohort-1e6"),
        ([TOLERATED] * 4, "continue", "cohort-2e6"),
        ([TOXIC], "continue", "cohort-2e6"),
        ([TOXIC, TOXIC], "suspend", None),
        ([TOLERATED] * 4 + [OPEN], "blocked", None),
        ([TOXIC] * 4 + [OPEN], "lower", "cohort-1e6"),
        ([TOXIC, OPEN], "blocked", None),
    ],
)
def test_what_follows_from_a_cohort(verdicts: list[str], decided: str, arm: str | None) -> None:
    shown = figures(found(subjects(*verdicts), "next-dose"))

    assert (shown["decision"], shown["arm"]) == (decided, arm)


def test_what_blocks_the_decision_is_named() -> None:
    result = found(subjects(*[TOLERATED] * 4, OPEN), "next-dose")

    assert (result.verdict, result.reasons) == ("undetermined", ("window-open",))
    assert result.missing == ("ResearchSubject/cohort-2e6-5/_history/1: ask again later",)
    assert result.findings[0].text[1][1].startswith("Dans un premier temps 5 patients")


def test_both_extremes_are_shown_where_a_subject_is_not_known() -> None:
    shown = figures(found(subjects(*[TOLERATED] * 4, OPEN), "dose", arm="cohort-2e6"))

    assert (shown["evaluable"], shown["undetermined"], four(shown["p-excessive"])) == (4, 1, "0.1681")
    assert isinstance(shown["p-excessive-extremes"], Interval)
    assert [four(shown["p-excessive-extremes"].low), four(shown["p-excessive-extremes"].high)] == [
        "0.1176",
        "0.4202",
    ]


def test_the_published_cohort_goes_up_and_stays_open() -> None:
    rows = subjects(*[TOLERATED] * 5) + subjects(*[TOLERATED] * 3, arm="cohort-4e6", first=2)
    lower, upper = (figures(found(rows, "dose", arm=arm)) for arm in ("cohort-2e6", "cohort-4e6"))

    assert (four(lower["p-excessive"]), lower["decision"]) == ("0.1176", "higher")
    assert (four(upper["p-excessive"]), upper["decision"]) == ("0.2401", "continue")
    assert figures(found(rows, "next-dose"))["arm"] == "cohort-4e6"


def test_above_the_highest_dose_there_is_none() -> None:
    shown = figures(found(subjects(*[TOLERATED] * 5, arm="cohort-4e6"), "next-dose"))

    assert (shown["decision"], shown["arm"]) == ("higher", None)


def test_the_trial_starts_with_the_dose_of_the_synopsis() -> None:
    assert figures(found([], "next-dose"))["arm"] == "cohort-2e6"
    other = choosing(LUPUS, "dose", start="cohort-1e6")
    assert figures(found([], "next-dose", protocol=other))["arm"] == "cohort-1e6"


@pytest.mark.parametrize(
    ("values", "verdicts", "usual", "chosen"),
    [
        (MILDER, [TOXIC, *[TOLERATED] * 4], "committee", "higher"),
        ({"p_tox": Decimal("0.20")}, [TOLERATED] * 5, "higher", "committee"),
        (BINARY, [TOXIC, *[TOLERATED] * 4], "committee", "higher"),
        (BINARY, [TOXIC, TOXIC, *[TOLERATED] * 3], "committee", "lower"),
        ({"p_high": Decimal("0.95")}, [TOXIC] * 3 + [TOLERATED] * 2, "lower", "committee"),
        ({"cohort_size": 3}, [TOLERATED] * 3, "continue", "committee"),
        ({"stop_prob": Decimal("0.99")}, [TOXIC, TOXIC], "suspend", "continue"),
        ({"min_n_stop": 1}, [TOXIC], "continue", "suspend"),
    ],
)
def test_every_number_of_the_rule_does_something(
    values: dict[str, Any], verdicts: list[str], usual: str, chosen: str
) -> None:
    rows = subjects(*verdicts)

    assert figures(found(rows, "next-dose"))["decision"] == usual
    other = choosing(LUPUS, "dose", **values)
    assert figures(found(rows, "next-dose", protocol=other))["decision"] == chosen


def test_a_dose_with_too_much_toxicity_is_suspended() -> None:
    toxic = found(subjects(*[TOXIC] * 3, *[TOLERATED] * 2), "dose", arm="cohort-2e6")
    tolerated = found(subjects(*[TOLERATED] * 5), "dose", arm="cohort-2e6")

    assert "no more subjects" in toxic.notes[0]
    assert figures(toxic)["suspended"] is True
    assert (figures(tolerated)["suspended"], tolerated.notes) == (False, ())


def test_the_decision_is_shown_with_other_priors_limits_and_cut_offs() -> None:
    shown = {
        one.rule: figures(one)
        for one in answer(subjects(TOXIC, *[TOLERATED] * 4)).results
        if one.name == "sensitivity"
    }

    assert len(shown) == 3 * 4 * 2 - 1
    binary = shown["beta-1-1-tox-0.30-cut-0.5-0.5"]
    assert (four(binary["p-excessive"]), binary["decision"]) == ("0.4202", "higher")
    assert four(shown["beta-0.6-1.4-tox-0.30-cut-0.80-0.20"]["p-excessive"]) == "0.2837"


def test_a_trial_without_a_rule_gets_numbers_and_no_decision() -> None:
    results = answer(subjects(*[TOLERATED] * 10, arm="cohort-1e6"), SCLEROSIS).results

    assert "next-dose" not in {one.name for one in results}
    assert "decision" not in figures(results[0])


# ---- From what is recorded of a subject ----------------------------------------------------------------


def part(history: Any, today: date = TODAY) -> Treated | None:
    return dose_escalation.SUMMARY.row(LUPUS, history, Asked(today=today))


def test_a_subject_counts_with_the_arm_recorded_and_the_primary_endpoint() -> None:
    history = treated(event(3, on=day(8), cause="possible"))
    history = replace(history, enrolment=replace(history.enrolment, assigned_arm="cohort-2e6"))
    row = part(history)

    assert row is not None
    assert (row.arm, row.verdict, row.day) == ("cohort-2e6", TOXIC, date(2021, 3, 1))


def test_a_subject_without_an_arm_counts_at_the_level_of_the_cells_given() -> None:
    history = treated(at=infused(cells="244"))
    history = replace(history, measurements=weight("61", day(-1)))
    row = part(history)

    assert row is not None
    assert row.arm == "cohort-4e6"


def test_a_subject_in_the_first_days_is_not_known_yet() -> None:
    row = part(treated(), date(2021, 3, 5))

    assert row is not None
    assert (row.verdict, row.reasons) == (OPEN, ("window-open",))


def test_who_was_not_infused_has_no_part() -> None:
    assert part(replace(treated(), administrations=())) is None


@given(
    st.lists(st.sampled_from([TOXIC, TOLERATED, OPEN]), max_size=6),
    st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_a_decision_that_is_settled_stays_when_the_rest_is_known(
    verdicts: list[str], later: list[bool]
) -> None:
    known = [
        (TOXIC if toxic else TOLERATED) if verdict == OPEN else verdict
        for verdict, toxic in zip(verdicts, later, strict=False)
    ]
    before = figures(found(subjects(*verdicts), "next-dose")).get("decision")
    after = figures(found(subjects(*known), "next-dose")).get("decision")

    assert before in (None, "blocked", after)


def test_the_order_of_the_rows_never_matters() -> None:
    rows = subjects(TOXIC, TOLERATED, TOLERATED)

    assert answer(rows) == answer(rows[::-1])
    shown = figures(found(rows, "dose", arm="cohort-2e6"))
    after = [four(shown[f"p-excessive-after-{number}"]) for number in accumulate([1, 1, 1])]
    assert after == ["0.9100", "0.7840", "0.6517"]


def test_who_left_on_day_3_is_evaluable_only_if_seen_after_day_10() -> None:
    left = treated(until=day(3))
    seen = replace(left, measurements=weight("60", day(12)))
    toxic = treated(event(3, on=2, cause="certain"), until=day(3))
    rows = [dose_cohorts.row(LUPUS, one, Asked(today=TODAY)) for one in (left, seen, toxic)]

    assert [one.verdict for one in rows if one is not None] == [OPEN, TOLERATED, TOXIC]
    assert next(one.reasons for one in rows if one is not None) == ("missing-observation",)
