"""Every endpoint of a study, counted over its treated subjects (clinical conventions §1.4, §4, §5 row 58)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from app.clinical.answers import Answer, Figure, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import Source, Study
from app.clinical.studies import endpoints
from app.clinical.studies.endpoint_summary import SUMMARY, Subject
from app.clinical.studies.endpoints import Endpoint, Key, Number, Outcome
from app.protocol.loader import load_all
from tests.clinical.make import SEEN, bilag, day, infusion, pga, sledai, subject
from tests.clinical.make_safety import choosing

PROTOCOL = load_all()["MSC-SLE"]
ASKED = Asked(today=date(2026, 1, 1))
STUDY = Study(
    source=Source("ResearchStudy", "msc-sle", 1), identifiers=(), status="active", title=None, arms=()
)
RESPONSE = Key("sri", "M6", "registry")


def treated(*reached: Outcome | Number, arm: str | None = "cohort-2e6") -> Subject:
    return Subject(arm, treated=True, reached=reached)


def verdicts(met: int, failed: int = 0, unknown: int = 0, **of: Any) -> list[Subject]:
    """So many subjects of each verdict."""
    outcomes = [
        *[Outcome(RESPONSE, "met", ())] * met,
        *[Outcome(RESPONSE, "not-met", ())] * failed,
        *[Outcome(RESPONSE, "undetermined", ("missing-observation", "window-open"))] * unknown,
    ]
    return [treated(one, **of) for one in outcomes]


def summed(subjects: Sequence[Subject], asked: Asked = ASKED) -> Answer:
    return SUMMARY.answer(PROTOCOL, STUDY, subjects, asked)


def figures(answer: Answer, key: Key = RESPONSE, arm: str | None = None) -> dict[str, Any]:
    [found] = [one for one in answer.results if (one.name, one.visit, one.rule, one.arm) == (*key, arm)]
    return {figure.name: figure.value for figure in found.figures}


def lupus(*, responds: bool, arm: str | None = "cohort-2e6", infused: bool = True) -> History:
    """A subject seen at inclusion and at month 6."""
    drop = 4 if responds else 2
    history = subject(
        *([infusion()] if infused else []),
        *(sledai(12, on=day(-3)), bilag({"renal": "B"}, on=day(-3)), pga("2.0", on=day(-3))),
        sledai(12 - drop, on=day(SEEN["M6"])),
        bilag({"renal": "C"}, on=day(SEEN["M6"])),
        pga("1.2", on=day(SEEN["M6"])),
    )
    return replace(history, enrolment=replace(history.enrolment, actual_arm=arm))


def rows(*histories: History, asked: Asked = ASKED) -> list[Subject]:
    return [SUMMARY.row(PROTOCOL, history, asked) for history in histories]


@pytest.mark.parametrize(
    ("source", "counts", "rate", "interval"),
    [
        ("R1 primary, not tolerated", (0, 8), "0", ("0", "36.9417")),
        ("R1 at 2e6", (0, 5), "0", ("0", "52.1824")),
        ("R1 at 4e6", (0, 3), "0", ("0", "70.7598")),
        ("R2 primary, not tolerated", (0, 20), "0", ("0", "16.8433")),
        ("R1 related events", (2, 8), "25", ("3.1854", "65.0856")),
        ("R1 unrelated events", (1, 8), "12.5", ("0.316", "52.651")),
        ("R2 related events", (2, 20), "10", ("1.2349", "31.6983")),
        ("R2 severe unrelated events", (14, 20), "70", ("45.7211", "88.1068")),
        ("Kamen 2022, SRI-4 at week 24", (5, 6), "83.3333", ("35.8765", "99.5789")),
    ],
)
def test_a_rate_has_its_exact_interval(
    source: str, counts: tuple[int, int], rate: str, interval: tuple[str, str]
) -> None:
    met, of = counts
    found = figures(summed(verdicts(met, of - met)))

    assert found["rate-observed"] == found["rate-nri"] == Decimal(rate)
    low, high = map(Decimal, interval)
    assert found["rate-observed-95"] == found["rate-nri-95"] == Interval(low, high)
    assert "rate-range" not in found  # nothing is open


def test_the_undetermined_are_left_out_of_one_rate_and_count_as_failures_in_the_other() -> None:
    found = figures(summed(verdicts(3, 3, 2)))

    assert [found[name] for name in ("n", "met", "not-met", "undetermined")] == [8, 3, 3, 2]
    assert (found["rate-observed"], found["rate-nri"]) == (50, Decimal("37.5"))
    assert found["rate-range"] == Interval(Decimal("37.5"), Decimal("62.5"))
    assert (found["reason-missing-observation"], found["reason-window-open"]) == (2, 2)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("both", {"rate-observed", "rate-nri"}),
        ("observed", {"rate-observed"}),
        ("non_responder", {"rate-nri"}),
    ],
)
def test_the_protocol_says_which_rate_is_told(missing: str, told: set[str]) -> None:
    protocol = choosing(PROTOCOL, "rate", missing=missing)

    found = figures(SUMMARY.answer(protocol, STUDY, verdicts(3, 3, 2), ASKED))

    assert found.keys() & {"rate-observed", "rate-nri"} == told
    assert found["undetermined"] == 2


def test_with_nothing_decided_there_is_no_observed_rate() -> None:
    found = figures(summed(verdicts(0, 0, 2)))

    assert found["rate-observed"] is None
    assert "rate-observed-95" not in found
    assert found["rate-nri"] == 0
    assert found["rate-range"] == Interval(Decimal(0), Decimal(100))


def test_a_subject_who_has_no_such_endpoint_is_undetermined() -> None:
    assert figures(summed([*verdicts(1), treated()]))["undetermined"] == 1


def test_arms_are_counted_apart_and_together() -> None:
    answer = summed(
        [*verdicts(1, 1, arm="cohort-4e6"), *verdicts(2, arm="cohort-1e6"), *verdicts(1, arm=None)]
    )

    assert figures(answer)["met"] == 4
    assert figures(answer, arm="cohort-4e6")["rate-observed"] == 50
    assert figures(answer, arm="cohort-1e6")["n"] == 2
    assert [one.arm for one in answer.results if one.name == "treated"] == [None, "cohort-1e6", "cohort-4e6"]
    assert "1 treated without an arm being recorded: counted in all, in no arm" in answer.notes


def test_only_the_treated_are_counted() -> None:
    answer = summed(rows(lupus(responds=True), lupus(responds=False), lupus(responds=True, infused=False)))

    assert figures(answer)["n"] == 2
    assert figures(answer)["rate-observed"] == 50
    assert "1 of 3 subjects were not given the product and are not counted" in answer.notes


def test_every_visit_and_rule_of_the_index_is_there() -> None:
    answer = summed(rows(lupus(responds=True)))

    found = {(one.visit, one.rule) for one in answer.results if one.name == "sri" and one.arm is None}
    assert found == {
        (visit, rule) for visit in ("M3", "M6", "M9", "M12") for rule in ("registry", "synopsis", "published")
    }


def test_a_number_is_told_by_its_distribution() -> None:
    key = Key("disease-activity.pga.total", "M6", None)
    values = [Decimal(text) for text in ("0.1", "0.2", "0.4", "2.5")]
    reached = [
        *(Number(key, one, "{score}", ()) for one in values),
        Number(key, None, None, ("partial-date",)),
    ]
    found = figures(summed([treated(one) for one in reached]), key)

    assert found == {
        "n": 4,
        "unknown": 1,
        "median": Decimal("0.3"),
        "min": Decimal("0.1"),
        "max": Decimal("2.5"),
        "mean": Decimal("0.8"),
        "quartiles": Interval(Decimal("0.175"), Decimal("0.925")),
        "reason-partial-date": 1,
    }


def test_numbers_in_different_units_have_no_mean() -> None:
    key = Key("biomarkers.c3.value", "M6", None)
    found = figures(summed([treated(Number(key, Decimal(1), unit, ())) for unit in ("g/L", "mg/dL")]), key)

    assert found == {"n": 2, "unknown": 0}


def test_scores_and_their_change_are_endpoints_and_their_items_are_not() -> None:
    answer = summed(rows(lupus(responds=True), lupus(responds=False)))
    names = {one.name for one in answer.results}

    assert figures(answer, Key("disease-activity.selena-sledai.total", "M6", None))["mean"] == 9
    change = figures(answer, Key("disease-activity.selena-sledai.change-from-baseline", "M6", None))
    assert (change["n"], change["mean"]) == (2, -3)
    assert not [name for name in names if name is not None and "arthritis" in name]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"names": ("sri",)}, {"sri"}),
        ({"names": ("disease-activity.pga.total",)}, {"disease-activity.pga.total"}),
        ({"names": ("sri", "disease-activity.pga")}, None),
    ],
)
def test_a_name_asks_for_an_endpoint_or_for_a_part_of_one(
    asked: dict[str, Any], names: set[str] | None
) -> None:
    narrowed = replace(ASKED, **asked)
    answer = summed(rows(lupus(responds=True), asked=narrowed), narrowed)
    found = {one.name for one in answer.results} - {"treated"}

    expected = {
        "sri",
        "disease-activity.pga.total",
        "disease-activity.pga.change-from-baseline",
    }
    assert found == (names or expected)


def test_visits_and_rules_narrow_it() -> None:
    narrowed = replace(ASKED, visits=("M6",), rules=("synopsis",))
    answer = summed(rows(lupus(responds=True), asked=narrowed), narrowed)

    assert {(one.visit, one.rule) for one in answer.results if one.name != "treated"} == {("M6", "synopsis")}


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({"names": ("sri", "srii")}, "name"),
        ({"names": ("sri.nothing",)}, "name"),
        ({"visits": ("M7",)}, "visit"),
        ({"rules": ("nobody",)}, "rule"),
    ],
)
def test_what_is_not_there_cannot_be_asked(asked: dict[str, Any], parameter: str) -> None:
    narrowed = replace(ASKED, **asked)
    with pytest.raises(CannotAnswer) as why:
        summed(rows(lupus(responds=True), asked=narrowed), narrowed)
    assert why.value.parameter == parameter


def test_a_fact_of_an_answer_is_met_or_not_or_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([(True, ()), (False, ()), (None, ("partial-date",)), (None, ("not-applicable",))])

    def alive(*_: Any) -> Answer:
        value, reasons = next(values)
        figure = Figure(name="alive", value=value, reasons=reasons)
        return Answer(
            question="survival",
            subject=STUDY.source,
            protocol="",
            protocol_version="",
            results=(Result(figures=(figure,)),),
        )

    monkeypatch.setattr(endpoints, "QUESTIONS", {"survival": alive})
    monkeypatch.setattr(
        endpoints, "ENDPOINTS", (Endpoint("survival", "survival", facts=frozenset({"alive"})),)
    )
    found = figures(summed(rows(*[lupus(responds=True)] * 4)), Key("survival.alive", None, None))

    names = ("n", "met", "not-met", "undetermined", "not-applicable")
    assert [found[name] for name in names] == [3, 1, 1, 1, 1]
    assert found["rate-nri"] == Decimal("33.3333")


@pytest.mark.parametrize(
    ("verdict", "reasons", "counted_as", "n", "imputed"),
    [
        ("met", (), "met", 2, "100"),
        ("not-met", (), "not-met", 2, "50"),
        ("undetermined", ("missing-observation",), "undetermined", 2, "50"),
        ("undetermined", ("not-applicable",), "not-applicable", 1, "100"),
        ("undetermined", ("window-open", "not-applicable"), "not-applicable", 1, "100"),
    ],
)
def test_who_had_nothing_to_reach_is_not_in_the_denominator(  # noqa: PLR0917 - the columns of a table
    monkeypatch: pytest.MonkeyPatch,
    verdict: str,
    reasons: tuple[str, ...],
    counted_as: str,
    n: int,
    imputed: str,
) -> None:
    said = iter([Result(verdict="met"), Result(verdict=verdict, reasons=reasons)])

    def reduced(*_: Any) -> Answer:
        return Answer(
            question="steroid-exposure",
            subject=STUDY.source,
            protocol="",
            protocol_version="",
            results=(next(said),),
        )

    monkeypatch.setattr(endpoints, "QUESTIONS", {"steroid-exposure": reduced})
    monkeypatch.setattr(endpoints, "ENDPOINTS", (Endpoint("steroid-exposure", "steroid-exposure"),))
    found = figures(summed(rows(*[lupus(responds=True)] * 2)), Key("steroid-exposure", None, None))

    assert (found["n"], found["rate-nri"]) == (n, Decimal(imputed))
    assert found[counted_as] == (2 if verdict == "met" else 1)
    assert ("rate-range" in found) == (counted_as == "undetermined")


def test_the_order_of_subjects_never_matters() -> None:
    subjects = rows(lupus(responds=True), lupus(responds=False), lupus(responds=True, arm="cohort-4e6"))
    answer = summed(subjects)
    Random(4).shuffle(subjects)

    assert summed(subjects).results == answer.results


def test_without_subjects_there_is_an_answer_all_the_same() -> None:
    [only] = summed([]).results

    assert (only.name, only.figures[0].value) == ("treated", 0)
