"""The visit matrix: what was planned at each visit, and what became of it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Answer, Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.subjects import visit_matrix
from app.clinical.subjects.visit_matrix import cells
from app.protocol.assessed import Assessment
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.parts import written_short
from tests.clinical.make import DAY_0, bilag, day, infusion, pga, sledai
from tests.clinical.make_course import prednisone, results, told

SLE = load_all()["MSC-SLE"]
TITLE = {"en": "x", "fr": "x"}
LATE = 600


def planning(*assessments: Assessment) -> Protocol:
    """The protocol with these assessments at each of its visits, and no others."""
    names = tuple(one.name for one in assessments)
    visits = tuple(visit.model_copy(update={"assessed": names}) for visit in SLE.visits)
    return SLE.model_copy(update={"assessments": assessments, "visits": visits})


BLOOD = planning(
    Assessment.model_validate(
        {"name": "blood", "title": TITLE, "each": {"c3": ["loinc:4485-9"], "c4": ["loinc:4498-2"]}}
    )
)


def matrix(history: History, *, on: int, protocol: Protocol = SLE, **narrowed: Any) -> Answer:
    asked = Asked(today=DAY_0 + timedelta(days=on), **narrowed)
    return visit_matrix.answer(protocol, history, asked)


def cell(history: History, visit: str, name: str, *, on: int = LATE, protocol: Protocol = SLE) -> Result:
    [result] = matrix(history, on=on, protocol=protocol, visits=(visit,), names=(name,)).results
    return result


def said(result: Result) -> dict[str, Any]:
    return {figure.name: figure.value for figure in result.figures}


def state(history: History, visit: str, name: str, *, on: int = LATE, protocol: Protocol = SLE) -> Any:
    return said(cell(history, visit, name, on=on, protocol=protocol))["state"]


def test_an_assessment_within_its_window_is_done_with_its_evidence_day_and_due_days() -> None:
    score = sledai(8, on=day(95))

    found = cell(told(infusion(), score), "M3", "sledai")

    assert said(found) == {
        "state": "done",
        "due-from": DAY_0 + timedelta(days=77),
        "due-to": DAY_0 + timedelta(days=105),
        "study-day": 95,
    }
    assert found.evidence == (score[0].source,)


@pytest.mark.parametrize(
    ("on", "expected"), [(76, "not-due-yet"), (77, "open"), (105, "open"), (106, "missing")]
)
def test_what_is_not_recorded_is_to_come_open_or_missing_by_the_window(on: int, expected: str) -> None:
    assert state(told(infusion()), "M3", "pga", on=on) == expected


def test_what_is_missing_says_why_and_what() -> None:
    found = cell(told(infusion()), "M3", "pga")

    assert (found.reasons, found.missing) == (("missing-observation",), ("pga",))


def test_an_assessment_recorded_for_a_visit_outside_its_days_is_out_of_window() -> None:
    found = cell(told(infusion(), pga("1.0", on=day(120), visit="M3")), "M3", "pga")

    assert (said(found)["state"], said(found)["study-day"]) == ("out-of-window", 120)


def test_an_assessment_between_two_windows_is_out_of_the_nearest_one() -> None:
    late = pga("1.0", on=day(110))
    history = told(infusion(), late)

    assert cell(history, "M3", "pga").evidence == (late[0].source,)
    assert [state(history, visit, "pga") for visit in ("M3", "M6")] == ["out-of-window", "missing"]


def test_a_baseline_from_too_long_ago_is_out_of_window() -> None:
    assert state(told(infusion(), pga("1.0", on=day(-40))), "M0", "pga") == "out-of-window"


def test_a_date_that_may_lie_in_the_window_leaves_it_open_whether_it_was_done() -> None:
    found = cell(told(infusion(), pga("1.0", on="2021-06")), "M3", "pga")

    assert said(found)["state"] is None
    assert "partial-date" in found.reasons


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "preliminary"])
def test_what_does_not_count_is_not_done_and_the_note_says_so(status: str) -> None:
    found = cell(told(infusion(), pga("1.0", on=day(91), status=status)), "M3", "pga")

    assert said(found)["state"] == "missing"
    assert len(found.notes) == 1


def test_an_assessment_that_says_nothing_is_not_done() -> None:
    assert state(told(infusion(), pga(None, on=day(91), absent="not-performed")), "M3", "pga") == "missing"


def test_a_treatment_is_recorded_where_a_day_of_the_visit_is_covered() -> None:
    history = told(infusion(), prednisone("10", -100, 80))

    assert [state(history, visit, "steroids") for visit in ("M0", "M3", "M6")] == ["done", "done", "missing"]


def test_results_that_belong_together_are_partial_until_all_are_there() -> None:
    some = told(infusion(), results({"4485-9": "0.7"}, on=day(91)))
    every = told(infusion(), results({"4485-9": "0.7", "4498-2": "0.1"}, on=day(91)))

    found = cell(some, "M3", "blood", protocol=BLOOD)

    assert (said(found)["state"], said(found)["recorded"], said(found)["of"]) == ("partial", 1, 2)
    assert found.missing == ("c4",)
    assert state(every, "M3", "blood", protocol=BLOOD) == "done"


def test_the_markers_of_an_assessment_belong_to_it_and_optional_ones_are_missed_nowhere() -> None:
    wanted = {one.name: one.codes[0] for one in SLE.markers if one.assessed == "cytokines"}
    history = told(infusion(), results({code.code: "5" for code in wanted.values()}, on=day(91)))
    optional = [one for one in SLE.markers if one.optional and one.assessed == "immunology"]

    immunology = cell(told(infusion()), "M3", "immunology")

    assert state(history, "M3", "cytokines") == "done"
    assert optional
    assert set(immunology.missing).isdisjoint(one.name for one in optional)


def test_what_is_computed_needs_no_record_once_its_window_has_closed() -> None:
    assert [state(told(infusion()), "D10", "tolerance", on=on) for on in (-1, 5, 11)] == [
        "not-due-yet",
        "open",
        "computed",
    ]


def test_after_death_no_visit_applies() -> None:
    history = told(infusion(), died=day(120))

    assert [state(history, visit, "pga") for visit in ("M3", "M6", "M12")] == [
        "missing",
        "not-applicable",
        "not-applicable",
    ]


@pytest.mark.parametrize(("status", "expected"), [("withdrawn", "not-applicable"), ("on-study", "missing")])
def test_after_withdrawal_no_visit_applies(status: str, expected: str) -> None:
    history = told(infusion(), since=day(0), until=day(120))
    history = replace(history, enrolment=replace(history.enrolment, status=status))

    assert state(history, "M6", "pga") == expected


def test_without_an_infusion_only_what_was_recorded_for_a_visit_is_placed() -> None:
    history = told(pga("1.0", on=day(0), visit="M0"), sledai(8, on=day(0)))

    answer = matrix(history, on=0, visits=("M0",), names=("pga", "sledai"))

    assert [(said(one)["state"], one.reasons) for one in answer.results] == [
        ("not-due-yet", ("not-infused",)),
        ("done", ()),
    ]
    assert "not-infused" in answer.notes[0]


def test_an_assessment_the_protocol_does_not_declare_cannot_be_told() -> None:
    bare = SLE.model_copy(update={"assessments": ()})

    found = cell(told(infusion(), pga("1.0", on=day(91))), "M3", "pga", protocol=bare)

    assert (said(found)["state"], found.reasons) == (None, ("ambiguous-protocol",))


def test_a_protocol_that_plans_nothing_cannot_be_asked() -> None:
    visits = tuple(visit.model_copy(update={"assessed": ()}) for visit in SLE.visits)

    with pytest.raises(CannotAnswer, match="plans no assessments"):
        matrix(told(), on=0, protocol=SLE.model_copy(update={"visits": visits}))


@pytest.mark.parametrize("narrowed", [{"visits": ("M4",)}, {"names": ("horoscope",)}])
def test_a_visit_or_an_assessment_that_is_not_planned_is_refused(narrowed: dict[str, Any]) -> None:
    with pytest.raises(CannotAnswer):
        matrix(told(), on=0, **narrowed)


def test_an_assessment_is_recognised_in_one_way() -> None:
    with pytest.raises(ValueError, match="one of codes"):
        Assessment.model_validate({"name": "x", "title": TITLE})
    with pytest.raises(ValueError, match="one of codes"):
        Assessment.model_validate(
            {"name": "x", "title": TITLE, "answered_by": "y", "codes": [written_short("loinc:1")]}
        )


RECORDS = st.lists(
    st.one_of(
        st.builds(lambda one: pga("1.0", on=day(one)), st.integers(-60, 420)),
        st.builds(lambda one: sledai(8, on=day(one)), st.integers(-60, 420)),
        st.builds(lambda one: bilag({"renal": "B"}, on=day(one)), st.integers(-60, 420)),
    ),
    max_size=6,
)
DONE = {"done"}


@given(RECORDS, RECORDS)
def test_more_knowledge_never_undoes_what_was_done(known: list[Any], more: list[Any]) -> None:
    today = date(2023, 1, 1)
    seen = pga("1.0", on=day(91))
    before = cells(SLE, told(infusion(), seen, *known), today=today)
    after = cells(SLE, told(infusion(), seen, *known, *more), today=today)

    assert any(one.state in DONE for one in before)
    assert all(later.state in DONE for one, later in zip(before, after, strict=True) if one.state in DONE)


@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters(known: list[Any], random: Any) -> None:
    shuffled = random.sample(known, k=len(known))

    one = matrix(told(infusion(name="i"), *known), on=LATE)
    other = matrix(told(infusion(name="i"), *shuffled), on=LATE)

    assert [said(result) for result in one.results] == [said(result) for result in other.results]
