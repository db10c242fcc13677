"""What every question answers of a subject without a day 0: why, and what would give one."""

from app.clinical.answers import Figure, Result, wire
from app.clinical.timeline import NotInfused
from app.clinical.truth import Truth


def without_day_0(
    why: NotInfused,
    *,
    name: str | None = None,
    visit: str | None = None,
    rule: str | None = None,
    decides: bool = True,
    figures: tuple[Figure, ...] = (),
) -> Result:
    """A result left open; `decides` says that it would have a verdict, beside its figures."""
    return Result(
        name=name,
        visit=visit,
        rule=rule,
        verdict=wire(Truth.UNKNOWN) if decides else None,
        reasons=(why.reason,),
        missing=why.missing,
        evidence=why.evidence,
        notes=why.notes,
        figures=figures,
    )
