"""Which organ an adverse event is about: by its CTCAE term, its system organ class, or as its sender says."""

from dataclasses import dataclass

from app.clinical.codes import ORGAN_CLASS
from app.clinical.records import AdverseEvent
from app.protocol.organ_classes import placed

MEDDRA = frozenset(
    {
        "http://terminology.hl7.org/CodeSystem/MDRAE",
        "http://terminology.hl7.org/CodeSystem/mdr",
        "https://www.meddra.org",
        "http://www.meddra.org",
        "urn:oid:2.16.840.1.113883.6.163",
        "urn:oid:2.16.840.1.113883.6.163.1",
    }
)
"""The names under which MedDRA is sent."""


@dataclass(frozen=True, slots=True)
class Place:
    """An organ of the protocol, and a system organ class by its name and code; None where not known."""

    organ: str | None
    system: str | None
    system_code: str | None = None


def place(event: AdverseEvent) -> Place:
    """Where an event belongs; what its sender says in `category` comes first."""
    found = [
        placed()[coding.code]
        for coding in (*event.categories, *event.codings)
        if coding.system in MEDDRA and coding.code in placed()
    ]
    said = [coding.code for coding in event.categories if coding.system == ORGAN_CLASS.url]
    organs = (*said, *(organ for _, organ in found if organ is not None))
    system = found[0][0] if found else None
    return Place(
        next(iter(organs), None),
        None if system is None else system.name.en,
        None if system is None else system.code,
    )
