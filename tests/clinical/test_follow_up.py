"""Survival and follow-up: alive or not, until when that is known, and for how long (conventions §1.16)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.answers import Result, Value
from app.clinical.asked import Asked, CannotAnswer
from app.clinical.history import History
from app.clinical.records import GradeChange
from app.clinical.subjects.follow_up import answer, months
from app.protocol.loader import load_all
from tests.clinical.make import day, infusion, person, pga
from tests.clinical.make_course import fell_ill, told

PROTOCOL = load_all()["MSC-SLE"]
LONG_AFTER = date(2030, 1, 1)


def results(history: History, *, today: date = LONG_AFTER) -> dict[str | None, Result]:
    """The vital status (None), and the survival by its label."""
    return {one.visit: one for one in answer(PROTOCOL, history, Asked(today=today)).results}


def status(history: History, **more: Any) -> dict[str, Value | None]:
    """The figures of the vital status."""
    return {figure.name: figure.value for figure in results(history, **more)[None].figures}


def alive(history: History, **more: Any) -> tuple[str | None, str | None]:
    """The verdicts at M12 and at M24."""
    found = results(history, **more)
    return found["M12"].verdict, found["M24"].verdict


@pytest.mark.parametrize(
    ("days", "expected"),
    [(0, "0.0"), (365, "12.0"), (377, "12.4"), (405, "13.3"), (730, "24.0"), (734, "24.1")],
)
def test_follow_up_is_in_months_of_30_4375_days(days: int, expected: str) -> None:
    assert months(days) == Decimal(expected)


def test_who_was_seen_is_alive_up_to_that_day() -> None:
    history = told(infusion(), pga("1.0", on=day(91)), pga("1.0", on=day(377)))

    assert status(history) == {
        "status": "alive",
        "last-contact": date(2022, 3, 13),
        "follow-up-days": 377,
        "follow-up-months": Decimal("12.4"),
    }
    assert alive(history) == ("met", "undetermined")
    assert results(history)["M24"].reasons == ("missing-observation",)


def test_a_day_still_to_come_is_an_open_window() -> None:
    history = told(infusion(), pga("1.0", on=day(91)))

    assert results(history, today=date(2021, 9, 1))["M12"].reasons == ("window-open",)


def test_what_lies_after_the_day_asked_for_is_not_known_yet() -> None:
    history = told(infusion(), pga("1.0", on=day(91)), pga("1.0", on=day(377)))

    assert status(history, today=date(2021, 9, 1))["last-contact"] == date(2021, 5, 31)


@pytest.mark.parametrize(
    ("died", "expected"),
    [
        (day(364), ("not-met", "not-met")),
        (day(365), ("not-met", "not-met")),
        (day(366), ("met", "not-met")),
        (day(731), ("met", "met")),
        ("2022", ("undetermined", "not-met")),
        (True, ("undetermined", "undetermined")),
    ],
)
def test_a_death_counts_from_its_day(died: str | bool, expected: tuple[str, str]) -> None:
    history = told(infusion(), pga("1.0", on=day(91)), died=died)

    assert alive(history) == expected
    assert status(history)["status"] == "dead"


def test_who_died_is_followed_up_to_the_death() -> None:
    found = status(told(infusion(), pga("1.0", on=day(91)), died=day(200)))

    assert (found["death"], found["follow-up-days"]) == (date(2021, 9, 17), 200)


@pytest.mark.parametrize(
    "fatal",
    [{"outcome": "fatal"}, {"grade": 5}, {"criteria": ("death",)}, {"changes": (GradeChange(5, None),)}],
)
def test_an_adverse_event_may_be_fatal(fatal: dict[str, Any]) -> None:
    history = told(infusion(), pga("1.0", on=day(370)), fell_ill("sepsis", 372, **fatal))

    assert status(history)["status"] == "dead"
    assert alive(history) == ("met", "undetermined")
    assert results(history)["M24"].missing == ("the exact day of death",)


def test_an_event_entered_in_error_kills_nobody_and_shows_nobody() -> None:
    history = told(infusion(), fell_ill("sepsis", 372, outcome="fatal", status="entered-in-error"))

    assert (status(history)["status"], status(history)["last-contact"]) == ("alive", date(2021, 3, 1))


def test_a_patient_who_is_not_dead_and_a_fatal_event_contradict_each_other() -> None:
    history = told(infusion(), fell_ill("sepsis", 100, outcome="fatal"))
    history = replace(history, person=replace(person(), deceased=False))

    assert status(history)["status"] == "unknown"
    assert results(history)["M12"].reasons == ("conflicting-values",)


def test_a_record_dated_after_the_death_is_a_question() -> None:
    found = results(told(infusion(), pga("1.0", on=day(400), name="late"), died=day(300)))

    assert found["M12"].verdict == "not-met"
    assert found[None].notes == ("Observation/late/_history/1 is dated after the death",)


def test_of_a_vague_date_only_its_first_day_is_certain() -> None:
    assert status(told(infusion(), pga("1.0", on="2021-09")))["last-contact"] == date(2021, 9, 1)


def test_nobody_seen_is_unknown_and_without_an_infusion_no_time_passes() -> None:
    assert status(told())["status"] == "unknown"
    assert results(told(pga("1.0", on=day(0))))["M12"].reasons == ("not-infused",)
    assert status(told(pga("1.0", on=day(0))))["follow-up-months"] is None


def test_a_protocol_without_horizons_does_not_ask() -> None:
    with pytest.raises(CannotAnswer, match="survival"):
        answer(PROTOCOL.model_copy(update={"survival": None}), told(), Asked(today=LONG_AFTER))


@given(
    seen=st.lists(st.integers(-30, 900), max_size=5),
    more=st.integers(-30, 900),
    died=st.one_of(st.none(), st.integers(0, 900)),
)
def test_one_contact_more_never_flips_what_is_settled(seen: list[int], more: int, died: int | None) -> None:
    alive_on = [one for one in (*seen, more) if died is None or one <= died]
    death = {} if died is None else {"died": day(died)}
    records = [pga("1.0", on=day(one)) for one in alive_on]
    fewer = alive(told(infusion(), *records[:-1], **death))
    all_told = alive(told(infusion(), *records, **death))

    for before, after in zip(fewer, all_told, strict=True):
        assert before in ("undetermined", after)
    assert alive(told(infusion(), *reversed(records), **death)) == all_told


def test_the_sclerosis_trial_asks_for_two_years() -> None:
    asked = answer(load_all()["MSC-SSc"], told(), Asked(today=LONG_AFTER))

    assert [one.visit for one in asked.results] == [None, "M12", "M24"]
