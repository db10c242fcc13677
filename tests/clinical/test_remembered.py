"""What is read off a history once is what would be read off it again."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.asked import Asked
from app.clinical.by_code import ByCode
from app.clinical.questions import QUESTIONS
from app.clinical.records import Coding
from tests.clinical import make_anything as make
from tests.clinical.make_course import told
from tests.clinical.make_forms import LATE
from tests.clinical.make_treated import MSC_SLE

FEW = settings(max_examples=6, deadline=None)


@FEW
@given(make.whole)
def test_a_question_is_answered_the_same_whatever_was_asked_before(records: Any) -> None:
    history, asked = told(*records), Asked(today=LATE)

    every = list(QUESTIONS.values())
    for question in (*every, *reversed(every)):
        assert question(MSC_SLE, history, asked) == question(MSC_SLE, replace(history), asked)


@FEW
@given(make.whole, st.randoms(use_true_random=False))
def test_results_are_found_by_their_codes_as_by_looking_at_each(records: Any, random: Any) -> None:
    every = told(*records).measurements
    codes = {code for one in every for code in (*one.codings, *one.panel)} | {Coding("", "of nothing")}
    wanted = set(random.sample(sorted(codes), k=random.randrange(len(codes) + 1)))

    found = tuple(one for one in every if wanted & {*one.codings, *one.panel})
    assert ByCode(every).coded(wanted) == found
