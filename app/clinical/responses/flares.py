"""Flares counted: severe and moderate ones, and those after a response (clinical conventions §1.3.3)."""

from collections.abc import Iterable, Sequence

from app.clinical.answers import Figure
from app.clinical.case import once
from app.clinical.interval import Interval
from app.clinical.responses.course import Stretch
from app.clinical.truth import Truth, any_of


def figures(since: Stretch) -> tuple[Figure, ...]:
    """How many severe and how many moderate flares there were, where visits are missing as a range."""
    severe = [step.severe for step in since.steps]
    moderate = [step.moderate for step in since.steps]
    return (_count("severe-flares", severe, since), _count("moderate-flares", moderate, since))


def relapse(after: Stretch | None) -> Figure:
    """Whether a new A or B came after the first response; None where there was none to lose."""
    if after is None:
        return Figure(name="relapse-after-response", value=None, reasons=("not-applicable",))
    verdict = any_of(step.flare for step in after.steps)
    if verdict is Truth.UNKNOWN or (verdict is Truth.NO and after.vague):
        return Figure(name="relapse-after-response", value=None, reasons=_reasons(after))
    return Figure(name="relapse-after-response", value=verdict is Truth.YES)


def _count(name: str, verdicts: Sequence[Truth], stretch: Stretch) -> Figure:
    certain = sum(verdict is Truth.YES for verdict in verdicts)
    perhaps = sum(verdict is Truth.UNKNOWN for verdict in verdicts) + len(stretch.vague)
    if not perhaps:
        return Figure(name=name, value=certain)
    return Figure(name=name, value=Interval.of(certain, certain + perhaps), reasons=_reasons(stretch))


def _reasons(stretch: Stretch) -> tuple[str, ...]:
    return once((*_why(stretch), *(["partial-date"] if stretch.vague else [])))


def _why(stretch: Stretch) -> Iterable[str]:
    for step in stretch.steps:
        for side in (step.reference.side, step.point.side):
            if side.reading is None:
                yield from side.choice.reasons
            elif step.flare is Truth.UNKNOWN:
                yield "conflicting-values" if side.reading.contradicted else "missing-observation"
