"""Senders and their ConceptMaps for the tests of translation. Everything here is synthetic."""

from typing import Any

from app.fhir_mapping.dictionary import Dictionary
from app.fhir_mapping.sender import Sender
from app.fhir_mapping.units import LOINC, UCUM

CODES = "urn:example:chu:codes"
UNITS = "urn:example:chu:units"
CHU = Sender(name="chu", systems=("urn:example:chu:filler",), code_systems=(CODES,), unit_system=UNITS)

KNOWN = {"C3N": "4485-9", "CREA": "14682-9", "PLQ": "777-3"}
SPELT = {"gr/l": "g/L", "µmoles/l": "umol/L", "g/l": "10*9/L", "fl": "fL"}


def group(source: str, target: str, said: dict[str, str], equivalence: str = "equivalent") -> dict[str, Any]:
    """What the codes of one system are in another."""
    elements = [
        {"code": code, "target": [{"code": other, "equivalence": equivalence}]}
        for code, other in said.items()
    ]
    return {"source": source, "target": target, "element": elements}


def concept_map(*groups: dict[str, Any], name: str = "laboratory", **said: Any) -> dict[str, Any]:
    """An active map."""
    url = f"https://chu.example/fhir/ConceptMap/{name}"
    return {
        "resourceType": "ConceptMap",
        "id": name,
        "url": url,
        "status": "active",
        "group": [*groups],
        **said,
    }


def codes(said: dict[str, str], **further: Any) -> dict[str, Any]:
    """A map of the sender's codes."""
    return concept_map(group(CODES, LOINC, said), **further)


def units(said: dict[str, str], **further: Any) -> dict[str, Any]:
    """A map of the sender's units."""
    return concept_map(group(UNITS, UCUM, said), **{"name": "units", **further})


def dictionary(*maps: dict[str, Any], version: int = 1) -> Dictionary:
    """What these maps say of the sender's codes and units."""
    return Dictionary.of(CHU, [(one, version) for one in maps])


FULL = dictionary(codes(KNOWN), units(SPELT))
EMPTY = dictionary()
