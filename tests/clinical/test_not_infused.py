"""A subject without day 0: what every question says of one, and that nothing is asked for of a donor."""

from dataclasses import replace

import pytest

from app.clinical.asked import Asked
from app.clinical.composites import COMPOSED
from app.clinical.history import History
from app.clinical.questions import QUESTIONS
from app.clinical.studies.enrolment_summary import is_treated
from app.clinical.timeline import NotInfused, infusion
from tests.clinical.make import DAY_0, day, subject
from tests.clinical.make import infusion as given
from tests.clinical.make_safety import LUPUS, SCLEROSIS

ASKED = Asked(today=DAY_0)
WITH_DONORS = LUPUS.model_copy(update={"populations": SCLEROSIS.populations})
BY_THE_INFUSION = sorted(set(QUESTIONS) - {"eligibility", "visit-matrix"})


def donor() -> History:
    history = subject(since=day(-10))
    return replace(history, enrolment=replace(history.enrolment, assigned_arm="donor"))


@pytest.mark.parametrize("question", BY_THE_INFUSION)
def test_of_a_donor_nothing_is_asked_for_that_cannot_be_sent(question: str) -> None:
    results = QUESTIONS[question](WITH_DONORS, donor(), ASKED).results
    waiting = [one for one in results if "not-applicable" in one.reasons]

    assert waiting
    for one in waiting:
        assert one.missing == (), one.name
        assert not [finding.needs for finding in one.findings if finding.needs]


def test_it_is_said_that_donors_are_not_infused() -> None:
    said = "marrow donors are not infused"

    assert QUESTIONS["tolerance"](SCLEROSIS, donor(), ASKED).results[0].notes == (said,)
    assert f"not-applicable: {said}" in QUESTIONS["visit-matrix"](SCLEROSIS, donor(), ASKED).notes
    assert f"not-applicable: {said}" in COMPOSED["timeline"](SCLEROSIS, donor(), ASKED).notes


@pytest.mark.parametrize("question", BY_THE_INFUSION)
def test_of_a_subject_to_be_infused_the_infusion_is_asked_for(question: str) -> None:
    waiting = [
        one for one in QUESTIONS[question](LUPUS, subject(), ASKED).results if "not-infused" in one.reasons
    ]

    assert waiting
    for one in waiting:
        needed = (*one.missing, *(finding.needs for finding in one.findings))
        assert any(needs and "MedicationAdministration" in needs for needs in needed), one.name


def test_an_infusion_of_a_vague_date_was_given_and_is_no_day_0() -> None:
    vague, none = subject(given("2021-03")), subject()

    t0 = infusion(LUPUS, vague)
    assert isinstance(t0, NotInfused)
    assert (t0.given, is_treated(LUPUS, vague)) == (True, True)
    assert is_treated(LUPUS, none) is False
