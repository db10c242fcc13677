"""Modifiers: what carries one that is not understood must not be processed."""

import pytest

from app.fhir_mapping import codec
from app.fhir_mapping.modifiers import understood
from tests.fhir_mapping.documents import ADVERSE_EVENT, OBSERVATION, Json

STATUS = "http://hl7.org/fhir/uv/ae-research-backport-ig/StructureDefinition/status"
KNOWN: Json = {"url": STATUS, "valueCode": "completed"}
ODD: Json = {"url": "urn:odd", "valueCode": "x"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (ADVERSE_EVENT, True),
        (OBSERVATION, True),
        ({**ADVERSE_EVENT, "modifierExtension": [KNOWN]}, True),
        ({**ADVERSE_EVENT, "modifierExtension": [KNOWN, ODD]}, False),
        ({**ADVERSE_EVENT, "suspectEntity": [{"modifierExtension": [KNOWN]}]}, False),
        ({**ADVERSE_EVENT, "implicitRules": "urn:rules"}, False),
        ({**OBSERVATION, "modifierExtension": [KNOWN]}, False),
    ],
)
def test_only_a_known_modifier_in_its_place_is_understood(document: Json, expected: bool) -> None:
    assert understood(document["resourceType"], codec.write(document)) is expected
