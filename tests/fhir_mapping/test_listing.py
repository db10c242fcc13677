"""Rows are told as Parameters and plainly, and both say the same; the sums of a day always add up."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import check, codec
from app.fhir_mapping.inbox import Counted, Day, Unmapped, beginnings
from app.fhir_mapping.listing import Address, Code, Each, Every, Numbered, Reference, Row, parameters, plain
from app.fhir_mapping.push import Fate

AT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
ROW: Row = (
    ("truth", False),
    ("number", 0),
    ("at", AT),
    ("day", date(2026, 1, 5)),
    ("identifier", Numbered("urn:oid:1.2", "8801")),
    ("word", Code("parked")),
    ("resource", Reference("Observation/o1/_history/2")),
    ("next", Address("https://x.example/fhir/$inbox")),
    ("text", "C3 — complément"),
    ("nothing", None),
    ("empty", ""),
    ("system", Every("systems", [Address("urn:oid:1.2"), Address("urn:oid:1.3")])),
    ("message", Each("messages", [(("id", "1"),), ((("id"), ""),)])),
    ("none", Each("nones", [])),
)


def test_each_value_has_the_element_of_its_kind() -> None:
    document = codec.read(parameters(ROW))

    assert document["parameter"] == [
        {"name": "truth", "valueBoolean": False},
        {"name": "number", "valueInteger": 0},
        {"name": "at", "valueInstant": "2026-01-05T09:30:00.000000Z"},
        {"name": "day", "valueDate": "2026-01-05"},
        {"name": "identifier", "valueIdentifier": {"system": "urn:oid:1.2", "value": "8801"}},
        {"name": "word", "valueCode": "parked"},
        {"name": "resource", "valueReference": {"reference": "Observation/o1/_history/2"}},
        {"name": "next", "valueUri": "https://x.example/fhir/$inbox"},
        {"name": "text", "valueString": "C3 — complément"},
        {"name": "system", "valueUri": "urn:oid:1.2"},
        {"name": "system", "valueUri": "urn:oid:1.3"},
        {"name": "message", "part": [{"name": "id", "valueString": "1"}]},
    ]
    assert check.problems("Parameters", document) == ()


def test_plainly_it_says_the_same_and_a_list_is_a_list() -> None:
    assert codec.read(plain(ROW)) == {
        "truth": False,
        "number": 0,
        "at": "2026-01-05T09:30:00.000000Z",
        "day": "2026-01-05",
        "identifier": {"system": "urn:oid:1.2", "value": "8801"},
        "word": "parked",
        "resource": "Observation/o1/_history/2",
        "next": "https://x.example/fhir/$inbox",
        "text": "C3 — complément",
        "systems": ["urn:oid:1.2", "urn:oid:1.3"],
        "messages": [{"id": "1"}, {}],
        "nones": [],
    }


def test_nothing_to_tell_is_no_parameter() -> None:
    assert codec.read(parameters((("none", Each("nones", [])),))) == {"resourceType": "Parameters"}


COUNTED = st.builds(
    Counted,
    fate=st.sampled_from(get_args(Fate)),
    reason=st.sampled_from(("", "late", "value", "unknown-subject")),
    settled=st.booleans(),
    changed=st.booleans(),
    number=st.integers(1, 10_000),
    first=st.just(AT),
    last=st.datetimes(datetime(2026, 1, 6), datetime(2026, 1, 7), timezones=st.just(UTC)),  # noqa: DTZ001
)


@given(st.lists(COUNTED))
def test_what_was_sent_is_what_became_of_it(counted: list[Counted]) -> None:
    day = Day(sender="chu-a", day=date(2026, 1, 5), time_zone="Europe/Paris", counted=counted)
    told: dict[str, Any] = dict(day.row())

    assert told["sent"] == told["stored"] + told["replayed"] + told["parked"] + told["refused"]
    assert told["sent"] == sum(one.number for one in counted)
    assert told["stillParked"] <= told["parked"]
    assert told["late"] + told["corrected"] <= told["sent"]
    assert sum(dict(row)["count"] for row in told["refusedFor"].rows) == told["refused"]


@given(
    st.sampled_from(("Europe/Paris", "Pacific/Noumea", "America/New_York")), st.dates(), st.integers(0, 40)
)
def test_days_begin_where_the_one_before_ends(zone: str, first: date, more: int) -> None:
    if not date(1970, 1, 1) < first < date(2200, 1, 1):
        return
    found = beginnings(zone, first, first + timedelta(days=more))

    assert len(found) == more + 2
    assert all(
        timedelta(hours=23) <= after - before <= timedelta(hours=25) for before, after in pairwise(found)
    )


def test_days_end_when_they_end_there() -> None:
    spring = date(2026, 3, 29)

    assert beginnings("Europe/Paris", spring, spring) == [
        datetime(2026, 3, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 29, 22, tzinfo=UTC),
    ]


def test_what_is_unmapped_is_valid_where_its_system_is_not_known() -> None:
    one = Unmapped(
        sender="chu-a",
        kind="unit",
        system="",
        text="UI/L",
        results=1,
        patients=0,
        since=None,
        example="Observation/o",
    )
    document = codec.read(parameters((("unmapped", Each("unmapped", [one.row()])),)))

    assert check.problems("Parameters", document) == ()
