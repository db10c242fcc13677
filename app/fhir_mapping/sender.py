"""Who pushes results: a hospital's laboratory system or integration engine, registered by the operator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from app.fhir_mapping.datatypes import identifiers
from app.fhir_mapping.resource import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A registered sender and what is its own.

    - `systems`: the identifier systems it numbers its results in. What bears an identifier of one of them is
      its own and is stored exactly once, however often and through whichever door it arrives.
    - `code_systems`: its local code systems; a ConceptMap from one of them says what its codes mean in LOINC.
    - `unit_system`: the URI its spellings of units are mapped under, by a ConceptMap to UCUM.
    - `subject_system`: the identifier system of the subjects' pseudonyms it sends (HL7 v2: PID-3).
    - `applications`: how it names itself in HL7 v2, `MSH-3|MSH-4`.
    - `time_zone`: the IANA zone of the times it sends without an offset.
    - `silent_after`: minutes without a message after which it counts as silent.
    """

    name: str
    systems: tuple[str, ...]
    code_systems: tuple[str, ...] = ()
    unit_system: str | None = None
    subject_system: str | None = None
    applications: tuple[str, ...] = ()
    time_zone: str = "Europe/Paris"
    silent_after: int | None = None
    disabled: bool = False


@dataclass(frozen=True)
class Senders:
    """All that are registered and not disabled."""

    registered: tuple[Sender, ...] = ()

    @staticmethod
    def of(senders: Iterable[Sender]) -> "Senders":
        """Those of these that may push."""
        return Senders(tuple(sender for sender in senders if not sender.disabled))

    @cached_property
    def by_system(self) -> Mapping[str, Sender]:
        """By identifier system, whose it is."""
        return {system: sender for sender in self.registered for system in sender.systems}

    def called(self, application: str, facility: str) -> Sender | None:
        """The sender that names itself so in HL7 v2 (MSH-3, MSH-4)."""
        said = f"{application}|{facility}"
        return next((sender for sender in self.registered if said in sender.applications), None)

    def whose(self, document: Document) -> tuple[Sender, str, str] | None:
        """The sender whose own a document is, with system and value of the first identifier that says so."""
        if not self.registered:
            return None
        for one in identifiers(document.get("identifier")):
            sender = self.by_system.get(one.system)
            if sender is not None and one.code:
                return sender, one.system, one.code
        return None
