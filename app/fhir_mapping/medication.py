"""What the statements on medication share: which product it was, and when it was given or taken."""

from decimal import Decimal
from typing import Any

from app.clinical.records import Span
from app.fhir_mapping.datatypes import decimal, meant_span, moment, period
from app.fhir_mapping.resource import Document
from app.fhir_mapping.units import rate_unit, written_unit

PER = {"d": "d", "day": "d", "j": "d", "wk": "wk", "mo": "mo"}
"""The times a rate may be per, by how they are written."""


def product(document: Document) -> Any:
    """The product as a CodeableConcept: in line, or of the contained Medication; None where it is neither."""
    return document.get("medicationCodeableConcept") or contained(document).get("code")


def contained(document: Document) -> dict[str, Any]:
    """The Medication inside the document that it points to; empty where there is none."""
    reference = (document.get("medicationReference") or {}).get("reference")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return {}
    return next((one for one in document.get("contained", ()) if one.get("id") == reference[1:]), {})


def when(document: Document, name: str = "effective") -> Span:
    """The period of `effective[x]` or `performed[x]`; a single moment begins and ends there."""
    if f"{name}Period" in document:
        return meant_span(period(document[f"{name}Period"]))
    at = moment(document.get(f"{name}DateTime"))
    return meant_span(Span(at, at))


def rate_of(dosage: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    """The amount per time and its unit; a ratio counts where it is per one unit of time."""
    if "rateQuantity" in dosage:
        return decimal(dosage["rateQuantity"].get("value")), rate_unit(dosage["rateQuantity"])
    ratio = dosage.get("rateRatio") or {}
    amount, time = ratio.get("numerator") or {}, ratio.get("denominator") or {}
    unit, per = written_unit(amount), PER.get(written_unit(time) or "")
    if decimal(time.get("value")) != 1 or unit is None or per is None:
        return None, None
    return decimal(amount.get("value")), f"{unit}/{per}"
