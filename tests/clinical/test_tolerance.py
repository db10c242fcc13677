"""Tolerance of the infusion: the worked examples of clinical conventions §1.11, and every choice of §5."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Answer, Finding, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.care import Condition
from app.clinical.codes import ORGAN_CLASS, PRODUCT
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import AdverseEvent, Coding, Opinion, Source
from app.clinical.safety import tolerance
from app.clinical.safety.organs import place
from app.protocol.definition import Protocol
from app.protocol.loader import load
from tests.clinical import make
from tests.clinical.make import DAY_0, at, day
from tests.clinical.make_safety import (
    CELLS,
    LUPUS,
    MEDDRA,
    SCLEROSIS,
    choosing,
    event,
    infused,
    like,
    treated,
    weight,
)

LATER = date(2023, 1, 1)
Said = dict[str, Any]
MET, NOT, OPEN = "met", "not-met", "undetermined"


def asked(history: History, protocol: Protocol = LUPUS, *, today: date = LATER, **more: Any) -> Answer:
    return tolerance.answer(protocol, history, Asked(today=today, **more))


def result(answer: Answer, visit: str = "D10", rule: str = "related") -> Result:
    return next(one for one in answer.results if (one.visit, one.rule) == (visit, rule))


def verdict(
    *events: AdverseEvent | Said, protocol: Protocol = LUPUS, visit: str = "D10", rule: str = "related"
) -> str:
    return str(result(asked(treated(*made(*events)), protocol), visit, rule).verdict)


def made(*events: AdverseEvent | Said) -> list[AdverseEvent]:
    return [event(**one) if isinstance(one, dict) else one for one in events]


def figure(found: Result, name: str) -> Any:
    return next(one.value for one in found.figures if one.name == name)


NAUSEA = like(1, on=0, cause="possible", code="10028813")
PNEUMONIA = like(3, on=8, cause="unlikely", code="10061229")
FEVER = like(3, on="2021-03-11T23:00:00+01:00", cause="possible")
NEXT_DAY = like(3, on="2021-03-12T00:30:00+01:00", cause="possible")
DYSPNOEA = like(3, on=3)
REACTION = like(2, on=0, cause="certain", worsened=((3, 11),))

EXAMPLES = [
    ("1 nausea grade 1 on day 0, possible", NAUSEA, MET, MET),
    ("2 pneumonia grade 3 on day 8, unlikely", PNEUMONIA, MET, NOT),
    ("3 fever grade 3 on day 10 at 23:00, possible", FEVER, NOT, NOT),
    ("3 the same on day 11 at 00:30", NEXT_DAY, MET, MET),
    ("4 dyspnoea grade 3 on day 3, cause missing", DYSPNOEA, OPEN, NOT),
    ("5 reaction grade 2 on day 0, grade 3 from day 11", REACTION, MET, MET),
]


@pytest.mark.parametrize(("about", "happened", "related", "any_cause"), EXAMPLES)
def test_the_worked_examples_of_the_primary_endpoint(
    about: str, happened: Said, related: str, any_cause: str
) -> None:
    assert verdict(happened) == related, about
    assert verdict(happened, rule="any") == any_cause, about


def test_a_worsening_after_the_first_days_is_toxicity_at_month_1() -> None:
    assert verdict(REACTION, visit="M1") == NOT


def test_no_event_at_all_is_tolerated_once_the_period_is_over() -> None:
    assert verdict() == MET


@pytest.mark.parametrize(("after", "expected"), [(9, OPEN), (10, OPEN), (11, MET)])
def test_the_period_is_open_to_the_end_of_day_10(after: int, expected: str) -> None:
    found = result(asked(treated(), today=date.fromisoformat(day(after))))

    assert found.verdict == expected
    assert found.reasons == (() if expected == MET else ("window-open",))


def test_an_event_settles_the_question_while_the_period_is_open() -> None:
    assert result(asked(treated(event(**FEVER)), today=DAY_0)).verdict == NOT


def test_without_an_infusion_nothing_can_be_said() -> None:
    found = result(asked(replace(treated(event(**FEVER)), administrations=())))

    assert (found.verdict, found.reasons) == (OPEN, ("not-infused",))


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (like(None, on=2, cause="possible"), "grade-missing"),
        (like(3, on="2021-03", cause="possible"), "partial-date"),
        (like(3, cause="possible"), "partial-date"),
        (like(3, on=2), "causality-missing"),
        (like(3, on=2, cause="Unassessable-Unclassifiable"), "causality-missing"),
        (like(3, on=2, cause="conditional-classified"), "causality-missing"),
    ],
)
def test_what_is_missing_leaves_it_open_and_says_so(happened: Said, reason: str) -> None:
    found = result(asked(treated(event(**happened, name="fever"))))

    assert (found.verdict, found.reasons) == (OPEN, (reason,))
    assert "AdverseEvent/fever" in found.missing[0]


@pytest.mark.parametrize(
    "happened",
    [
        like(None, on=40, cause="possible"),  # out of the first days
        like(None, on=2, cause="unlikely"),  # unrelated
        like(2, on=2),  # a cause would not matter
        like(3, on="2021-06"),  # wholly outside
        like(2, on="2021-03", cause="possible"),
        like(4, on=-3, cause="possible"),  # before the infusion
        like(4, on="2021-03-01T09:00:00+01:00", cause="possible"),  # an hour before it
        like(4, on=2, cause="possible", actuality="potential"),
        like(4, on=2, cause="possible", status="entered-in-error"),
    ],
)
def test_what_does_not_matter_leaves_it_settled(happened: Said) -> None:
    assert verdict(happened) == MET


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, NOT) for word in ("Certain", "probably-likely", "Probably-Likely", "POSSIBLE", "C53258")),
        *((word, NOT) for word in ("C53260", "Possibly Related", "related")),
        *((word, MET) for word in ("Unlikely", "unlikely", "C53257", "C53256", "Not Related")),
        *((word, OPEN) for word in ("unassessable-unclassifiable", "perhaps")),
    ],
)
def test_relatedness_is_read_in_every_vocabulary_and_case(word: str, expected: str) -> None:
    assert verdict(event(3, on=day(2), cause=word)) == expected


def test_only_opinions_on_the_cells_count() -> None:
    steroid = event(3, on=day(2), cause="certain", suspect="MedicationStatement/steroid")
    both = event(3, on=day(2), cause="unlikely")
    both = replace(both, opinions=(*both.opinions, *steroid.opinions))

    assert verdict(steroid) == OPEN
    assert verdict(both) == MET


@pytest.mark.parametrize("suspect", [CELLS, f"{CELLS}/_history/2", f"https://trial.example/fhir/{CELLS}"])
def test_the_infusion_is_known_as_a_suspect_however_it_is_referred_to(suspect: str) -> None:
    assert verdict(event(3, on=day(2), cause="possible", suspect=suspect)) == NOT


def test_a_suspect_that_cannot_be_told_from_the_cells_leaves_it_open() -> None:
    assert verdict(event(3, on=day(2), cause="certain", suspect="Medication/m1")) == OPEN


def test_no_suspect_at_all_is_taken_to_mean_the_cells_and_is_remarked() -> None:
    found = result(asked(treated(event(3, on=day(2), cause="possible", suspect=None))))

    assert found.verdict == NOT
    assert "names no suspect" in found.findings[0].parts[0].notes[0]


def test_a_contained_suspect_is_known_by_its_codes() -> None:
    codes = tuple(LUPUS.study.products)
    own = Opinion(suspect="#cells", assessment="possible", product=_codings(codes))
    other = replace(own, product=(own.product[0]._replace(code="bm-msc"),))

    assert verdict(event(3, on=day(2), opinions=(own,))) == NOT
    assert verdict(event(3, on=day(2), opinions=(other,))) == OPEN


def _codings(codes: Any) -> Any:
    return tuple(Coding(code.system, code.code) for code in codes)


# ---- The choices of §5 ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "happened", "usual", "chosen"),
    [
        ({"min_grade": 4}, FEVER, NOT, MET),
        ({"seriousness": "serious"}, {**FEVER, "serious": False}, NOT, MET),
        ({"seriousness": "serious"}, {**NAUSEA, "serious": True}, MET, NOT),
        ({"seriousness": "serious"}, NAUSEA, MET, OPEN),
        ({"seriousness": "both"}, {**FEVER, "serious": False}, NOT, MET),
        ({"seriousness": "both"}, FEVER, NOT, OPEN),
        ({"primary_window_days": 7}, FEVER, NOT, MET),
        ({"window_mode": "hours"}, FEVER, NOT, MET),
        ({"window_mode": "hours"}, like(3, on="2021-03-11T09:30:00+01:00", cause="possible"), NOT, NOT),
        ({"window_mode": "hours"}, like(3, on=10, cause="possible"), NOT, OPEN),
        ({"severity_fallback": False}, like(on=2, cause="possible", severity="severe"), NOT, OPEN),
        ({"severity_fallback": False}, like(on=2, cause="possible", severity="mild"), MET, OPEN),
        ({"missing_causality": "related"}, DYSPNOEA, OPEN, NOT),
        (
            {"causality_conflict": "undetermined"},
            like(3, on=2, causes=("possible", "unlikely")),
            NOT,
            OPEN,
        ),
        ({"grading": "who1981", "min_grade": 5}, like(5, on=2, cause="possible"), NOT, MET),
    ],
)
def test_every_alternative_does_something(
    values: dict[str, Any], happened: Said, usual: str, chosen: str
) -> None:
    assert verdict(happened) == usual
    assert verdict(happened, protocol=choosing(LUPUS, "ae", **values)) == chosen


def test_both_readings_are_answered_and_the_one_that_decides_comes_first() -> None:
    either = choosing(LUPUS, "ae", require_related=False)

    assert [one.rule for one in asked(treated()).results[:2]] == ["related", "any"]
    assert [one.rule for one in asked(treated(), either).results[:2]] == ["any", "related"]
    assert tolerance.primary(LUPUS, treated(event(**PNEUMONIA)), LATER).verdict == MET
    assert tolerance.primary(either, treated(event(**PNEUMONIA)), LATER).verdict == NOT


def test_a_grading_by_another_version_is_remarked_and_not_regraded() -> None:
    older = event(3, on=day(2), cause="possible", scale="CTCAE 4.03")

    assert any("not regraded" in note for note in asked(treated(older)).notes)
    notes = asked(treated(older), choosing(LUPUS, "ae", grading="ctcae4.03")).notes
    assert not any("not regraded" in note for note in notes)


def test_month_9_is_answered_only_where_it_is_named() -> None:
    usual = [one.visit for one in asked(treated()).results[::2]]

    assert usual == ["D10", "M1", "M3", "M6", "M12"]
    assert [one.visit for one in asked(treated(), visits=("M9",), rules=("any",)).results] == ["M9"]


def test_an_interval_looks_back_to_the_visit_before() -> None:
    early = event(3, on=day(20), cause="possible")
    interval = choosing(LUPUS, "tox", mode="interval")

    assert [verdict(early, visit=visit) for visit in ("D10", "M1", "M3", "M12")] == [MET, NOT, NOT, NOT]
    shown = [verdict(early, visit=visit, protocol=interval) for visit in ("D10", "M1", "M3", "M12")]
    assert shown == [MET, NOT, MET, MET]


def test_the_sclerosis_trial_asks_it_too() -> None:
    answer = asked(replace(treated(), administrations=()), SCLEROSIS)

    assert answer.results[0].visit == "D10"


def cancer(
    *,
    onset: int | None = 60,
    recorded: int | None = None,
    code: str = "C50.9",
    verification: str = "confirmed",
) -> Condition:
    return Condition(
        source=Source("Condition", "c", 1),
        patient="p",
        codings=(Coding("http://hl7.org/fhir/sid/icd-10", code),),
        text=None,
        clinical="active",
        verification=verification,
        onset=None if onset is None else at(day(onset)),
        abatement=None,
        recorded=None if recorded is None else at(day(recorded)),
    )


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, NOT),
        ({"verification": "provisional"}, OPEN),
        ({"verification": "refuted"}, MET),
        ({"onset": -60}, MET),
        ({"onset": None, "recorded": 60}, OPEN),
        ({"onset": None, "recorded": -60}, MET),
        ({"code": "I10"}, MET),
    ],
)
def test_the_sclerosis_trial_counts_a_cancer_that_arises_as_not_tolerated(
    changed: Said, expected: str
) -> None:
    condition = cancer(**changed)
    history = treated(at=replace(infused(), codings=(PRODUCT.coding("bm-msc"),)))
    answer = asked(replace(history, conditions=(condition,)), SCLEROSIS)

    assert result(answer, "M3").verdict == expected
    assert result(answer, "D10").verdict == MET
    assert result(asked(replace(treated(), conditions=(condition,))), "M3").verdict == MET  # lupus: not asked


@pytest.mark.parametrize("code", ["10029104", "10061289"])
def test_a_neoplasm_of_which_it_is_not_said_whether_it_is_malignant_leaves_it_open(code: str) -> None:
    category = (Coding(MEDDRA, "10029104"),) if code != "10029104" else ()
    tumour = event(1, on=60, cause="unlikely", code=code, categories=category)
    history = treated(tumour, at=replace(infused(), codings=(PRODUCT.coding("bm-msc"),)))

    assert place(tumour).system_code == "10029104"
    assert result(asked(history, SCLEROSIS), "M3").verdict == OPEN


@pytest.mark.parametrize(("status", "expected"), [("unknown", NOT), ("entered-in-error", MET)])
def test_only_what_was_entered_in_error_is_taken_back(status: str, expected: str) -> None:
    answer = asked(treated(event(3, on=3, cause="possible", status=status)))

    assert result(answer, "D10").verdict == expected


@pytest.mark.parametrize(
    "said", [like(5), like(outcome="fatal"), like(outcome="C48275"), like(2, criteria=("death",))]
)
@pytest.mark.parametrize("grading", ["ctcae5", "who1981"])
def test_a_death_is_accounted_for_however_its_event_says_so(said: Said, grading: str) -> None:
    history = treated(event(**said, on=3, cause="unlikely"), died=day(5))
    answer = asked(history, choosing(LUPUS, "ae", grading=grading))

    assert result(answer, "D10").verdict == MET


def test_a_toy_trial_has_its_own_days_and_grade() -> None:
    toy = load(Path(__file__).parents[1] / "acceptance" / "toy-trial.toml")
    cells = tuple(Coding(code.system, code.code) for code in toy.study.products)
    history = treated(event(2, on=day(20), cause="possible"), at=replace(infused(), codings=cells))

    assert [(one.visit, one.verdict) for one in asked(history, toy, rules=("related",)).results] == [
        ("W4", NOT),
        ("W12", NOT),
    ]


def test_a_protocol_without_tolerance_refuses() -> None:
    with pytest.raises(CannotAnswer, match="tolerance"):
        asked(treated(), LUPUS.model_copy(update={"safety": None}))


# ---- The worst grade -----------------------------------------------------------------------------------


def test_the_worst_grade_is_said_for_every_organ() -> None:
    ureter = event(3, on=day(50), cause="unlikely", code="10069339")
    found = result(asked(treated(*made(NAUSEA, PNEUMONIA, ureter))), "M3", "any")

    assert figure(found, "events") == Interval.of(3)
    assert figure(found, "max-grade") == Interval.of(3)
    organs = {organ: figure(found, f"max-grade-{organ}") for organ in ("visceral", "pulmonary", "renal")}
    assert organs == {"visceral": Interval.of(1), "pulmonary": Interval.of(3), "renal": Interval.of(3)}
    assert figure(found, "max-grade-hepatic") == Interval.of(0)
    assert figure(found, "max-grade-infections-and-infestations") == Interval.of(3)


def test_only_related_events_count_for_the_related_reading() -> None:
    found = result(asked(treated(*made(NAUSEA, PNEUMONIA))), "M3", "related")

    assert (figure(found, "events"), figure(found, "max-grade")) == (Interval.of(1), Interval.of(1))


def test_a_grade_or_a_cause_that_is_missing_makes_the_worst_grade_a_range() -> None:
    ungraded = event(None, on=day(2), cause="possible")

    assert figure(result(asked(treated(ungraded))), "max-grade") == Interval.of(0, 5)
    assert figure(result(asked(treated(event(2, on=day(2))))), "max-grade") == Interval.of(0, 2)


def test_an_organ_class_may_be_said_by_the_sender() -> None:
    said = event(2, on=day(2), cause="possible", categories=(ORGAN_CLASS.coding("hepatic"),))
    by_class = replace(said, categories=(Coding(MEDDRA, "10038359"),))

    assert figure(result(asked(treated(said))), "max-grade-hepatic") == Interval.of(2)
    assert figure(result(asked(treated(by_class))), "max-grade-renal") == Interval.of(2)


def test_an_unknown_organ_class_is_said() -> None:
    answer = asked(treated(event(2, on=day(2), cause="possible", text="odd feeling")))

    assert figure(result(answer), "max-grade-class-not-known") == Interval.of(2)
    assert any("odd feeling" in note for note in answer.notes)


# ---- Death ---------------------------------------------------------------------------------------------


def test_a_death_in_the_first_days_that_no_event_accounts_for_leaves_it_open() -> None:
    found = result(asked(treated(died=day(5))))

    assert (found.verdict, found.reasons) == (OPEN, ("causality-missing",))


def test_a_death_reported_as_an_unrelated_event_leaves_it_tolerated() -> None:
    fatal = event(5, on=day(5), cause="unlikely")

    assert result(asked(treated(fatal, died=day(5)))).verdict == MET
    assert result(asked(treated(fatal, died=day(5))), rule="any").verdict == NOT


# ---- Laws ----------------------------------------------------------------------------------------------

grades = st.one_of(st.none(), st.integers(0, 5))
dates = st.one_of(st.none(), st.just("2021-03"), st.integers(-20, 40).map(day))
words = st.one_of(st.none(), st.sampled_from(["certain", "possible", "unlikely", "unassessable"]))
events = st.builds(lambda grade, on, cause: event(grade, on=on, cause=cause), grades, dates, words)


def everything(history: History) -> list[str | None]:
    return [one.verdict for one in asked(history).results]


@given(st.lists(events, max_size=4), st.randoms())
def test_the_order_of_arrival_never_matters(happened: list[AdverseEvent], random: Any) -> None:
    shuffled = list(happened)
    random.shuffle(shuffled)

    assert asked(treated(*happened)).results == asked(treated(*shuffled)).results


@given(st.lists(events, min_size=1, max_size=4), st.integers(0, 5), st.integers(-20, 40), st.booleans())
def test_more_knowledge_never_flips_a_settled_verdict(
    happened: list[AdverseEvent], grade: int, on: int, related: bool
) -> None:
    first = happened[0]
    known = event(
        grade if first.grade is None else first.grade,
        on=_within(first, on),
        cause=_settled(first, "possible" if related else "unlikely"),
        name=first.source.id,
    )
    before, after = everything(treated(*happened)), everything(treated(known, *happened[1:]))

    assert before
    assert all(then in {OPEN, now} for then, now in zip(before, after, strict=True))


def _within(one: AdverseEvent, on: int) -> str:
    if one.when is None:
        return day(on)
    return one.when.text if one.when.day is not None else day(abs(on) % 31)


def _settled(one: AdverseEvent, word: str) -> str:
    said = next((opinion.assessment for opinion in one.opinions), None)
    return word if said in (None, "unassessable") else str(said)


@given(st.lists(events, max_size=3), events)
def test_what_was_entered_in_error_never_counts(happened: list[AdverseEvent], wrong: AdverseEvent) -> None:
    taken_back = replace(wrong, status="entered-in-error")

    assert everything(treated(*happened, taken_back)) == everything(treated(*happened))


def test_each_criterion_carries_the_protocols_sentence() -> None:
    first: Finding = result(asked(treated())).findings[0]

    assert dict(first.text)["fr"].startswith("Tolérance immédiate")


# --------------------------------------------------------------------------- who left the study before


@pytest.mark.parametrize(
    ("until", "status", "last_seen", "expected"),
    [
        (None, "on-study", None, MET),
        (3, "withdrawn", None, OPEN),
        (3, "withdrawn", 2, OPEN),
        (3, "withdrawn", 9, OPEN),
        (3, "withdrawn", 10, MET),
        (3, "withdrawn", 30, MET),
        (3, "on-study", None, OPEN),  # the end of the part in the study says it
        (3, "off-study", None, OPEN),
        (10, "withdrawn", None, OPEN),
        (11, "withdrawn", None, MET),  # the whole period in the study
        (None, "withdrawn", None, OPEN),  # when is not said
        (None, "withdrawn", 30, MET),
    ],
)
def test_who_left_the_study_is_observed_as_long_as_something_is_recorded(
    until: int | None, status: str, last_seen: int | None, expected: str
) -> None:
    seen = [] if last_seen is None else [weight("60", day(last_seen))]
    who = make.subject(infused(), *seen, until=None if until is None else day(until))
    history = replace(who, enrolment=replace(who.enrolment, status=status))
    found = result(asked(history))

    assert found.verdict == expected
    assert found.reasons == (("missing-observation",) if expected == OPEN else ())
    assert all("what was seen of the subject up to 2021-03-11, day 10" in one for one in found.missing)


def test_an_event_settles_it_of_one_who_left_the_study() -> None:
    who = treated(event(3, on=2, cause="certain"), until=day(3))

    assert result(asked(who)).verdict == NOT
