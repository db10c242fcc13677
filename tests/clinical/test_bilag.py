"""BILAG grades, totals, and what counts as new."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.codes import BILAG_2004_SYSTEMS, BILAG_SYSTEM, CLASSIC_SYSTEMS
from app.clinical.interval import Interval
from app.clinical.scores.bilag import (
    Bilag,
    assessments,
    inconsistencies,
    merged,
    new_a,
    new_b,
    systems,
    total,
)
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.parameters import WEIGHTS, BilagParameters, Parameters
from tests.clinical.make import Measurements, bilag, day

PROTOCOL = load_all()["MSC-SLE"]
CLASSIC = WEIGHTS["classic"]
GRADES = st.sampled_from([*"ABCDE", None])
FORMS = st.fixed_dictionaries(dict.fromkeys(CLASSIC_SYSTEMS, GRADES))


def with_bilag(variant: str) -> Protocol:
    """The protocol under another variant of the BILAG."""
    parameters = Parameters(bilag=BilagParameters.model_validate({"variant": variant}))
    return PROTOCOL.model_copy(update={"parameters": parameters})


def read(*observations: Measurements, protocol: Protocol = PROTOCOL) -> Bilag:
    """What these observations of one time say together."""
    found = merged(assessments(protocol, [one for part in observations for one in part]))
    assert found is not None
    return found


def known(form: dict[str, str | None]) -> dict[str, str]:
    """The graded systems of a form."""
    return {system: grade for system, grade in form.items() if grade is not None}


def form(grades: str) -> dict[str, str]:
    """A classic form by its grades in the order of the systems; a dot is a grade not given."""
    return {system: grade for system, grade in zip(CLASSIC_SYSTEMS, grades, strict=True) if grade != "."}


def test_the_systems_are_those_of_the_two_forms() -> None:
    assert len(CLASSIC_SYSTEMS) == 8
    assert len(BILAG_2004_SYSTEMS) == 9
    assert set(BILAG_SYSTEM.codes) == set(CLASSIC_SYSTEMS) | set(BILAG_2004_SYSTEMS)
    assert systems(with_bilag("bilag2004")) == BILAG_2004_SYSTEMS


@pytest.mark.parametrize(
    ("grades", "expected"),
    [
        pytest.param("ABCDEEEC", (14, 14), id="BILAG-classic"),
        pytest.param("AAAAAAAA", (72, 72), id="BILAG-all-A"),
        pytest.param("ABCDEEE.", (13, 22), id="BILAG-one-missing"),
        pytest.param("EEEEEEEE", (0, 0), id="never-involved"),
        pytest.param("........", (0, 72), id="nothing-known"),
    ],
)
def test_the_classic_total_counts_9_3_1(grades: str, expected: tuple[int, int]) -> None:
    assert total(form(grades), CLASSIC_SYSTEMS, CLASSIC) == Interval.of(*expected)


def test_the_2004_total_counts_12_8_1() -> None:
    grades = dict(zip(BILAG_2004_SYSTEMS, "ABBCEEEEE", strict=True))

    assert total(grades, BILAG_2004_SYSTEMS, WEIGHTS["bilag2004"]) == Interval.of(29)


@settings(deadline=None)
@given(FORMS, st.lists(st.sampled_from("ABCDE"), min_size=8, max_size=8))
def test_the_total_contains_every_completion(grades: dict[str, str | None], filled: list[str]) -> None:
    complete = {
        system: grades[system] or grade for system, grade in zip(CLASSIC_SYSTEMS, filled, strict=True)
    }
    exact = total(complete, CLASSIC_SYSTEMS, CLASSIC).low
    open_total = total(known(grades), CLASSIC_SYSTEMS, CLASSIC)

    assert open_total.low <= exact <= open_total.high


NEW_A = {(before, "A") for before in "BCDE"}
NEW_B = {(before, "B") for before in "CDE"}


@pytest.mark.parametrize(("before", "now"), list(product("ABCDE", "ABCDE")))
def test_what_is_new_against_the_reference(before: str, now: str) -> None:
    a = new_a({"renal": now}, {"renal": before}, ["renal"])
    b = new_b({"renal": now}, {"renal": before}, ["renal"])

    assert (a.certain == ("renal",)) is ((before, now) in NEW_A)
    assert (b.certain == ("renal",)) is ((before, now) in NEW_B)
    assert a.perhaps == b.perhaps == ()


@pytest.mark.parametrize(
    ("before", "now", "perhaps_a", "perhaps_b"),
    [
        pytest.param(None, "A", True, False, id="an A of unknown past"),
        pytest.param(None, "B", False, True, id="a B of unknown past"),
        pytest.param(None, "C", False, False, id="a C is never new"),
        pytest.param("A", None, False, False, id="an A can become neither"),
        pytest.param("B", None, True, False, id="a B can only become a new A"),
        pytest.param("C", None, True, True, id="a C can become either"),
        pytest.param(None, None, True, True, id="nothing known"),
    ],
)
def test_a_missing_grade_leaves_open_only_what_the_known_side_allows(
    before: str | None, now: str | None, *, perhaps_a: bool, perhaps_b: bool
) -> None:
    then, here = known({"renal": before}), known({"renal": now})

    assert (new_a(here, then, ["renal"]).perhaps == ("renal",)) is perhaps_a
    assert (new_b(here, then, ["renal"]).perhaps == ("renal",)) is perhaps_b


@settings(deadline=None)
@given(FORMS, FORMS, st.integers(0, 3), st.lists(st.sampled_from("ABCDE"), min_size=16, max_size=16))
def test_learning_a_grade_never_flips_what_was_settled(
    before: dict[str, str | None], now: dict[str, str | None], allowed: int, filled: list[str]
) -> None:
    fills = iter(filled)
    then_full = {system: grade or next(fills) for system, grade in before.items()}
    now_full = {system: grade or next(fills) for system, grade in now.items()}
    for new in (new_a, new_b):
        settled = new(known(now), known(before), CLASSIC_SYSTEMS).at_most(allowed)
        learnt = new(now_full, then_full, CLASSIC_SYSTEMS).at_most(allowed)

        assert learnt is not Truth.UNKNOWN
        assert settled in (Truth.UNKNOWN, learnt)


def test_grades_are_read_from_the_components() -> None:
    found = read(bilag({"renal": "B", "vasculitis": None}, rest="E"))

    assert found.grades["renal"] == "B"
    assert found.grades["general"] == "E"
    assert "vasculitis" not in found.grades
    assert found.valid


def test_only_the_bilag_the_protocol_means_is_read() -> None:
    of_2004 = bilag({"ophthalmic": "A"}, instrument="bilag-2004")

    assert assessments(PROTOCOL, of_2004) == ()
    assert read(of_2004, protocol=with_bilag("bilag2004")).grades["ophthalmic"] == "A"


def test_a_system_of_the_other_form_is_not_read() -> None:
    assert "ophthalmic" not in read(bilag({"ophthalmic": "A"})).grades


def test_a_form_without_any_grade_says_nothing() -> None:
    assert not read(bilag({}, rest=None)).valid


def test_two_forms_of_the_same_time_complete_each_other() -> None:
    found = read(bilag({"renal": "B"}, rest=None), bilag({"general": "C"}, rest=None))

    assert found.grades == {"renal": "B", "general": "C"}


def test_two_forms_of_the_same_time_that_differ_leave_that_system_open() -> None:
    found = read(bilag({"renal": "B"}, name="one"), bilag({"renal": "C"}, name="two"))

    assert "renal" not in found.grades
    assert found.contradicted == ("renal",)
    assert "renal is graded B and C" in found.notes[0]


def test_a_system_graded_twice_in_one_form_is_open() -> None:
    twice = bilag({"renal": "B"}, rest=None, name="form") + bilag({"renal": "D"}, rest=None, name="form")[1:]

    found = read(twice)

    assert found.contradicted == ("renal",)
    assert found.valid
    assert read(twice, bilag({"renal": "D"})).contradicted == ("renal",)


def test_never_involved_after_having_been_involved_is_a_data_query() -> None:
    history = assessments(
        PROTOCOL,
        bilag({"renal": "C"}, on=day(-40), name="before")
        + bilag({"renal": "E"}, on=day(0), name="m0")
        + bilag({"renal": "D"}, on=day(91), name="m3"),
    )

    [query] = inconsistencies(history, CLASSIC_SYSTEMS)

    assert query.startswith(
        "renal is E in Observation/m0/_history/1 after C in Observation/before/_history/1"
    )


def test_involvement_after_never_involved_is_no_query() -> None:
    history = assessments(PROTOCOL, bilag({"renal": "E"}, on=day(0)) + bilag({"renal": "D"}, on=day(91)))

    assert inconsistencies(history, CLASSIC_SYSTEMS) == ()


def test_nothing_assessed_is_nothing() -> None:
    assert merged(()) is None
