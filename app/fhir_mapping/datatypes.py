"""FHIR's data types, read into the trial's vocabulary: codes, references, numbers, paths, and dates.

Nothing here raises. What cannot be read is None or left out, so that a mapping stays total over
every document R4 allows.
Sources: https://hl7.org/fhir/R4/datatypes.html and https://hl7.org/fhir/R4/references.html
"""

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Any

from app.clinical.records import Coding
from app.fhir_mapping.dates import (
    EARLIEST,
    LATEST,
    PARIS,
    date_bounds,
    meant,
    meant_span,
    moment,
    period,
    span_bounds,
    timing,
)
from app.fhir_mapping.paths import Step, steps

__all__ = [
    "EARLIEST",
    "LATEST",
    "PARIS",
    "all_codings",
    "codings",
    "concept_text",
    "date_bounds",
    "decimal",
    "digits",
    "extension",
    "fold",
    "identifiers",
    "meant",
    "meant_span",
    "moment",
    "period",
    "reference",
    "span_bounds",
    "target_id",
    "timing",
    "values",
]

_REFERENCE = re.compile(
    r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?", re.ASCII
)
_FARTHEST = 300
_WRITTEN_OUT = 20


def codings(concept: Any) -> tuple[Coding, ...]:
    """The codes of a CodeableConcept, in their order; a coding without a code is left out."""
    if not isinstance(concept, dict):
        return ()
    return tuple(
        [
            Coding(coding.get("system", ""), coding["code"])
            for coding in concept.get("coding", ())
            if isinstance(coding, dict) and "code" in coding
        ]
    )


def all_codings(concepts: Any) -> tuple[Coding, ...]:
    """The codes of a list of CodeableConcepts, one after the other."""
    return tuple(coding for concept in concepts or () for coding in codings(concept))


def reference_texts(references: Any) -> tuple[str, ...]:
    """The references of a list, as they were sent."""
    found = (one.get("reference") for one in references or () if isinstance(one, dict))
    return tuple(text for text in found if isinstance(text, str))


def concept_text(concept: Any) -> str | None:
    """What a person would read: the concept's text, else its first display."""
    if not isinstance(concept, dict):
        return None
    if "text" in concept:
        return str(concept["text"])
    shown = (coding.get("display") for coding in concept.get("coding", ()) if isinstance(coding, dict))
    return next(filter(None, shown), None)


def identifiers(value: Any) -> tuple[Coding, ...]:
    """Business identifiers as system and value; one without a value is left out."""
    found = value if isinstance(value, list) else [value]
    return tuple(
        Coding(identifier.get("system", ""), identifier["value"])
        for identifier in found
        if isinstance(identifier, dict) and "value" in identifier
    )


def reference(value: Any, base: str) -> tuple[str, str] | None:
    """The (type, id) a Reference points to on this server, a version left aside.

    `base` is our own FHIR base address. None for what lies elsewhere: another server, a `urn:`,
    a contained `#id`, or no literal reference at all.
    """
    text = value.get("reference") if isinstance(value, dict) else value
    if not isinstance(text, str):
        return None
    return _literal(text, base)


@lru_cache(maxsize=8192)
def _literal(text: str, base: str) -> tuple[str, str] | None:
    """Remembered: all that is sent of one patient refers to the same."""
    local = text.removeprefix(base if base.endswith("/") else base + "/") if base else text
    match = _REFERENCE.fullmatch(local)
    return (match[1], match[2]) if match else None


def target_id(value: Any, hosted: str) -> str | None:
    """The id a Reference of that type points to, without knowing our own address.

    A relative `Type/id` gives the id. An absolute or `urn:` address is given whole: no id looks like
    it, so it can never be taken for a resource of ours before it is known to be one. A reference to
    another type, or without a literal, gives None.
    """
    if not isinstance(value, dict):
        return None
    text = value.get("reference")
    if not isinstance(text, str):
        return None
    if ":" in text:
        return text
    local = _literal(text, "")
    return local[1] if local is not None and local[0] == hosted else None


def extension(element: Any, url: str) -> dict[str, Any] | None:
    """The first extension of that url on this element."""
    found = element.get("extension") if isinstance(element, dict) else None
    return next((one for one in found or () if isinstance(one, dict) and one.get("url") == url), None)


def decimal(value: Any) -> Decimal | None:
    """A JSON number as an exact Decimal; None for anything else, and beyond what is ever measured."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if -_FARTHEST <= value.adjusted() <= _FARTHEST else None


def digits(value: Decimal) -> str:
    """A number with the digits that were sent, written out where that is how numbers are written."""
    exponent = value.as_tuple().exponent
    return f"{value:f}" if isinstance(exponent, int) and -_WRITTEN_OUT <= exponent <= 0 else str(value)


def values(document: Any, path: str) -> list[Any]:
    """All values at a path such as `component.code` (see `paths`); lists are walked through."""
    found = [document]
    for step in steps(path):
        found = [below for one in found if isinstance(one, dict) for below in _below(one, step)]
    return found


def _below(holder: dict[str, Any], step: Step) -> list[Any]:
    """What one step leads to."""
    below = holder.get(step.name)
    if below is None:
        return []
    every = below if isinstance(below, list) else [below]
    if step.member is None:
        return every
    return [one for one in every if isinstance(one, dict) and one.get(step.member) == step.says]


def fold(text: str) -> str:
    """The text as a search compares it: without case, without accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(part for part in plain if not unicodedata.combining(part))
