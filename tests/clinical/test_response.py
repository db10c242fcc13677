"""Major and partial clinical response: worked examples MCR-1 to MCR-6, both definitions, and the laws."""

from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.responses.response import answer, in_force
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.parameters import BilagParameters, Parameters
from app.protocol.scoring import ResponseParameters
from tests.clinical.make import Measurements, bilag, day, infusion, subject

PROTOCOL = load_all()["MSC-SLE"]
LONG_AFTER = date(2030, 1, 1)
MUSC, MUCO, RENAL, HAEM = "musculoskeletal", "mucocutaneous", "renal", "haematological"


def parameters(**groups: Any) -> Protocol:
    """The protocol with other parameters."""
    return PROTOCOL.model_copy(update={"parameters": Parameters(**groups)})


def ask(
    history: History, *, protocol: Protocol = PROTOCOL, today: date = LONG_AFTER, **more: Any
) -> list[Result]:
    """The results as asked."""
    return list(answer(protocol, history, Asked(today=today, **more)).results)


def one(history: History, name: str, visit: str = "M3", rule: str = "visit-adapted", **more: Any) -> Result:
    """The one result of a name, a visit and a rule."""
    [result] = ask(history, visits=(visit,), rules=(rule,), names=(name,), **more)
    return result


def pair(history: History, visit: str = "M3", rule: str = "visit-adapted", **more: Any) -> tuple[Any, Any]:
    """The verdicts of a major and of a partial response."""
    return tuple(one(history, name, visit, rule, **more).verdict for name in ("major", "partial"))  # type: ignore[return-value]


def course(grades: dict[int, dict[str, str | None]], *, rest: str | None = "E", **also: Any) -> History:
    """A subject by the grades of each study day."""
    return subject(infusion(), *(bilag(said, on=day(on), rest=rest) for on, said in grades.items()), **also)


EXAMPLES = [
    pytest.param({-3: {MUSC: "A", MUCO: "B"}, 91: {MUSC: "C", MUCO: "C"}}, ("met", "not-met"), id="MCR-1"),
    pytest.param({-3: {MUSC: "A", MUCO: "B"}, 91: {MUSC: "C", MUCO: "B"}}, ("not-met", "met"), id="MCR-2"),
    pytest.param(
        {-3: {MUSC: "A", MUCO: "B", RENAL: "B"}, 91: {MUSC: "B", MUCO: "B", RENAL: "C"}},
        ("not-met", "met"),
        id="MCR-3",
    ),
    pytest.param(
        {-3: {MUSC: "B", MUCO: "C"}, 91: {MUSC: "B", MUCO: "B"}}, ("not-met", "not-met"), id="MCR-4"
    ),
    pytest.param(
        {-3: {MUSC: "A", MUCO: "B"}, 60: {RENAL: "A"}, 91: {MUSC: "C", MUCO: "C", RENAL: "C"}},
        ("not-met", "not-met"),
        id="MCR-5",
    ),
    pytest.param(
        {-3: {MUSC: "A", MUCO: "B"}, 91: {MUSC: "C", MUCO: None}},
        ("undetermined", "undetermined"),
        id="MCR-6",
    ),
]


@pytest.mark.parametrize(("grades", "expected"), EXAMPLES)
def test_the_worked_examples_hold(
    grades: dict[int, dict[str, str | None]], expected: tuple[str, str]
) -> None:
    assert pair(course(grades)) == expected


@pytest.mark.parametrize(("grades", "expected"), EXAMPLES)
def test_they_hold_against_the_baseline_too(
    grades: dict[int, dict[str, str | None]], expected: tuple[str, str]
) -> None:
    protocol = parameters(bilag=BilagParameters(flare_reference="baseline"))

    assert pair(course(grades), protocol=protocol) == expected


def test_a_flare_is_judged_against_the_previous_visit_or_against_baseline() -> None:
    recovered_and_lost = course(
        {-3: {MUSC: "A", RENAL: "B"}, 91: {MUSC: "C", RENAL: "C"}, 183: {MUSC: "B", RENAL: "B"}, 274: {}}
    )
    baseline = parameters(bilag=BilagParameters(flare_reference="baseline"))

    assert pair(recovered_and_lost, "M9") == ("not-met", "met")  # two new B at M6
    assert pair(recovered_and_lost, "M9", protocol=baseline) == ("met", "not-met")


def test_a_missing_visit_leaves_the_flares_open() -> None:
    result = one(course({-3: {MUSC: "A"}, 183: {MUSC: "C"}}), "major", "M6")

    assert result.verdict == "undetermined"
    assert result.reasons == ("missing-observation",)
    assert result.missing == ("the classic BILAG at M3 (2021-05-17 to 2021-06-14)",)


def test_a_missing_visit_matters_no_more_where_the_grades_settle_it() -> None:
    assert pair(course({-3: {MUSC: "A"}, 183: {MUSC: "A"}}), "M6") == ("not-met", "not-met")


def test_a_window_that_is_open_is_not_a_visit_that_was_missed() -> None:
    result = one(course({-3: {MUSC: "A"}}), "major", today=date(2021, 6, 1))

    assert result.reasons == ("missing-observation", "window-open")


def test_who_had_nothing_to_respond_is_not_applicable() -> None:
    history = course({-3: {MUSC: "C"}, 91: {MUSC: "D"}})
    result = one(history, "major")

    assert (result.verdict, result.reasons, result.missing) == ("undetermined", ("not-applicable",), ())
    assert pair(history) == ("undetermined", "undetermined")


def test_a_protocol_may_ask_for_no_activity_at_baseline() -> None:
    anyone = parameters(response=ResponseParameters(baseline_min="none"))

    assert pair(course({-3: {MUSC: "C"}, 91: {MUSC: "D"}}), protocol=anyone) == ("met", "not-met")


def test_without_a_baseline_nothing_is_known() -> None:
    result = one(course({91: {MUSC: "C"}}), "major")

    assert (result.verdict, result.reasons) == ("undetermined", ("baseline-missing",))


def test_without_an_infusion_nothing_is_known() -> None:
    results = ask(subject(bilag({MUSC: "A"}, on=day(-3))))

    assert {result.verdict for result in results} == {"undetermined"}
    assert {result.reasons for result in results} == {("not-infused",)}
    assert len(results) == 2 * 4 + 2


def test_who_died_before_the_visit_did_not_respond() -> None:
    assert pair(course({-3: {MUSC: "A"}}, died=day(40))) == ("not-met", "not-met")


@pytest.mark.parametrize("rule", ["visit-adapted", "explorer-sustained"])
def test_of_who_died_before_the_visit_no_assessment_is_asked_for(rule: str) -> None:
    for name in ("major", "partial"):
        never_graded = one(course({}, died=day(40)), name, "M12", rule)

        assert (never_graded.verdict, never_graded.missing) == ("not-met", ())
    assert pair(course({}, died=day(380)), "M3") == ("undetermined", "undetermined")
    assert pair(course({}, died=True), "M3") == ("undetermined", "undetermined")


def test_each_assessment_that_is_missing_is_asked_for_once() -> None:
    result = one(course({-3: {MUSC: "A"}, 364: {MUSC: "C"}}), "partial", "M12")
    of_findings = [str(finding.needs).split("; ") for finding in result.findings if finding.needs]

    assert len(result.missing) > 1
    assert all(len(each) == len(set(each)) for each in (result.missing, *of_findings))
    assert not any("; " in each for each in result.missing)


def test_an_assessment_of_a_vague_date_may_hold_a_flare() -> None:
    history = subject(
        infusion(),
        bilag({MUSC: "A"}, on=day(-3)),
        bilag({RENAL: "A"}, on="2021-04", name="vague"),
        bilag({MUSC: "C"}, on=day(91)),
    )
    result = one(history, "major")

    assert (result.verdict, result.reasons) == ("undetermined", ("partial-date",))
    assert result.missing == ("the exact day of Observation/vague/_history/1",)


def test_a_vague_date_after_the_visit_is_no_matter() -> None:
    history = subject(
        infusion(),
        bilag({MUSC: "A"}, on=day(-3)),
        bilag({MUSC: "C"}, on=day(91)),
        bilag({RENAL: "A"}, on="2021-08", name="vague"),
    )

    assert pair(history) == ("met", "not-met")


def test_contradictory_grades_of_one_day_are_no_grade() -> None:
    history = subject(
        infusion(),
        bilag({MUSC: "A"}, on=day(-3)),
        bilag({MUSC: "C"}, on=day(91)),
        bilag({MUSC: "B"}, on=day(91)),
    )

    assert one(history, "major").reasons == ("conflicting-values",)


def test_what_was_entered_in_error_is_no_flare() -> None:
    history = subject(
        infusion(),
        bilag({MUSC: "A"}, on=day(-3)),
        bilag({RENAL: "A"}, on=day(60), status="entered-in-error"),
        bilag({MUSC: "C"}, on=day(91)),
    )

    assert pair(history) == ("met", "not-met")


def test_the_flares_are_counted_and_so_is_a_relapse() -> None:
    history = course(
        {-3: {MUSC: "A"}, 91: {MUSC: "C"}, 120: {MUSC: "B"}, 183: {MUSC: "C"}, 230: {RENAL: "A"}, 274: {}}
    )
    said = {
        (result.visit, figure.name): figure.value
        for result in ask(history, names=("flare",), visits=("M3", "M9"))
        for figure in result.figures
    }

    assert said == {
        ("M3", "severe-flares"): 0,
        ("M3", "moderate-flares"): 0,
        ("M3", "relapse-after-response"): None,
        ("M9", "severe-flares"): 1,
        ("M9", "moderate-flares"): 1,
        ("M9", "relapse-after-response"): True,
    }


def test_flares_that_a_missing_visit_may_hide_are_a_range() -> None:
    [result] = ask(course({-3: {MUSC: "A"}, 183: {MUSC: "C"}}), names=("flare",), visits=("M6",))

    assert [str(figure.value) for figure in result.figures] == ["0 to 1", "0 to 1", "None"]


QUIET_YEAR: dict[int, dict[str, str | None]] = {91: {}, 183: {MUSC: "C"}, 274: {MUSC: "C"}, 365: {MUSC: "C"}}
SUSTAINED = [
    pytest.param({-3: {MUSC: "A"}, **QUIET_YEAR}, ("met", "not-met"), id="kept to week 52"),
    pytest.param(
        {-3: {MUSC: "A"}, **QUIET_YEAR, 365: {MUSC: "B"}}, ("not-met", "met"), id="kept for sixteen weeks"
    ),
    pytest.param(
        {-3: {MUSC: "A"}, **QUIET_YEAR, 274: {MUSC: "B"}, 365: {MUSC: "B"}},
        ("not-met", "not-met"),
        id="lost within sixteen weeks",
    ),
    pytest.param(
        {-3: {MUSC: "A"}, 91: {MUSC: "B"}, 183: {MUSC: "B"}, 274: {MUSC: "B"}, 365: {MUSC: "C"}},
        ("not-met", "met"),
        id="one B at week 24, nothing new",
    ),
    pytest.param(
        {
            -3: {MUSC: "A", MUCO: "B", RENAL: "B"},
            91: {MUSC: "B", MUCO: "B", RENAL: "C"},
            183: {MUSC: "B", MUCO: "B", RENAL: "C"},
            274: {MUSC: "B", MUCO: "B", RENAL: "B"},
            365: {MUSC: "B", MUCO: "B", RENAL: "B"},
        },
        ("not-met", "met"),
        id="two B at week 24 after 1 A and 2 B, none elsewhere",
    ),
    pytest.param(
        {
            -3: {MUSC: "A", MUCO: "B", RENAL: "B"},
            91: {MUSC: "B", MUCO: "B"},
            183: {MUSC: "B", MUCO: "B"},
            274: {MUSC: "B", MUCO: "B", HAEM: "B"},
            365: {MUSC: "B", MUCO: "B"},
        },
        ("not-met", "not-met"),
        id="a B elsewhere",
    ),
    pytest.param(
        {-3: {MUSC: "A"}, 91: {RENAL: "A"}, 183: {}, 274: {}, 365: {}},
        ("not-met", "met"),
        id="a severe flare before week 24 forbids a major response alone",
    ),
    pytest.param({-3: {MUSC: "A"}, 91: {}, 183: {MUSC: "A"}}, ("not-met", "not-met"), id="A at week 24"),
    pytest.param(
        {-3: {MUSC: "A"}, 91: {}, 183: {}, 274: {}}, ("undetermined", "undetermined"), id="week 52 missing"
    ),
]


@pytest.mark.parametrize(("grades", "expected"), SUSTAINED)
def test_the_sustained_response_is_one_answer_for_each_subject(
    grades: dict[int, dict[str, str | None]], expected: tuple[str, str]
) -> None:
    assert pair(course(grades), "M12", "explorer-sustained") == expected


def test_sixteen_weeks_are_not_over_before_they_are() -> None:
    history = course({-3: {MUSC: "A"}, 91: {RENAL: "A"}, 183: {}, 274: {}})
    before = one(history, "partial", "M12", "explorer-sustained", today=date(2021, 12, 12))

    assert (before.verdict, "window-open" in before.reasons) == ("undetermined", True)
    assert one(history, "partial", "M12", "explorer-sustained", today=date(2021, 12, 22)).verdict == "met"


def test_the_protocol_says_which_definition_is_in_force() -> None:
    other = parameters(response=ResponseParameters(definition="explorer_sustained"))
    history = course({-3: {MUSC: "A"}, 91: {}})

    assert (in_force(PROTOCOL), in_force(other)) == ("visit-adapted", "explorer-sustained")
    notes = answer(other, history, Asked(today=LONG_AFTER)).notes
    assert "response.definition = explorer_sustained" in notes


def test_the_visits_asked_are_a_parameter() -> None:
    only = parameters(response=ResponseParameters(visits=("M3",)))
    results = ask(course({-3: {MUSC: "A"}, 91: {}}), protocol=only, names=("major",))

    assert [(result.visit, result.rule) for result in results] == [
        ("M3", "visit-adapted"),
        ("M12", "explorer-sustained"),
    ]


def test_the_visit_of_objective_4_says_so() -> None:
    history = course({-3: {MUSC: "A"}, 91: {}})

    assert any("three months" in note for note in one(history, "major", "M3").notes)
    assert not any("three months" in note for note in one(history, "major", "M6").notes)


@pytest.mark.parametrize(
    "narrowed", [{"visits": ("M1",)}, {"rules": ("registry",)}, {"names": ("complete",)}]
)
def test_what_the_protocol_does_not_know_is_refused(narrowed: Any) -> None:
    with pytest.raises(CannotAnswer):
        ask(course({}), **narrowed)


def test_a_protocol_without_the_section_says_so() -> None:
    with pytest.raises(CannotAnswer, match="does not ask for a clinical response"):
        ask(course({}), protocol=PROTOCOL.model_copy(update={"response": None}))


GRADE = st.sampled_from("ABCDE")
SYSTEMS = (MUSC, MUCO, RENAL)
KNOWN = st.fixed_dictionaries(dict.fromkeys(SYSTEMS, GRADE))
YEAR = st.fixed_dictionaries(dict.fromkeys((-3, 91, 183, 274, 365), KNOWN))
HIDDEN = st.sets(st.tuples(st.sampled_from((-3, 91, 183, 274, 365)), st.sampled_from((*SYSTEMS, "all"))))


def _hiding(year: dict[int, dict[str, str]], hidden: set[tuple[int, str]]) -> History:
    """The year with some grades, or whole assessments, not recorded."""
    return course(
        {
            on: {system: None if (on, system) in hidden else grade for system, grade in grades.items()}
            for on, grades in year.items()
            if (on, "all") not in hidden
        }
    )


@settings(max_examples=150, deadline=None)
@given(year=YEAR, hidden=HIDDEN, against=st.sampled_from(("previous_visit", "baseline")))
def test_more_knowledge_never_flips_a_settled_verdict(
    year: dict[int, dict[str, str]], hidden: set[tuple[int, str]], against: Any
) -> None:
    protocol = parameters(bilag=BilagParameters(flare_reference=against))
    partly = ask(_hiding(year, hidden), protocol=protocol)
    wholly = ask(_hiding(year, set()), protocol=protocol)

    for before, after in zip(partly, wholly, strict=True):
        assert before.verdict in (None, "undetermined", after.verdict)
    assert all(result.reasons for result in partly if result.verdict == "undetermined")
    assert all(result.verdict != "undetermined" or result.reasons == ("not-applicable",) for result in wholly)


@settings(max_examples=50, deadline=None)
@given(year=YEAR, data=st.data())
def test_the_order_of_arrival_never_matters(year: dict[int, dict[str, str]], data: st.DataObject) -> None:
    assessments: list[Measurements] = [
        bilag(grades, on=day(on), name=f"on-{on}") for on, grades in year.items()
    ]
    shuffled = data.draw(st.permutations(assessments))

    given_in_order = ask(subject(infusion(name="i"), *assessments))
    assert ask(subject(infusion(name="i"), *shuffled)) == given_in_order


@settings(max_examples=50, deadline=None)
@given(year=YEAR)
def test_no_subject_has_both_responses(year: dict[int, dict[str, str]]) -> None:
    history = course({on: dict(grades) for on, grades in year.items()})
    results = ask(history)

    for rule, visit in {(result.rule, result.visit) for result in results if result.rule}:
        assert pair(history, str(visit), str(rule)) != ("met", "met")


def test_a_missing_grade_that_cannot_matter_leaves_nothing_open() -> None:
    history = course({-3: {MUSC: "A", RENAL: "C"}, 91: {MUSC: "C", RENAL: None}})
    partial = one(history, "partial")

    assert pair(history) == ("undetermined", "not-met")  # C is a major response, A or B are none at all
    assert "the answer is the same whatever the missing grades are" in partial.notes


FEW_HIDDEN = st.sets(st.tuples(st.sampled_from((-3, 91, 183)), st.sampled_from(SYSTEMS)), max_size=3)


@settings(max_examples=60, deadline=None)
@given(year=YEAR, hidden=FEW_HIDDEN)
def test_a_verdict_is_open_only_where_the_missing_grades_decide_it(
    year: dict[int, dict[str, str]], hidden: set[tuple[int, str]]
) -> None:
    places = sorted(hidden)
    said = {
        tuple(str(result.verdict) for result in _at_m6(_with(year, dict(zip(places, grades, strict=True)))))
        for grades in product("ABC", repeat=len(places))
    }
    partly = _at_m6(_hiding(year, hidden))

    for number, result in enumerate(partly):
        possible = {verdicts[number] for verdicts in said}
        assert result.verdict == (possible.pop() if len(possible) == 1 else "undetermined")


def _with(year: dict[int, dict[str, str]], grades: dict[tuple[int, str], str]) -> History:
    filled = {on: dict(known) for on, known in year.items()}
    for (on, system), grade in grades.items():
        filled[on][system] = grade
    return course({on: dict(known) for on, known in filled.items()})


def _at_m6(history: History) -> list[Result]:
    return ask(history, visits=("M6",), names=("major", "partial"))
