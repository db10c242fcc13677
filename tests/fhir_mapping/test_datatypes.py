"""Dates, codes and references as the trial reads them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinical.records import Coding, Span
from app.fhir_mapping.datatypes import (
    EARLIEST,
    LATEST,
    all_codings,
    codings,
    concept_text,
    date_bounds,
    decimal,
    digits,
    extension,
    fold,
    identifiers,
    moment,
    period,
    reference,
    span_bounds,
    target_id,
    timing,
    values,
)

HERE = "http://trial.example/fhir"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2021", "2020-12-31T23:00", "2021-12-31T23:00"),
        ("2021-02", "2021-01-31T23:00", "2021-02-28T23:00"),
        ("2021-12", "2021-11-30T23:00", "2021-12-31T23:00"),
        ("2024-02-29", "2024-02-28T23:00", "2024-02-29T23:00"),
        ("2021-03-28", "2021-03-27T23:00", "2021-03-28T22:00"),  # the clocks go forward: 23 hours
        ("2021-09-14T08:05:00+02:00", "2021-09-14T06:05", "2021-09-14T06:05:01"),
        ("2021-09-14T08:05:00Z", "2021-09-14T08:05", "2021-09-14T08:05:01"),
        ("2021-09-14T08:05:00", "2021-09-14T06:05", "2021-09-14T06:05:01"),  # Europe/Paris
        ("2021-01-14T08:05", "2021-01-14T07:05", "2021-01-14T07:06"),
        ("2021-09-14T08:05:00.25Z", "2021-09-14T08:05:00.250", "2021-09-14T08:05:00.260"),
        (
            "2021-09-14T08:05:00.123456789Z",
            "2021-09-14T08:05:00.123456",
            "2021-09-14T08:05:00.123457",
        ),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00", "2017-01-01T00:00:01"),
    ],
)
def test_a_date_is_the_span_of_instants_it_may_mean(text: str, start: str, end: str) -> None:
    found = moment(text)

    assert found is not None
    assert (found.text, found.start, found.end) == (text, utc(start), utc(end))


@pytest.mark.parametrize(
    ("text", "first", "last", "has_time"),
    [
        ("2021", date(2021, 1, 1), date(2021, 12, 31), False),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), False),
        ("2021-09-14", date(2021, 9, 14), date(2021, 9, 14), False),
        ("2021-09-14T23:30:00Z", date(2021, 9, 15), date(2021, 9, 15), True),
        ("2021-09-14T00:30:00+02:00", date(2021, 9, 14), date(2021, 9, 14), True),
    ],
)
def test_days_are_days_in_paris(text: str, first: date, last: date, has_time: bool) -> None:
    found = moment(text)

    assert found is not None
    assert (found.first_day, found.last_day, found.has_time) == (first, last, has_time)
    assert found.day == (first if first == last else None)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("0001", EARLIEST, None),
        ("0001-01-01T00:00:00+14:00", EARLIEST, None),
        ("9999", None, LATEST),
        ("9999-12-31T23:59:59-14:00", LATEST, LATEST),
        ("9999-12-31T23:59:60Z", LATEST, LATEST),
    ],
)
def test_the_ends_of_time_are_held_within_what_can_be_stored(
    text: str, start: datetime | None, end: datetime | None
) -> None:
    found = moment(text)

    assert found is not None
    assert start in (None, found.start)
    assert end in (None, found.end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "2021-13",
        "2021-02-30",
        "0000",
        "21",
        "2021-9-1",
        "2021-09-14T24:00:00Z",
        "2021-09-14T08:05:61Z",
        "2021-09-14T08:05:00+99:00",
        "2021-09-14 08:05:00Z",
        "２０２１",
        None,
        2021,
    ],
)
def test_what_is_no_date_is_none(text: Any) -> None:
    assert moment(text) is None


@given(st.text(alphabet="0123456789-:.TZ+ ", max_size=30) | st.datetimes(timezones=st.timezones()).map(str))
def test_no_text_raises_and_every_span_has_its_start_first(text: str) -> None:
    found = moment(text)

    assert found is None or found.start <= found.end


def test_a_period_may_have_open_ends() -> None:
    begun = moment("2021-03-02")
    assert begun is not None
    assert period({"start": "2021-03-02"}) == Span(begun, None)
    assert span_bounds(period({"start": "2021-03-02"})) == (begun.start, LATEST)
    assert span_bounds(period({"end": "2021-03-02"})) == (EARLIEST, begun.end)
    assert span_bounds(period({})) is None
    assert span_bounds(period(None)) is None
    assert span_bounds(begun) == (begun.start, begun.end)


@pytest.mark.parametrize(
    ("element", "low", "high"),
    [
        ("2021-09-14", "2021-09-13T22:00", "2021-09-14T22:00"),
        ({"start": "2021-09-14", "end": "2021-09-15"}, "2021-09-13T22:00", "2021-09-15T22:00"),
        ({"event": ["2021-09-16", "2021-09-14"]}, "2021-09-13T22:00", "2021-09-16T22:00"),
        (
            {"repeat": {"boundsPeriod": {"start": "2021-09-14", "end": "2021-09-14"}}},
            "2021-09-13T22:00",
            "2021-09-14T22:00",
        ),
    ],
)
def test_dates_periods_and_timings_have_bounds(element: Any, low: str, high: str) -> None:
    assert date_bounds(element) == (utc(low), utc(high))


def test_a_timing_without_dates_has_no_bounds() -> None:
    assert timing(None) == Span(None, None)
    assert timing({"event": ["garbage"]}) == Span(None, None)
    assert date_bounds({"repeat": {"frequency": 1}}) is None
    assert date_bounds(7) is None


def test_codings_keep_their_order_and_say_where_no_system_was_named() -> None:
    concept = {"coding": [{"system": "s", "code": "a"}, {"display": "no code"}, {"code": "b"}], "text": "t"}

    assert codings(concept) == (Coding("s", "a"), Coding("", "b"))
    assert codings(None) == ()
    assert codings({"text": "t"}) == ()
    assert all_codings([concept, concept]) == codings(concept) * 2
    assert all_codings(None) == ()


def test_a_concept_reads_as_its_text_or_its_first_display() -> None:
    assert concept_text({"text": "asthénie", "coding": [{"display": "Fatigue"}]}) == "asthénie"
    assert concept_text({"coding": [{"code": "x"}, {"display": "Fatigue"}]}) == "Fatigue"
    assert concept_text({"coding": [{"code": "x"}]}) is None
    assert concept_text(None) is None


def test_identifiers_come_one_or_many() -> None:
    one = {"system": "s", "value": "1"}

    assert identifiers(one) == (Coding("s", "1"),)
    assert identifiers([one, {"system": "s"}, {"value": "2"}]) == (Coding("s", "1"), Coding("", "2"))
    assert identifiers(None) == ()


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Patient/p-1", ("Patient", "p-1")),
        ("Patient/p-1/_history/3", ("Patient", "p-1")),
        (f"{HERE}/Patient/p-1", ("Patient", "p-1")),
        (f"{HERE}/Patient/p-1/_history/3", ("Patient", "p-1")),
        ("http://elsewhere.example/fhir/Patient/p-1", None),
        (f"{HERE}x/Patient/p-1", None),
        (f"{HERE}Patient/p-1", None),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", None),
        ("#p-1", None),
        ("Patient/p-1?x=1", None),
        ("Patient/", None),
        ("patient/p-1", None),
        ("Patient/" + "x" * 65, None),
    ],
)
def test_a_reference_is_ours_or_none(text: str, target: tuple[str, str] | None) -> None:
    assert reference({"reference": text}, HERE) == target
    assert reference({"reference": text}, HERE + "/") == target


def test_a_reference_without_a_literal_points_nowhere() -> None:
    assert reference({"display": "somebody"}, HERE) is None
    assert reference(None, HERE) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/p-1", "p-1"),
        ("Group/p-1", None),
        ("#p-1", None),
        ("http://elsewhere.example/fhir/Patient/p-1", "http://elsewhere.example/fhir/Patient/p-1"),
    ],
)
def test_a_foreign_patient_is_never_taken_for_ours(text: str, expected: str | None) -> None:
    assert target_id({"reference": text}, "Patient") == expected
    assert target_id({"display": "somebody"}, "Patient") is None
    assert target_id(None, "Patient") is None


@pytest.mark.parametrize(
    ("number", "expected"),
    [(3, Decimal(3)), (Decimal("1.50"), Decimal("1.50")), (True, None), ("3", None), (None, None)],
)
def test_a_number_stays_exact(number: Any, expected: Decimal | None) -> None:
    assert decimal(number) == expected


@pytest.mark.parametrize("number", [Decimal("1E+301"), Decimal("1E-301"), Decimal("NaN"), 10**301])
def test_a_number_that_nothing_measures_is_not_computed_with(number: Any) -> None:
    assert decimal(number) is None


@pytest.mark.parametrize(
    ("number", "written"),
    [("1.50", "1.50"), ("0.0000001", "0.0000001"), ("100", "100"), ("1E+2", "1E+2"), ("1E-30", "1E-30")],
)
def test_digits_are_written_as_they_were_sent(number: str, written: str) -> None:
    assert digits(Decimal(number)) == written


def test_a_path_walks_through_lists_and_to_extensions_by_their_url() -> None:
    document: dict[str, Any] = {
        "extension": [{"url": "http://a.example/x", "valueCode": "1"}, {"url": "http://a.example/y"}],
        "component": [{"code": {"coding": [{"code": "a"}, {"code": "b"}]}}, {"code": {"text": "c"}}],
    }

    assert values(document, "component.code.coding.code") == ["a", "b"]
    assert values(document, "extension('http://a.example/x').valueCode") == ["1"]
    assert values(document, "component.nothing") == []
    assert extension(document, "http://a.example/x") == document["extension"][0]
    assert extension(document, "http://a.example/z") is None


@pytest.mark.parametrize(
    ("written", "folded"),
    [("Étude MSC", "etude msc"), ("MÜLLER", "muller"), ("plain", "plain"), ("ΣΑΣ", "σασ")],
)
def test_folding_takes_case_and_accents_away(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
