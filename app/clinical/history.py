"""All that is recorded of one subject: the input of every decision."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

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
    out_of_sight: bool = False  # the patient takes part in another study, which the asker may not see
    known: dict[Any, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # remembered.py

    def remarks(self) -> tuple[str, ...]:
        """What an answer must say about what it does not rest on."""
        text = "carries a modifierExtension or implicitRules that is not understood here: it was left out"
        odd = (f"{source} {text}" for source in self.not_understood)
        hidden = ("the patient's records in another study are out of the asker's sight: they were left out",)
        return (*odd, *waiting(self.unmapped()), *self._queries(), *(hidden if self.out_of_sight else ()))

    def _queries(self) -> tuple[str, ...]:
        """That values are hardly a living patient's: they were used as they are, and should be checked."""
        return tuple(
            f"query: {one.source} lies outside what is plausible ({one.doubt})"
            for one in self.measurements
            if one.doubt is not None and one.status not in _VOID
        )

    def unmapped(self) -> tuple[Source, ...]:
        """The results that wait for their codes to be mapped: any of them may be what was asked for."""
        waiting = (one for one in self.measurements if one.problem == "unmapped-code")
        return tuple(dict.fromkeys(one.source for one in waiting if one.status not in _VOID))


def waiting(unmapped: Sequence[Source]) -> tuple[str, ...]:
    """What an answer says of the results that were left out as their code waits to be mapped."""
    if not unmapped:
        return ()
    more = f" and {len(unmapped) - _NAMED} more" if len(unmapped) > _NAMED else ""
    named = ", ".join(map(str, unmapped[:_NAMED]))
    said = "results left out as their code waits to be mapped (unmapped-code)"
    return (f"{said}: {len(unmapped)}: {named}{more}",)
