"""Whether a resource carries a modifier whose meaning is not known here; R4 forbids to process one that does.

The one known is the status of an adverse event in HL7's research guide, which takes a report back.
Source: https://hl7.org/fhir/R4/extensibility.html#modifierExtension
"""

from typing import Final

from app.fhir_mapping import codec
from app.fhir_mapping.adverse_event import STATUS

_MARKS: Final = (b'"modifierExtension"', b'"implicitRules"')
_KNOWN: Final = {"AdverseEvent": STATUS}


def understood(type_name: str, raw: bytes) -> bool:
    """Whether it carries no modifier, or only one that is known for its type."""
    if not _is_marked(raw):
        return True
    known = _KNOWN.get(type_name)
    if known is None:
        return False
    document = codec.read(raw)
    own = document.pop("modifierExtension", ())
    return all(one.get("url") == known for one in own) and not _is_marked(codec.write(document))


def _is_marked(raw: bytes) -> bool:
    return any(mark in raw for mark in _MARKS)
