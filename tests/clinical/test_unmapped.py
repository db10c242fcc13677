"""Results whose code waits to be mapped: left out of every answer, which says so and changes no verdict."""

from dataclasses import replace
from datetime import date

import pytest

from app.clinical.asked import Asked
from app.clinical.composites import COMPOSED
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.clinical.records import Coding, Source, Study
from app.clinical.study_questions import STUDY_QUESTIONS
from app.protocol.loader import load_all
from tests.clinical.make import bilag, day, infusion, observation, pga, sledai, subject

PROTOCOL = load_all()["MSC-SLE"]
ASKED = Asked(today=date(2022, 6, 1))
LOCAL = Coding("urn:example:chu:codes", "XYZ")
KNOWN = (
    infusion(),
    sledai(12, on=day(-3), rest="absent"),
    bilag({"renal": "B"}, on=day(-3)),
    pga("2.0", on=day(-3)),
)
ALL = {**QUESTIONS, **COMPOSED}


def unmapped(number: int, **said: str) -> History:
    results = (
        observation(LOCAL, on=day(5), name=f"x-{n}", problem="unmapped-code", **said) for n in range(number)
    )
    return subject(*KNOWN, *results)


@pytest.mark.parametrize("question", ALL)
def test_every_answer_names_the_results_that_wait_and_decides_without_them(question: str) -> None:
    without = ALL[question](PROTOCOL, subject(*KNOWN), ASKED)
    waiting = ALL[question](PROTOCOL, unmapped(2), ASKED)

    [note] = [note for note in waiting.notes if "unmapped-code" in note]
    assert note.endswith("(unmapped-code): 2: Observation/x-0/_history/1, Observation/x-1/_history/1")
    verdicts = {result.question or result.name: result.verdict for result in without.results}
    assert verdicts.items() <= {one.question or one.name: one.verdict for one in waiting.results}.items()


def test_many_are_counted_and_the_first_named() -> None:
    [note] = unmapped(25).remarks()

    assert note.count("Observation/") == 20
    assert note.endswith("and 5 more")


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "unknown"])
def test_what_never_counts_waits_for_nothing(status: str) -> None:
    assert unmapped(1, status=status).remarks() == ()


def test_an_answer_as_of_an_earlier_day_does_not_speak_of_later_results() -> None:
    asked = replace(ASKED, on=date(2021, 3, 2))

    notes = QUESTIONS["disease-activity"](PROTOCOL, unmapped(1), asked).notes
    assert not any("unmapped-code" in note for note in notes)


def test_the_status_lists_them_with_their_codes() -> None:
    answer = COMPOSED["status"](PROTOCOL, unmapped(30), ASKED)
    [result] = [one for one in answer.results if one.name == "code-not-mapped"]

    assert len(result.evidence) == 30
    assert result.notes[0] == "Observation/x-0/_history/1: urn:example:chu:codes|XYZ"
    assert not [one for one in answer.results if one.name in ("unit-not-understood", "code-not-read")]


def test_an_answer_about_a_study_counts_them_over_its_subjects() -> None:
    summary = STUDY_QUESTIONS["enrolment"]
    rows = [summary.row(PROTOCOL, history, ASKED) for history in (unmapped(2), subject(*KNOWN), unmapped(1))]
    study = Study(
        source=Source("ResearchStudy", "s", 1), identifiers=(), status="active", title=None, arms=()
    )

    [note] = [one for one in summary.answer(PROTOCOL, study, rows, ASKED).notes if "unmapped-code" in one]
    assert "(unmapped-code): 3: Observation/x-0/_history/1" in note
