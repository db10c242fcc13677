"""How the values of a score and of its components are read from an Observation."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.fhir_mapping.datatypes import codings, decimal
from app.fhir_mapping.resource import Document

Element = dict[str, Any]


def number(element: Element) -> Decimal | None:
    """An integer or a quantity, as a number."""
    return decimal(element.get("valueInteger", element.get("valueQuantity", {}).get("value")))


def components(document: Document, system: str) -> Iterator[tuple[str, Element, str]]:
    """The components coded in a system: where each stands, the component, and its code."""
    for place, component in enumerate(document.get("component", ())):
        for coding in codings(component.get("code")):
            if coding.system == system:
                yield f"Observation.component[{place}]", component, coding.code


def value_name(element: Element) -> str:
    """Which of the value elements is there; empty where none is."""
    return next((name for name in element if name.startswith("value")), "")
