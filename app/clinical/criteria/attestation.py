"""The facts only an investigator can state, as a code system, and which criterion reads each of them.

They are declared in the protocol files, beside the criteria that ask for them. A fact is an Observation
with one of these codes and a valueBoolean; the latest valid one counts, and contradictory ones of the
same time leave the question open.
"""

from collections.abc import Iterable

from app.clinical.codes import BASE, CodeSystem, Concept
from app.protocol.definition import Protocol
from app.protocol.eligibility import attestations_read_by

NAME = "attestation"
SYSTEM = BASE + NAME


def code_system(protocols: Iterable[Protocol]) -> CodeSystem:
    """Every fact that some protocol asks an investigator for."""
    said = {code: text for protocol in protocols for code, text in protocol.attestations.items()}
    concepts = tuple(Concept(code, text.en, text.fr) for code, text in said.items())
    return CodeSystem(NAME, "Facts an investigator attests", concepts)


def readers(protocol: Protocol, code: str) -> tuple[str, ...]:
    """The ids of the criteria, and parts of criteria, that read a fact."""
    criteria = (part.id for part in protocol.every_part if code in attestations_read_by(part))
    others = (reader for fact, reader in protocol.other_readers if fact == code)
    return (*criteria, *others)
