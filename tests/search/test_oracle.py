"""The oracle itself is right: each worked example of R4's search page, and of the rules, by hand."""

from decimal import Decimal
from typing import Any

import pytest

from tests.search.oracle import World
from tests.search.values import date, quantity, split, string, token
from tests.search.worked import DATES, NAME, NUMBERS, QUANTITIES, STRINGS, TOKENS

BASE = "http://here/fhir"


@pytest.mark.parametrize(("asked", "sent", "found"), DATES)
def test_dates(asked: str, sent: Any, found: bool) -> None:
    assert date(sent, asked) is found


@pytest.mark.parametrize(("asked", "value", "found"), NUMBERS)
def test_numbers(asked: str, value: str, found: bool) -> None:
    assert quantity({"value": Decimal(value)}, asked) is found


@pytest.mark.parametrize(("asked", "sent", "found"), QUANTITIES)
def test_quantities(asked: str, sent: dict[str, Any], found: bool) -> None:
    assert quantity({"value": Decimal(85)} | sent, asked) is found


@pytest.mark.parametrize(("asked", "sent", "found"), TOKENS)
def test_tokens(asked: str, sent: Any, found: bool) -> None:
    assert token(sent, asked, "http://hl7.org/fhir/observation-status") is found


@pytest.mark.parametrize(("asked", "modifier", "found"), STRINGS)
def test_strings(asked: str, modifier: str, found: bool) -> None:
    assert string(NAME, asked, modifier) is found


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
