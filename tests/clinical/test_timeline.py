"""Day 0, and what counts."""

from dataclasses import replace
from datetime import date

import pytest

from app.clinical.timeline import Infusion, NotInfused, counted, infusion
from app.protocol.loader import load_all
from app.protocol.parameters import ObservationParameters, Parameters
from tests.clinical.make import DAY_0, at, day, sledai, subject
from tests.clinical.make import infusion as given

PROTOCOL = load_all()["MSC-SLE"]


def day_0(*administrations: object, **period: str) -> Infusion | NotInfused:
    """Day 0 of a subject who was given these."""
    return infusion(PROTOCOL, subject(*administrations, **period))  # type: ignore[arg-type]


@pytest.mark.parametrize("status", ["completed", "in-progress", "stopped"])
def test_an_infusion_that_began_is_day_0(status: str) -> None:
    found = day_0(given(status=status))

    assert isinstance(found, Infusion)
    assert found.day == DAY_0


@pytest.mark.parametrize("status", ["not-done", "on-hold", "entered-in-error", "unknown"])
def test_an_infusion_that_does_not_count_is_none(status: str) -> None:
    found = day_0(given(status=status))

    assert isinstance(found, NotInfused)
    assert found.reason == "not-infused"
    assert "uc-msc" in str(found.needs)


def test_another_product_is_not_the_infusion() -> None:
    assert isinstance(day_0(given(product="bm-msc")), NotInfused)


def test_the_earliest_infusion_is_day_0_in_whatever_order_they_come() -> None:
    first, second = given(on=day(0), name="first"), given(on=day(30), name="second")

    for order in ([first, second], [second, first]):
        found = day_0(*order)
        assert isinstance(found, Infusion)
        assert found.source == first.source


def test_an_infusion_of_another_study_is_not_this_ones_day_0() -> None:
    assert isinstance(day_0(given(study="other")), NotInfused)
    assert isinstance(day_0(given(study="msc-sle")), Infusion)


@pytest.mark.parametrize(
    ("since", "until", "counts"),
    [
        pytest.param("2021-02-01", None, True, id="after the start"),
        pytest.param("2021-03-01", "2021-03-01", True, id="on the only day"),
        pytest.param("2021", "2021", True, id="in the year"),
        pytest.param("2021-03-02", None, False, id="before the start"),
        pytest.param(None, "2021-02-28", False, id="after the end"),
    ],
)
def test_an_infusion_counts_inside_the_subjects_time_in_the_study(
    since: str | None, until: str | None, *, counts: bool
) -> None:
    history = subject(given(), since=since, until=until)

    assert isinstance(infusion(PROTOCOL, history), Infusion) is counts


@pytest.mark.parametrize("on", ["2021-03", "2021", None])
def test_an_infusion_whose_day_is_not_known_gives_no_day_0(on: str | None) -> None:
    found = day_0(given(on=on, name="i"), given(on=day(400)))

    assert isinstance(found, NotInfused)
    assert found.reason == "partial-date"
    assert found.evidence == (given(name="i").source,)


def test_the_day_is_the_one_in_paris() -> None:
    found = day_0(given(on="2021-02-28T23:30:00Z"))

    assert isinstance(found, Infusion)
    assert found.day == DAY_0
    assert found.study_day(at("2021-03-31T21:59:00Z")) == 30  # summer time has begun: 23:59 in Paris
    assert found.study_day(at("2021-03-31T22:00:00Z")) == 31


def test_a_study_day_needs_an_exact_date() -> None:
    found = day_0(given())
    assert isinstance(found, Infusion)

    assert found.study_day(at("2021-03")) is None
    assert found.study_day(None) is None
    assert found.study_day(at(day(-30))) == -30
    assert found.date_of(10) == date(2021, 3, 11)


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("final", True),
        ("amended", True),
        ("corrected", True),
        ("preliminary", False),
        ("registered", False),
        ("cancelled", False),
        ("entered-in-error", False),
        ("unknown", False),
    ],
)
def test_only_final_results_count(status: str, *, counts: bool) -> None:
    assert bool(counted(PROTOCOL, sledai(12, status=status))) is counts


def test_preliminary_results_count_where_the_protocol_says_so() -> None:
    lenient = Parameters(obs=ObservationParameters(accept_preliminary=True))
    protocol = PROTOCOL.model_copy(update={"parameters": lenient})

    assert counted(protocol, sledai(12, status="preliminary"))
    assert not counted(protocol, sledai(12, status="entered-in-error"))


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ({"since": day(5)}, f"from {day(5)}, to not said"),
        ({"since": day(-90), "until": day(-5)}, f"from {day(-90)}, to {day(-5)}"),
    ],
)
def test_an_infusion_outside_the_part_in_the_study_is_named(period: dict[str, str], said: str) -> None:
    recorded = given()
    found = day_0(recorded, **period)

    assert isinstance(found, NotInfused)
    assert found.reason == "not-infused"
    assert not found.given
    assert found.evidence == (recorded.source,)
    assert f"{recorded.source} is not counted: its date of 2021-03-01" in str(found.needs)
    assert f"lies outside ResearchSubject.period ({said})" in str(found.needs)


def test_an_infusion_for_another_study_is_named() -> None:
    recorded = replace(given(), study="another")
    found = day_0(recorded)

    assert isinstance(found, NotInfused)
    assert "is not counted: it was given for another study than msc-sle" in str(found.needs)
