"""Who thinks what caused an adverse event, as R4 and the AE research guide write it (conventions §1.11.1)."""

from collections.abc import Iterator
from typing import Any

from app.clinical.records import Coding, Opinion
from app.fhir_mapping.datatypes import codings, concept_text
from app.fhir_mapping.resource import Document

Entity = dict[str, Any]


def opinions(document: Document) -> tuple[Opinion, ...]:
    """Every opinion on every suspect; a suspect nobody gave an opinion on has one without an assessment."""
    return tuple(
        opinion for entity in document.get("suspectEntity", ()) for opinion in _of_entity(document, entity)
    )


def _of_entity(document: Document, entity: Entity) -> Iterator[Opinion]:
    reference = (entity.get("instance") or {}).get("reference")
    product = _contained(document, reference)
    opinions: list[Entity] = entity.get("causality") or [{}]
    for given in opinions:
        author = (given.get("author") or {}).get("reference")
        yield Opinion(suspect=reference, assessment=_assessment(given), product=product, author=author)


def _assessment(given: Entity) -> str | None:
    """The assessor's code, else the words."""
    assessed = given.get("assessment")
    first = next((coding.code for coding in codings(assessed)), None)
    return first or concept_text(assessed) or given.get("productRelatedness")


def _contained(document: Document, reference: object) -> tuple[Coding, ...]:
    """The codes of a product that is contained in the report itself."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return ()
    contained: list[Entity] = document.get("contained", [])
    found = next((one for one in contained if one.get("id") == reference[1:]), {})
    return codings(found.get("medicationCodeableConcept")) or codings(found.get("code"))
