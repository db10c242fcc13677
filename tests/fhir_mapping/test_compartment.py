"""What is about a patient, as R4's Patient compartment has it."""

import pytest

from app.fhir_mapping.compartment import PATIENT, compartment
from app.fhir_mapping.query import ReferenceValue, TokenValue, clauses
from app.fhir_mapping.registry import RESOURCES


@pytest.mark.parametrize("kind", list(PATIENT))
def test_a_resource_is_about_a_patient_by_any_of_its_parameters(kind: str) -> None:
    condition = compartment(RESOURCES[kind], "p-1")

    assert condition is not None
    assert {(one.parameter.name, *one.values) for one in clauses(condition) if hasattr(one, "values")} == {
        (name, TokenValue(None, "p-1") if name == "_id" else ReferenceValue("Patient", "p-1"))
        for name in PATIENT[kind]
    }


def test_a_study_is_about_no_patient() -> None:
    assert compartment(RESOURCES["ResearchStudy"], "p-1") is None
