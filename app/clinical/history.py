"""All that is recorded of one subject: the input of every decision."""

from dataclasses import dataclass

from app.clinical.care import Condition, Consent, Procedure
from app.clinical.records import (
    Administration,
    AdverseEvent,
    Enrolment,
    Measurement,
    Person,
    Source,
    Study,
)

Record = (
    Person | Study | Enrolment | Measurement | AdverseEvent | Administration | Condition | Procedure | Consent
)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that is recorded of one subject, as of one moment: what a decision is made from."""

    enrolment: Enrolment
    person: Person | None
    study: Study | None
    other_enrolments: tuple[Enrolment, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    administrations: tuple[Administration, ...] = ()
    adverse_events: tuple[AdverseEvent, ...] = ()
    conditions: tuple[Condition, ...] = ()
    procedures: tuple[Procedure, ...] = ()
    consents: tuple[Consent, ...] = ()
    not_understood: tuple[Source, ...] = ()  # left out: they carry a modifier whose meaning is not known

    def remarks(self) -> tuple[str, ...]:
        """What an answer must say about what it does not rest on."""
        text = "carries a modifierExtension or implicitRules that is not understood here: it was left out"
        return tuple(f"{source} {text}" for source in self.not_understood)
