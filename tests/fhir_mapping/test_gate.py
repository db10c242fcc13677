from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.fhir_mapping import codec, gate
from app.fhir_mapping.definitions import definition, resource_types
from app.fhir_mapping.walk import walk
from tests.fhir_mapping.bodies import VALID, invalid, mutated


def accepted(kind: str, document: dict[str, Any]) -> bool:
    return gate.accepts(kind, document, codec.write(document))


@pytest.mark.parametrize("name", VALID)
def test_the_gate_and_the_walk_let_a_good_body_through(name: str) -> None:
    document = codec.read(VALID[name])

    assert walk(document["resourceType"], document) == ()
    assert gate.accepts(document["resourceType"], document, VALID[name])


@pytest.mark.parametrize(("says", "body", "expect"), invalid(), ids=[case[0] for case in invalid()])
def test_the_gate_refuses_a_bad_body(says: str, body: dict[str, Any], expect: list[list[str]]) -> None:
    assert not accepted(body["resourceType"], body)


@settings(max_examples=1000, deadline=None)
@given(mutated())
def test_the_gate_and_the_walk_never_disagree(case: tuple[str, dict[str, Any]]) -> None:
    kind, document = case

    assert accepted(kind, document) == (walk(kind, document) == ())


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_what_the_gate_accepts_the_models_of_fhir_resources_accept(case: tuple[str, dict[str, Any]]) -> None:
    kind, document = case
    if accepted(kind, document):
        assert refused_by_model(kind, document) == []


def _unknown_to_model(place: tuple[str | int, ...]) -> bool:
    """The one thing R4 allows and those models do not: an extension of an extension's primitive value."""
    return str(place[-1]).startswith("_value") and any(
        str(step).lower().endswith("extension") for step in place
    )


def refused_by_model(kind: str, document: dict[str, Any]) -> list[str]:
    try:
        get_fhir_model_class(kind).model_validate(document)
    except ValidationError as problem:
        return [
            f"{error['loc']}: {error['msg']}"
            for error in problem.errors()
            if not _unknown_to_model(error["loc"])
        ]
    return []


@pytest.mark.parametrize("kind", sorted(resource_types()))
def test_every_resource_type_has_a_gate_that_asks_for_what_is_required(kind: str) -> None:
    known = definition(kind)
    assert known is not None
    document: dict[str, Any] = {"resourceType": kind}

    assert accepted(kind, document) == (walk(kind, document) == ())
    missing = {issue.expression for issue in walk(kind, document) if issue.code == "required"}
    assert missing == {f"{kind}.{name.removesuffix('[x]')}" for name in known.required}


def test_a_type_that_is_none_is_refused() -> None:
    assert not accepted("Banana", {"resourceType": "Banana"})
    assert not accepted("Quantity", {"resourceType": "Quantity"})


def test_a_name_written_with_escapes_is_still_seen() -> None:
    raw = b'{"resourceType":"Patient","\\u005fbirthDate":{"extension":[{"url":"https://a.example","valueCode":"x"}]}}'

    assert gate.accepts("Patient", codec.read(raw), raw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=6), inner),
    )
)
def test_no_document_whatsoever_breaks_the_gate_or_the_walk(value: Any) -> None:
    document = {
        "resourceType": "Observation",
        "component": value,
        "contained": value,
        "text": value,
        "code": value,
    }

    assert not accepted("Observation", document)
    assert walk("Observation", document)
