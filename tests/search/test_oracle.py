"""The oracle itself is right: each worked example of R4's search page, and of the rules, by hand."""

from decimal import Decimal
from typing import Any

import pytest

from tests.search.oracle import World
from tests.search.values import date, quantity, split, string, token

BASE = "http://here/fhir"
FROM_15_MARCH = {"start": "2013-03-15"}
FROM_21_JANUARY = {"start": "2013-01-21"}
UP_TO_21_JANUARY = {"end": "2013-01-21"}


@pytest.mark.parametrize(
    ("asked", "sent", "found"),
    [
        ("2013-01-14", "2013-01-14T00:00:00+01:00", True),
        ("2013-01-14", "2013-01-14T10:00:00+01:00", True),
        ("2013-01-14", "2013-01-15T00:00:00+01:00", False),
        ("ne2013-01-14", "2013-01-15T00:00:00+01:00", True),
        ("ne2013-01-14", "2013-01-14T00:00:00+01:00", False),
        ("lt2013-01-14T10:00", "2013-01-14", True),
        ("gt2013-01-14T10:00", "2013-01-14", True),
        ("ge2013-03-14", FROM_21_JANUARY, True),
        ("le2013-03-14", FROM_21_JANUARY, True),
        ("sa2013-03-14", FROM_15_MARCH, True),
        ("sa2013-03-14", FROM_21_JANUARY, False),
        ("sa2013-03-14", UP_TO_21_JANUARY, False),
        ("eb2013-03-14", FROM_15_MARCH, False),
        ("eb2013-03-14", FROM_21_JANUARY, False),
        ("eb2013-03-14", UP_TO_21_JANUARY, True),
        ("2013", "2013-05", True),
        ("2013-05", "2013", False),
        ("ne2013-05", "2013", True),
        ("gt2013-05", "2013", True),
        ("lt2013-05", "2013", True),
        ("2013-03-14", {"start": "2013-03-14"}, False),
        ("gt2013-03-14", {"start": "2013-03-14"}, True),
        ("lt2013-03-14", {"start": "2013-03-14"}, False),
        ("le2013-03-14", {"start": "2013-03-14"}, False),
        ("ge2013-03-14", {"end": "2013-03-14"}, False),
        ("2024-03-05T10:20+02:00", "2024-03-05T08:20:30Z", True),
        ("2024-03-05T10:20Z", "2024-03-05T10:20:30+02:00", False),
        ("2024-03-05T10:20", "2024-03-05T09:20:00Z", True),
        ("2024-07-05T10:20", "2024-07-05T08:20:59.999Z", True),
        ("2024-03-31", "2024-03-31T21:59:59Z", True),
        ("2024-03-31", "2024-03-31T22:00:00Z", False),
        ("2024-03-05T10:20:30.5Z", "2024-03-05T10:20:30.59Z", True),
        ("2013-01", {"event": ["2013-01-03", "2013-01-20"]}, True),
        ("2013-01", {"event": ["2013-01-03", "2013-02-20"]}, False),
    ],
)
def test_dates(asked: str, sent: Any, found: bool) -> None:
    assert date(sent, asked) is found


@pytest.mark.parametrize(
    ("asked", "value", "found"),
    [
        ("100", "99.5", True),
        ("100", "99.6", True),
        ("100", "100.5", False),
        ("100.0", "99.6", False),
        ("100.00", "99.995", True),
        ("100.00", "100.005", False),
        ("1e2", "95", True),
        ("1e2", "105", False),
        ("5.40e-3", "0.005395", True),
        ("5.40e-3", "0.005405", False),
        ("ne100", "100.5", True),
        ("ne100", "99.5", False),
        ("gt60", "60.0", False),
        ("gt60", "60.0000001", True),
        ("lt60.0", "59.9999999", True),
        ("ge60", "60.00", True),
        ("ge60", "59.99", False),
        ("le0.3", "0.3", True),
        ("sa5", "5", False),
        ("eb5", "4.9", True),
        ("-1", "-1.5", True),
        ("-1", "-0.5", False),
    ],
)
def test_numbers(asked: str, value: str, found: bool) -> None:
    assert quantity({"value": Decimal(value)}, asked) is found


@pytest.mark.parametrize(
    ("asked", "sent", "found"),
    [
        (
            "85|http://unitsofmeasure.org|mg/dL",
            {"code": "mg/dL", "system": "http://unitsofmeasure.org"},
            True,
        ),
        ("85||mg/dL", {"unit": "mg/dL"}, True),
        ("85||mg/dL", {"unit": "milligrams", "code": "mg/dL", "system": "http://unitsofmeasure.org"}, True),
        ("85", {"unit": "whatever"}, True),
        ("lt0.9||g/L", {"unit": "mg/dL"}, True),
        ("0.85||g/L", {"code": "mg/dL", "system": "http://unitsofmeasure.org"}, True),
        (
            "850|http://unitsofmeasure.org|mg/L",
            {"code": "mg/dL", "system": "http://unitsofmeasure.org"},
            True,
        ),
        ("85||g/L", {"unit": "mg/dL"}, False),
        ("85|urn:else|mg/dL", {"code": "mg/dL", "system": "http://unitsofmeasure.org"}, False),
        ("85000||/uL", {"unit": "G/L"}, True),
        ("85||mm/h", {"unit": "mg/dL"}, False),
        ("85", {"comparator": "<"}, False),
        ("ne85", {"comparator": "<"}, True),
        ("lt10", {"comparator": "<"}, True),
        ("gt85", {"comparator": "<"}, False),
        ("gt84", {"comparator": "<"}, True),
        ("ge85", {"comparator": "<="}, True),
        ("eb85", {"comparator": "<"}, True),
        ("sa85", {"comparator": ">"}, True),
        ("sa85", {"comparator": ">="}, False),
        ("lt85", {"comparator": ">"}, False),
        ("gt1000", {"comparator": ">"}, True),
    ],
)
def test_quantities(asked: str, sent: dict[str, Any], found: bool) -> None:
    assert quantity({"value": Decimal(85)} | sent, asked) is found


CODED = {"coding": [{"system": "urn:s", "code": "a"}, {"code": "b"}], "text": "c"}


@pytest.mark.parametrize(
    ("asked", "sent", "found"),
    [
        ("a", CODED, True),
        ("A", CODED, False),
        ("urn:s|a", CODED, True),
        ("urn:t|a", CODED, False),
        ("|a", CODED, False),
        ("|b", CODED, True),
        ("b", CODED, True),
        ("urn:s|", CODED, True),
        ("urn:t|", CODED, False),
        ("c", CODED, False),
        ("final", "final", True),
        ("http://hl7.org/fhir/observation-status|final", "final", True),
        ("|final", "final", False),
        ("true", True, True),
        (r"a\,b\|c\$d\\e", {"value": r"a,b|c$d\e"}, True),
        (r"urn:i|a\|b", {"system": "urn:i", "value": "a|b"}, True),
        ("555", {"system": "phone", "value": "555"}, True),
    ],
)
def test_tokens(asked: str, sent: Any, found: bool) -> None:
    assert token(sent, asked, "http://hl7.org/fhir/observation-status") is found


@pytest.mark.parametrize(
    ("asked", "modifier", "found"),
    [
        ("müller", "", True),
        ("MULLER", "", True),
        ("mul", "", True),
        ("ller", "", False),
        ("ller", "contains", True),
        ("élo", "contains", True),
        ("muller", "exact", False),
        ("Müller", "exact", True),
        ("official", "", False),
        ("jean-é", "", True),
    ],
)
def test_strings(asked: str, modifier: str, found: bool) -> None:
    name = {"use": "official", "family": "Müller", "given": ["Jean-Éloi"]}
    assert string(name, asked, modifier) is found


def test_a_text_is_cut_where_no_backslash_stands() -> None:
    assert split(r"a\,b,c\\,", ",") == [r"a\,b", r"c\\", ""]


def observation(name: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": name, **more}


def refers(address: str) -> dict[str, Any]:
    return {"subject": {"reference": address}}


WORLD = World(
    BASE,
    [
        {"resourceType": "Patient", "id": "1", "gender": "male"},
        {"resourceType": "Patient", "id": "10", "gender": "female", "deceasedDateTime": "2020"},
        observation("relative", **refers("Patient/1")),
        observation("own", **refers(f"{BASE}/Patient/1")),
        observation("versioned", **refers("Patient/1/_history/3")),
        observation("ten", **refers("Patient/10")),
        observation("group", **refers("Group/1")),
        observation("foreign", **refers("http://else/fhir/Patient/1")),
        observation("known", subject={"identifier": {"system": "urn:i", "value": "x"}}),
        observation(
            "parts",
            component=[
                {"code": {"coding": [{"code": "a"}]}, "valueQuantity": {"value": 1}},
                {"code": {"coding": [{"code": "b"}]}, "valueQuantity": {"value": 2}},
            ],
        ),
    ],
)
OURS = {"relative", "own", "versioned"}


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ([("subject", "1")], OURS | {"group"}),
        ([("patient", "1")], OURS),
        ([("subject", "Patient/1")], OURS),
        ([("subject:Patient", "1")], OURS),
        ([("subject", f"{BASE}/Patient/1")], OURS),
        ([("subject", "http://else/fhir/Patient/1")], {"foreign"}),
        ([("subject:identifier", "urn:i|x")], {"known"}),
        ([("patient:missing", "true"), ("subject:missing", "false")], {"group", "foreign", "known"}),
        ([("subject.gender", "male")], OURS),
        ([("subject:Patient.gender", "female")], {"ten"}),
        ([("patient.gender:not", "male")], {"ten"}),
        ([("component-code-value-quantity", "a$1")], {"parts"}),
        ([("component-code-value-quantity", "a$2")], set()),
        ([("subject", "Patient/1,Patient/10")], OURS | {"ten"}),
        ([("subject", "Patient/1"), ("subject", "Patient/10")], set()),
    ],
)
def test_references_chains_and_parts(question: list[tuple[str, str]], found: set[str]) -> None:
    assert WORLD.answer("Observation", question) == found


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ([("_has:Observation:patient:_id", "own")], {"1"}),
        ([("_has:Observation:subject:component-code", "a")], set()),
        ([("deceased", "true")], {"10"}),
        ([("deceased", "false")], {"1"}),
        ([("_id", "1,10")], {"1", "10"}),
    ],
)
def test_has_and_deceased(question: list[tuple[str, str]], found: set[str]) -> None:
    assert WORLD.answer("Patient", question) == found
