"""The inbox is read newest first, narrowed by anything a row says, and page after page without a gap."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping.inbox import Arrival
from app.store.inbox import Wanted, page, unmapped
from app.store.session import Store
from app.store.visibility import EVERYTHING, Visibility
from tests.store.letters import NUMBERS, START, arrival, arrived, awaiting, parked

SENDERS = ("chu-a", "chu-b")
ROWS = (
    arrival(1),
    arrival(2, sender="chu-b", door="mllp", message="MSG-2", system="urn:oid:1.2.3"),
    arrival(3, fate="replayed", status=200, resource_id="o1", value="1"),
    parked(4),
    parked(5, sender="chu-b", reason="consent-withdrawn", patient_id="p2", settled=START),
    arrival(6, fate="refused", reason="not-newer", status=409, resource_id="", version=0, patient_id=""),
    arrival(7, reason="unmapped-code"),
    arrival(8, reason="unmapped-unit", settled=START, change_reason="a slip of the pen"),
)


@pytest.fixture
async def filled(trial: Store) -> Store:
    await arrived(trial, ROWS)
    return trial


async def found(store: Store, visibility: Visibility = EVERYTHING, **wanted: Any) -> list[int]:
    read = await page(store, visibility, Wanted(**wanted), senders=SENDERS)
    return [int(one.id) for one in read.arrivals]


async def test_a_row_is_read_as_it_was_written(filled: Store) -> None:
    read = await page(filled, EVERYTHING, Wanted(), senders=SENDERS)

    assert read.arrivals == list(reversed(ROWS))
    assert read.after is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"sender": "chu-b"}, [5, 2]),
        ({"sender": "chu-x"}, []),
        ({"fate": "stored"}, [8, 7, 2, 1]),
        ({"fate": "replayed"}, [3]),
        ({"fate": "parked"}, [5, 4]),
        ({"fate": "refused"}, [6]),
        ({"reason": "not-newer"}, [6]),
        ({"fate": "parked", "reason": "consent-withdrawn", "sender": "chu-b"}, [5]),
        ({"waiting": True}, [7, 4]),
        ({"waiting": False}, [8, 6, 5, 3, 2, 1]),
        ({"since": START + timedelta(minutes=7)}, [8, 7]),
        ({"until": START + timedelta(minutes=2)}, [1]),
        ({"message": "MSG-2"}, [2]),
        ({"identifier": (NUMBERS, "1")}, [3, 1]),
        ({"patient": "p2"}, [5]),
        ({"resource": ("Observation", "o1")}, [3, 1]),
        ({"id": "0006"}, [6]),
        ({"count": 0}, []),
    ],
)
async def test_it_is_narrowed_by_what_a_row_says(
    filled: Store, wanted: dict[str, Any], expected: list[int]
) -> None:
    assert await found(filled, **wanted) == expected


@pytest.mark.parametrize(
    "wanted", [{}, {"sender": "chu-a"}, {"fate": "stored"}, {"waiting": False}, {"fate": "parked"}]
)
@pytest.mark.parametrize("count", [1, 3])
async def test_page_after_page_shows_every_row_once(
    filled: Store, wanted: dict[str, Any], count: int
) -> None:
    whole, after, seen = await found(filled, **wanted), None, []
    for _ in ROWS:
        read = await page(filled, EVERYTHING, Wanted(**wanted, count=count, after=after), senders=SENDERS)
        seen += [int(one.id) for one in read.arrivals]
        after = read.after
        if after is None:
            break

    assert seen == whole


async def test_rows_of_one_instant_are_paged_too(store: Store) -> None:
    await arrived(store, [arrival(number, received=START) for number in range(9)])

    first = await page(store, EVERYTHING, Wanted(count=4), senders=SENDERS)
    second = await page(store, EVERYTHING, Wanted(count=9, after=first.after), senders=SENDERS)

    assert [int(one.id) for one in (*first.arrivals, *second.arrivals)] == list(range(8, -1, -1))


async def test_what_is_new_between_two_pages_moves_nothing(filled: Store) -> None:
    first = await page(filled, EVERYTHING, Wanted(count=2), senders=SENDERS)
    await arrived(filled, [arrival(9), arrival(10)])
    second = await page(filled, EVERYTHING, Wanted(count=2, after=first.after), senders=SENDERS)

    assert [int(one.id) for one in second.arrivals] == [6, 5]


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        (Visibility(sites=frozenset({"SLS"})), [8, 7, 4, 3, 2, 1]),
        (Visibility(sites=frozenset({"REN"})), [5]),
        (Visibility(sites=frozenset()), []),
        (Visibility(studies=frozenset({"s1"})), [8, 7, 5, 4, 3, 2, 1]),
        (Visibility(studies=frozenset({"s2"})), []),
    ],
)
@pytest.mark.parametrize("sender", [None, "chu-a", "chu-b"])
async def test_who_sees_some_patients_sees_their_rows_and_none_about_nobody(
    filled: Store, visibility: Visibility, seen: list[int], sender: str | None
) -> None:
    of_sender = await found(filled, sender=sender)

    assert await found(filled, visibility, sender=sender) == [one for one in seen if one in of_sender]


CODE = ("code", "urn:oid:1.2.250.1.0.99.2")
UNIT = ("unit", "https://chu-a.example/units")


@pytest.fixture
async def waiting(filled: Store) -> Store:
    await awaiting(
        filled,
        (*CODE, "C3N", "chu-a", "Observation", "o7", "p1"),
        (*CODE, "C3N", "chu-a", "Observation", "o2", "p2"),
        (*CODE, "C3N", "chu-a", "Observation", "o1", "p2"),
        (*CODE, "C4N", "chu-b", "Observation", "o9", ""),
        (*UNIT, "UI/L", "chu-a", "Observation", "o8", "p1"),
        (*UNIT, "UI/L", "chu-a", "Observation", "o7", "p1"),
    )
    return filled


async def asked(store: Store, visibility: Visibility = EVERYTHING, **wanted: Any) -> list[tuple[Any, ...]]:
    usual = {"senders": SENDERS, "kind": None, "count": 50}
    return [
        (one.text, one.results, one.patients) for one in await unmapped(store, visibility, **usual | wanted)
    ]


async def test_what_no_map_knows_is_counted_the_most_awaited_first(waiting: Store) -> None:
    everything = await unmapped(waiting, EVERYTHING, senders=SENDERS, kind=None, count=50)

    assert await asked(waiting) == [("C3N", 3, 2), ("UI/L", 2, 1), ("C4N", 1, 0)]
    assert (everything[0].sender, everything[0].kind, everything[0].system) == ("chu-a", *CODE)
    assert everything[0].since == START + timedelta(minutes=1)
    assert everything[0].example == "Observation/o1"
    assert everything[2].since is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"kind": "unit"}, ["UI/L"]),
        ({"kind": "code"}, ["C3N", "C4N"]),
        ({"senders": ["chu-b"]}, ["C4N"]),
        ({"count": 1}, ["C3N"]),
        ({"count": 0}, []),
    ],
)
async def test_it_is_asked_by_sender_and_kind(
    waiting: Store, wanted: dict[str, Any], expected: list[str]
) -> None:
    assert [text for text, *_ in await asked(waiting, **wanted)] == expected


async def test_what_waits_of_patients_out_of_sight_is_not_counted(waiting: Store) -> None:
    assert await asked(waiting, Visibility(sites=frozenset({"REN"}))) == [("C3N", 2, 1)]


@given(st.data())
def test_a_row_says_what_it_is_in_the_order_it_is_kept(data: st.DataObject) -> None:
    one: Arrival = data.draw(st.sampled_from(ROWS))

    said = dict(one.row())

    assert (said["id"], said["fate"], said["received"]) == (one.id, one.fate, one.received)
    assert (said["resource"] is None) is (one.resource_id == "")
