from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fhir_mapping import check, codec
from app.fhir_mapping.outcome import Issue, Refusal
from tests.fhir_mapping.bodies import VALID, invalid, mutated, unreadable

ISSUE_TYPES = {"structure", "required", "value", "code-invalid", "invariant"}


def refused(kind: str, raw: bytes, where: str | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check.checked(kind, raw, where)
    return caught.value


@pytest.mark.parametrize("name", VALID)
def test_a_good_body_comes_out_as_the_document_it_is(name: str) -> None:
    document = codec.read(VALID[name])

    assert check.checked(document["resourceType"], VALID[name]) == document


@pytest.mark.parametrize(("says", "body", "expect"), invalid(), ids=[case[0] for case in invalid()])
def test_a_bad_body_is_refused_with_the_code_and_the_place(
    says: str, body: dict[str, Any], expect: list[list[str]]
) -> None:
    refusal = refused(body["resourceType"], codec.write(body))

    assert refusal.status == 400
    assert sorted([issue.code, issue.expression] for issue in refusal.issues) == sorted(expect)


@pytest.mark.parametrize(("says", "text"), unreadable(), ids=[case[0] for case in unreadable()])
def test_a_text_that_cannot_be_read_is_refused(says: str, text: bytes) -> None:
    refusal = refused("Observation", text)

    assert refusal.status == 400
    assert {issue.code for issue in refusal.issues} <= {"structure", "value"}


def test_a_misspelt_element_is_told_what_was_probably_meant() -> None:
    body = codec.read(VALID["laboratory"])
    body["valueQuantitty"] = body.pop("valueQuantity")

    assert check.problems("Observation", body) == (
        Issue(
            "structure",
            "'valueQuantitty' is not an element of Observation in R4; did you mean 'valueQuantity'?",
            "Observation.valueQuantitty",
        ),
    )


def test_a_wrong_code_is_told_which_codes_there_are() -> None:
    body = codec.read(VALID["laboratory"]) | {"status": "finel"}

    [issue] = check.problems("Observation", body)

    assert issue.text == (
        "'finel' is not a code for status; did you mean 'final'? R4 allows amended, cancelled, corrected, "
        "entered-in-error, final, preliminary, registered, unknown"
    )


def test_a_reference_is_told_which_types_are_allowed() -> None:
    body = codec.read(VALID["laboratory"]) | {"subject": {"reference": "Practitioner/1"}}

    [issue] = check.problems("Observation", body)

    assert issue.text == "subject may refer to Device | Group | Location | Patient, not to Practitioner"


def test_another_type_than_asked_for_is_one_problem_not_many() -> None:
    [issue] = refused("Observation", VALID["patient"]).issues

    assert issue == Issue(
        "structure", "resourceType must be 'Observation' here, not 'Patient'", "Observation.resourceType"
    )


@pytest.mark.parametrize(
    "named", ["{}", '{"resourceType": null}', '{"resourceType": 1}', '{"resourceType": ["Observation"]}']
)
def test_a_body_without_type_is_refused(named: str) -> None:
    assert "Observation.resourceType" in {
        issue.expression for issue in refused("Observation", named.encode()).issues
    }


def test_problems_inside_a_bundle_say_which_entry() -> None:
    raw = b'{"resourceType": "Observation", "status": "done", "code": {"text": "x"}}'

    [issue] = refused("Observation", raw, "Bundle.entry[3].resource").issues

    assert issue.expression == "Bundle.entry[3].resource.status"


def test_no_issue_repeats_what_was_written_about_a_patient() -> None:
    marked = "Maria-Magdalena-Mustermann"
    body = codec.read(VALID["patient-with-narrative"]) | {
        "name": marked,
        "birthDate": f"2021 {marked}",
        "gender": {"text": marked},
        "address": [{"city": {"a": marked}}],
    }
    body["text"]["div"] = f"<div>{marked}</div>"

    assert marked not in str([issue.document() for issue in check.problems("Patient", body)])


def test_a_body_only_the_gate_refuses_is_not_refused_without_a_word() -> None:
    """Should gate and walk ever disagree, the models of fhir.resources are asked."""
    no_code = {"resourceType": "Observation", "status": "final"}
    nothing_wrong = no_code | {"code": {"text": "x"}}
    unknown_inside = nothing_wrong | {"contained": [{"resourceType": "Bogus"}]}

    named = [issue.expression for issue in check.third_opinion("Observation", no_code, "Observation")]
    assert named == ["Observation.code"]
    for document in (nothing_wrong, unknown_inside):
        [issue] = check.third_opinion("Observation", document, "Observation")
        assert issue.code == "invalid"


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_every_problem_has_a_fhir_code_a_sentence_and_a_place(case: tuple[str, dict[str, Any]]) -> None:
    kind, document = case
    for issue in check.problems(kind, document):
        assert issue.code in ISSUE_TYPES
        assert issue.text
        assert (issue.expression or "").startswith(kind)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(JSON)
def test_random_json_is_refused_and_nothing_else_happens(value: Any) -> None:
    refused("Observation", codec.write(value))


@given(st.binary(max_size=40))
def test_random_bytes_are_refused_and_nothing_else_happens(raw: bytes) -> None:
    refused("Observation", raw)


@given(st.sampled_from(sorted(VALID)), st.integers(0, 2000), st.binary(max_size=3))
def test_a_body_damaged_anywhere_is_refused_or_sound(name: str, place: int, damage: bytes) -> None:
    raw = VALID[name][:place] + damage + VALID[name][place + 1 :]
    kind = codec.read(VALID[name])["resourceType"]
    with suppress(Refusal):
        document = check.checked(kind, raw)
        assert codec.read(codec.write(document)) == document
