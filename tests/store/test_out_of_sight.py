"""What lies out of the asker's sight never becomes a silent no."""

import pytest

from app.store.of_study import subjects_of
from app.store.session import Store, utc_now
from app.store.transact import transact
from app.store.visibility import EVERYTHING, Visibility
from tests.store.make import of_subject, put, study, subject

OF_S1 = Visibility(studies=frozenset({"s1"}))


@pytest.fixture
async def in_two_studies(trial: Store) -> Store:
    """The first patient takes part in another study, too; the second does not."""
    await transact(trial, EVERYTHING, [put(study(), "s9"), put(subject("p1", study="s9"), "rs9")])
    return trial


async def test_a_part_in_a_study_out_of_sight_is_told_of_and_nothing_else_of_it(
    in_two_studies: Store,
) -> None:
    seen = await of_subject(in_two_studies, OF_S1, "rs1", None)

    assert seen.out_of_sight
    assert seen.other_enrolments == ()
    assert any("another study" in remark for remark in seen.remarks())
    assert not any("s9" in remark for remark in seen.remarks())


async def test_who_sees_it_all_is_told_of_nothing_hidden(in_two_studies: Store) -> None:
    for visibility in (EVERYTHING, Visibility(studies=frozenset({"s1", "s9"}))):
        seen = await of_subject(in_two_studies, visibility, "rs1", None)
        assert (seen.out_of_sight, len(seen.other_enrolments)) == (False, 1)
    assert not (await of_subject(in_two_studies, OF_S1, "rs2", None)).out_of_sight


async def test_a_question_about_the_study_says_it_of_the_same_patients(in_two_studies: Store) -> None:
    subjects = await subjects_of(in_two_studies, OF_S1, "s1", utc_now())

    told = {
        history.enrolment.source.id: history.out_of_sight
        async for page in subjects.pages(100)
        for history in page.histories()
    }

    assert told["rs1"]
    assert not told["rs2"]
