"""The subjects of each dose: who was infused with it, and whether they tolerated it (§1.13)."""

from dataclasses import dataclass
from datetime import date

from app.clinical.asked import Asked
from app.clinical.case import Case
from app.clinical.doses.dose_given import dose_of, level
from app.clinical.history import History
from app.clinical.records import Source
from app.clinical.safety import tolerance
from app.clinical.studies.enrolment_summary import arm_of, is_treated
from app.clinical.timeline import Infusion, NotInfused, infusion
from app.protocol.definition import Protocol

TOXIC, TOLERATED = "not-met", "met"
"""What the primary endpoint says of a subject, as it stands in the answer."""


@dataclass(frozen=True, slots=True)
class Treated:
    """One subject who was infused: at which dose, when, and whether it was tolerated."""

    source: Source
    arm: str | None
    day: date | None
    verdict: str | None
    reasons: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def row(protocol: Protocol, history: History, asked: Asked) -> Treated | None:
    """The subject's part in the choice of a dose; None where none was infused."""
    t0 = infusion(protocol, history)
    if not is_treated(protocol, history):
        return None
    found = tolerance.primary(protocol, history, asked.today)
    return Treated(
        source=history.enrolment.source,
        arm=arm_of(history) or _by_cells(protocol, history, t0, asked),
        day=t0.day if isinstance(t0, Infusion) else None,
        verdict=found.verdict,
        reasons=found.reasons,
        missing=found.missing,
    )


def _by_cells(protocol: Protocol, history: History, t0: Infusion | NotInfused, asked: Asked) -> str | None:
    """The dose level of what was given, for a subject without an arm."""
    if isinstance(t0, NotInfused):
        return None
    dose = dose_of(Case(protocol=protocol, history=history, on=asked.today), t0)
    nearest = level(protocol, dose)
    return None if nearest is None else nearest.name


@dataclass(frozen=True, slots=True)
class Counted:
    """The subjects of one dose: those evaluable, those with a toxicity, those of whom it is not known."""

    arm: str
    subjects: tuple[Treated, ...]

    @property
    def evaluable(self) -> list[Treated]:
        """Those of whom it is known, in the order in which they were infused."""
        return [one for one in self.subjects if one.verdict in {TOXIC, TOLERATED}]

    @property
    def toxic(self) -> int:
        """How many did not tolerate it."""
        return sum(one.verdict == TOXIC for one in self.subjects)

    @property
    def unknown(self) -> list[Treated]:
        """Those of whom it is not known."""
        return [one for one in self.subjects if one.verdict not in {TOXIC, TOLERATED}]


def when(one: Treated) -> tuple[date, str]:
    """Sorts by the day of the infusion, what was never dated last."""
    return one.day or date.max, str(one.source)
