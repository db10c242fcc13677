"""The SLE Responder Index: worked examples SRI-1 to SRI-10, its reasons, and its laws."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Answer, Finding, Result
from app.clinical.asked import CannotAnswer
from app.clinical.codes import CLASSIC_SYSTEMS
from app.clinical.history import History
from app.clinical.records import Measurement
from app.clinical.responses.sri import status
from app.clinical.truth import Truth
from app.protocol.loader import load_all
from app.protocol.parameters import ObservationParameters, Parameters
from tests.clinical.make import (
    Measurements,
    bilag,
    day,
    infusion,
    pga,
    sledai,
    subject,
)

PROTOCOL = load_all()["MSC-SLE"]
RULES = ("registry", "synopsis", "published")
BASE, M3 = day(-3), day(91)


def ask(history: History, *, visit: str = "M3", rule: str = "registry", **more: Any) -> Result:
    """The one result of one visit and rule."""
    [result] = status(PROTOCOL, history, visits=[visit], rules=[rule], **more).results
    return result


def verdicts(history: History, *, visit: str = "M3") -> dict[str, str]:
    """The verdict of each rule at a visit."""
    return {
        str(result.rule): str(result.verdict) for result in status(PROTOCOL, history, visits=[visit]).results
    }


def finding(result: Result, name: str) -> Finding:
    """One of the conditions."""
    return next(one for one in result.findings if one.id == name)


def assessed(
    on: str, *, score: Measurements | str | int | None, grades: dict[str, str] | None, physician: str | None
) -> list[Measurements]:
    """What was assessed on a day; None for an instrument that was not."""
    return [
        *([] if score is None else [score if isinstance(score, tuple) else sledai(score, on=on)]),
        *([] if grades is None else [bilag(grades, on=on)]),
        *([] if physician is None else [pga(physician, on=on)]),
    ]


def responder(*more: Measurements, **also: Any) -> History:
    """A subject who responds at M3 by every rule, and whatever else is recorded."""
    return subject(
        infusion(),
        *assessed(BASE, score=14, grades={"renal": "C"}, physician="2.0"),
        *assessed(M3, score=6, grades={"renal": "C"}, physician="1.0"),
        *more,
        **also,
    )


PARTLY_KNOWN = sledai(present=["vasculitis"], unknown=["fever", "dna-binding"], rest="absent", on=M3)

CASES = [
    pytest.param(
        (12, {"musculoskeletal": "B", "mucocutaneous": "A"}, "2.0"),
        (8, {"musculoskeletal": "C", "mucocutaneous": "B"}, "1.2"),
        ("met", "met", "met"),
        id="SRI-1",
    ),
    pytest.param((12, {}, "2.0"), (9, {}, "2.0"), ("not-met", "not-met", "not-met"), id="SRI-2"),
    pytest.param(
        (14, {"renal": "C"}, "1.5"), (6, {"renal": "B"}, "1.5"), ("met", "not-met", "met"), id="SRI-3"
    ),
    pytest.param(
        (14, {"renal": "C", "haematological": "D"}, "1.5"),
        (6, {"renal": "B", "haematological": "B"}, "1.5"),
        ("not-met", "not-met", "not-met"),
        id="SRI-4",
    ),
    pytest.param(
        (14, {"renal": "B"}, "1.5"), (6, {"renal": "A"}, "1.5"), ("not-met", "not-met", "not-met"), id="SRI-5"
    ),
    pytest.param((14, {}, "2.0"), (6, {}, "2.3"), ("not-met", "not-met", "not-met"), id="SRI-6"),
    pytest.param(
        (14, {}, "2.0"), (6, None, "1.0"), ("undetermined", "undetermined", "undetermined"), id="SRI-7"
    ),
    pytest.param((14, {}, "2.0"), (12, None, "1.0"), ("not-met", "not-met", "not-met"), id="SRI-8"),
    pytest.param(
        (14, {}, "2.0"),
        (PARTLY_KNOWN, {}, "1.0"),
        ("undetermined", "undetermined", "undetermined"),
        id="SRI-9",
    ),
    pytest.param((3, {}, "2.0"), (0, {}, "1.0"), ("not-met", "not-met", "not-met"), id="SRI-10"),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
@pytest.mark.parametrize(("visit", "on"), [("M3", 91), ("M6", 183), ("M9", 274), ("M12", 365)])
def test_the_worked_examples_hold_at_every_visit(
    before: tuple[Any, Any, Any], after: tuple[Any, Any, Any], expected: tuple[str, ...], visit: str, on: int
) -> None:
    score, grades, physician = after
    if isinstance(score, tuple):
        score = sledai(present=["vasculitis"], unknown=["fever", "dna-binding"], rest="absent", on=day(on))
    history = subject(
        infusion(),
        *assessed(BASE, score=before[0], grades=before[1], physician=before[2]),
        *assessed(day(on), score=score, grades=grades, physician=physician),
    )

    assert verdicts(history, visit=visit) == dict(zip(RULES, expected, strict=True))


def test_sri_3_the_variants_disagree_about_one_new_b_and_about_nothing_else() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={"renal": "C"}, physician="1.5"),
        *assessed(M3, score=6, grades={"renal": "B"}, physician="1.5"),
    )

    registry, synopsis = ask(history), ask(history, rule="synopsis")

    assert finding(registry, "new-bilag-b-limit").verdict is Truth.YES
    assert finding(synopsis, "new-bilag-b-limit").verdict is Truth.NO
    assert finding(synopsis, "new-bilag-b-limit").observed == "renal C to B"
    assert finding(synopsis, "new-bilag-b-limit").normalised == "1 new: renal"
    assert finding(synopsis, "new-bilag-b-limit").threshold == "<= 0"
    assert [one.verdict for one in registry.findings if one.id != "new-bilag-b-limit"] == [Truth.YES] * 3


def test_sri_6_the_float_trap_does_not_spring() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *assessed(M3, score=6, grades={}, physician="2.3"),
    )

    worse = finding(ask(history), "no-pga-worsening")

    assert worse.verdict is Truth.NO
    assert worse.observed == "M0 2.0, M3 2.3"
    assert worse.normalised == "M0 2.0, M3 2.3, change 0.3"
    assert worse.threshold == "change < 0.3"


@pytest.mark.parametrize(
    ("physician", "expected"),
    [("<2.3", Truth.YES), ("<=2.3", Truth.UNKNOWN), (">2.3", Truth.NO), (">2.2", Truth.UNKNOWN)],
)
def test_a_global_assessment_below_the_limit_is_no_worsening(physician: str, expected: Truth) -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *assessed(M3, score=6, grades={}, physician=physician),
    )

    assert finding(ask(history), "no-pga-worsening").verdict is expected


def test_sri_7_says_that_the_bilag_is_missing() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *assessed(M3, score=6, grades=None, physician="1.0"),
    )

    result = ask(history)

    assert result.reasons == ("missing-observation",)
    assert result.missing == ("the classic BILAG at M3 (2021-05-17 to 2021-06-14)",)
    assert [one.verdict for one in result.findings] == [Truth.YES, Truth.UNKNOWN, Truth.UNKNOWN, Truth.YES]


def test_sri_8_is_settled_and_asks_for_nothing_more() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *assessed(M3, score=12, grades=None, physician="1.0"),
    )

    result = ask(history)

    assert (result.reasons, result.missing) == ((), ())
    assert finding(result, "no-new-bilag-a").reasons == ("missing-observation",)


def test_sri_9_names_the_items_that_would_settle_it() -> None:
    result = ask(
        subject(
            infusion(),
            *assessed(BASE, score=14, grades={}, physician="2.0"),
            *assessed(M3, score=PARTLY_KNOWN, grades={}, physician="1.0"),
        )
    )

    drop = finding(result, "sledai-drop")
    assert drop.observed == "M0 14, M3 8 to 11"
    assert drop.normalised == "drop 3 to 6"
    assert drop.threshold == ">= 4"
    assert result.missing == ("whether present or absent at M3: dna-binding, fever",)


def test_sri_10_says_that_the_baseline_leaves_no_room() -> None:
    drop = finding(
        ask(
            subject(
                infusion(),
                *assessed(BASE, score=3, grades={}, physician="2.0"),
                *assessed(M3, score=0, grades={}, physician="1.0"),
            )
        ),
        "sledai-drop",
    )

    assert drop.verdict is Truth.NO
    assert drop.reasons == ("not-applicable",)
    assert drop.notes[0].startswith("not-applicable: a baseline of 3")


def test_all_visits_and_rules_are_answered_side_by_side() -> None:
    answer = status(PROTOCOL, responder())

    assert [(result.visit, result.rule) for result in answer.results] == list(
        product(["M3", "M6", "M9", "M12"], RULES)
    )
    assert (answer.question, answer.protocol, answer.protocol_version) == ("sri-status", "MSC-SLE", "1.0.0")
    assert answer.subject.type == "ResearchSubject"
    assert "bilag.variant = classic" in answer.notes


def test_every_condition_carries_its_sentence_and_its_evidence() -> None:
    history = responder()

    result = ask(history)

    assert [one.id for one in result.findings] == [
        "sledai-drop",
        "no-new-bilag-a",
        "new-bilag-b-limit",
        "no-pga-worsening",
    ]
    for one in result.findings:
        assert dict(one.text).keys() == {"en", "fr"}
        assert len(one.evidence) == 2
    recorded = {one.source for one in history.measurements} | {history.administrations[0].source}
    assert set(result.evidence) == recorded
    assert len(result.evidence) == 7


def test_where_a_source_is_silent_the_result_says_what_was_used() -> None:
    assert "gives no number" in ask(responder()).notes[0]
    assert ask(responder(), rule="published").notes == ()


def test_visits_and_rules_come_in_the_protocols_order_once_each() -> None:
    answer = status(PROTOCOL, responder(), visits=["M6", "M3", "M6"], rules=["published", "registry"])

    assert [(result.visit, result.rule) for result in answer.results] == list(
        product(["M3", "M6"], ["registry", "published"])
    )


@pytest.mark.parametrize("visit", ["M4", "M0", "m3", ""])
def test_a_visit_without_the_index_is_refused_naming_those_with_it(visit: str) -> None:
    with pytest.raises(CannotAnswer, match="is not one of M3, M6, M9, M12"):
        status(PROTOCOL, responder(), visits=[visit])


def test_an_unknown_rule_is_refused_naming_those_there_are() -> None:
    with pytest.raises(CannotAnswer, match="is not one of registry, synopsis, published"):
        status(PROTOCOL, responder(), rules=["sri-5"])


def test_a_protocol_without_the_index_says_so() -> None:
    with pytest.raises(CannotAnswer, match="MSC-SLE"):
        status(PROTOCOL.model_copy(update={"sri": None}), responder())


def test_a_subject_without_infusion_is_undetermined_everywhere() -> None:
    history = subject(*assessed(BASE, score=14, grades={}, physician="2.0"))

    answer = status(PROTOCOL, history)

    assert {result.verdict for result in answer.results} == {"undetermined"}
    assert {result.reasons for result in answer.results} == {("not-infused",)}
    assert answer.results[0].missing == ("a MedicationAdministration of the study's product (uc-msc)",)
    assert [one.verdict for one in answer.results[0].findings] == [Truth.UNKNOWN] * 4


def test_an_infusion_of_unknown_day_leaves_all_open() -> None:
    result = ask(subject(infusion("2021-03", name="i")))

    assert result.reasons == ("partial-date",)
    assert [str(source) for source in result.evidence] == ["MedicationAdministration/i/_history/1"]


def test_an_assessment_of_a_vague_date_is_to_be_dated() -> None:
    vague = assessed("2021-06", score=4, grades={}, physician="1.0")
    result = ask(subject(infusion(), *assessed(BASE, score=14, grades={}, physician="2.0"), *vague))

    assert result.verdict == "undetermined"
    assert "partial-date" in result.reasons
    for [first, *_] in vague:
        assert any(f"the exact day of {first.source}" in needed for needed in result.missing)


def test_a_subject_without_baseline_is_undetermined() -> None:
    result = ask(
        subject(infusion(), *assessed(M3, score=6, grades={"renal": "B"}, physician="1.0")), rule="synopsis"
    )

    assert result.verdict == "undetermined"
    assert result.reasons == ("baseline-missing",)
    assert finding(result, "sledai-drop").observed == "M0 none, M3 6"
    assert finding(result, "sledai-drop").normalised is None
    assert result.missing[0] == "the SELENA-SLEDAI at M0 (2021-01-30 to 2021-03-01)"


def test_without_a_baseline_a_visit_without_b_still_has_no_new_b() -> None:
    result = ask(subject(infusion(), *assessed(M3, score=6, grades={"renal": "C"}, physician="1.0")))

    assert finding(result, "no-new-bilag-a").verdict is Truth.YES
    assert finding(result, "no-pga-worsening").reasons == ("baseline-missing",)


def test_a_missing_pga_is_never_settled_even_where_a_rise_is_impossible() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="3.0"),
        *assessed(M3, score=6, grades={}, physician=None),
    )

    assert ask(history).reasons == ("missing-observation",)


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "unknown", "preliminary"])
def test_a_withdrawn_observation_is_as_if_it_had_never_been(status: str) -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *assessed(M3, score=6, grades={}, physician=None),
        pga("1.0", on=M3, status=status),
    )

    result = ask(history)

    assert result.verdict == "undetermined"
    assert finding(result, "no-pga-worsening").reasons == ("missing-observation",)


def test_a_preliminary_assessment_is_mentioned_and_counts_where_the_protocol_accepts_it() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *assessed(M3, score=6, grades={}, physician=None),
        pga("1.0", on=M3, status="preliminary", name="early"),
    )
    lenient = PROTOCOL.model_copy(
        update={"parameters": Parameters(obs=ObservationParameters(accept_preliminary=True))}
    )

    note = "Observation/early/_history/1 is preliminary: it counts once it is final"
    assert note in finding(ask(history), "no-pga-worsening").notes
    assert status(lenient, history, visits=["M3"]).results[0].verdict == "met"


def test_a_window_still_open_is_told_from_a_visit_missed() -> None:
    history = subject(infusion(), *assessed(BASE, score=14, grades={}, physician="2.0"))

    during, after = ask(history, today=date(2021, 6, 14)), ask(history, today=date(2021, 6, 15))

    assert during.reasons == ("missing-observation", "window-open")
    assert after.reasons == ("missing-observation",)


@pytest.mark.parametrize(
    ("contradiction", "condition"),
    [
        pytest.param(
            sledai(9, present=["arthritis"], rest="absent", on=day(90), name="x"),
            "sledai-drop",
            id="items and total",
        ),
        pytest.param(
            bilag({"renal": "B"}, on=day(91), name="x"), "new-bilag-b-limit", id="two grades of one day"
        ),
        pytest.param(pga("2.6", on=day(91), name="x"), "no-pga-worsening", id="two assessments of one day"),
    ],
)
def test_contradictory_inputs_leave_their_condition_open(contradiction: Measurements, condition: str) -> None:
    scores = [] if condition == "sledai-drop" else [sledai(6, on=M3)]
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician="2.0"),
        *scores,
        bilag({}, on=M3, name="b"),
        pga("1.0", on=M3, name="p"),
        contradiction,
    )

    result = ask(history, rule="synopsis")

    assert result.verdict == "undetermined"
    assert result.reasons == ("conflicting-values",)
    open_one = finding(result, condition)
    assert open_one.needs is not None
    assert "Observation/x/_history/1" in open_one.needs
    assert open_one.notes


def test_what_is_open_for_several_reasons_asks_for_each() -> None:
    history = subject(
        infusion(),
        sledai(unknown=["fever"], on=BASE),
        bilag({"renal": None, "general": None}, on=BASE),
        pga("40", on=BASE),
        sledai("<3", on=M3),
        bilag({"renal": "B", "general": "D"}, on=M3),
        pga("1.0", on=M3),
    )

    result = ask(history, rule="synopsis")

    assert result.verdict == "undetermined"
    assert result.reasons == ("missing-observation", "unit-not-convertible")
    assert finding(result, "sledai-drop").needs == (
        "the SELENA-SLEDAI total or its items at M0 (2021-01-30 to 2021-03-01); "
        "the exact SELENA-SLEDAI total at M3"
    )
    assert finding(result, "new-bilag-b-limit").needs == "the BILAG grade at M0 of renal"
    assert finding(result, "new-bilag-b-limit").observed == "general ? to D, renal ? to B"
    assert finding(result, "no-pga-worsening").needs == (
        "the exact PGA with its scale at M0 (2021-01-30 to 2021-03-01)"
    )


def test_a_pga_below_a_limit_may_leave_the_worsening_open() -> None:
    history = subject(
        infusion(),
        *assessed(BASE, score=14, grades={}, physician=">1.0"),
        *assessed(M3, score=6, grades={}, physician="2.0"),
    )

    assert ask(history).reasons == ("missing-observation",)


def test_grades_are_shown_where_there_are_none_and_where_all_are_e() -> None:
    nothing = ask(subject(infusion()))
    quiet = ask(
        subject(
            infusion(),
            *assessed(BASE, score=14, grades={}, physician="2.0"),
            *assessed(M3, score=6, grades={}, physician="1.0"),
        )
    )

    assert finding(nothing, "no-new-bilag-a").observed == "none"
    assert finding(quiet, "no-new-bilag-a").observed == "every system E"
    assert quiet.verdict == "met"


def test_an_assessment_not_used_is_reported_in_the_evidence() -> None:
    drop = finding(ask(responder(sledai(20, on=day(100), name="later"))), "sledai-drop")

    assert drop.verdict is Truth.YES
    assert "Observation/later/_history/1" in [str(source) for source in drop.evidence]
    assert "Observation/later/_history/1 also belongs to M3 and is not used" in drop.notes


def test_a_data_query_changes_no_verdict() -> None:
    plain = responder()
    queried = responder(bilag({"general": "B"}, on=day(-50), name="old"))

    result = ask(queried)

    assert verdicts(queried) == verdicts(plain)
    assert any("general is E" in note for note in finding(result, "no-new-bilag-a").notes)


@pytest.mark.parametrize(
    ("died", "verdict"),
    [
        pytest.param(day(92), "met", id="after the assessment"),
        pytest.param(day(91), "met", id="on the day of the assessment"),
        pytest.param(day(90), "not-met", id="before it"),
        pytest.param("2021-04", "not-met", id="in a month before it"),
        pytest.param("2021-05", "undetermined", id="in its month"),
        pytest.param("2022", "met", id="in a later year"),
        pytest.param(True, "undetermined", id="no date"),
    ],
)
def test_a_death_before_the_visit_is_no_response(died: str | bool, verdict: str) -> None:
    result = ask(responder(died=died))

    assert result.verdict == verdict
    assert result.reasons == (("partial-date",) if verdict == "undetermined" else ())
    assert finding(result, "alive").evidence[0].type == "Patient"


@pytest.mark.parametrize(("died", "verdict"), [(day(197), "not-met"), (day(198), "undetermined")])
def test_a_visit_that_never_came_is_no_response_only_if_death_came_first(died: str, verdict: str) -> None:
    assert ask(responder(died=died), visit="M6").verdict == verdict


def test_the_living_are_not_asked_about() -> None:
    assert len(ask(responder()).findings) == 4


GRADES = st.sampled_from("ABCDE")
FORMS = st.lists(st.none() | GRADES, min_size=8, max_size=8)
PGAS = st.none() | st.decimals(min_value=0, max_value=3, places=1).map(str)
TOTALS = st.none() | st.integers(0, 105)
VISIT = st.tuples(TOTALS, st.none() | FORMS, PGAS)


def recorded(on: str, visit: tuple[int | None, list[str | None] | None, str | None]) -> list[Measurements]:
    """A drawn visit as observations."""
    total, grades, physician = visit
    form = None if grades is None else dict(zip(CLASSIC_SYSTEMS, grades, strict=True))
    return [
        *([] if total is None else [sledai(total, on=on)]),
        *([] if form is None else [bilag(form, on=on)]),
        *([] if physician is None else [pga(physician, on=on)]),
    ]


def with_measurements(history: History, measurements: Iterable[Measurement]) -> History:
    """The same subject with these measurements instead."""
    return History(
        enrolment=history.enrolment,
        person=history.person,
        study=history.study,
        measurements=tuple(measurements),
        administrations=history.administrations,
    )


def settled(answer: Answer) -> list[str]:
    """The verdicts in order."""
    return [str(result.verdict) for result in answer.results]


@settings(deadline=None)
@given(VISIT, VISIT, st.randoms(use_true_random=False))
def test_the_order_in_which_things_were_recorded_does_not_matter(
    before: Any, after: Any, random: Any
) -> None:
    history = subject(infusion(), *recorded(BASE, before), *recorded(M3, after), *recorded(day(98), after))
    shuffled = list(history.measurements)
    random.shuffle(shuffled)

    assert status(PROTOCOL, with_measurements(history, shuffled)) == status(PROTOCOL, history)


@settings(deadline=None)
@given(VISIT, VISIT, VISIT)
def test_what_was_entered_in_error_changes_nothing_but_remarks(before: Any, after: Any, wrong: Any) -> None:
    history = subject(infusion(), *recorded(BASE, before), *recorded(M3, after))
    withdrawn = subject(*recorded(M3, wrong), *recorded(BASE, wrong)).measurements
    errors = [replace(one, status="entered-in-error") for one in withdrawn]

    with_errors = with_measurements(history, (*history.measurements, *errors))

    assert without_remarks(status(PROTOCOL, with_errors)) == without_remarks(status(PROTOCOL, history))


def without_remarks(answer: Answer) -> list[Result]:
    return [
        replace(result, findings=tuple(replace(finding, notes=()) for finding in result.findings))
        for result in answer.results
    ]


@settings(deadline=None)
@given(
    VISIT, VISIT, st.lists(GRADES, min_size=16, max_size=16), st.tuples(PGAS, PGAS), st.tuples(TOTALS, TOTALS)
)
def test_what_is_learnt_later_never_flips_a_settled_answer(
    before: Any, after: Any, grades: Any, physician: Any, totals: Any
) -> None:
    def learnt(visit: Any, side: int) -> Any:
        total, form, assessment = visit
        known = form or [None] * 8
        filled = [one or grades[8 * side + place] for place, one in enumerate(known)]
        return (
            totals[side] if total is None else total,
            filled,
            physician[side] if assessment is None else assessment,
        )

    earlier = settled(status(PROTOCOL, subject(infusion(), *recorded(BASE, before), *recorded(M3, after))))
    later = settled(
        status(
            PROTOCOL, subject(infusion(), *recorded(BASE, learnt(before, 0)), *recorded(M3, learnt(after, 1)))
        )
    )

    assert earlier
    for then, now in zip(earlier, later, strict=True):
        assert then in ("undetermined", now)


@settings(deadline=None)
@given(VISIT, VISIT)
def test_the_stricter_rule_is_never_met_where_the_laxer_is_not(before: Any, after: Any) -> None:
    found = verdicts(subject(infusion(), *recorded(BASE, before), *recorded(M3, after)))

    assert found["registry"] == found["published"]
    if found["synopsis"] == "met":
        assert found["registry"] == "met"
