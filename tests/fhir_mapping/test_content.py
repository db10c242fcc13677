"""What makes two pushed results the same content: every digit counts, order and white space do not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fhir_mapping import codec
from app.fhir_mapping.content import differing, digest

BODY = (
    b'{"resourceType":"Observation","status":"final","code":{"text":"C3"},"note":[{"text":"a"},{"text":"b"}],'
    b'"valueQuantity":{"value":1.50,"unit":"g/L"}}'
)


def said(old: bytes = b"", new: bytes = b"") -> dict[str, Any]:
    assert old in BODY
    return codec.read(BODY.replace(old, new, 1) if old else BODY)


SERVERS = [
    b'"id":"x"',
    b'"meta":{"versionId":"3","lastUpdated":"2026-01-01T00:00:00Z","source":"urn:a"}',
    b'"meta":{"tag":[{"system":"https://trialbridge.example/fhir/CodeSystem/lab-push","code":"unmapped-code"}]}',
]


@pytest.mark.parametrize("member", SERVERS)
def test_what_the_server_sets_is_no_content(member: bytes) -> None:
    assert digest(said(b'"status"', member + b',"status"')) == digest(said())
    assert differing(said(b'"status"', member + b',"status"'), said()) == []


def test_order_and_white_space_are_no_content() -> None:
    other = codec.read(
        b'{ "valueQuantity" : {"unit":"g/L","value":1.50}, "code":{"text":"C3"}, "status":"final",'
        b' "note":[{"text":"a"},{"text":"b"}], "resourceType":"Observation"}'
    )

    assert digest(other) == digest(said())
    assert differing(other, said()) == []


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b"1.50", b"1.5", "Observation.valueQuantity.value"),
        (b"1.50", b"15e-1", "Observation.valueQuantity.value"),
        (b"1.50", b"2", "Observation.valueQuantity.value"),
        (b'"final"', b'"corrected"', "Observation.status"),
        (b'{"text":"b"}', b'{"text":"c"}', "Observation.note[1].text"),
        (b',{"text":"b"}', b"", "Observation.note"),
        (b'"unit":"g/L"', b'"unit":"g/L","code":"g/L"', "Observation.valueQuantity.code"),
        (b'{"text":"C3"}', b'{"text":"c3"}', "Observation.code.text"),
        (b'"status"', b'"meta":{"profile":["urn:p"]},"status"', "Observation.meta"),
    ],
)
def test_everything_else_is_content_and_the_place_is_told_without_the_value(
    old: bytes, new: bytes, path: str
) -> None:
    assert digest(said(old, new)) != digest(said())
    assert differing(said(), said(old, new)) == [path]
    assert differing(said(old, new), said()) == [path]


def test_a_number_and_its_text_and_a_truth_are_not_the_same() -> None:
    numbers = [codec.read(b'{"resourceType":"X","a":%b}' % text) for text in (b"1", b"1.0", b'"1"', b"true")]

    assert len({digest(one) for one in numbers}) == len(numbers)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.decimals(-9, 9, places=2) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3).map(
    lambda members: {"resourceType": "Basic", **members}
)


@given(DOCUMENTS, DOCUMENTS)
def test_contents_differ_exactly_where_a_place_is_told(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (digest(one) == digest(other)) == (differing(one, other) == [])
