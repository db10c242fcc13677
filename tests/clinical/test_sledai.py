"""SLEDAI totals: worked examples SL-1 to SL-7 and the laws of scores with unknown items."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.codes import SLEDAI_ITEM
from app.clinical.interval import Interval
from app.clinical.scores.sledai import Sledai, assessments, merged
from app.clinical.truth import Truth
from app.protocol.definition import Protocol
from app.protocol.loader import load_all
from app.protocol.parameters import Parameters, SledaiParameters
from tests.clinical.make import Measurements, day, sledai

PROTOCOL = load_all()["MSC-SLE"]
ITEMS = SLEDAI_ITEM.codes
WEIGHTS = {concept.code: concept.weight or 0 for concept in SLEDAI_ITEM.concepts}
STATES = st.fixed_dictionaries({item: st.sampled_from([True, False, None]) for item in ITEMS})


def with_sledai(**chosen: str) -> Protocol:
    """The protocol under another choice of `sledai.…` parameters."""
    parameters = Parameters(sledai=SledaiParameters.model_validate(chosen))
    return PROTOCOL.model_copy(update={"parameters": parameters})


def read(*observations: Measurements, protocol: Protocol = PROTOCOL) -> Sledai:
    """What these observations of one time say together."""
    found = merged(assessments(protocol, [one for part in observations for one in part]))
    assert found is not None
    return found


def test_the_form_has_24_items_weighing_105() -> None:
    assert len(ITEMS) == len(set(ITEMS)) == 24
    assert sum(WEIGHTS.values()) == 105
    assert sorted(WEIGHTS.values()) == [1] * 3 + [2] * 7 + [4] * 6 + [8] * 8


@pytest.mark.parametrize(
    ("present", "unknown", "total"),
    [
        pytest.param(
            ["arthritis", "rash", "alopecia", "low-complement", "dna-binding"], [], (12, 12), id="SL-1"
        ),
        pytest.param(ITEMS, [], (105, 105), id="SL-2"),
        pytest.param(["arthritis"], ["fever", "dna-binding"], (4, 7), id="SL-3"),
        pytest.param(["vasculitis"], ["fever"], (8, 9), id="SL-4"),
        pytest.param(["arthritis"], ["fever"], (4, 5), id="SL-5"),
        pytest.param([], [], (0, 0), id="nothing-present"),
    ],
)
def test_the_total_is_the_sum_of_the_items_present(
    present: list[str], unknown: list[str], total: tuple[int, int]
) -> None:
    assert read(sledai(present=present, unknown=unknown, rest="absent")).total == Interval.of(*total)


@pytest.mark.parametrize(
    ("present", "unknown", "at_least_six"),
    [
        pytest.param("arthritis", ["fever", "dna-binding"], Truth.UNKNOWN, id="SL-3"),
        pytest.param("vasculitis", ["fever"], Truth.YES, id="SL-4"),
        pytest.param("arthritis", ["fever"], Truth.NO, id="SL-5"),
    ],
)
def test_a_threshold_is_settled_only_where_the_whole_range_agrees(
    present: str, unknown: list[str], at_least_six: Truth
) -> None:
    found = read(sledai(present=[present], unknown=unknown, rest="absent"))

    assert found.total.holds(">=", 6) is at_least_six
    assert set(found.unknown) == set(unknown)


@settings(deadline=None)
@given(STATES, st.lists(st.booleans(), min_size=24, max_size=24))
def test_the_range_contains_every_completion_of_the_form(
    states: dict[str, bool | None], facts: list[bool]
) -> None:
    complete = {
        item: fact if states[item] is None else states[item] for item, fact in zip(ITEMS, facts, strict=True)
    }
    total = sum(WEIGHTS[item] for item, present in complete.items() if present)

    found = read(
        sledai(
            present=[item for item in ITEMS if states[item]],
            absent=[item for item in ITEMS if states[item] is False],
            unknown=[item for item in ITEMS if states[item] is None],
        )
    )

    assert found.total.low <= total <= found.total.high


@settings(deadline=None)
@given(st.lists(st.sampled_from(ITEMS), unique=True))
def test_items_added_one_by_one_never_lower_the_total(present: list[str]) -> None:
    totals = [
        read(sledai(present=present[:number], rest="absent")).total.low for number in range(len(present) + 1)
    ]

    assert totals == sorted(totals)
    assert totals[-1] == sum(WEIGHTS[item] for item in present)


def test_an_item_left_out_is_unknown() -> None:
    found = read(sledai(present=["vasculitis"], absent=["seizure"]))

    assert found.total == Interval.of(8, 97)
    assert "fever" in found.unknown
    assert found.reasons == ("missing-observation",)


def test_on_a_form_where_only_positives_are_ticked_an_item_left_out_is_absent() -> None:
    found = read(sledai(present=["vasculitis"]), protocol=with_sledai(missing_item="absent"))

    assert found.total == Interval.of(8)


def test_an_item_said_to_be_unknown_stays_so_even_where_only_positives_are_ticked() -> None:
    found = read(
        sledai(present=["vasculitis"], unknown=["fever"]), protocol=with_sledai(missing_item="absent")
    )

    assert found.total == Interval.of(8, 9)


@pytest.mark.parametrize("total", [0, 1, 12, 105])
def test_a_recorded_total_alone_is_the_total(total: int) -> None:
    found = read(sledai(total))

    assert found.total == Interval.of(total)
    assert found.valid
    assert (found.reasons, found.unknown) == ((), ())


def test_a_total_alone_is_not_taken_for_an_empty_form() -> None:
    assert read(sledai(12), protocol=with_sledai(missing_item="absent")).total == Interval.of(12)


def test_a_total_settles_what_unknown_items_leave_open() -> None:
    found = read(sledai(5, present=["arthritis"], unknown=["fever"], rest="absent"))

    assert found.total == Interval.of(5)
    assert found.reasons == ()


@pytest.mark.parametrize(
    ("total", "present"), [(12, ["arthritis"]), (3, ["arthritis"]), (6, ["arthritis", "fever"])]
)
def test_items_and_a_total_that_differ_contradict_each_other(total: int, present: list[str]) -> None:
    found = read(sledai(total, present=present, rest="absent", name="both"))

    assert found.reasons == ("conflicting-values",)
    assert found.total == Interval.of(0, 105)
    assert "Observation/both/_history/1" in found.notes[0]


def test_an_item_recorded_both_present_and_absent_is_a_contradiction() -> None:
    twice = sledai(present=["fever"], name="twice") + sledai(absent=["fever"], name="twice")[1:]

    found = read(twice, protocol=with_sledai(missing_item="absent"))

    assert found.total == Interval.of(0, 1)
    assert found.reasons == ("conflicting-values",)


@pytest.mark.parametrize("total", ["106", "-1", "8.5"])
def test_a_number_that_cannot_be_a_total_is_not_used(total: str) -> None:
    found = read(sledai(total))

    assert not found.valid
    assert total in found.notes[0]


def test_a_total_with_a_comparator_is_a_range() -> None:
    assert read(sledai("<=4")).total == Interval.of(0, 4)
    assert str(read(sledai("<4")).total) == "0 to < 4"


def test_only_the_sledai_the_protocol_means_is_read() -> None:
    two_k = sledai(12, instrument="sledai-2k")

    assert assessments(PROTOCOL, two_k) == ()
    assert read(two_k, protocol=with_sledai(variant="sledai_2k")).total == Interval.of(12)


def test_an_unknown_code_among_the_components_changes_nothing() -> None:
    form = sledai(present=["vasculitis"], rest="absent")
    stranger = sledai(present=["fever"])[1]
    odd = type(stranger)(
        source=form[0].source,
        part=99,
        patient="p",
        status="final",
        codings=(SLEDAI_ITEM.coding("hiccups"),),
        panel=form[0].codings,
        truth=True,
        value=Decimal(1),
    )

    assert read((*form, odd)).total == Interval.of(8)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        pytest.param(sledai(12), sledai(12), (12, 12), id="agree"),
        pytest.param(
            sledai(5), sledai(present=["arthritis"], unknown=["fever"], rest="absent"), (5, 5), id="narrow"
        ),
        pytest.param(sledai(unknown=["fever"]), sledai(7), (7, 7), id="one-says-nothing"),
    ],
)
def test_two_assessments_of_the_same_time_hold_together(
    one: Measurements, other: Measurements, together: tuple[int, int]
) -> None:
    found = read(one, other)

    assert found.total == Interval.of(*together)
    assert found.reasons == ()
    assert found.valid


def test_what_two_assessments_leave_open_is_what_neither_knows() -> None:
    one = sledai(unknown=["fever", "rash"], rest="absent")
    other = sledai(unknown=["fever"], rest="absent")

    assert read(one, other).unknown == ("fever",)


def test_two_assessments_of_the_same_time_that_differ_are_a_contradiction() -> None:
    found = read(sledai(12, on=day(0)), sledai(14, on=day(0)))

    assert found.reasons == ("conflicting-values",)
    assert found.total == Interval.of(0, 105)


def test_nothing_assessed_is_nothing() -> None:
    assert merged(()) is None


def test_a_reading_shows_its_total() -> None:
    assert str(read(sledai(12))) == "12"
    assert str(read(sledai(unknown=["fever"]))) == "not usable"
