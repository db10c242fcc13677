"""The service's own vocabulary as resources: every code system, and the sets of codes an element may have.

Drawn from the declarations that everything reads, and from the protocols' own criteria and attestations.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from app.clinical.codes import (
    BILAG_2004_SYSTEMS,
    BILAG_SYSTEM,
    CLASSIC_SYSTEMS,
    CODE_SYSTEMS,
    CodeSystem,
    Concept,
)
from app.clinical.criteria import attestation
from app.fhir_mapping.criteria_vocabulary import VALUE_SET, criteria_system
from app.fhir_mapping.resource import Document
from app.protocol.loader import load_all

SUBSETS: Mapping[str, tuple[str, CodeSystem, tuple[str, ...]]] = {
    "bilag-classic-system": ("Organ systems of the classic BILAG index", BILAG_SYSTEM, CLASSIC_SYSTEMS),
    "bilag-2004-system": ("Organ systems of the BILAG-2004 index", BILAG_SYSTEM, BILAG_2004_SYSTEMS),
}
"""Sets that hold only some codes of a system: their title, the system, and the codes."""


@cache
def code_systems() -> Mapping[str, Document]:
    """Our own vocabulary, by the id of its resource."""
    protocols = tuple(load_all().values())
    own = (*CODE_SYSTEMS, attestation.code_system(protocols))
    return {system.name: _code_system(system) for system in own} | {
        document["id"]: document for document in map(criteria_system, protocols)
    }


@cache
def value_sets() -> Mapping[str, Document]:
    """One set with all the codes of each system, and the sets of `SUBSETS`."""
    whole = {
        name: _value_set(name, system["title"], {"system": system["url"]})
        for name, system in code_systems().items()
    }
    return whole | {
        name: _value_set(name, title, _some(system, codes))
        for name, (title, system, codes) in SUBSETS.items()
    }


def codes_of_whole_systems(value_set: Document) -> Iterator[str]:
    """The codes of the systems a set takes in without naming any of them."""
    whole = {one["system"] for one in value_set["compose"]["include"] if "concept" not in one}
    for system in code_systems().values():
        if system["url"] in whole:
            yield from (concept["code"] for concept in system["concept"])


def _some(system: CodeSystem, codes: Iterable[str]) -> Document:
    return {"system": system.url, "concept": [{"code": code} for code in codes]}


def _value_set(name: str, title: str, included: Document) -> Document:
    return {
        "resourceType": "ValueSet",
        "id": name,
        "url": VALUE_SET + name,
        "name": "".join(part.capitalize() for part in name.split("-")),
        "title": title,
        "status": "active",
        "experimental": False,
        "compose": {"include": [included]},
    }


def _code_system(system: CodeSystem) -> Document:
    return {
        "resourceType": "CodeSystem",
        "id": system.name,
        "url": system.url,
        "name": "".join(part.capitalize() for part in system.name.split("-")),
        "title": system.title,
        "status": "active",
        "experimental": False,
        "caseSensitive": True,
        "valueSet": VALUE_SET + system.name,
        "content": "complete",
        "count": len(system.concepts),
        "concept": [_concept(concept) for concept in system.concepts],
    }


def _concept(concept: Concept) -> Document:
    french = {"language": "fr", "value": concept.fr}
    meaning = {"definition": concept.definition} if concept.definition else {}
    return {"code": concept.code, "display": concept.en, **meaning, "designation": [french]}
