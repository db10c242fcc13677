"""Who takes part in a study, counted from the subjects (clinical conventions §4.1, §4.2)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.clinical.answers import Answer
from app.clinical.asked import Asked
from app.clinical.history import History
from app.clinical.records import Source, Span, Study
from app.clinical.studies.enrolment_summary import SUMMARY
from app.protocol.loader import load_all
from tests.clinical.make import at, infusion, subject

PROTOCOL = load_all()["MSC-SLE"]
ASKED = Asked(today=date(2026, 1, 1))
INCLUDED = (
    ("cohort-2e6", "2019-05-14"),
    ("cohort-2e6", "2019-10-02"),
    ("cohort-2e6", "2020-02-11"),
    ("cohort-2e6", "2020-09-21"),
    ("cohort-2e6", "2021-03-15"),
    ("cohort-4e6", "2021-11-08"),
    ("cohort-4e6", "2022-06-13"),
    ("cohort-4e6", "2023-03-06"),
)
"""Cohort R1 of §4.1, P1 to P8."""


def study(status: str = "closed-to-accrual-and-intervention") -> Study:
    return Study(
        source=Source("ResearchStudy", "msc-sle", 1), identifiers=(), status=status, title=None, arms=()
    )


def member(
    *, since: str | None = None, infused: str | None = None, status: str = "on-study", **said: Any
) -> History:
    """A subject who entered on one day and was infused on another, or never."""
    records = (infusion(infused),) if infused is not None else ()
    history = subject(*records)
    period = Span(None if since is None else at(since), None)
    return replace(history, enrolment=replace(history.enrolment, status=status, period=period, **said))


def summed(members: Sequence[History], *, of: Study | None = None) -> Answer:
    rows = [SUMMARY.row(PROTOCOL, one, ASKED) for one in members]
    return SUMMARY.answer(PROTOCOL, of or study(), rows, ASKED)


def figures(answer: Answer, name: str, arm: str | None = None) -> dict[str, Any]:
    found = next(one for one in answer.results if (one.name, one.arm) == (name, arm))
    return {figure.name: figure.value for figure in found.figures}


@pytest.fixture
def replay() -> Answer:
    """R1: infused the day after inclusion (synthetic)."""
    return summed(
        [
            member(since=day, infused=(date.fromisoformat(day) + timedelta(1)).isoformat(), actual_arm=arm)
            for arm, day in INCLUDED
        ]
    )


def test_the_published_numbers_of_the_lupus_trial_come_out(replay: Answer) -> None:
    whole = figures(replay, "study")

    assert (whole["infused"], whole["planned"]) == (8, 10)
    assert (whole["first-entry"], whole["last-entry"]) == (date(2019, 5, 14), date(2023, 3, 6))
    assert figures(replay, "arm", "cohort-2e6")["infused"] == 5
    assert figures(replay, "arm", "cohort-4e6")["infused"] == 3
    assert figures(replay, "arm", "cohort-1e6")["infused"] == 0


def test_recruitment_that_ended_early_is_said_by_the_status_of_the_study(replay: Answer) -> None:
    assert figures(replay, "study")["status"] == "closed-to-accrual-and-intervention"
    assert any("recruitment has ended" in note for note in replay.notes)
    assert not any("recruitment has ended" in note for note in summed([], of=study("active")).notes)


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ("active", False),
        ("temporarily-closed-to-accrual", False),
        ("closed-to-accrual", True),
        ("closed-to-accrual-and-intervention", True),
        ("completed", True),
    ],
)
def test_that_recruitment_has_ended_is_a_figure(status: str, ended: bool) -> None:
    whole = summed([], of=study(status))

    assert figures(whole, "study")["recruitment-ended"] is ended
    assert any("recruitment has ended" in note for note in whole.notes) is (ended and status != "completed")


def test_donors_are_counted_by_themselves() -> None:
    sclerosis = load_all()["MSC-SSc"]
    donor = member(since="2020-01-02", status="on-study", assigned_arm="donor")
    recipient = member(since="2020-01-02", status="screening", assigned_arm="cohort-1e6")
    rows = [SUMMARY.row(sclerosis, one, ASKED) for one in (donor, donor, recipient)]

    answer = SUMMARY.answer(sclerosis, study("active"), rows, ASKED)

    whole, beside = figures(answer, "study"), figures(answer, "population", "donor")
    assert (whole["subjects"], whole["screened"]) == (1, 1)
    assert (beside["subjects"], beside["infused"]) == (2, 0)
    assert figures(answer, "status") == {"screening": 1}
    assert [one.arm for one in answer.results if one.name == "arm"] == [arm.name for arm in sclerosis.arms]


def test_the_day_the_study_began_is_told_as_every_source_says() -> None:
    [note] = summed([]).notes[-1:]

    assert figures(summed([]), "study")["start-date"] == date(2019, 5, 14)
    assert "2019-05-14 by the published results" in note
    assert note.endswith("the registry (S1), actual says 2019-09-11")


def test_the_first_source_named_is_in_force() -> None:
    known = PROTOCOL.study
    registry = PROTOCOL.model_copy(
        update={"study": known.model_copy(update={"start": tuple(reversed(known.start))})}
    )

    answer = SUMMARY.answer(registry, study(), [], ASKED)
    assert figures(answer, "study")["start-date"] == date(2019, 9, 11)


def test_the_design_is_told_as_every_source_says() -> None:
    notes = SUMMARY.answer(load_all()["MSC-SSc"], study("active"), [], ASKED).notes

    assert notes[0].startswith("design: A single-centre, open-label, dose-escalation")
    assert notes[1].startswith("the protocol page (S3) says: A non-randomized, open, phase II, multicenter")


def test_candidates_the_screened_and_the_infused_are_told_apart() -> None:
    answer = summed(
        [
            member(status="candidate"),
            member(status="screening"),
            member(status="ineligible"),
            member(status="on-study"),
            member(status="candidate", infused="2021-03-01"),
        ]
    )

    whole = figures(answer, "study")
    assert {name: whole[name] for name in ("candidates", "screened", "screen-failures", "infused")} == {
        "candidates": 1,
        "screened": 4,  # whoever was infused was screened, whatever the status still says
        "screen-failures": 1,
        "infused": 1,
    }
    assert figures(answer, "status") == {"candidate": 2, "ineligible": 1, "on-study": 1, "screening": 1}


def test_an_infusion_on_a_day_not_known_exactly_is_counted_and_said() -> None:
    answer = summed([member(infused="2021-03")])

    assert figures(answer, "study")["infused"] == 1
    assert "1 infused on a day that is not known exactly" in answer.notes
    assert "1 infused without an arm being recorded" in answer.notes


def test_months_are_those_in_which_something_happened(replay: Answer) -> None:
    assert figures(replay, "month-2019-05") == {"entered": 1, "infused": 1}
    assert [one.name for one in replay.results if (one.name or "").startswith("month-")][-1] == (
        "month-2023-03"
    )


def test_an_arm_the_protocol_does_not_know_is_listed_after_its_own() -> None:
    answer = summed([member(assigned_arm="donor", status="on-study")])

    assert [one.arm for one in answer.results if one.name == "arm"] == [
        *("cohort-1e6", "cohort-2e6", "cohort-4e6"),
        "donor",
    ]
    assert figures(answer, "arm", "donor")["infused"] == 0


def test_an_infusion_entered_in_error_is_none() -> None:
    history = subject(infusion("2021-03-01", status="entered-in-error"))

    assert figures(summed([history]), "study")["infused"] == 0
