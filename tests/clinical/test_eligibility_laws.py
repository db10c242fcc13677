"""What is true of every eligibility answer, whatever is recorded."""

from dataclasses import replace
from decimal import Decimal
from itertools import chain, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Finding, Result
from app.clinical.comparison import passes
from app.clinical.history import History
from app.clinical.interval import COMPARE
from app.clinical.records import Administration, Measurement
from app.clinical.truth import Truth
from app.protocol.parts import Op
from tests.clinical.make_candidate import (
    MSC_SLE,
    answer,
    candidate,
    dose,
    findings,
    negative,
    number,
    period,
    positive,
    result,
    statement,
    treatment,
)

FEW = settings(max_examples=60, deadline=None)
OPS: list[Op] = ["<", "<=", ">=", ">"]

tests = st.one_of(
    st.builds(positive, st.integers(-200, 5)),
    st.builds(negative, st.integers(-200, 5)),
    st.builds(
        lambda value, day, high, unit: number(value, day=day, high=high, unit=unit),
        st.integers(0, 300),
        st.integers(-200, 5),
        st.sampled_from([None, 40]),
        st.sampled_from(["10*9/L", "U/L", "umol/L", "mm[Hg]", "kg", "g/dL", "/uL", "%"]),
    ),
)
results = st.lists(st.builds(result, st.sampled_from(sorted(MSC_SLE.candidate.results)), tests), max_size=4)
statements = st.lists(
    st.builds(
        lambda code, truth, day: statement(code, truth=truth, day=day),
        st.sampled_from(sorted(MSC_SLE.attestations)),
        st.booleans(),
        st.integers(-90, 3),
    ),
    max_size=4,
)
drugs = st.sampled_from(sorted(drug.name for drug in MSC_SLE.drugs))
courses = st.builds(
    lambda amount, unit, since, length: period(
        amount, unit, since, None if length is None else since + length
    ),
    st.sampled_from([None, "5", "10", "150", "2000"]),
    st.sampled_from(["mg/d", "mg/kg/d", "mg/wk", "{tbl}"]),
    st.integers(-300, 5),
    st.sampled_from([None, 10, 29, 100]),
)
doses = st.builds(dose, st.sampled_from(["20", "600", "1000"]), st.integers(-300, 5))
treatments = st.lists(st.builds(treatment, drugs, st.one_of(courses, doses)), max_size=4)
extras = st.builds(lambda *lists: tuple(chain(*lists)), results, statements, treatments)


def everything(history: History) -> tuple[Result, dict[str, Finding]]:
    [said] = answer(history).results
    return said, findings(history)


@FEW
@given(extras)
def test_the_whole_is_the_conjunction_of_its_criteria(extra: tuple[Any, ...]) -> None:
    said, _ = everything(candidate(extra=extra))
    wanted = [one.verdict if one.id.startswith("I") else ~one.verdict for one in said.findings]
    worst = min(truth.value for truth in wanted)

    assert said.verdict == {1: "eligible", 0: "undetermined", -1: "ineligible"}[worst]
    assert bool(said.missing) == any(truth is Truth.UNKNOWN for truth in wanted)


@FEW
@given(extras, st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_recorded_does_not_matter(
    extra: tuple[Any, ...], shuffled: Any
) -> None:
    history = candidate(extra=extra)
    measurements, administrations = list(history.measurements), list(history.administrations)
    shuffled.shuffle(measurements)
    shuffled.shuffle(administrations)
    other = replace(history, measurements=tuple(measurements), administrations=tuple(administrations))

    assert {name: one.verdict for name, one in everything(other)[1].items()} == {
        name: one.verdict for name, one in everything(history)[1].items()
    }


@FEW
@given(extras, st.sampled_from(["entered-in-error", "cancelled", "not-done", "unknown"]))
def test_what_was_entered_in_error_changes_nothing(extra: tuple[Any, ...], status: str) -> None:
    history = candidate()
    wrong = tuple(replace(one, status=status) for one in extra)
    with_errors = replace(
        history,
        measurements=history.measurements + tuple(one for one in wrong if isinstance(one, Measurement)),
        administrations=history.administrations
        + tuple(one for one in wrong if isinstance(one, Administration)),
    )

    assert answer(with_errors) == answer(history)


@FEW
@given(extras)
def test_an_open_criterion_says_why_and_what_is_needed(extra: tuple[Any, ...]) -> None:
    for found in everything(candidate(extra=extra))[1].values():
        is_open = found.verdict is Truth.UNKNOWN
        assert bool(found.reasons) == bool(found.needs) == is_open, found.id


@FEW
@given(st.sets(st.sampled_from(sorted(MSC_SLE.attestations))), st.data())
def test_more_statements_never_flip_what_is_settled(known: set[str], data: Any) -> None:
    """A fact that was open and is now stated settles criteria; it turns none around."""
    before = everything(
        candidate(attested={code: None for code in MSC_SLE.attestations if code not in known})
    )
    told = {code: data.draw(st.booleans()) for code in MSC_SLE.attestations if code not in known}
    after = everything(candidate(attested=told))
    settled = {"eligible", "ineligible"}

    if before[0].verdict in settled:
        assert after[0].verdict == before[0].verdict
    for criterion in before[0].findings:
        if criterion.verdict is not Truth.UNKNOWN:
            assert after[1][criterion.id].verdict is criterion.verdict, criterion.id


@FEW
@given(st.sets(st.sampled_from(sorted(MSC_SLE.candidate.results))), st.booleans())
def test_taking_results_away_never_turns_an_answer_around(gone: set[str], excluded: bool) -> None:
    attested = {"poor-compliance": excluded}
    full = everything(candidate(attested=attested))
    less = everything(candidate(attested=attested, results=dict.fromkeys(gone)))

    assert less[0].verdict in {full[0].verdict, "undetermined"}
    for criterion in less[0].findings:
        assert criterion.verdict in {full[1][criterion.id].verdict, Truth.UNKNOWN}, criterion.id


@pytest.mark.parametrize("unit", ["mg", "{tbl}", None])
@pytest.mark.parametrize("amount", [Decimal(500), None])
def test_a_single_dose_is_no_change_of_a_course_whether_or_not_its_amount_is_known(
    amount: Decimal | None, unit: str | None
) -> None:
    pulse = treatment("methylprednisolone", dose("500", -3), dose=amount, dose_unit=unit)
    found = findings(candidate(extra=(pulse,)))["I5"]

    assert found.verdict is Truth.UNKNOWN
    assert found.reasons == ("ambiguous-protocol",)


@given(
    st.decimals(0, 50, places=1),
    st.sampled_from(["<", "<=", ">=", ">"]),
    st.sampled_from(OPS),
    st.decimals(0, 50, places=1),
    st.decimals(0, 60, places=2),
)
def test_a_result_with_a_comparator_settles_only_what_is_true_of_every_number(
    value: Any, comparator: Op, op: Op, threshold: Any, number: Any
) -> None:
    """Whatever the number really is, a settled comparison agrees with it."""
    truth = passes(value, comparator, op, threshold)
    if COMPARE[comparator](number, value) and truth is not Truth.UNKNOWN:
        assert Truth.of(COMPARE[op](number, threshold)) is truth


def test_a_result_with_a_comparator_settles_all_it_can() -> None:
    numbers = [Decimal(n) / 2 for n in range(-20, 40)]
    five = Decimal(5)
    for comparator, op, threshold in product(OPS, OPS, (Decimal(4), five, Decimal(6))):
        possible = {COMPARE[op](n, threshold) for n in numbers if COMPARE[comparator](n, five)}
        expected = Truth.of(possible.pop()) if len(possible) == 1 else Truth.UNKNOWN
        assert passes(five, comparator, op, threshold) is expected, (comparator, op, threshold)
