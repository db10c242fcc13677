"""What counts as having been so, and what a code stands for, are said in one place."""

from datetime import date
from typing import Any

import pytest

from app.clinical.asked import Asked
from app.clinical.coded import is_one_of
from app.clinical.happened import stands
from app.clinical.records import Coding
from app.clinical.safety.adverse import reported
from app.clinical.studies.tables import EVENTS
from app.clinical.subjects.events import of_adverse_events, of_care
from app.clinical.subjects.life import DEAD, life
from app.protocol.parts import SYSTEMS
from app.protocol.words import Code
from tests.clinical.make import day, infusion
from tests.clinical.make_course import diagnosis, fell_ill, told
from tests.clinical.make_forms import SLE

ICD, ATC, LOINC = SYSTEMS["icd10"], SYSTEMS["atc"], SYSTEMS["loinc"]
TODAY = date(2022, 6, 1)


@pytest.mark.parametrize(
    ("told_as", "meant", "is_one"),
    [
        ((ICD, "N18.5"), (ICD, "N18.5"), True),
        ((ICD, "N18.51"), (ICD, "N18.5"), True),
        ((ICD, "N18"), (ICD, "N18.5"), False),
        ((ATC, "H02AB06"), (ATC, "H02AB"), True),
        ((LOINC, "777-31"), (LOINC, "777-3"), False),
        ((ATC, "N18.5"), (ICD, "N18.5"), False),
    ],
)
def test_a_code_of_atc_or_icd_10_stands_for_all_below_it(
    told_as: tuple[str, str], meant: tuple[str, str], is_one: bool
) -> None:
    assert is_one_of([Coding(*told_as)], [Code(system=meant[0], code=meant[1])]) is is_one


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ({}, True),
        ({"status": "completed"}, True),
        ({"actuality": "potential"}, False),
        ({"status": "entered-in-error"}, False),
    ],
)
def test_an_adverse_event_happened_for_every_question_or_for_none(said: dict[str, Any], counts: bool) -> None:
    fatal = fell_ill("sepsis", 9, outcome="fatal", **said)
    history = told(infusion(), fatal)

    seen = {
        "reported": bool(reported(SLE, history)),
        "timeline": bool(list(of_adverse_events(history))),
        "life": life(SLE, history, today=TODAY).status == DEAD,
        "table": bool(list(EVENTS.rows(SLE, history, Asked(today=TODAY)))),
    }

    assert seen == dict.fromkeys(seen, counts)


@pytest.mark.parametrize(
    ("verification", "counts"),
    [(None, True), ("provisional", True), ("refuted", False), ("entered-in-error", False)],
)
def test_a_diagnosis_stands_unless_it_was_taken_back(verification: str | None, counts: bool) -> None:
    condition = diagnosis("lupus", day(-9), verification=verification)

    assert (stands(condition), bool(list(of_care(told(condition))))) == (counts, counts)
