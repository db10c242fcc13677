"""Corticosteroids as prednisone equivalents (clinical conventions §1.9, §5 rows 28 to 30)."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.answers import Result
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.drugs.steroid_exposure import answer
from app.clinical.history import History
from app.clinical.interval import Interval
from app.clinical.records import Coding
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from tests.clinical.make import at, day, pga
from tests.clinical.make_treated import (
    MSC_SLE,
    complete,
    dose,
    erroneous,
    taking,
    treated,
    with_parameters,
    without,
)

LATER = at(day(500)).first_day
MET, NOT_MET, OPEN = "met", "not-met", "undetermined"


def result(
    history: History,
    visit: str = "M12",
    rule: str | None = "synopsis",
    *,
    protocol: Protocol = MSC_SLE,
    on: Any = LATER,
) -> Result:
    asked = Asked(today=on, visits=(visit,), rules=None if rule is None else (rule,))
    return answer(protocol, history, asked).results[0]


def figure(found: Result, name: str = "mean-daily-dose") -> Any:
    value = next(one.value for one in found.figures if one.name == name)
    return value.low if isinstance(value, Interval) and value.low == value.high else value


def before(amount: str | int, drug: str = "prednisone") -> Any:
    return taking(drug, amount, -60, -1)


def mean_of(record: Any, *more: Any, protocol: Protocol = MSC_SLE) -> Any:
    """The mean at M0 of what was taken before the infusion."""
    return figure(result(treated(record, *more), "M0", None, protocol=protocol))


# ------------------------------------------------------------------------------------ the worked examples


def test_example_a_the_mean_of_weeks_40_to_52() -> None:
    history = treated(before(20), taking("prednisone", "7.5", 280, 307), taking("prednisone", 5, 308, 364))

    found = result(history)

    assert figure(found) == Decimal("5.82353")
    assert found.verdict == MET
    assert figure(found, "days-known") == figure(found, "days-in-window") == 85
    assert figure(found, "reduction") == Decimal("70.8824")


@pytest.mark.parametrize(
    ("id_", "m0", "after", "registry", "synopsis"),
    [
        ("b", 8, "6.0", MET, MET),
        ("b", 8, "6.1", NOT_MET, NOT_MET),
        ("c", 30, "7.5", MET, NOT_MET),
        ("c", 30, "7.4999", MET, MET),
        ("e", 10, "7.5", MET, NOT_MET),
        ("e", 10, "7.6", NOT_MET, NOT_MET),
    ],
)
def test_examples_b_c_and_e(id_: str, m0: int, after: str, registry: str, synopsis: str) -> None:
    history = treated(before(m0), taking("prednisone", after, 0, 400))

    assert result(history, "M12", "synopsis").verdict == synopsis, id_
    assert result(history, "M3", "registry").verdict == registry, id_


@pytest.mark.parametrize(
    ("drug", "amount", "pharmacologic", "who_ddd"),
    [
        ("methylprednisolone", 16, "20", "21.3333"),
        ("hydrocortisone", 20, "5", "6.66667"),
        ("dexamethasone", "1.5", "10", "10"),
        ("prednisone", 10, "10", "10"),
        ("prednisolone", 10, "10", "10"),
        ("betamethasone", 6, "50", "40"),
        ("cortisone", 25, "5", "6.66667"),
        ("triamcinolone", 4, "5", "5.33333"),
        ("deflazacort", 6, "5", "4"),
    ],
)
def test_example_d_every_drug_counts_as_prednisone_by_both_tables(
    drug: str, amount: Any, pharmacologic: str, who_ddd: str
) -> None:
    who = with_parameters(steroid={"table": "who_ddd"})

    assert mean_of(before(amount, drug)) == Decimal(pharmacologic)
    assert mean_of(before(amount, drug), protocol=who) == Decimal(who_ddd)


# ------------------------------------------------------------------------------- which days are known


def test_a_day_without_a_record_is_not_known_unless_it_is_declared() -> None:
    first_half = taking("prednisone", 20, -30, -16)

    assert result(treated(first_half), "M0", None).reasons == ("baseline-missing", "missing-observation")
    assert mean_of(first_half) == Interval(Decimal(10), Decimal(20))
    assert mean_of(first_half, complete(-1)) == 10
    assert mean_of(first_half, complete(-10)) == Interval(Decimal(10), Decimal(16))
    assert mean_of(first_half, without(-15, -1)) == 10
    assert mean_of(first_half, without(-15, None)) == Interval(Decimal(10), Decimal(20))
    assert mean_of(first_half, without(-15, -1, drug="H02AB07")) == Interval(Decimal(10), Decimal(20))
    assert mean_of(first_half, complete(-1), complete(0, truth=False)) == Interval(Decimal(10), Decimal(20))


def test_four_days_in_five_are_enough() -> None:
    def known(days: int) -> Result:
        return result(treated(taking("prednisone", 10, -30, -31 + days)), "M0", None)

    assert (known(24).reasons, figure(known(24))) == ((), 10)
    assert known(23).reasons == ("baseline-missing", "missing-observation")
    stricter = with_parameters(steroid={"min_known_days_frac": Decimal(1)})
    assert isinstance(mean_of(taking("prednisone", 10, -30, -7), protocol=stricter), Interval)


def test_what_is_not_known_does_not_matter_where_the_answer_is_the_same() -> None:
    low = treated(before(40), taking("prednisone", 5, 280, 320))  # 41 of 85 days: from 2.4 to 23
    lower = treated(before(20), taking("prednisone", 5, 280, 340), taking("prednisone", 1, 0, 90))

    assert result(low).verdict == OPEN
    assert result(low).reasons == ("missing-observation",)
    assert "41 of 85 days" in result(low).missing[0]
    assert result(lower).verdict == OPEN
    high = treated(before(20), taking("prednisone", 30, 280, 340))  # at least 21 whatever the rest
    assert result(high).verdict == NOT_MET
    assert isinstance(figure(result(high)), Interval)


def test_a_dose_that_cannot_be_counted_leaves_its_days_open() -> None:
    oral = taking("prednisone", 5, 0, 400)
    vague = treated(before(20), oral, taking("methylprednisolone", None, 280, 364))
    route = treated(before(20), oral, dose("methylprednisolone", 500, 300, route=None))

    assert result(vague).verdict == OPEN
    assert result(vague).reasons == ("missing-observation",)
    assert "record its dose" in result(vague).missing[0]
    assert figure(result(route), "days-known") == 84


def test_two_records_that_contradict_each_other_leave_their_days_open() -> None:
    history = treated(before(20), taking("prednisone", 5, 280, 364), taking("prednisone", 10, 280, 364))

    assert (result(history).verdict, result(history).reasons) == (OPEN, ("conflicting-values",))


@pytest.mark.parametrize(
    ("lines", "mean", "verdict", "reasons"),
    [
        # before the infusion 20 mg: not more than 15 mg, and less than 7.5 mg
        ([(4, 280, 364), (3, 280, 364)], Interval(Decimal(3), Decimal(7)), MET, ()),
        ([(5, 280, 364), (3, 280, 364)], Interval(Decimal(3), Decimal(8)), OPEN, ("conflicting-values",)),
        ([(5, 280, 364), (8, 280, 364)], Interval(Decimal(5), Decimal(13)), OPEN, ("conflicting-values",)),
        ([(5, 200, 400), (8, 280, 364)], Interval(Decimal(8), Decimal(13)), NOT_MET, ()),
        ([(5, 200, 400), (4, 280, 364)], Interval(Decimal(4), Decimal(9)), OPEN, ("conflicting-values",)),
        ([(5, 280, 364), (5, 280, 364)], Interval(Decimal(5), Decimal(10)), OPEN, ("conflicting-values",)),
        ([(5, 200, 280), (4, 280, 364)], Decimal(4), MET, ()),  # a change of dose on one day
    ],
)
def test_the_mean_of_lines_that_overlap_lies_between_the_later_one_and_both(
    lines: list[tuple[int, int, int]], mean: Decimal | Interval, verdict: str, reasons: tuple[str, ...]
) -> None:
    history = treated(before(20), *(taking("prednisone", *line) for line in lines))
    found = result(history)

    assert (figure(found), found.verdict, found.reasons) == (mean, verdict, reasons)
    assert all("overlap: end the earlier" in needed for needed in found.missing)
    assert bool(found.missing) == bool(reasons)


def test_which_lines_overlap_is_noted_where_it_decides_nothing() -> None:
    history = treated(before(20), taking("prednisone", 4, 280, 364), taking("prednisone", 3, 280, 364))
    [note] = [note for note in answer(MSC_SLE, history, Asked(today=LATER)).notes if "overlap" in note]
    named = [str(one.source) for one in history.administrations if str(one.source) in note]

    assert note.startswith(f"{' and '.join(sorted(named))} overlap")
    assert len(named) == 2


def test_of_a_drug_taken_as_needed_the_doses_taken_are_asked_for() -> None:
    history = treated(before(20), taking("prednisone", None, 280, 364, as_needed=True))

    assert "every dose as a MedicationAdministration" in result(history).missing[0]
    assert "its unit" not in result(history).missing[0]


def test_doses_of_different_drugs_of_a_day_add_up() -> None:
    assert mean_of(before(10), before(16, "methylprednisolone")) == 30


def test_a_record_entered_in_error_never_counts() -> None:
    assert mean_of(before(10), erroneous(before(20, "dexamethasone"))) == 10


# -------------------------------------------------------------------------------------- by which routes


def test_systemic_corticosteroids_count_and_local_ones_do_not() -> None:
    oral, skin = before(10), Coding("http://snomed.info/sct", "6064005")
    by_mouth_only = with_parameters(steroid={"include_parenteral": False})
    pulse = [dose("methylprednisolone", 120, -n) for n in (3, 2, 1)]  # 450 mg as prednisone

    assert mean_of(oral, *pulse) == 25
    assert mean_of(oral, *pulse, protocol=by_mouth_only) == 10
    assert mean_of(oral, dose("triamcinolone", 40, -3, route=skin)) == 10
    assert mean_of(oral, dose("triamcinolone", 40, -3, route="intramuscular")) == Decimal("11.6667")


def test_the_premedication_of_the_infusion_does_not_count() -> None:
    oral = taking("prednisone", 10, -60, 400)
    wide = with_parameters(steroid={"window": 92})  # from day 0 to M3
    with_needle = treated(oral, dose("methylprednisolone", 100, 0))
    swallowed = treated(oral, dose("dexamethasone", 20, 0, route="oral"))

    assert figure(result(with_needle, "M3", "registry", protocol=wide)) == 10
    assert figure(result(swallowed, "M3", "registry", protocol=wide)) > 10


# ---------------------------------------------------------------------------------------- which days


def test_the_days_before_a_visit_end_on_its_assessment() -> None:
    tapered = (before(20), taking("prednisone", 20, 0, 70), taking("prednisone", 10, 71, 400))
    planned, early = treated(*tapered), treated(*tapered, pga("1", on=day(85)))

    assert figure(result(planned, "M3", "registry")) == Decimal("12.5")  # days 64 to 91: 7 of 20
    assert figure(result(early, "M3", "registry")) == Decimal("14.6429")  # days 58 to 85: 13 of 20


def test_a_visit_that_may_still_take_place_leaves_its_days_open() -> None:
    history = treated(taking("prednisone", 20, -60, 0), taking("prednisone", 10, 1, 400))
    on = at(day(95)).first_day

    found = result(history, "M3", "registry", on=on)

    assert (found.verdict, found.reasons) == (OPEN, ("window-open",))
    seen = treated(before(20), taking("prednisone", 10, 0, 95), pga("1", on=day(95)))
    assert result(seen, "M3", "registry", on=on).verdict == MET
    assert result(history, "M12", on=on).reasons == ("window-open",)


def test_the_windows_are_the_protocols() -> None:
    history = treated(
        taking("prednisone", 30, -60, -11),
        taking("prednisone", 10, -10, 77),
        taking("prednisone", 5, 78, 400),
    )
    short = with_parameters(
        steroid={"window": 14, "baseline_days": 10, "final_window": (274, 365), "limit_op": "<="}
    )

    assert figure(result(history, "M0", None)) == Decimal("23.3333")
    assert figure(result(history, "M0", None, protocol=short)) == 10
    assert figure(result(history, "M3", "registry")) == 7.5
    assert figure(result(history, "M3", "registry", protocol=short)) == 5
    assert figure(result(history, protocol=short), "days-in-window") == 92


def test_a_mean_of_exactly_the_limit_is_below_it_only_where_the_protocol_says_so() -> None:
    history = treated(before(30), taking("prednisone", "7.5", 0, 400))

    assert result(history).verdict == NOT_MET
    assert result(history, protocol=with_parameters(steroid={"limit_op": "<="})).verdict == MET
    assert result(history, protocol=with_parameters(steroid={"limit_mg": 8})).verdict == MET
    assert result(history, protocol=with_parameters(steroid={"reduction": Decimal("0.8")})).verdict == NOT_MET


# ------------------------------------------------------------------------------------ nothing to reduce


def test_who_took_none_before_the_infusion_is_not_counted() -> None:
    history = treated(complete(-1), taking("prednisone", 5, 280, 400))

    assert (result(history).verdict, result(history).reasons) == (OPEN, ("not-applicable",))
    met = with_parameters(steroid={"zero_baseline": "met"})
    assert result(history, protocol=met).verdict == NOT_MET
    assert result(treated(complete(400)), protocol=met).verdict == MET


def test_without_an_infusion_there_is_no_day_to_count_from() -> None:
    found = result(treated(before(10), infused=False), "M0", None)

    assert found.reasons == ("not-infused",)
    assert result(treated(before(10), infused=False)).verdict == OPEN


def test_a_death_before_the_visit_is_no_reduction() -> None:
    history = treated(before(20), taking("prednisone", 5, 0, 200), complete(400), died=day(200))

    assert result(history).verdict == NOT_MET


# --------------------------------------------------------------------------------------------- the rest


def test_every_visit_has_its_mean_and_every_rule_its_visits() -> None:
    results = answer(MSC_SLE, treated(before(10)), Asked(today=LATER)).results

    assert [(one.visit, one.rule) for one in results] == [
        ("M0", None), ("M3", "registry"), ("M6", "registry"), ("M9", "registry"), ("M12", "registry"),
        ("M12", "synopsis"),
    ]  # fmt: skip


def test_a_protocol_that_does_not_ask_says_so() -> None:
    with pytest.raises(CannotAnswer, match="MSC-SSc does not ask"):
        answer(load_all()["MSC-SSc"], treated(), Asked(today=LATER))
    with pytest.raises(CannotAnswer, match="visit 'M1'"):
        answer(MSC_SLE, treated(), Asked(today=LATER, visits=("M1",)))


TAPER = st.lists(st.tuples(st.integers(1, 60), st.sampled_from([5, 7, 10, 20])), min_size=1, max_size=8)


def tapering(steps: list[tuple[int, int]], unit: str = "mg/d", scale: int = 1) -> list[Any]:
    """A prednisone course in steps, from day -60."""
    records, first = [], -60
    for days, amount in steps:
        records.append(taking("prednisone", amount * scale, first, first + days - 1, unit=unit))
        first += days
    return records


@settings(max_examples=40, deadline=None)
@given(steps=TAPER, data=st.data())
def test_the_order_of_arrival_and_the_unit_never_matter(steps: Any, data: Any) -> None:
    records = tapering(steps)
    shuffled = data.draw(st.permutations(records))
    weekly = tapering(steps, unit="mg/wk", scale=7)

    def verdicts(found: list[Any]) -> list[Any]:
        results = answer(MSC_SLE, treated(*found), Asked(today=LATER)).results
        return [(one.verdict, one.reasons, figure(one)) for one in results]

    assert verdicts(records) == verdicts(shuffled) == verdicts(weekly)


@settings(max_examples=40, deadline=None)
@given(steps=TAPER, gap=st.integers(-30, 364), amount=st.sampled_from([0, 5, 20]))
def test_a_day_filled_in_never_flips_what_was_settled(steps: Any, gap: int, amount: int) -> None:
    """With every day asked for, and no dose above the greatest seen."""
    every_day = with_parameters(steroid={"min_known_days_frac": Decimal(1)})
    records = [*tapering(steps), dose("prednisone", 20, -90, route="oral")]
    covered = -60 + sum(days for days, _ in steps)
    more = [*records, taking("prednisone", amount, max(gap, covered), max(gap, covered) + 20)]

    def verdicts(found: list[Any]) -> list[Any]:
        return [one.verdict for one in answer(every_day, treated(*found), Asked(today=LATER)).results]

    for was, is_ in zip(verdicts(records), verdicts(more), strict=True):
        assert was in (is_, OPEN, None)
