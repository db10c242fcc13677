"""Laws of every mapping: what R4 allows never raises, and says whose it is."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.clinical.records import Source
from app.fhir_mapping import codec
from app.fhir_mapping.check import checked
from app.fhir_mapping.index import index_rows, records
from app.fhir_mapping.outcome import Refusal
from app.fhir_mapping.registry import RESOURCES
from tests.fhir_mapping.documents import ALL, HERE, Json

Place = tuple[Any, ...]
POOL: list[Any] = [
    {"extension": [{"url": "http://x.example", "valueCode": "y"}]},
    {"text": "words only"},
    {"coding": [{"display": "no code"}]},
    {"display": "nobody"},
    {"reference": f"{HERE}/Patient/p-1"},
    {"reference": "#nowhere"},
    {"value": 1},
    {"start": "2021"},
    {"end": "2021-03-02T10:00:00.123Z"},
    {"event": ["2021-03"]},
    "2016-12-31T23:59:60Z",
    "9999-12-31",
    "0001",
    "x",
    0,
    -1,
    10**18,
    True,
]


def places(element: Any, here: Place = ()) -> Iterator[Place]:
    """Every place in a document but the one that says its type."""
    below = element.items() if isinstance(element, dict) else enumerate(element)
    for name, value in below:
        if name != "resourceType":
            yield (*here, name)
        if isinstance(value, (dict, list)):
            yield from places(value, (*here, name))


def changed(element: Any, place: Place, value: Any) -> Any:
    """The document with that place replaced, or left out where the value is None."""
    if not place:
        return value
    first, *rest = place
    members = dict(element) if isinstance(element, dict) else dict(enumerate(element))
    members[first] = changed(members[first], tuple(rest), value)
    kept = {name: below for name, below in members.items() if below is not None and below not in ({}, [])}
    return kept if isinstance(element, dict) else list(kept.values())


def renamed(document: Json, old: str, new: str, value: Any) -> Json:
    return {name: below for name, below in document.items() if name != old} | {new: value}


CHOICES = [
    ("effectiveDateTime", "effectiveInstant", "2021-09-14T08:05:00Z"),
    ("effectiveDateTime", "effectiveTiming", {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}),
    ("effectiveDateTime", "effectivePeriod", {"end": "2021"}),
    ("effectiveDateTime", "_effectiveDateTime", POOL[0]),
    ("valueQuantity", "valueRatio", {"numerator": {"value": 1}, "denominator": {"value": 80}}),
    ("valueQuantity", "valueRange", {"low": {"value": 1}}),
    (
        "valueQuantity",
        "valueSampledData",
        {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "1 2"},
    ),
    ("valueInteger", "_valueInteger", POOL[0]),
    ("birthDate", "_birthDate", POOL[0]),
    ("deceasedDateTime", "deceasedBoolean", False),
    ("gender", "_gender", POOL[0]),
    ("title", "_title", POOL[0]),
]


def is_r4(document: Json) -> bool:
    """Whether it would be let in."""
    try:
        checked(document["resourceType"], codec.write(document))
    except Refusal:
        return False
    return True


EVERY = [
    *ALL,
    *filter(
        is_r4,
        (renamed(document, *choice) for document in ALL for choice in CHOICES if choice[0] in document),
    ),
]


def read(document: Json) -> tuple[Any, ...]:
    """Everything a write does with a document that was accepted."""
    accepted = checked(document["resourceType"], codec.write(document))
    resource = RESOURCES[document["resourceType"]]
    index = index_rows(resource, accepted, base=HERE)
    dict(index.links)
    resource.review(accepted)
    return records(
        resource, accepted, Source(resource.name, "x", 1), patient=index.patient, study=index.study
    )


@pytest.mark.parametrize("document", EVERY, ids=lambda document: str(document["resourceType"]))
def test_every_example_is_valid_r4_and_gives_records(document: Json) -> None:
    assert read(document)


@pytest.mark.parametrize("document", ALL, ids=lambda document: str(document["resourceType"]))
def test_anything_may_be_left_out_that_r4_lets_out(document: Json) -> None:
    accepted = 0
    for place in places(document):
        with_less = changed(document, place, None)
        if is_r4(with_less):
            accepted += 1
            assert read(with_less)
    assert accepted


@settings(max_examples=400)
@given(st.data())
def test_no_document_that_r4_allows_makes_a_mapping_raise(data: st.DataObject) -> None:
    document = data.draw(st.sampled_from(EVERY))
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(list(places(document))))
        document = changed(document, place, data.draw(st.none() | st.sampled_from(POOL)))
    assert not is_r4(document) or read(document)


def test_every_choice_of_type_is_tried() -> None:
    tried = {name for document in EVERY for name in document}

    assert {new for _old, new, _value in CHOICES} <= tried
