"""The sums of a feed add up, day by day where the sender is, and a silent sender is seen."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.fhir_mapping.inbox import Day, Standing
from app.fhir_mapping.sender import Sender
from app.store.feeds import known, reconciled, standings
from app.store.senders import register
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility
from tests.store.letters import NUMBERS, START, arrival, arrived, awaiting, parked

CHU_A = Sender(name="chu-a", systems=(NUMBERS,), silent_after=60)
CHU_B = Sender(name="chu-b", systems=("urn:oid:1.2.3",), time_zone="Pacific/Noumea")
SPRING = (date(2026, 3, 28), date(2026, 3, 30))
"""From half past eleven at night on the first of these days: the second has 23 hours in Paris."""


def said(day: Day) -> dict[str, Any]:
    return dict(day.row())


@pytest.fixture
async def feed(trial: Store) -> Store:
    for sender in (CHU_A, CHU_B):
        await register(trial, sender, at=START - timedelta(days=1))
    await arrived(
        trial,
        [
            *(arrival(number) for number in range(40)),  # of these 30 before midnight
            arrival(40, version=2),
            arrival(41, version=2, reason="late"),
            arrival(42, fate="replayed", status=200),
            parked(43),
            parked(44, settled=START + timedelta(days=2)),
            arrival(45, door="replay", letter="0044"),
            arrival(46, fate="refused", reason="not-newer", status=409, patient_id="p2"),
            arrival(47, fate="refused", reason="value", status=422),
            arrival(48, fate="refused", reason="value", status=422),
            arrival(23 * 60 + 29, message="the last of the short day"),
            arrival(23 * 60 + 30, message="the first of the next"),
            arrival(50, sender="chu-b"),
        ],
    )
    return trial


async def test_every_day_is_reconciled_where_the_sender_is(feed: Store) -> None:
    days = [said(day) for day in await reconciled(feed, EVERYTHING, [(CHU_A, SPRING)])]

    assert [(one["day"].isoformat(), one["sent"]) for one in days] == [
        ("2026-03-28", 30),
        ("2026-03-29", 19),
        ("2026-03-30", 1),
    ]
    second = days[1]
    sums = {name: second[name] for name in ("stored", "replayed", "parked", "refused", "stillParked")}
    assert sums == {"stored": 13, "replayed": 1, "parked": 2, "refused": 3, "stillParked": 1}
    assert (second["late"], second["corrected"]) == (1, 1)
    assert [dict(row) for row in second["refusedFor"].rows] == [
        {"reason": "value", "count": 2},
        {"reason": "not-newer", "count": 1},
    ]
    assert second["first"] == START + timedelta(minutes=30)
    assert second["last"] == START + timedelta(minutes=23 * 60 + 29)


async def test_what_comes_again_from_where_it_was_parked_was_not_sent_again(feed: Store) -> None:
    days = await reconciled(feed, EVERYTHING, [(CHU_A, SPRING)])

    assert sum(said(day)["sent"] for day in days) == 50


async def test_several_senders_each_have_their_days(feed: Store) -> None:
    days = await reconciled(feed, EVERYTHING, [(CHU_A, SPRING), (CHU_B, SPRING)])

    assert [(day.sender, said(day)["sent"]) for day in days[3:]] == [("chu-b", 0), ("chu-b", 1), ("chu-b", 0)]
    assert said(days[3])["first"] is None
    assert await reconciled(feed, EVERYTHING, []) == []


@pytest.mark.parametrize(("site", "sent"), [("SLS", 49), ("REN", 1), ("none", 0)])
async def test_only_the_rows_of_the_patients_one_sees_are_counted(feed: Store, site: str, sent: int) -> None:
    visibility = Visibility(sites=frozenset({site}))

    days = await reconciled(feed, visibility, [(CHU_A, SPRING)])

    assert sum(said(day)["sent"] for day in days) == sent


async def test_a_sender_stands_with_what_waits_and_what_was_refused(feed: Store) -> None:
    await awaiting(
        feed,
        ("code", "urn:oid:1.2.250.1.0.99.2", "C3N", "chu-a", "Observation", "o1", "p1"),
        ("unit", "https://chu-a.example/units", "UI/L", "chu-a", "Observation", "o1", "p1"),
    )

    both = await standings(feed, EVERYTHING, since=START)

    assert both == [
        Standing(
            sender=CHU_A,
            registered=START - timedelta(days=1),
            last=START + timedelta(minutes=23 * 60 + 30),
            parked={"unknown-subject": 1},
            refused={"value": 2, "not-newer": 1},
            unmapped=1,
        ),
        Standing(
            sender=CHU_B, registered=START - timedelta(days=1), last=START + timedelta(minutes=50), parked={}
        ),
    ]
    lately = await standings(feed, EVERYTHING, since=START + timedelta(minutes=48))
    assert lately[0].refused == {"value": 1}


async def test_who_sees_some_patients_knows_the_senders_that_told_of_them(feed: Store) -> None:
    of_ren = Visibility(sites=frozenset({"REN"}))

    assert [one.sender.name for one in await standings(feed, EVERYTHING, since=START)] == ["chu-a", "chu-b"]
    [seen] = await standings(feed, of_ren, since=START)
    assert (seen.sender.name, seen.refused, seen.parked) == ("chu-a", {"not-newer": 1}, {})
    assert seen.last == START + timedelta(minutes=46)
    assert [one.name for one in await known(feed, of_ren)] == ["chu-a"]
    assert await known(feed, Visibility(studies=frozenset())) == []


AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "silent"),
    [
        pytest.param({"last": AT - timedelta(minutes=60)}, False, id="heard of just in time"),
        pytest.param({"last": AT - timedelta(minutes=61)}, True, id="not heard of for longer than agreed"),
        pytest.param({"last": AT + timedelta(minutes=5)}, False, id="a clock that runs ahead"),
        pytest.param({}, True, id="never heard of since it was registered"),
        pytest.param({"registered": AT}, False, id="registered just now"),
        pytest.param({"sender": replace(CHU_A, silent_after=None)}, None, id="nothing agreed"),
        pytest.param({"sender": replace(CHU_A, disabled=True)}, None, id="disabled"),
    ],
)
def test_a_silent_sender_is_told_from_one_that_rests(changes: dict[str, Any], silent: bool | None) -> None:
    usual: dict[str, Any] = {"sender": CHU_A, "registered": AT - timedelta(days=9)}
    standing = Standing(**usual | changes)

    assert standing.is_silent(AT) is silent
    assert dict(standing.row(AT))["silent"] is silent
