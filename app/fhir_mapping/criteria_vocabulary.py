"""The criteria of the protocols as code systems: each criterion, with its parts below it."""

from collections.abc import Iterable, Iterator

from app.clinical.codes import BASE
from app.fhir_mapping.resource import Document
from app.protocol.criteria import Criterion
from app.protocol.definition import Protocol

VALUE_SET = "https://trialbridge.example/fhir/ValueSet/"
"""Where the sets of all codes of a system are named."""


def system_of(protocol: Protocol) -> str:
    """Where the criteria of a protocol are named."""
    return f"{BASE}{protocol.key.lower()}-criterion"


def criterion_coding(protocol: Protocol, criterion: Criterion) -> Document:
    """The coding of one criterion."""
    return {"system": system_of(protocol), "version": protocol.version, "code": criterion.id}


def criteria_system(protocol: Protocol) -> Document:
    """The CodeSystem of a protocol's criteria, with their sentences in both languages."""
    concepts = [*_concepts(protocol.every_part)]
    name = f"{protocol.key.lower()}-criterion"
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": system_of(protocol),
        "version": protocol.version,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": f"Eligibility criteria of {protocol.key}",
        "status": "active",
        "experimental": False,
        "caseSensitive": True,
        "valueSet": VALUE_SET + name,
        "content": "complete",
        "count": len(concepts),
        **({"concept": concepts} if concepts else {}),
    }


def _concepts(parts: Iterable[Criterion]) -> Iterator[Document]:
    for part in parts:
        french = {"language": "fr", "value": part.text.fr}
        yield {"code": part.id, "display": part.text.en, "designation": [french]}
