"""Two values that confirm each other: the quick way says what the slow way says, and stays quick."""

from collections.abc import Sequence
from decimal import Decimal
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.case import Judged
from app.clinical.criteria.repeats import Reading, apart_enough, confirmed, unconfirmed
from app.clinical.records import Measurement
from app.clinical.truth import Truth, all_of, any_of
from app.protocol.measured import Repeated
from app.protocol.words import Code, Sentence
from tests.clinical.make import at, source

WHENS = (
    *("2019", "2020", "2020-01", "2020-02", "2020-03"),
    *(f"2020-0{month}-{day:02}" for month in (1, 2, 3) for day in (1, 2, 3, 14, 15, 28, 29)),
    *(f"2020-03-29T{hour:02}:30:00+01:00" for hour in range(0, 24, 3)),
    *(f"2020-01-{day:02}T{hour}:00:00.5Z" for day in (1, 2, 3) for hour in ("00", "11", "23")),
    *("2020-01-02T00:30:00+14:00", "2020-01-01T20:00:00-10:00", "2020-10-25", "2020-10-25T02:30:00+01:00"),
)

CRITERIA = [
    ({"hours_apart": 12}, False),
    ({"hours_apart": 24}, True),
    ({"days_apart": 1}, False),
    ({"days_apart": 14}, True),
]


def criterion(apart: dict[str, int], *, unbroken: bool) -> Repeated:
    return Repeated(
        id="bp",
        text=Sentence(en="twice", fr="deux fois"),
        kind="repeated",
        codes=(Code(system="http://loinc.org", code="8480-6"),),
        op=">",
        value=Decimal(160),
        unit="mm[Hg]",
        order="systolic blood pressure",
        unbroken=unbroken,
        hours_apart=apart.get("hours_apart"),
        days_apart=apart.get("days_apart"),
    )


def reading(number: int, when: str, truth: Truth) -> Reading:
    named = source("Observation", f"o{number}")
    item = Measurement(source=named, part=0, patient="p", status="final", codings=(), when=at(when))
    return Reading(item, at(when), Judged(truth=truth))


def in_order(readings: Sequence[Reading]) -> list[Reading]:
    return sorted(readings, key=lambda one: (one.when.start, str(one.item.source)))


def slowly_confirmed(asked: Repeated, series: Sequence[Reading]) -> tuple[Truth, tuple[Reading, ...]]:
    """Every value held against every later one, with all values between the two."""
    pairs = []
    for number, first in enumerate(series):
        for second in series[number + 1 :]:
            between = [
                one.judged.truth
                for one in series
                if asked.unbroken and first.when.end <= one.when.start and one.when.end <= second.when.start
            ]
            truth = all_of(
                (first.judged.truth, second.judged.truth, apart_enough(asked, first, second), *between)
            )
            pairs.append((truth, (first, second)))
    truth = any_of(each for each, _ in pairs)
    return truth, next((pair for each, pair in pairs if each is truth and truth is not Truth.NO), ())


def slowly_unconfirmed(asked: Repeated, series: Sequence[Reading]) -> list[Reading]:
    """Every value that passes held against every later one that does not."""
    found = []
    for one in series:
        later = [
            other for other in series if other.judged.truth is Truth.NO and other.when.start >= one.when.end
        ]
        apart = [other for other in later if asked.unbroken or apart_enough(asked, one, other) is Truth.YES]
        if one.judged.truth is not Truth.NO and not apart:
            found.append(one)
    return found


@pytest.mark.parametrize(("apart", "unbroken"), CRITERIA)
@given(drawn=st.lists(st.tuples(st.sampled_from(WHENS), st.sampled_from(Truth)), max_size=9))
def test_the_same_two_values_confirm_each_other_as_when_each_is_held_against_all(
    apart: dict[str, int], unbroken: bool, drawn: list[tuple[str, Truth]]
) -> None:
    asked = criterion(apart, unbroken=unbroken)
    series = in_order([reading(number, *one) for number, one in enumerate(drawn)])

    assert confirmed(asked, series) == slowly_confirmed(asked, series)
    assert unconfirmed(asked, series) == slowly_unconfirmed(asked, series)


@pytest.mark.parametrize(("apart", "unbroken"), CRITERIA)
@pytest.mark.parametrize("truths", [(Truth.NO,), (Truth.YES,), (Truth.UNKNOWN,), tuple(Truth)])
def test_four_thousand_values_of_an_hour_are_looked_at_in_a_moment(
    apart: dict[str, int], unbroken: bool, truths: tuple[Truth, ...]
) -> None:
    asked = criterion(apart, unbroken=unbroken)
    whens = [
        f"2020-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z" for second in range(10_000)
    ]
    series = [reading(number, when, truths[number % len(truths)]) for number, when in enumerate(whens)]

    began = process_time()
    confirmed(asked, series)
    unconfirmed(asked, series)

    assert process_time() - began < 2
