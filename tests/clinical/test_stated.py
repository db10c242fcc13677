"""What is stated to have been taken, beside what is recorded as given: no drug-day counts twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.case import Case
from app.clinical.drugs.exposure import Exposure, exposure
from app.clinical.records import Administration, Coding, Source
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.protocol.candidates import Treated
from tests.clinical.make_candidate import MSC_SLE, ON, candidate, dose, period, treatment

PREDNISONE = [drug for drug in MSC_SLE.drugs if drug.name == "prednisone"]
FEW = settings(max_examples=80, deadline=None)


def given_(said: Treated, name: str = "a", **more: object) -> Administration:
    """A MedicationAdministration of prednisone."""
    return replace(treatment("prednisone", said), source=Source("MedicationAdministration", name, 1), **more)  # type: ignore[arg-type]


def stated(said: Treated, name: str = "s", **more: object) -> Administration:
    """A MedicationStatement on prednisone."""
    made = treatment("prednisone", said)
    status = "active" if made.status == "in-progress" else made.status
    return replace(made, source=Source("MedicationStatement", name, 1), **{"status": status, **more})  # type: ignore[arg-type]


def taken(*records: Administration) -> Exposure:
    history = replace(candidate(), administrations=records)
    return exposure(Case(protocol=MSC_SLE, history=history, on=ON), PREDNISONE, unit="mg", until=ON)


def doses(*records: Administration) -> dict[int, Fraction]:
    """Milligrams by day, counted from the day asked for."""
    return {(day - ON).days: amount for day, amount in taken(*records).doses.items()}


def test_a_statement_alone_is_counted_as_a_course() -> None:
    assert doses(stated(period(10, "mg/d", -3, -1))) == {-3: 10, -2: 10, -1: 10}


def test_an_active_statement_goes_on_until_the_day_asked_for() -> None:
    assert doses(stated(period(10, "mg/d", -2))) == {-2: 10, -1: 10, 0: 10}


def test_a_completed_statement_without_an_end_leaves_the_last_day_open() -> None:
    found = taken(stated(period(10, "mg/d", -2), status="completed"))

    assert [(one.reason, str(one.source)) for one in found.questions] == [
        ("partial-date", "MedicationStatement/s/_history/1")
    ]


@pytest.mark.parametrize("status", ["entered-in-error", "not-taken", "intended", "on-hold", "unknown"])
def test_a_statement_of_another_status_never_counts(status: str) -> None:
    found = taken(stated(period(10, "mg/d", -3, -1), status=status))

    assert (found.doses, found.questions) == ({}, ())


@pytest.mark.parametrize(
    ("administered", "expected"),
    [
        (period(20, "mg/d", -2, -2), {-3: 10, -2: 20, -1: 10}),
        (dose(20, -2), {-3: 10, -2: 20, -1: 10}),
        (dose(5, -2), {-3: 10, -2: 5, -1: 10}),
        (period(None, None, -2, -2), {-3: 10, -1: 10}),  # given that day, nobody knows how much
        (dose(20, -5), {-5: 20, -3: 10, -2: 10, -1: 10}),
    ],
)
def test_a_day_on_which_it_was_given_is_not_counted_again(
    administered: Treated, expected: dict[int, int]
) -> None:
    assert doses(given_(administered), stated(period(10, "mg/d", -3, -1))) == expected


def test_a_single_dose_that_is_stated_does_not_add_to_one_that_was_given() -> None:
    assert doses(given_(dose(500, -2)), stated(dose(500, -2))) == {-2: 500}
    assert doses(stated(dose(500, -2))) == {-2: 500}


def test_statements_that_overlap_matter_only_where_nothing_was_given() -> None:
    saying = (stated(period(10, "mg/d", -2, -1), "s"), stated(period(5, "mg/d", -2, -1), "t"))

    assert [one.reason for one in taken(*saying).overlaps] == ["conflicting-values"]
    assert taken(*saying, given_(period(8, "mg/d", -2, -1))).overlaps == ()


courses = st.builds(
    lambda amount, since, length: period(amount, "mg/d", since, since + length),
    st.sampled_from(["5", "10", "20"]),
    st.integers(-20, 0),
    st.integers(0, 8),
)
single = st.builds(dose, st.sampled_from(["5", "500"]), st.integers(-20, 0))
treatments = st.lists(st.one_of(courses, single), max_size=3)


@FEW
@given(treatments, treatments)
def test_on_a_day_with_an_administration_a_statement_changes_nothing(
    administered: Sequence[Treated], said: Sequence[Treated]
) -> None:
    alone = [given_(one, f"a{number}") for number, one in enumerate(administered)]
    statements = [stated(one, f"s{number}") for number, one in enumerate(said)]
    with_statements, without, only_stated = doses(*alone, *statements), doses(*alone), doses(*statements)

    assert {day: with_statements.get(day) for day in without} == without
    for day in with_statements.keys() - without.keys():
        assert with_statements[day] == only_stated[day]


@FEW
@given(st.lists(courses, min_size=1, max_size=3), treatments)
def test_the_order_of_arrival_never_matters(said: Sequence[Treated], administered: Sequence[Treated]) -> None:
    records = [stated(one, f"s{number}") for number, one in enumerate(said)]
    records += [given_(one, f"a{number}") for number, one in enumerate(administered[:2])]
    first, *others = (doses(*order) for order in list(permutations(records))[:12])

    assert all(other == first for other in others)


@FEW
@given(treatments, treatments)
def test_what_was_entered_in_error_leaves_no_trace(said: Sequence[Treated], wrong: Sequence[Treated]) -> None:
    right = [stated(one, f"s{number}") for number, one in enumerate(said)]
    errors = [stated(one, f"e{number}", status="entered-in-error") for number, one in enumerate(wrong)]

    assert taken(*right, *errors) == taken(*right)


@FEW
@given(courses)
def test_the_unit_it_is_stated_in_does_not_matter(said: Treated) -> None:
    record = stated(said)
    assert record.rate is not None
    in_grams = replace(record, rate=record.rate / 1000, rate_unit="g/d")

    assert doses(in_grams) == doses(record)


def test_a_statement_that_the_cells_were_given_is_not_the_infusion() -> None:
    product = MSC_SLE.study.products[0]
    told = given_(dose(1, 5), codings=(Coding(product.system, product.code),))
    history = candidate()

    assert isinstance(infusion(MSC_SLE, replace(history, administrations=(told,))), Infusion)
    said = replace(told, source=Source("MedicationStatement", "s", 1))
    assert isinstance(infusion(MSC_SLE, replace(history, administrations=(said,))), NotInfused)


def test_a_course_since_1900_counts_for_ten_years() -> None:
    found = taken(stated(replace_start(period(10, "mg/d", -1, 0))))

    assert len(found.doses) == 3653
    assert min(found.doses) == ON - timedelta(days=3652)


def replace_start(said: Treated) -> Treated:
    return said.model_copy(update={"since": (date(1900, 1, 1) - ON).days})
