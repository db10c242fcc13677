from typing import Any

import pytest
from hypothesis import given, settings

from app.fhir_mapping import codec
from app.fhir_mapping.identifying import identifying
from tests.fhir_mapping.bodies import VALID, mutated

OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
THIRTEEN = 1841276451089
KEY = 97 - THIRTEEN % 97
NIR = f"{THIRTEEN}{KEY:02}"


def places(document: dict[str, Any]) -> list[str | None]:
    """Where the document identifies someone, asked with and without the bytes."""
    raw = codec.write(document)
    slowly = identifying(document["resourceType"], document)
    assert identifying(document["resourceType"], document, raw) == slowly
    return [issue.expression for issue in slowly]


@pytest.mark.parametrize("name", sorted(VALID.keys() - {"patient-with-extended-primitives"}))
def test_pseudonymous_bodies_identify_nobody(name: str) -> None:
    document = codec.read(VALID[name])

    assert places(document) == (["Observation.subject.display"] if name == "absent-result" else [])


@pytest.mark.parametrize("element", ["name", "telecom", "address", "photo", "contact"])
def test_what_names_a_patient_is_found(element: str) -> None:
    assert places({"resourceType": "Patient", element: [{"text": "x"}]}) == [f"Patient.{element}"]


def test_a_contained_patient_is_found() -> None:
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": "x"}]}
    document = OBSERVATION | {"contained": [patient], "subject": {"reference": "#p", "display": "y"}}

    assert places(document) == ["Observation.contained[0].name", "Observation.subject.display"]


@pytest.mark.parametrize(
    ("reference", "identifies"),
    [
        ({"reference": "Patient/1", "display": "x"}, True),
        ({"reference": "https://a.example/fhir/Patient/1", "display": "x"}, True),
        ({"display": "x", "reference": "RelatedPerson/1"}, True),
        ({"type": "Patient", "identifier": {"value": "1"}, "display": "x"}, True),
        ({"reference": "Practitioner/1", "display": "x"}, False),
        ({"display": "the laboratory"}, False),
        ({"reference": "Patient/1"}, False),
    ],
)
def test_the_display_of_a_reference_to_a_patient_is_found(
    reference: dict[str, Any], identifies: bool
) -> None:
    assert places(OBSERVATION | {"performer": [reference]}) == (
        ["Observation.performer[0].display"] if identifies else []
    )


def test_a_subject_named_only_by_display_is_found() -> None:
    assert places(OBSERVATION | {"subject": {"display": "x"}}) == ["Observation.subject.display"]


@pytest.mark.parametrize("oid", ["8", "9", "10", "11"])
def test_a_national_health_identity_is_found_by_its_system(oid: str) -> None:
    identifier = {"system": f"urn:oid:1.2.250.1.213.1.4.{oid}", "value": "1"}

    assert places(OBSERVATION | {"identifier": [identifier]}) == ["Observation.identifier[0].system"]


def test_a_neighbouring_oid_is_no_health_identity() -> None:
    assert (
        places(OBSERVATION | {"identifier": [{"system": "urn:oid:1.2.250.1.213.1.4.80", "value": "1"}]}) == []
    )


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (NIR, True),
        (f"1 84 12 76 451 089 {KEY:02}", True),
        (f"n° {NIR}, confirmed", True),
        ("2 69 05 2A 588 157 " + f"{97 - 2690519588157 % 97:02}", True),
        (f"{THIRTEEN}{KEY % 97 + 1:02}", False),
        (f"9{NIR}", False),
        (f"1.2.{NIR}", False),
        ("210314000123456", False),
    ],
)
def test_a_social_security_number_is_known_by_its_key(text: str, is_one: bool) -> None:
    document = OBSERVATION | {"identifier": [{"value": text}], "note": [{"text": text}]}

    assert places(document) == (
        ["Observation.identifier[0].value", "Observation.note[0].text"] if is_one else []
    )


@settings(max_examples=300, deadline=None)
@given(mutated())
def test_the_glance_overlooks_nothing(case: tuple[str, dict[str, Any]]) -> None:
    kind, document = case

    assert identifying(kind, document, codec.write(document)) == identifying(kind, document)
