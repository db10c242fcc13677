"""What a signature may mean, and the name of who signs.

Source: ASTM E1762-95(2013), https://hl7.org/fhir/R4/valueset-signature-type.html. It knows no approval by
that name: validation is its word for vouching for what another wrote.
"""

from collections.abc import Mapping
from typing import Final

from app.fhir_mapping.listing import Coded
from app.fhir_mapping.resource import Document

_SYSTEM: Final = "urn:iso-astm:E1762-95:2013"
MEANINGS: Final[Mapping[str, Coded]] = {
    "author": Coded(_SYSTEM, "1.2.840.10065.1.12.1.1", "Author's Signature"),
    "review": Coded(_SYSTEM, "1.2.840.10065.1.12.1.13", "Review Signature"),
    "approval": Coded(_SYSTEM, "1.2.840.10065.1.12.1.6", "Validation Signature"),
}
"""By our word, the code of E1762."""


def printed_name(practitioner: Document) -> str:
    """The name of a Practitioner as it is printed; empty where there is none."""
    for name in practitioner.get("name", ()):
        parts = [*name.get("prefix", ()), *name.get("given", ()), name.get("family", "")]
        found = name.get("text") or " ".join(part for part in parts if part)
        if found:
            return str(found)
    return ""
