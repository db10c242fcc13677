"""The clocks of reporting a serious adverse event, by legal regime (trial domain §0 no. 8, §4)."""

from datetime import date
from typing import Any

import pytest

from app.clinical.records import AdverseEvent, ReportSent
from app.clinical.safety import adverse, reporting
from app.clinical.safety.reporting import Duty
from app.clinical.truth import Truth
from app.protocol.regimes import Clock, regimes
from tests.clinical.make import at, day
from tests.clinical.make_safety import LUPUS, event, treated

AWARE = "2021-03-05T09:00:00+01:00"
EU, FR = "eu-ctr", "fr-ptc"


def duties(happened: AdverseEvent, regime: str = EU, on: str = "2021-03-06") -> dict[str, Duty]:
    (one,) = adverse.reported(LUPUS, treated(happened))
    found = reporting.duties(one, regimes()[regime], date.fromisoformat(on))
    return {f"{duty.recipient}-{duty.kind}": duty for duty in found}


def susar(*, cause: str | None = "possible", **said: Any) -> AdverseEvent:
    usual = {
        "serious": True,
        "expected": False,
        "criteria": ("death",),
        "site_aware": at(AWARE),
        "sponsor_aware": at(AWARE),
    }
    return event(4, on=day(3), cause=cause, **{**usual, **said})  # fmt: skip


DEADLINES = [
    (EU, "death", {"sponsor-initial": 6, "authority-initial": 12, "authority-follow-up": 20}),
    (EU, "life-threatening", {"sponsor-initial": 6, "authority-initial": 12, "authority-follow-up": 20}),
    (EU, "hospitalisation", {"sponsor-initial": 6, "authority-initial": 20}),
    (FR, "death", {"sponsor-initial": 6, "authority-initial": 5, "authority-follow-up": 13}),
    (FR, "other", {"sponsor-initial": 6, "authority-initial": 20, "authority-follow-up": 28}),
]


@pytest.mark.parametrize(("regime", "criterion", "due"), DEADLINES)
def test_by_when_a_suspected_unexpected_serious_reaction_is_reported(
    regime: str, criterion: str, due: dict[str, int]
) -> None:
    found = duties(susar(criteria=(criterion,)), regime)

    assert {name: duty.due for name, duty in found.items()} == {
        name: date(2021, 3, number) for name, number in due.items()
    }


@pytest.mark.parametrize("said", [{"expected": True}, {"cause": "unlikely"}])
def test_what_is_expected_or_unrelated_is_told_to_the_sponsor_only(said: dict[str, Any]) -> None:
    assert list(duties(susar(**said))) == ["sponsor-initial"]


def test_what_is_not_serious_is_not_reported_whatever_its_grade() -> None:
    assert duties(susar(serious=False, criteria=())) == {}


@pytest.mark.parametrize(
    ("said", "needed"),
    [
        ({"expected": None}, "whether it was expected"),
        ({"cause": None}, "an opinion on its cause"),
        ({"criteria": ()}, "why it is serious"),
    ],
)
def test_what_is_missing_keeps_the_clock_and_says_what_would_settle_it(
    said: dict[str, Any], needed: str
) -> None:
    duty = duties(susar(**said))["authority-initial"]

    assert duty.applies is Truth.UNKNOWN
    assert duty.due is not None
    assert duty.needs is not None
    assert needed in duty.needs


def test_an_event_nobody_called_serious_asks_whether_it_is() -> None:
    (duty,) = {one.needs for one in duties(susar(serious=None, criteria=())).values()}

    assert duty is not None
    assert "whether it is serious" in duty


@pytest.mark.parametrize(
    ("on", "state"), [("2021-03-05", "due"), ("2021-03-12", "due"), ("2021-03-13", "overdue")]
)
def test_it_is_overdue_from_the_day_after(on: str, state: str) -> None:
    assert duties(susar(), on=on)["authority-initial"].state == state


@pytest.mark.parametrize(
    ("sent", "state"), [("2021-03-12", "sent"), ("2021-03-13", "sent-late"), (None, "overdue")]
)
def test_a_report_sent_stops_the_clock(sent: str | None, state: str) -> None:
    reports = (ReportSent("authority", None if sent is None else at(sent)),)

    assert duties(susar(reports=reports), on="2021-04-01")["authority-initial"].state == state


@pytest.mark.parametrize(
    ("sent", "state"), [("2021-03-06T09:00:00+01:00", "sent"), ("2021-03-06T09:01:00+01:00", "sent-late")]
)
def test_twenty_four_hours_are_counted_from_the_time_of_day(sent: str, state: str) -> None:
    duty = duties(susar(reports=(ReportSent("sponsor", at(sent)),)))["sponsor-initial"]

    assert duty.state == state
    assert duty.due_at is not None
    assert duty.due_at.isoformat() == "2021-03-06T08:00:00+00:00"


def test_the_second_report_is_the_one_that_follows() -> None:
    reports = (ReportSent("authority", at("2021-03-20")), ReportSent("authority", at("2021-03-10")))
    found = duties(susar(reports=reports), on="2021-05-01")

    assert (found["authority-initial"].state, found["authority-follow-up"].state) == ("sent", "sent")


@pytest.mark.parametrize(
    ("known", "since"),
    [("reported", "2021-03-07"), ("recorded", "2021-03-08"), ("nothing", None)],
)
def test_the_sponsors_clock_begins_when_the_sponsor_learnt_of_it(known: str, since: str | None) -> None:
    ways: dict[str, dict[str, Any]] = {
        "reported": {"reports": (ReportSent("sponsor", at("2021-03-07")),)},
        "recorded": {"recorded": at("2021-03-08")},
        "nothing": {},
    }
    duty = duties(susar(sponsor_aware=None, **ways[known]))["authority-initial"]

    assert (None if duty.since is None else duty.since.text) == since
    assert (duty.state == "not-known") == (since is None)


def test_a_duty_is_met_where_it_was_done_in_time() -> None:
    late = duties(susar(), on="2021-05-01")["authority-initial"]
    waiting = duties(susar(), on="2021-03-06")["authority-initial"]
    unsure = duties(susar(expected=None), on="2021-05-01")["authority-initial"]

    found = [reporting.finding(duty) for duty in (late, waiting, unsure)]
    assert [one.verdict for one in found] == [Truth.NO, Truth.UNKNOWN, Truth.UNKNOWN]
    assert [one.reasons for one in found] == [(), ("window-open",), ("missing-observation",)]
    assert all("extension `reported` (recipient authority, date)" in str(one.needs) for one in found[:2])


def test_a_clock_has_hours_or_days() -> None:
    text = {"en": "x", "fr": "x"}
    with pytest.raises(ValueError, match="either hours or days"):
        Clock.model_validate({"recipient": "x", "about": "serious", "starts": "site", "text": text})


def test_a_study_may_declare_a_regime_of_its_own() -> None:
    assert LUPUS.safety is not None
    own = LUPUS.safety.model_copy(update={"regimes": {"own": regimes()[FR]}})

    assert own.regime("own") == regimes()[FR]
    assert own.regime("unheard-of") is None
