"""No question of the trial is declared and then not answered, and none is answered that nobody can ask."""

import pytest

from app.clinical.study_questions import STUDY_QUESTIONS
from app.fhir_mapping.check_operation import CHECK_ELIGIBILITY
from app.fhir_mapping.operation import Operation
from app.fhir_mapping.operations import named
from app.fhir_mapping.trial_operations import TRIAL_OPERATIONS
from app.routers.decisions import ANSWERS
from app.routers.examples import ASKED, STORED
from app.routers.operations import STANDARD


@pytest.mark.parametrize("operation", TRIAL_OPERATIONS, ids=lambda one: one.name)
def test_every_question_is_answered_in_one_place(operation: Operation) -> None:
    decided = STUDY_QUESTIONS if operation.resources == ("ResearchStudy",) else ANSWERS

    assert (operation.code in decided) is not (operation.name in STANDARD)


def test_every_answer_can_be_asked_for() -> None:
    assert {*ANSWERS, *STUDY_QUESTIONS} <= {operation.code for operation in TRIAL_OPERATIONS}


@pytest.mark.parametrize("operation", TRIAL_OPERATIONS, ids=lambda one: one.name)
def test_every_question_is_served_and_has_an_example(operation: Operation) -> None:
    for kind in operation.resources:
        for level in operation.levels:
            assert named(kind, operation.name, level) is operation
    assert operation.name in ASKED or operation is CHECK_ELIGIBILITY


def test_every_example_is_of_an_operation_that_is_served() -> None:
    for name, (_, filled) in ASKED.items():
        found = [
            one for kind in STORED for level in ("instance", "type") if (one := named(kind, name, level))
        ]
        assert found, name
        known = {parameter.name for parameter in found[0].parameters}
        assert filled.keys() <= known or found[0].searches, name
