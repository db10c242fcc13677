"""The compiled gate and the explaining walk mean the same by every element of every type that is taken in."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from app.fhir_mapping import codec, gate
from app.fhir_mapping.walk import walk
from tests.fhir_mapping.drawn_documents import SERVED, grown, least, places, spoilt


def verdicts(kind: str, document: dict[str, Any]) -> tuple[bool, bool]:
    return gate.accepts(kind, document, codec.write(document)), walk(kind, document) == ()


@pytest.mark.parametrize("kind", SERVED)
def test_the_least_document_of_a_type_is_right(kind: str) -> None:
    assert verdicts(kind, least(kind)) == (True, True)


@pytest.mark.parametrize("kind", SERVED)
def test_the_gate_and_the_walk_agree_on_every_element_right_and_wrong(kind: str) -> None:
    said: Counter[bool] = Counter()
    for place in places():
        if place.root == kind:
            for document in spoilt(place):
                by_gate, by_walk = verdicts(kind, document)
                assert by_gate == by_walk, (place.known.name, place.element.name, document)
                said[by_gate] += 1

    assert said[False] > said[True] > 0


def test_every_element_of_r4_that_a_type_leads_to_is_tried() -> None:
    assert len(places()) > 1000
    assert {place.root for place in places()} == set(SERVED)


@settings(max_examples=800, deadline=None)
@given(grown())
def test_the_gate_and_the_walk_agree_on_random_documents(case: tuple[str, dict[str, Any]]) -> None:
    by_gate, by_walk = verdicts(*case)

    assert by_gate == by_walk
