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

_VOID = frozenset({"entered-in-error", "cancelled", "unknown"})
_NAMED = 20  # $status lists them all


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
        return (*(f"{source} {text}" for source in self.not_understood), *self._unmapped())

    def _unmapped(self) -> tuple[str, ...]:
        """That results wait for their codes to be mapped: any of them may be what was asked for."""
        waiting = [
            one for one in self.measurements if one.problem == "unmapped-code" and one.status not in _VOID
        ]
        sources = list(dict.fromkeys(str(one.source) for one in waiting))
        if not sources:
            return ()
        more = f" and {len(sources) - _NAMED} more" if len(sources) > _NAMED else ""
        said = f"waiting for their code to be mapped and left out (unmapped-code): {len(sources)}"
        return (f"results {said}: {', '.join(sources[:_NAMED])}{more}",)
